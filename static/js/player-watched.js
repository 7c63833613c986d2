/* What of the clip has really been played: spans [start_ms, end_ms), in order and apart. Not what was jumped over, nor
   while paused or in a window that nobody sees.

   Starts from #caption-content; tells clip:watched {spans, percent}; writes `watched` into caption:collect. */
const MOST_SPANS = 500;
const DRAW_MS = 200, TOUCH_MS = 5000, PLAYED_MS = 10_000;

/* Pure: the spans with one more, joined where they touch. */
export function withSpan(spans, [start, end]) {
  if (end <= start) return spans;
  const apart = spans.filter(([a, b]) => b < start || a > end), joined = spans.filter(([a, b]) => b >= start && a <= end);
  const whole = [Math.min(start, ...joined.map(([a]) => a)), Math.max(end, ...joined.map(([, b]) => b))];
  return [...apart, whole].sort((one, other) => one[0] - other[0]);
}

/* Pure: at most `most` spans, the smallest gaps closed. */
export function fewer(spans, most = MOST_SPANS) {
  const kept = spans.map((span) => [...span]);
  while (kept.length > most) {
    let at = 1;
    for (let i = 2; i < kept.length; i += 1) if (kept[i][0] - kept[i - 1][1] < kept[at][0] - kept[at - 1][1]) at = i;
    kept[at - 1][1] = kept[at][1];
    kept.splice(at, 1);
  }
  return kept;
}

export const percentOf = (spans, length_ms) => (length_ms ? Math.min(100, Math.floor((spans.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, length_ms) - a), 0) * 100) / length_ms)) : 0);

export function watchCover({ root, video, clock, picture, length, say }) {
  const cover = root.querySelector("[data-cover]"), length_ms = Math.round(length * 1000);
  const ms = (t) => Math.round(t * 1000);
  let spans = [], before = null, sought = 0, drawn = 0, edited = false, grown = 0, touched = -Infinity;

  function add(list) {
    for (const span of Array.isArray(list) ? list : []) if (Array.isArray(span) && span.length === 2) spans = withSpan(spans, span.map(Math.round));
  }
  function draw() {
    drawn = performance.now();
    cover.replaceChildren(...spans.map(([start, end]) => {
      const part = document.createElement("i");
      part.style.setProperty("--x", String((start / length_ms) * 100));
      part.style.setProperty("--w", String(((Math.min(end, length_ms) - start) / length_ms) * 100));
      return part;
    }));
    const percent = percentOf(spans, length_ms);
    say("[data-watched-text]", `watched ${percent} %`);
    document.dispatchEvent(new CustomEvent("clip:watched", { detail: { spans: fewer(spans), percent } }));
  }
  const total = () => spans.reduce((sum, [a, b]) => sum + b - a, 0);
  function played(first, last) {
    const sum = total();
    spans = withSpan(spans, [ms(clock.start(first)), Math.min(length_ms, ms(clock.end(last)))]);
    grown += total() - sum;
    if (performance.now() - drawn > DRAW_MS) draw();
    if (grown >= PLAYED_MS) touch();
  }

  /* Words that somebody is writing take the cover along at once; a page that is only looked at keeps nothing by itself. */
  function touch() {
    if (!grown || !edited || !document.querySelector("[data-caption-editor]") || performance.now() - touched < TOUCH_MS) return;
    touched = performance.now();
    grown = 0;
    document.dispatchEvent(new CustomEvent("caption:touched"));
  }

  const isPlaying = () => (!video.paused || video.ended) && !video.seeking && !document.hidden;
  picture.watch((frame) => {
    if (!isPlaying()) { before = null; return; }
    if (before !== null && frame >= before) played(before, frame);
    before = frame;
  });
  video.addEventListener("play", () => { before = isPlaying() ? picture.frame : null; });
  video.addEventListener("seeked", () => { before = isPlaying() ? sought : null; });
  video.addEventListener("seeking", () => { before = null; sought = clock.showing(video.currentTime); });
  document.addEventListener("visibilitychange", () => { before = null; });
  video.addEventListener("ended", () => { if (before !== null) played(before, clock.last); before = null; });
  for (const stop of ["pause", "ended"]) video.addEventListener(stop, () => { draw(); touch(); });

  document.addEventListener("caption:changed", (event) => { if (!event.detail.isFirst) edited = true; });
  document.addEventListener("caption:collect", (event) => { event.detail.body.watched = fewer(spans); });
  document.addEventListener("caption:restore", (event) => { add(event.detail.content?.watched); draw(); });
  const content = document.querySelector("#caption-content");
  if (content) add(JSON.parse(content.textContent)?.watched);
  draw();
}
