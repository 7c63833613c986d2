/* A–B loop, the loop of the current sentence, the last three seconds again, and once from here to there.
   Hears clip:play {from, to}: to is null for the clip's end. */
import { command } from "./keys.js";
import { clock as shown } from "./player-time.js";

const AGAIN_S = 3, SHORTEST_S = 0.3, GROUP = "loop";

export function loops({ root, video, clock, picture, length, lane, tell, play }) {
  const $ = (sel) => root.querySelector(sel);
  const region = $("[data-loop-region]"), flag = $("[data-loop-flag]");
  let loop = null, pending = null, timer = 0;

  function set(next, words) {
    clearTimeout(timer);
    loop = next;
    pending = null;
    region.hidden = flag.hidden = !loop;
    if (loop) {
      region.style.setProperty("--x", String((loop.a / length) * 100));
      region.style.setProperty("--w", String(((loop.b - loop.a) / length) * 100));
      flag.textContent = `Loop ${shown(loop.a)} – ${shown(loop.b)}`;
    }
    $("[data-command=loop-sentence]").setAttribute("aria-pressed", String(Boolean(loop)));
    tell(loop ? `Looping ${words}, ${loop.a.toFixed(1)} to ${loop.b.toFixed(1)} seconds` : "Loop off");
  }
  const back = () => picture.jump(clock.from(loop.a));
  const firstFrame = () => clock.from(loop.a), lastFrame = () => Math.max(firstFrame(), clock.within(clock.showing(loop.b - 0.001)));

  /* The last frame of the loop is shown as long as it is in the clip, then the first one follows. */
  picture.watch((frame) => {
    clearTimeout(timer);
    if (!loop || video.paused || video.seeking) return;
    if (frame < firstFrame() || frame > lastFrame()) back();
    else if (frame === lastFrame() && frame < clock.last) timer = setTimeout(() => { if (loop && !video.paused) back(); }, ((clock.end(frame) - clock.start(frame)) * 1000) / video.playbackRate);
  });
  video.addEventListener("ended", () => { if (loop) { back(); play(); } });

  function loopSentence() {
    if (loop) return set(null);
    const t = picture.time, sentence = lane.current() ?? { start: Math.max(0, t - AGAIN_S), end: Math.max(t, SHORTEST_S) };
    set({ a: sentence.start, b: Math.min(length, Math.max(sentence.end, sentence.start + SHORTEST_S)) }, sentence.n ? `sentence ${sentence.n}` : "the last seconds");
    back();
    return play();
  }
  function setA() {
    const a = picture.time;
    if (loop && a < loop.b) return set({ a, b: loop.b }, "from here");
    pending = a;
    return tell(`The loop starts at ${a.toFixed(1)} seconds; B sets its end`);
  }
  function setB() {
    const a = pending ?? loop?.a, b = clock.end(picture.frame);
    if (a === undefined || a === null) return tell("Set the start of the loop first, with A");
    if (b <= a) return tell("The end of the loop must come after its start");
    return set({ a, b }, "from A to B");
  }
  function again() {
    picture.jump(clock.from(Math.max(0, picture.time - AGAIN_S)));
    play();
  }

  /* The picture before the jump may be told of once more: it ends nothing. */
  let once = null;
  document.addEventListener("clip:play", ({ detail: { from, to } }) => {
    if (loop) set(null);
    picture.jump(clock.from(from));
    once = to === null ? null : { last: Math.max(clock.from(from), clock.showing(to - 0.001)), hasBegun: false };
    play();
  });
  picture.watch((frame) => {
    if (!once || video.paused || video.seeking) return;
    if (frame < once.last) once.hasBegun = true;
    else if (once.hasBegun) video.pause();
  });
  video.addEventListener("pause", () => { once = null; });
  command("loop-sentence", loopSentence, { keys: ["Ctrl+Shift+Space", "o"], typing: true, label: "Loop the current sentence, or end the loop", group: GROUP });
  command("set-a", setA, { keys: ["Ctrl+Shift+[", "["], typing: true, label: "Loop from here (A)", group: GROUP });
  command("set-b", setB, { keys: ["Ctrl+Shift+]", "]"], typing: true, label: "Loop to here (B)", group: GROUP });
  command("again", again, { keys: ["F2", "b"], typing: true, label: "Last 3 seconds again", group: GROUP });
}
