/* Saving one thing: autosave as people type, Save and Submit when they say so. Words are never lost:
   they stand in the page, in this browser's journal until the server has them, and then in the database.

   new Saver({ url, saveUrl, submitUrl, etag, user, thing, collect, onState, onSaved, onStored })
     collect() -> the JSON body; user and thing name the journal; onState(state, options) with state one of
     saved, saving, unsaved, offline, conflict; onSaved(answer, url) when Save or Submit has made a revision, however late;
     onStored(answer) when the server has just these words, kept or saved.
   One request at a time. What may have arrived without an answer is sent again as it was, with its key, before anything newer. */
import { Journal } from "./journal.js";
import { newKey } from "./new-key.js";
import { csrfToken, isSignedOut, renewToken } from "./sign-in-again.js";

const PAUSE_MS = 500;                                                // after the last key
const LONGEST_WAIT_MS = 900;                                         // while keys go on
const JOURNAL_MS = 400;
const SLOW_MS = 900;                                                 // no answer yet: say that it is not saved
const GIVE_UP_MS = 20000;                                            // the server itself answers within 12 s
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30000;
const RENEW_MS = 5000;
const REFUSED_MS = 4000;                                             // so long a refusal can be read, at least

export class Saver {
  constructor(options) {
    Object.assign(this, {
      retryMs: FIRST_RETRY_MS, timer: 0, journalTimer: 0, busy: null, changes: 0, stored: 0, since: 0,
      unanswered: null, retryAt: 0, stopped: false, state: "saved", control: null, renewedAt: 0,
    }, options);
    this.journal = new Journal(this.user, this.thing);
    addEventListener("online", () => this.retryAt && this.tryNow());
    addEventListener("offline", () => { if (this.dirty && !this.stopped) this.tell("offline"); });
    addEventListener("pagehide", () => this.dirty && this.note());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "hidden" || !this.dirty) return;
      this.note();
      if (!this.retryAt) this.autosave();
    });
    document.addEventListener("signed-in-again", () => this.dirty && this.tryNow());
  }

  /* There are words here that the server is not known to have, or a Save or Submit without an answer. */
  get dirty() { return this.changes > this.stored || Boolean(this.unanswered?.key); }

  touched() {
    this.changes += 1;
    this.journalTimer ||= setTimeout(() => this.note(), JOURNAL_MS);
    if (this.stopped || this.retryAt || this.control) return;        // it is tried again by itself, or sent next
    if (this.state === "saved") this.tell(navigator.onLine ? "saving" : "offline");
    this.soon();
  }

  soon() {
    const now = Date.now();
    this.since ||= now;
    this.later(Math.max(0, Math.min(PAUSE_MS, this.since + LONGEST_WAIT_MS - now)));
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.autosave(), ms);
  }

  /* Keep the words in this browser, now. */
  note() {
    clearTimeout(this.journalTimer);
    this.journalTimer = 0;
    return this.journal.write({ etag: this.etag, body: this.collect(), sent: this.unanswered?.body ?? null });
  }

  /* Words that a tab left behind: -> entries as of Journal.read(), the newest first. */
  kept() { return this.journal.read(); }
  drop(entry) { return this.journal.drop(entry); }

  /* The words here are wanted no more. */
  forget() {
    this.stored = this.changes;
    this.quiet();
    return this.journal.clear();
  }

  quiet() {
    clearTimeout(this.timer);
    clearTimeout(this.journalTimer);
    this.journalTimer = this.since = this.retryAt = 0;
  }

  /* -> true when the server has all words. */
  autosave() {
    clearTimeout(this.timer);
    return this.inTurn(async () => {
      while (this.dirty && !this.stopped) {
        const waiting = this.unanswered;
        if (!await this.attempt(waiting ?? { method: "PUT", url: this.url, body: this.collect(), changes: this.changes })) return false;
        if (!waiting) break;                                          // typed meanwhile: it follows soon
      }
      return !this.dirty;
    });
  }

  save() { return this.commit(this.saveUrl); }
  submit(body) { return this.commit(this.submitUrl, body); }

  /* -> true when the server has made it a revision at once. If no answer came it is asked again, and onSaved tells. */
  commit(url, body) {
    clearTimeout(this.timer);
    return this.inTurn(async () => {
      const waiting = this.unanswered;
      if (this.stopped || (waiting && !await this.attempt(waiting))) return false;
      if (waiting?.url === url && !this.dirty) return true;            // pressed twice
      return this.attempt({ method: "POST", url, body: body ?? this.collect(), changes: this.changes, key: newKey() });
    });
  }

  async inTurn(work) {
    while (this.busy) await this.busy;
    const mine = work();
    this.busy = mine.then(() => {}, () => {});
    try { return await mine; } finally { this.busy = null; }
  }

  async attempt(request) {
    clearTimeout(this.timer);
    this.since = this.retryAt = 0;
    this.unanswered = request;
    if (this.state !== "unsaved" && this.state !== "offline") this.tell("saving");
    if (this.dirty) this.note();
    const answer = await this.send(request);
    if (answer.lost) { this.retry(answer); return false; }
    this.unanswered = null;
    if (answer.ok) this.arrived(request, answer); else this.refused(request, answer);
    return answer.ok;
  }

  /* lost: nobody knows whether it was done. */
  async send({ method, url, body, key }) {
    const headers = { "Content-Type": "application/json", "If-Match": this.etag, "X-CSRFToken": csrfToken() };
    if (key) headers["Idempotency-Key"] = key;
    this.control = new AbortController();
    const slow = setTimeout(() => this.state === "saving" && this.tell("unsaved", { banner: "", waiting: true }), SLOW_MS);
    const end = setTimeout(() => this.control.abort(), GIVE_UP_MS);
    try {
      const reply = await fetch(url, { method, headers, body: JSON.stringify(body), credentials: "same-origin", signal: this.control.signal });
      const data = await reply.json().catch(() => null);
      const isOurs = reply.ok ? data !== null : Boolean(data?.error);   // a proxy's own page says nothing of the words
      const isBroken = Boolean(key) && data?.error?.code === "broken";   // with this key it would be answered so for ever
      const lost = (reply.status >= 500 && !isBroken) || reply.status === 429 || !isOurs || isSignedOut(reply.status, data);
      return { ok: reply.ok && !lost, status: reply.status, etag: reply.headers.get("ETag"), data, lost };
    } catch {
      return { ok: false, status: 0, data: null, lost: true };
    } finally {
      clearTimeout(slow);
      clearTimeout(end);
      this.control = null;
    }
  }

  arrived(request, answer) {
    this.etag = answer.etag ?? answer.data.etag;
    this.retryMs = FIRST_RETRY_MS;
    this.stored = Math.max(this.stored, request.changes);
    if (this.dirty) this.soon();
    else { this.quiet(); this.journal.clear(); }
    this.tell(this.dirty ? "saving" : "saved");
    if (!this.dirty) this.onStored?.(answer.data);
    if (request.key) this.onSaved?.(answer.data, request.url);
  }

  /* Asked again later, for ever; `online`, signing in and Try now ask at once. */
  retry(answer) {
    this.retryAt = Date.now() + this.retryMs;
    this.later(this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    const { retryAt } = this;
    if (isSignedOut(answer.status, answer.data)) this.signedOut(answer.status);
    else if (answer.status === 0) this.tell("offline", { retryAt });
    else this.tell("unsaved", { retryAt, message: answer.data?.error?.message ?? "The server does not answer." });
  }

  /* A token may only have been replaced, in another tab; a person may have been, too: then nothing is sent. */
  async signedOut(status) {
    const who = status === 403 ? await renewToken(this.user) : "nobody";
    if (who === "same" && Date.now() - this.renewedAt > RENEW_MS) {
      this.renewedAt = Date.now();
      this.tryNow();
    } else if (who === "same" || who === "away") {
      this.tell("unsaved", { retryAt: this.retryAt, message: "The server does not answer as it should." });
    } else {
      this.tell("unsaved", { banner: "signed-out", message: who === "other" ? "Somebody else is signed in in this browser." : "" });
    }
  }

  refused(request, answer) {
    const message = answer.data?.error?.message;
    if (answer.status === 412) {
      this.stopped = true;
      if (this.dirty) this.note();
      this.tell("conflict", { by: answer.data.error.detail?.by, message });
    } else {
      this.tell("unsaved", { banner: "refused", message: message ?? "The server refused it." });
      if (this.changes > (request.key ? this.stored : request.changes)) this.later(REFUSED_MS);   // that may be taken
    }
  }

  tell(state, options = {}) {
    this.state = state;
    const nowhere = this.journal.place === "" && this.dirty;
    this.onState(state, nowhere && state !== "saved" ? { ...options, nowhere } : options);
  }

  tryNow() {
    this.retryMs = FIRST_RETRY_MS;
    this.control?.abort();                                            // it is sent again, and may have arrived
    return this.autosave();
  }
}
