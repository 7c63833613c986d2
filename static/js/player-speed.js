/* Playback at 0.25 to 2 times. What is not 1× stands on the picture. */
import { command } from "./keys.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2], GROUP = "player";

export function speed({ root, video, tell }) {
  const select = root.querySelector("[data-speed]"), flag = root.querySelector("[data-speed-flag]");
  function set(value) {
    video.defaultPlaybackRate = video.playbackRate = value;
    select.value = String(value);
    flag.hidden = value === 1;
    flag.textContent = `${value}×`;
  }
  function move(by) {
    const at = SPEEDS.indexOf(video.playbackRate);
    set(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? SPEEDS.indexOf(1) : at) + by))]);
    tell(`Speed ${video.playbackRate}×`);
  }
  select.addEventListener("change", () => set(Number(select.value)));
  set(1);
  command("slower", () => move(-1), { keys: ["F3", "-"], typing: true, label: "Slower", group: GROUP });
  command("faster", () => move(1), { keys: ["F4", "="], typing: true, label: "Faster", group: GROUP });
}
