/* One file of a batch: [data-upload] in the table, the file that was chosen for it, and how far it is.
   new UploadRow(item, root); root holds data-chunk and a template for each badge. */
import { askToSignIn, send, sendSubtitles, SendRefused } from "./chunk-sender.js";
import { csrfToken, isSignedOut } from "./sign-in-again.js";

export class UploadRow {
  constructor(item, root) {
    Object.assign(this, { item, root, file: null, subtitles: null, isBusy: false, onGivenUp: () => {} });
    const { upload, url, name, size, modified, received, status, subtitles } = item.dataset;
    Object.assign(this, { uid: upload, url, name, size: Number(size), modified: Number(modified), received: Number(received), status, wanted: subtitles });
    item.querySelector("[data-give-up]")?.addEventListener("click", () => this.giveUp());
  }

  get lacksFile() { return this.status === "receiving" && !this.isBusy && (!this.file || Boolean(this.wanted && !this.subtitles)); }
  get isOpen() { return ["receiving", "queued", "working"].includes(this.status); }
  get isReady() { return this.status === "receiving" && !this.isBusy && this.file && (!this.wanted || this.subtitles); }

  /* find(name) -> the file of that name among those that were chosen, or undefined; isFirst: right after it was announced. */
  take(find, isFirst) {
    if (this.status !== "receiving" || this.isBusy) return;
    this.subtitles = (this.wanted && find(this.wanted)) || this.subtitles;
    const file = find(this.name);
    if (!file) return;
    const isSame = file.size === this.size && (isFirst || file.lastModified === this.modified);
    if (isSame) this.file = file;
    else this.say("Another file now: its size or time differs.");
  }

  async run() {
    this.isBusy = true;
    this.say("");
    try {
      if (this.wanted) { const told = await sendSubtitles({ url: `${this.url}/subtitles`, file: this.subtitles, onWait: (words) => this.say(words) }); this.wanted = ""; this.told(told); }
      if (this.status === "receiving") this.told(await send({
        url: this.url, file: this.file, received: this.received, chunkBytes: Number(this.root.dataset.chunk),
        onProgress: (bytes) => this.paint(bytes), onWait: (words) => this.say(words),
      }));
    } catch (error) {
      this.file = this.subtitles = null;
      this.say(error instanceof SendRefused ? error.message : "It stopped. Choose the file again.");
    }
    this.isBusy = false;
  }

  async giveUp() {
    if (!confirm(`Send ${this.name} no more? What has come of it is removed.`)) return;
    const reply = await fetch(this.url, { method: "DELETE", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } }).catch(() => null);
    const answer = await reply?.json().catch(() => null);
    if (isSignedOut(reply?.status, answer)) askToSignIn();
    if (reply?.ok) { this.told(answer); this.onGivenUp(); } else this.say(answer?.error?.message ?? "No answer; try again.");
  }

  told({ received, status, reason }) {
    const before = this.status;
    if (status === "receiving" && (before !== "receiving" || received < this.received)) return;  // asked before the last chunk
    Object.assign(this, { received, status });
    if (!this.isBusy) this.paint(received);
    if (before === status) return;
    this.paint(received);
    this.item.querySelector("[data-badge]").replaceChildren(this.root.querySelector(`template[data-badge-of="${status}"]`).content.cloneNode(true));
    this.say(reason);
    if (status !== "queued") this.item.querySelector("[data-give-up]")?.remove();
  }

  paint(bytes) {
    this.item.querySelector("progress").value = bytes;
    this.item.querySelector("[data-percent]").textContent = `${Math.floor((bytes / this.size) * 100)} %`;
  }

  say(text) { const said = this.item.querySelector("[data-said]"); if (said.textContent !== text) said.textContent = text; }
}
