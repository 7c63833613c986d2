/* Saving one thing: autosave as people type, Save and Submit when they say so. Words are never lost:
   they stand in the page, in this browser's storage until the server has them, and then in the database.

   new Saver({ url, saveUrl, submitUrl, etag, journal, collect, onState, onSaved })
     collect() -> the JSON body; journal: a key for this thing and this person; onState(state, options).
   One request at a time. An attempt that may have arrived is repeated with the same Idempotency-Key. */
const AUTOSAVE_MS = 800;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30000;

export const csrfToken = () => document.querySelector("meta[name=csrf]")?.content ?? "";

/* crypto.randomUUID() is missing on plain http, where a trial in one's own network may run. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Saver {
  constructor(options) {
    Object.assign(this, { retryMs: FIRST_RETRY_MS, timer: 0, busy: null, dirty: false, stopped: false }, options);
  }

  touched() {
    this.dirty = true;
    localStorage.setItem(this.journal, JSON.stringify({ at: Date.now(), etag: this.etag, body: this.collect() }));
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.autosave(), AUTOSAVE_MS);
  }

  /* Words that this browser kept because the server never got them, or null. */
  kept() {
    try { return JSON.parse(localStorage.getItem(this.journal)); } catch { return null; }
  }

  autosave() {
    clearTimeout(this.timer);
    return this.inTurn(async () => {
      if (!this.dirty || this.stopped) return true;
      this.dirty = false;
      this.onState("saving");
      const answer = await this.send("PUT", this.url, this.collect());
      if (!answer.ok) { this.dirty = true; return this.failed(answer, () => this.autosave()); }
      this.arrived(answer);
      return true;
    });
  }

  save() { return this.commit(this.saveUrl); }
  submit() { return this.commit(this.submitUrl); }

  /* -> true when the server has made it a revision. */
  commit(url, key = newKey()) {
    clearTimeout(this.timer);
    return this.inTurn(async () => {
      this.onState("saving");
      this.dirty = false;
      const body = this.collect();
      const answer = await this.send("POST", url, body, key);
      if (!answer.ok) {
        this.dirty = true;
        return this.failed(answer, answer.lost ? () => this.commit(url, key) : null);
      }
      this.arrived(answer);
      this.onSaved?.(answer.data);
      return true;
    });
  }

  async inTurn(work) {
    while (this.busy) await this.busy;
    const mine = work();
    this.busy = mine.then(() => {}, () => {});
    try { return await mine; } finally { this.busy = null; }
  }

  async send(method, url, body, key) {
    const headers = { "Content-Type": "application/json", "If-Match": this.etag, "X-CSRFToken": csrfToken() };
    if (key) headers["Idempotency-Key"] = key;
    try {
      const reply = await fetch(url, { method, headers, body: JSON.stringify(body), credentials: "same-origin" });
      const data = await reply.json().catch(() => null);
      return { ok: reply.ok && data !== null, status: reply.status, etag: reply.headers.get("ETag"), data, lost: reply.status >= 500 };
    } catch {
      return { ok: false, status: 0, data: null, lost: true };
    }
  }

  arrived(answer) {
    this.etag = answer.etag ?? answer.data.etag;
    this.retryMs = FIRST_RETRY_MS;
    if (!this.dirty) localStorage.removeItem(this.journal);
    this.onState(this.dirty ? "saving" : "saved");
  }

  failed(answer, again) {
    const message = answer.data?.error?.message;
    if (answer.status === 412) {
      this.stopped = true;
      this.onState("conflict", { by: answer.data?.error?.detail?.by, message });
    } else if (answer.lost && again) {
      this.onState("unsaved", { message: "The server does not answer." });
      this.timer = setTimeout(again, this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    } else if (answer.status === 401 || answer.status === 403) {
      this.onState("unsaved", { banner: "signed-out", message });
      this.timer = setTimeout(() => this.autosave(), this.retryMs);
    } else {
      this.onState("unsaved", { banner: "refused", message: message ?? "The server refused it." });
    }
    return false;
  }

  tryNow() { this.retryMs = FIRST_RETRY_MS; return this.autosave(); }
}
