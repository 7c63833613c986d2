/* Mute and volume, for clips with sound; remembered in this browser. */
import { command } from "./keys.js";

export function sound({ root, video, tell }) {
  const button = root.querySelector("[data-command=mute]"), range = root.querySelector("[data-volume]");
  if (!button) return;                                               // the clip has no sound
  const stored = Number(localStorage.getItem("clip-volume") ?? 1);
  video.volume = stored >= 0 && stored <= 1 ? stored : 1;
  video.muted = localStorage.getItem("clip-muted") === "yes";
  function show() {
    const isSilent = video.muted || video.volume === 0;
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isSilent ? "#sound-off" : "#sound"));
    button.setAttribute("aria-pressed", String(isSilent));
    range.value = String(Math.round(video.muted ? 0 : video.volume * 100));
    range.setAttribute("aria-valuetext", isSilent ? "muted" : `${range.value} %`);
    localStorage.setItem("clip-volume", String(video.volume));
    localStorage.setItem("clip-muted", video.muted ? "yes" : "no");
  }
  range.addEventListener("input", () => { video.volume = Number(range.value) / 100; video.muted = false; });
  video.addEventListener("volumechange", show);
  show();
  command("mute", () => {
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 1;
    tell(video.muted ? "Sound off" : "Sound on");
  }, { keys: ["F10", "v"], typing: true, label: "Sound on or off", group: "picture" });
}
