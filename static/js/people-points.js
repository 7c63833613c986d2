/* Where people of the registry were pointed at in the picture: [data-point] asks for a place, by pointer or by arrow keys and Enter;
   a small label stands there while the playhead is near; [data-seen] holds a link to the moment and [data-unpoint].
   points(changed) -> { show(rows) }; the place of a row stands in its field person_at. */
import { markAt } from "./caption-text.js";
import { permilleAt, pictureIn, pointOf, pointText } from "./people-text.js";

const NEAR_S = 0.5;

const made = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });
const at = (node, { x_permille, y_permille }) => { node.style.setProperty("--x", String(x_permille / 10)); node.style.setProperty("--y", String(y_permille / 10)); };

export function points(changed) {
  const player = document.querySelector("[data-clip-player]"), screen = player?.querySelector(".player-screen"), video = screen?.querySelector("video");
  if (!video) return { show() {} };
  const layer = made("div", "points"), frame = made("div", "points-frame");
  layer.setAttribute("aria-hidden", "true");
  layer.append(frame);
  screen.append(layer);
  let dots = [], now = 0;

  /* the labels lie on the picture, not on the bars beside it; zoom moves both by the same custom properties */
  const size = () => ({ width: video.videoWidth || 16, height: video.videoHeight || 9 });
  function fit() {
    const box = { width: layer.clientWidth, height: layer.clientHeight }, picture = pictureIn(box, size());
    for (const [name, value] of [["--px", picture.left], ["--py", picture.top], ["--pw", picture.width], ["--ph", picture.height]]) frame.style.setProperty(name, `${value}px`);
  }
  new ResizeObserver(fit).observe(layer);
  video.addEventListener("loadedmetadata", fit);
  fit();
  const near = () => { for (const { node, point } of dots) node.hidden = Math.abs(now - point.time_ms / 1000) > NEAR_S; };
  document.addEventListener("clip:time", ({ detail }) => { now = detail.t; near(); });

  function show(rows) {
    dots = rows.flatMap((row) => {
      const point = label(row), badge = row.querySelector(".person");
      if (!point) return [];
      const node = made("span", `point-dot ${badge.className}`, badge.textContent);
      at(node, point);
      return [{ node, point }];
    });
    frame.replaceChildren(...dots.map((one) => one.node));
    near();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-point], [data-unpoint]");
    const row = button?.closest("[data-person]");
    if (!row) return;
    if (button.matches("[data-point]")) aim({ player, screen, video, size, row, button, changed });
    else { row.querySelector("[name=person_at]").value = ""; row.querySelector("[data-point]").focus(); changed(); }
  });
  return { show };
}

/* What a row says of its person's place. -> the place, or null */
function label(row) {
  const point = pointOf(row.querySelector("[name=person_at]").value), name = row.querySelector(".person").textContent, seen = row.querySelector("[data-seen]");
  const pointer = row.querySelector("[data-point]"), link = seen.querySelector("a");
  if (pointer) pointer.hidden = false;
  pointer?.setAttribute("aria-label", `Point at ${name}`);
  seen.querySelector("[data-unpoint]")?.setAttribute("aria-label", `Forget where ${name} was pointed at`);
  seen.hidden = !point;
  if (point) link.textContent = `seen at ${markAt(point.time_ms / 1000).slice(1, -1)}`;
  if (point) link.dataset.seek = String(point.time_ms / 1000);
  return point;
}

/* One place is asked for, in the frame that stands there. */
function aim({ player, screen, video, size, row, button, changed }) {
  const name = row.querySelector(".person").textContent;
  screen.querySelector(".point-aim")?.remove();
  video.pause();
  const { sheet, cross } = sheetFor(name);
  let aimed = { x_permille: 500, y_permille: 500 };
  const frame = () => pictureIn(video.getBoundingClientRect(), size());
  function draw() {
    const picture = frame(), box = sheet.getBoundingClientRect();
    cross.style.setProperty("--cx", `${picture.left - box.left + (picture.width * aimed.x_permille) / 1000}px`);
    cross.style.setProperty("--cy", `${picture.top - box.top + (picture.height * aimed.y_permille) / 1000}px`);
  }
  const close = () => { sheet.remove(); button.setAttribute("aria-pressed", "false"); button.focus(); };
  function set() {
    row.querySelector("[name=person_at]").value = pointText({ time_ms: Math.round(player.clip.time * 1000), ...aimed });
    close();
    changed();
  }
  const keep = (event) => event.stopPropagation();                   // a click here plays nothing and drags nothing
  for (const type of ["pointerdown", "pointerup"]) sheet.addEventListener(type, keep);
  sheet.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    const place = permilleAt(event.clientX, event.clientY, frame());
    if (place) { aimed = place; draw(); }
  });
  sheet.addEventListener("click", (event) => {
    event.stopPropagation();
    const place = permilleAt(event.clientX, event.clientY, frame());
    if (place) { aimed = place; set(); }
  });
  sheet.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 50 : 10;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    const run = by ? () => move(by) : { Enter: set, Escape: close }[event.key];
    if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  });
  function move([dx, dy]) {
    const within = (value) => Math.min(1000, Math.max(0, value));
    aimed = { x_permille: within(aimed.x_permille + dx), y_permille: within(aimed.y_permille + dy) };
    draw();
  }
  screen.append(sheet);
  button.setAttribute("aria-pressed", "true");
  draw();
  sheet.focus();
}

function sheetFor(name) {
  const sheet = made("div", "point-aim"), cross = made("span", "point-cross");
  const said = { role: "application", tabindex: "0", "aria-label": `Point at ${name}: arrow keys move, Enter sets, Escape leaves` };
  for (const [key, value] of Object.entries(said)) sheet.setAttribute(key, value);
  sheet.append(cross, made("span", "point-hint", `Click on ${name}, or arrow keys and Enter. Esc leaves.`));
  return { sheet, cross };
}
