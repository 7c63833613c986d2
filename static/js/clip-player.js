/* <section data-clip-player data-fps data-frames data-length data-frame-times>: the clip, its transport and its scrub bar.
   Tells clip:time {t, frame, sentence}; hears clip:seek {t, play}. Its parts are the modules player-*.js. */
import { command, inText } from "./keys.js";
import { FrameClock } from "./player-frames.js";
import { sentenceLane } from "./player-lane.js";
import { loops } from "./player-loop.js";
import { Picture } from "./player-picture.js";
import { preloads } from "./player-preload.js";
import { sound } from "./player-sound.js";
import { speed } from "./player-speed.js";
import { subtitles } from "./player-subtitles.js";
import { clock as shown } from "./player-time.js";
import { watchCover } from "./player-watched.js";
import { zoom } from "./player-zoom.js";

const root = document.querySelector("[data-clip-player]");
if (root) start(root);

function start(root) {
  const $ = (sel) => root.querySelector(sel);
  const video = $("video"), scrub = $("[data-scrub]");
  const length = Number(root.dataset.length);
  const clock = new FrameClock({ fps: Number(root.dataset.fps), frames: Number(root.dataset.frames), length });
  const picture = new Picture(video, clock);
  const say = (sel, text) => { const place = $(sel); if (place && place.textContent !== text) place.textContent = text; };
  const tell = (text) => say("[data-player-live]", text);

  const play = () => { if (video.paused && (picture.target ?? picture.frame) >= clock.last) picture.jump(0); return video.play().catch(() => {}); };
  const toggle = () => { if (video.paused) play(); else video.pause(); };
  const player = { root, video, clock, picture, length, say, tell, play, toggle };
  const GROUP = "player", moves = { typing: true, repeats: true, group: GROUP };
  const second = (by) => picture.jump(clock.showing(Math.max(0, clock.start(picture.target ?? picture.frame) + by)));
  command("play", toggle, { keys: ["Ctrl+Space", "F8", "Space", "k"], typing: true, label: "Play or pause", group: GROUP });
  command("frame-back", () => picture.step(-1), { keys: ["Ctrl+,", ","], label: "One frame back", ...moves });
  command("frame-forward", () => picture.step(1), { keys: ["Ctrl+.", "."], label: "One frame forward", ...moves });
  command("second-back", () => second(-1), { keys: ["Ctrl+Shift+,", "j"], label: "One second back", ...moves });
  command("second-forward", () => second(1), { keys: ["Ctrl+Shift+.", "l"], label: "One second forward", ...moves });

  const lane = sentenceLane(player);
  watchCover(player);
  loops({ ...player, lane });
  for (const part of [speed, sound, zoom, subtitles, preloads]) part(player);

  picture.watch((frame) => {
    const t = clock.start(frame);
    say("[data-now]", shown(t));
    say("[data-frame]", String(frame));
    scrub.value = String(frame);
    scrub.setAttribute("aria-valuetext", `${t.toFixed(1)} seconds, frame ${frame} of ${clock.last + 1}`);
    document.dispatchEvent(new CustomEvent("clip:time", { detail: { t, frame, sentence: lane.show()?.n ?? null } }));
  });
  scrub.addEventListener("input", () => picture.show(Number(scrub.value)));

  function showPlaying() {
    const button = $("[data-command=play]"), use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, video.paused ? "#play" : "#pause"));
    button.setAttribute("aria-label", video.paused ? "Play" : "Pause");
  }
  for (const name of ["play", "pause"]) video.addEventListener(name, showPlaying);
  for (const name of ["play", "pause"]) navigator.mediaSession?.setActionHandler?.(name, toggle);   // hardware keys, foot pedals
  video.addEventListener("error", () => { $("[data-player-error]").hidden = false; });

  document.addEventListener("clip:seek", (event) => { lane.seek(event.detail.t); if (event.detail.play) play(); });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-seek]");
    if (!chip) return;
    event.preventDefault();
    lane.seek(Number(chip.dataset.seek));
    tell(`At ${Number(chip.dataset.seek).toFixed(1)} seconds`);
  });
  /* a press on the transport leaves the caret where it is */
  root.addEventListener("mousedown", (event) => { if (inText(document.activeElement) && event.target.closest("button, .player-screen")) event.preventDefault(); });

  const ready = () => picture.show(0);
  if (video.readyState >= 1) ready(); else video.addEventListener("loadedmetadata", ready, { once: true });
  clock.load(root.dataset.frameTimes).then((isKnown) => {
    if (!isKnown) return;
    scrub.max = String(clock.last);
    picture.recount();
  }).catch(() => {});                                                 // the clip's rate is good enough to go on with
  root.clip = { get time() { return picture.time; }, get frame() { return picture.frame; }, seek: lane.seek, length, clock, picture };
}
