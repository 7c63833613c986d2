/* When each frame of the clip is shown. Even times by the clip's rate, until the server has said the real ones.

   new FrameClock({ fps, frames, length })
     start(i), end(i), middle(i): seconds; at(t): the frame that starts nearest to t, for mediaTime of a presented frame;
     showing(t): the frame on the screen at t; from(t): the first frame at or after t; last: its number. */
const SAME_S = 1e-4;

export class FrameClock {
  constructor({ fps, frames, length }) {
    this.length = length;
    this.starts = Array.from({ length: Math.max(1, frames) }, (_, i) => i / fps);
  }

  /* -> true if the server knew. */
  async load(url) {
    const { timescale, pts } = await fetch(url, { credentials: "same-origin" }).then((answer) => answer.json());
    if (!pts.length) return false;
    this.starts = pts.map((tick) => tick / timescale);
    return true;
  }

  get last() { return this.starts.length - 1; }
  start(i) { return this.starts[i]; }
  end(i) { return i < this.last ? this.starts[i + 1] : Math.max(this.length, this.starts[i] + SAME_S); }
  middle(i) { return (this.start(i) + this.end(i)) / 2; }
  within(i) { return Math.min(this.last, Math.max(0, i)); }

  from(t) {
    let low = 0, high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] < t - SAME_S) low = middle + 1; else high = middle;
    }
    return this.within(low);
  }

  showing(t) {
    const i = this.from(t);
    return this.within(this.starts[i] > t + SAME_S ? i - 1 : i);
  }

  at(mediaTime) {
    const i = this.showing(mediaTime), next = this.within(i + 1);
    return Math.abs(this.starts[next] - mediaTime) < Math.abs(this.starts[i] - mediaTime) ? next : i;
  }
}
