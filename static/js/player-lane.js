/* The lane of the caption's sentences above the scrub bar, the sentence that plays, and jumps from mark to mark.
   Hears clip:marks {sentences: [{n, start, end, text, bad}]}. */
import { command } from "./keys.js";
import { clock as shown } from "./player-time.js";

const FINGER_PX = 23.5, BACK_S = 0.7;

export function sentenceLane({ root, video, clock, picture, length, tell }) {
  const lane = root.querySelector("[data-lane]"), region = root.querySelector("[data-loop-region]");
  let sentences = [];

  /* A mark in the middle of a frame belongs to that frame. */
  const position = () => Math.max(picture.time, Math.min(video.currentTime, clock.end(picture.frame) - 0.001));
  const current = () => { const t = position(); return sentences.find((one) => t >= one.start - 1e-4 && t < one.end - 1e-4); };

  function show() {
    const now = current();
    for (const button of lane.querySelectorAll("button")) button.toggleAttribute("data-now", now !== undefined && Number(button.dataset.n) === now.n);
    return now;
  }
  function draw(list) {
    sentences = list;
    lane.querySelectorAll("button").forEach((button) => button.remove());
    for (const sentence of list) lane.insertBefore(buttonOf(sentence), region);
    fit();
    picture.tell();
  }
  function buttonOf({ n, start, end, text, bad }) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.seek = start;
    button.dataset.n = n;
    button.style.setProperty("--x", String((start / length) * 100));
    button.style.setProperty("--w", String(((end - start) / length) * 100));
    button.textContent = String(n);
    button.title = `${shown(start)}  ${text}`;
    button.setAttribute("aria-label", `Sentence ${n}, ${start.toFixed(1)} seconds`);
    if (bad) button.setAttribute("data-problem", bad);
    return button;
  }
  /* where a sentence would be narrower than a finger, the lane is a picture: the marks in the text and the scrub bar do the same */
  function fit() {
    const width = lane.clientWidth;
    lane.inert = sentences.some((one) => ((one.end - one.start) / length) * width < FINGER_PX);
    lane.toggleAttribute("data-picture", lane.inert);
  }
  new ResizeObserver(fit).observe(lane);
  document.addEventListener("clip:marks", (event) => draw(event.detail.sentences));

  /* The first frame at a mark; a mark between two frames that are far apart is in the first of them. */
  function frameOf(t) {
    const next = clock.from(t);
    return clock.start(next) < t + 0.1 ? next : clock.showing(t);
  }
  function seek(t) { picture.jump(frameOf(t)); }

  const markFrames = () => [...new Set(sentences.map((one) => frameOf(one.start)))].sort((one, other) => one - other);
  function jump(frame, words) {
    if (frame === undefined) return tell(words);
    picture.jump(frame);
    return tell(`At ${clock.start(frame).toFixed(1)} seconds`);
  }
  const here = () => picture.target ?? picture.frame;
  function back() {
    const before = video.paused ? here() : clock.showing(picture.time - BACK_S);
    jump(markFrames().findLast((frame) => frame < before) ?? 0);
  }
  const forward = () => jump(markFrames().find((frame) => frame > here()), "There is no later time mark");
  command("mark-back", back, { keys: ["Ctrl+Shift+'", "p"], typing: true, repeats: true, label: "To the previous time mark", group: "player" });
  command("mark-forward", forward, { keys: ["Ctrl+'", "n"], typing: true, repeats: true, label: "To the next time mark", group: "player" });

  document.addEventListener("clip:time", (event) => {                // a caption that is only read follows the clip
    for (const part of document.querySelectorAll(".prose .sent[data-start]")) {
      const next = part.nextElementSibling?.nextElementSibling;
      const end = next?.dataset?.start ? Number(next.dataset.start) : length;
      part.toggleAttribute("data-now", event.detail.t >= Number(part.dataset.start) - 1e-4 && event.detail.t < end - 1e-4);
    }
  });
  return { current, show, seek };
}
