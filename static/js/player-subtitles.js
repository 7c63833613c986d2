/* The clip's subtitles in a lane of their own under the picture: context for people, never over what they describe. */
import { command } from "./keys.js";

export function subtitles({ root, video, tell }) {
  const track = video.querySelector("track")?.track, lane = root.querySelector("[data-subtitles]"), button = root.querySelector("[data-command=subtitles]");
  if (!track || !lane) return;
  let isOn = localStorage.getItem("clip-subtitles") !== "off";
  track.mode = "hidden";                                             // the browser reads the cues and shows none by itself
  function show() {
    lane.hidden = !isOn;
    button.setAttribute("aria-pressed", String(isOn));
    lane.querySelector("span").textContent = isOn ? [...(track.activeCues ?? [])].map((cue) => cue.getCueAsHTML().textContent).join("\n") : "";
  }
  track.addEventListener("cuechange", show);
  show();
  command("subtitles", () => {
    isOn = !isOn;
    localStorage.setItem("clip-subtitles", isOn ? "on" : "off");
    show();
    tell(isOn ? "Subtitles shown" : "Subtitles hidden");
  }, { keys: ["c"], typing: true, label: "Subtitles shown or hidden", group: "picture" });
}
