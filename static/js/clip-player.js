/* <section data-clip-player data-fps data-frames data-length>: transport, scrub bar, watched cover, loop, zoom.
   Tells: clip:time {t}.  Listens: clip:seek {t, play}, clip:marks {sentences}. */
import { command } from "./keys.js";

export const clock = (t) => {
  const m = Math.floor(t / 60), s = t - m * 60;
  return `${String(m).padStart(2, "0")}:${s.toFixed(1).padStart(4, "0")}`;
};

const root = document.querySelector("[data-clip-player]");
if (root) start(root);

function start(root) {
  const $ = (sel) => root.querySelector(sel);
  const video = $("video"), scrub = $("[data-scrub]"), cover = $("[data-cover]"), lane = $("[data-lane]");
  const fps = Number(root.dataset.fps), frames = Number(root.dataset.frames), length = Number(root.dataset.length);
  const say = (sel, text) => { const el = $(sel); if (el && el.textContent !== text) el.textContent = text; };
  const speeds = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
  let loop = null, pendingA = null, zoom = 1, sentences = [];

  video.addEventListener("error", () => { $("[data-player-error]").hidden = false; });

  /* watched cover, in tenths of a second */
  const seen = new Set();
  const spans = (root.dataset.watched || "").split(",").filter(Boolean).map((r) => r.split("-").map(Number));
  for (const [a, b] of spans) for (let i = Math.floor(a * 10); i < b * 10; i += 1) seen.add(i);
  function drawCover() {
    const total = Math.ceil(length * 10);
    const parts = [];
    const bar = (from, width) => {
      const part = document.createElement("i");
      part.style.setProperty("--x", String((from / total) * 100));
      part.style.setProperty("--w", String((width / total) * 100));
      return part;
    };
    for (let i = 0; i < total; i += 1) {
      if (!seen.has(i)) continue;
      const from = i;
      while (seen.has(i + 1)) i += 1;
      parts.push(bar(from, i - from + 1));
    }
    cover.replaceChildren(...parts);
    const percent = Math.min(100, Math.round((seen.size / total) * 100));
    say("[data-watched-text]", `watched ${percent} %`);
    document.dispatchEvent(new CustomEvent("clip:watched", { detail: { percent } }));
  }
  drawCover();

  const frameOf = (t) => Math.min(frames - 1, Math.max(0, Math.floor(t * fps + 0.001)));
  function show(t) {
    const frame = frameOf(t);
    say("[data-now]", clock(t)); say("[data-frame]", String(frame));
    scrub.value = String(frame);
    scrub.setAttribute("aria-valuetext", `${t.toFixed(1)} seconds, frame ${frame} of ${frames}`);
    const now = sentences.find((s) => t >= s.start && t < s.end);
    for (const b of lane.querySelectorAll("button")) b.toggleAttribute("data-now", now !== undefined && Number(b.dataset.n) === now.n);
    document.dispatchEvent(new CustomEvent("clip:time", { detail: { t, sentence: now?.n ?? null } }));
  }
  let last = 0, told = 0;
  function tick() {
    const t = video.currentTime;
    if (!video.paused) {
      if (loop && (t >= loop.b || t < loop.a - 0.15)) video.currentTime = loop.a;
      const before = seen.size;
      for (let i = Math.floor(Math.max(last, t - 0.3) * 10); i <= Math.floor(t * 10); i += 1) if (i >= 0) seen.add(i);
      if (seen.size !== before && performance.now() - told > 200) { told = performance.now(); drawCover(); }
      show(t); last = t;
      requestAnimationFrame(tick);
    }
  }
  video.addEventListener("play", () => { last = video.currentTime; icon("pause", "Pause"); requestAnimationFrame(tick); });
  video.addEventListener("pause", () => { icon("play", "Play"); drawCover(); show(video.currentTime); });
  video.addEventListener("seeked", () => { last = video.currentTime; if (video.paused) show(video.currentTime); });
  video.addEventListener("ended", () => { if (loop) { video.currentTime = loop.a; video.play(); } });
  video.addEventListener("loadedmetadata", () => { const at = Number(root.dataset.start || 0); video.currentTime = at + 0.001; show(at); }, { once: true });
  function icon(name, label) {
    const button = $("[data-command=play]");
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
    button.setAttribute("aria-label", label);
  }

  const seek = (t) => { video.currentTime = Math.min(length - 0.5 / fps, Math.max(0, t)); };
  /* the time of the picture on the screen: what the browser last presented, not where the clock stands */
  let shown = null;
  const follow = (_, meta) => { shown = meta.mediaTime; video.requestVideoFrameCallback(follow); };
  video.requestVideoFrameCallback?.(follow);
  const step = (n) => { video.pause(); seek((frameOf((shown ?? video.currentTime) + 0.25 / fps) + n + 0.5) / fps); };
  const play = () => { if (video.paused) { if (video.currentTime > length - 0.1) seek(loop ? loop.a : 0); video.play(); } else video.pause(); };
  function speed(by) {
    const i = speeds.indexOf(video.playbackRate);
    setSpeed(speeds[Math.min(speeds.length - 1, Math.max(0, (i < 0 ? 3 : i) + by))]);
  }
  function setSpeed(value) { video.playbackRate = value; const s = $("[data-speed]"); if (s) s.value = String(value); }
  $("[data-speed]")?.addEventListener("change", (e) => setSpeed(Number(e.target.value)));
  scrub.addEventListener("input", () => { video.pause(); seek((Number(scrub.value) + 0.5) / fps); });

  /* A–B loop */
  function setLoop(next, word) {
    loop = next;
    const region = $("[data-loop-region]");
    region.hidden = !loop;
    if (loop) { region.style.insetInlineStart = `${(loop.a / length) * 100}%`; region.style.inlineSize = `${((loop.b - loop.a) / length) * 100}%`; }
    $("[data-command=loop-sentence]").setAttribute("aria-pressed", String(Boolean(loop)));
    const flag = $("[data-loop-flag]"); flag.hidden = !loop; if (loop) flag.textContent = `Loop ${clock(loop.a)} – ${clock(loop.b)}`;
    tell(loop ? `Looping ${word || "segment"}, ${loop.a.toFixed(1)} to ${loop.b.toFixed(1)} seconds` : "Loop off");
  }
  function tell(text) { say("[data-player-live]", text); }
  const loopSentence = () => {
    if (loop) return setLoop(null);
    const t = video.currentTime;
    const s = sentences.find((x) => t >= x.start && t < x.end) ?? { start: Math.max(0, t - 3), end: t };
    setLoop({ a: s.start, b: Math.max(s.end, s.start + 0.3) }, `sentence ${s.n ?? ""}`);
    seek(s.start + 0.001); video.play();
  };
  command("play", play, { keys: ["Ctrl+Space", "F8"], typing: true });
  command("play-single", play, { keys: ["Space", "k"] });
  command("frame-back", () => step(-1), { keys: ["Ctrl+,"], typing: true });
  command("frame-forward", () => step(1), { keys: ["Ctrl+."], typing: true });
  command("frame-back-single", () => step(-1), { keys: [","] });
  command("frame-forward-single", () => step(1), { keys: ["."] });
  command("second-back", () => seek(video.currentTime - 1), { keys: ["Ctrl+Shift+,"], typing: true });
  command("second-forward", () => seek(video.currentTime + 1), { keys: ["Ctrl+Shift+."], typing: true });
  command("second-back-single", () => seek(video.currentTime - 1), { keys: ["j"] });
  command("second-forward-single", () => seek(video.currentTime + 1), { keys: ["l"] });
  command("loop-sentence", loopSentence, { keys: ["Ctrl+Shift+Space"], typing: true });
  command("loop-sentence-single", loopSentence, { keys: ["o"] });
  command("set-a", () => { pendingA = video.currentTime; tell(`Loop starts at ${pendingA.toFixed(1)} seconds; press ] for the end`); }, { keys: ["["] });
  command("set-b", () => { if (pendingA !== null && video.currentTime > pendingA) setLoop({ a: pendingA, b: video.currentTime }); }, { keys: ["]"] });
  command("slower", () => speed(-1), { keys: ["-"] });
  command("faster", () => speed(1), { keys: ["="] });

  /* zoom: small people stand in the background of many clips */
  const screen = $(".player-screen");
  command("zoom", () => {
    zoom = zoom === 1 ? 2 : zoom === 2 ? 4 : 1;
    screen.style.setProperty("--zoom", zoom);
    screen.toggleAttribute("data-zoomed", zoom > 1);
    const flag = $("[data-zoom-flag]"); flag.hidden = zoom === 1; flag.textContent = `${zoom}×, drag or arrow keys`;
    $("[data-command=zoom]").setAttribute("aria-pressed", String(zoom > 1));
  }, { keys: ["z"] });
  let from = null, origin = { x: 50, y: 50 };
  screen.addEventListener("pointerdown", (e) => { from = { x: e.clientX, y: e.clientY, moved: false, ...{ ox: origin.x, oy: origin.y } }; });
  screen.addEventListener("pointermove", (e) => {
    if (!from || zoom === 1 || !e.buttons) return;
    from.moved = true;
    const box = screen.getBoundingClientRect();
    origin = { x: Math.min(100, Math.max(0, from.ox - ((e.clientX - from.x) / box.width) * 100 / (zoom - 1))), y: Math.min(100, Math.max(0, from.oy - ((e.clientY - from.y) / box.height) * 100 / (zoom - 1))) };
    screen.style.setProperty("--zx", `${origin.x}%`); screen.style.setProperty("--zy", `${origin.y}%`);
  });
  root.addEventListener("keydown", (e) => {                          // the view moves without dragging (WCAG 2.5.7)
    const by = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] }[e.key];
    if (!by || zoom === 1 || e.ctrlKey || e.target.matches("input, select")) return;
    e.preventDefault();
    origin = { x: Math.min(100, Math.max(0, origin.x + by[0])), y: Math.min(100, Math.max(0, origin.y + by[1])) };
    screen.style.setProperty("--zx", `${origin.x}%`); screen.style.setProperty("--zy", `${origin.y}%`);
  });
  screen.addEventListener("click", () => { if (!from?.moved) play(); from = null; });

  /* hardware play key, foot pedals that send it */
  navigator.mediaSession?.setActionHandler?.("play", play); navigator.mediaSession?.setActionHandler?.("pause", play);

  document.addEventListener("clip:seek", (e) => { seek(e.detail.t + 0.001); if (e.detail.play) video.play(); });
  document.addEventListener("click", (e) => {
    const chip = e.target.closest("[data-seek]");
    if (!chip) return;
    e.preventDefault();
    seek(Number(chip.dataset.seek) + 0.001);
    tell(`At ${Number(chip.dataset.seek).toFixed(1)} seconds`);
  });
  function drawLane(list) {
    sentences = list;
    lane.querySelectorAll("button").forEach((b) => b.remove());
    const region = $("[data-loop-region]");
    for (const s of list) {
      const b = document.createElement("button");
      b.type = "button"; b.dataset.seek = s.start; b.dataset.n = s.n;
      b.style.setProperty("--x", String((s.start / length) * 100));
      b.style.setProperty("--w", String(((s.end - s.start) / length) * 100));
      b.textContent = String(s.n);
      b.title = `${clock(s.start)}  ${s.text}`;
      b.setAttribute("aria-label", `Sentence ${s.n}, ${s.start.toFixed(1)} seconds`);
      if (s.bad) b.setAttribute("data-problem", s.bad);
      lane.insertBefore(b, region);
    }
    fitLane();
    show(video.currentTime || Number(root.dataset.start || 0));
  }
  /* where a sentence would be narrower than a finger (24 px), the lane is a picture: the marks in the text and the scrub bar do the same */
  function fitLane() {
    const width = lane.clientWidth;
    lane.inert = sentences.some((s) => ((s.end - s.start) / length) * width < 23.5);
    lane.toggleAttribute("data-picture", lane.inert);
  }
  new ResizeObserver(fitLane).observe(lane);
  document.addEventListener("clip:marks", (e) => drawLane(e.detail.sentences));
  document.addEventListener("clip:time", (e) => {
    for (const part of document.querySelectorAll(".prose .sent[data-start]")) {
      const next = part.nextElementSibling?.nextElementSibling;
      const end = next?.dataset?.start ? Number(next.dataset.start) : length;
      part.toggleAttribute("data-now", e.detail.t >= Number(part.dataset.start) && e.detail.t < end);
    }
  });
  if (video.readyState >= 1) video.dispatchEvent(new Event("loadedmetadata"));
  root.clip = { get time() { return video.currentTime; }, seek, length };
}
