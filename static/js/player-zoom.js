/* The picture at 2× and 4×: small people stand in the background of many clips. Dragged, or moved with the arrow keys. */
import { command } from "./keys.js";

const STEPS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };

/* play: what a click on the picture does. */
export function zoom({ root, tell, toggle }) {
  const screen = root.querySelector(".player-screen"), flag = root.querySelector("[data-zoom-flag]");
  let times = 1, from = null, origin = { x: 50, y: 50 };

  function move(x, y) {
    const inside = (value) => Math.min(100, Math.max(0, value));
    origin = { x: inside(x), y: inside(y) };
    screen.style.setProperty("--zx", `${origin.x}%`);
    screen.style.setProperty("--zy", `${origin.y}%`);
  }
  command("zoom", () => {
    times = times === 4 ? 1 : times * 2;
    screen.style.setProperty("--zoom", String(times));
    screen.toggleAttribute("data-zoomed", times > 1);
    flag.hidden = times === 1;
    flag.textContent = `${times}×, drag or arrow keys`;
    root.querySelector("[data-command=zoom]").setAttribute("aria-pressed", String(times > 1));
    tell(times > 1 ? `Picture at ${times} times its size` : "Whole picture");
  }, { keys: ["F9", "z"], typing: true, label: "Picture at 2×, 4×, whole", group: "picture" });

  screen.addEventListener("pointerdown", (event) => { from = { x: event.clientX, y: event.clientY, moved: false, origin }; });
  screen.addEventListener("pointermove", (event) => {
    if (!from || times === 1 || !event.buttons) return;
    from.moved = true;
    const box = screen.getBoundingClientRect();
    move(from.origin.x - ((event.clientX - from.x) / box.width) * 100 / (times - 1), from.origin.y - ((event.clientY - from.y) / box.height) * 100 / (times - 1));
  });
  screen.addEventListener("click", (event) => { if (!from?.moved && !event.defaultPrevented) toggle(); from = null; });
  root.addEventListener("keydown", (event) => {                      // the view moves without dragging (WCAG 2.5.7)
    const by = STEPS[event.key];
    if (!by || times === 1 || event.ctrlKey || event.target.matches("input, select")) return;
    event.preventDefault();
    move(origin.x + by[0], origin.y + by[1]);
  });
}
