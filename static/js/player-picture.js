/* Which frame is on the screen, and going to another one: exactly, one seek at a time.

   new Picture(video, clock): frame and time are those of the picture that the browser presented last (mediaTime).
   A step adds to the target, so that keys pressed faster than the browser seeks lose and double nothing; the next seek
   starts when the picture of the last one is on the screen. watch(listener): called with every new picture. */
const PRESENTED_MS = 250;

export class Picture {
  constructor(video, clock) {
    Object.assign(this, { video, clock, frame: 0, mediaTime: 0, target: null, sought: null, asked: null, timer: 0, listeners: [] });
    video.addEventListener("seeked", () => this.wait());
    video.addEventListener("play", () => { this.asked = null; this.letGo(); });
    this.follow();
  }

  get time() { return this.clock.start(this.frame); }

  watch(listener) { this.listeners.push(listener); }

  follow() {
    const { video } = this;
    if (!video.requestVideoFrameCallback) {                            // an old browser: the clock of the video is all there is
      const look = () => { if (!video.seeking && video.readyState > 1) this.presented(video.currentTime, true); requestAnimationFrame(look); };
      look();
      return;
    }
    const next = (_, { mediaTime }) => { video.requestVideoFrameCallback(next); this.presented(mediaTime); };
    video.requestVideoFrameCallback(next);
  }

  presented(mediaTime, isClock = false) {
    const frame = isClock ? this.clock.showing(mediaTime) : this.clock.at(mediaTime);
    if (isClock && frame === this.frame && this.sought === null) return;
    this.mediaTime = mediaTime;
    this.frame = frame;
    this.tell();
    if (frame === this.sought) this.arrived();
  }

  tell() { for (const listener of this.listeners) listener(this.frame); }

  /* The real times have come: what was asked for before may be another picture. */
  recount() {
    this.frame = this.clock.at(this.mediaTime);
    this.tell();
    if (this.asked === null || (this.sought === null && this.asked === this.frame)) return;
    this.sought = null;
    this.show(this.asked);
  }

  step(by) { this.show((this.target ?? this.frame) + by); }

  /* Pause, and put this frame on the screen. */
  show(frame) {
    this.video.pause();
    this.target = this.asked = this.clock.within(frame);
    if (this.sought === null) this.seekNext();
  }

  /* Go on from this frame, playing or not. */
  jump(frame) {
    const to = this.clock.within(frame);
    if (this.video.paused) this.show(to); else this.video.currentTime = this.clock.start(to) + Math.min(0.001, (this.clock.end(to) - this.clock.start(to)) / 2);
  }

  seekNext() {
    this.sought = this.target;
    this.video.currentTime = this.clock.middle(this.sought);
  }

  /* A browser presents nothing where the picture stays the same, or in a window that nobody sees. */
  wait() {
    clearTimeout(this.timer);
    if (this.sought === null) return;
    this.timer = setTimeout(() => {
      this.frame = this.sought;
      this.mediaTime = this.clock.start(this.frame);
      this.tell();
      this.arrived();
    }, PRESENTED_MS);
  }

  arrived() {
    clearTimeout(this.timer);
    if (this.target !== this.sought) this.seekNext(); else this.letGo();
  }

  letGo() { clearTimeout(this.timer); this.target = null; this.sought = null; }
}
