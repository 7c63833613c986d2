/* A new batch of raw videos: what was chosen is announced, then sent in chunks, two files at a time, with a row for each.
   After a reload the same files are chosen once more, and go on where they were. Other tabs and people see the same rows. */
import { askToSignIn, SendRefused } from "./chunk-sender.js";
import { newKey } from "./new-key.js";
import { csrfToken, isSignedOut } from "./sign-in-again.js";
import { UploadRow } from "./upload-row.js";

const AT_ONCE = 2;
const POLL_MS = 2000;
const SLOW_POLL_MS = 20000;                                          // signed out, or the server is unwell
const MOST_MANIFEST_BYTES = 1_800_000;                               // the announcement holds it, and may have 2 MiB

const root = document.querySelector("[data-video-batch]");
if (root) start(root);

const nameOf = (file) => file.webkitRelativePath || file.name;

function start(root) {
  const form = root.querySelector("form"), choosers = [...root.querySelectorAll("input[type=file]")];
  const note = root.querySelector("[data-note]"), wrong = root.querySelector("[data-wrong]");
  const outcome = root.querySelector("[data-outcome]"), list = root.querySelector("[data-uploads]"), again = root.querySelector("[data-again]");
  let rows = [], sending = 0, polling = 0, announced = { body: "", key: "" };

  const chosen = () => new Map(choosers.flatMap((input) => [...input.files]).map((file) => [nameOf(file), file]));
  const say = (text) => { if (note.textContent !== text) note.textContent = text; };
  const complain = (text) => { wrong.querySelector("span").textContent = text; wrong.hidden = !text; if (text) wrong.focus(); };

  addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
  for (const input of choosers) input.addEventListener("change", () => root.dataset.batch ? resume() : count());
  form?.addEventListener("submit", (event) => { event.preventDefault(); begin(); });
  for (const button of root.querySelectorAll("[data-needs-script]")) button.disabled = false;
  if (root.dataset.batch) { takeRows(); summary(); }

  function count() {
    const files = [...chosen().values()], bytes = files.reduce((sum, file) => sum + file.size, 0);
    complain("");
    say(files.length ? `${files.length} ${files.length === 1 ? "file" : "files"}, ${(bytes / 1e6).toFixed(1)} MB.` : "");
  }

  /* -> the manifest among the files, null without one. Throws with words if it is not clear which. */
  function manifestIn(files) {
    const depth = (name) => name.split("/").length;
    const names = [...files.keys()].filter((name) => /\.(jsonl|csv)$/i.test(name)).sort((a, b) => depth(a) - depth(b));
    if (names.length > 1 && depth(names[0]) === depth(names[1])) throw new SendRefused(`Which is the manifest: ${names[0]} or ${names[1]}? Choose one of them.`);
    return names.length ? files.get(names[0]) : null;
  }

  async function begin() {
    const files = chosen(), button = form.querySelector("[type=submit]");
    complain("");
    if (!files.size) { complain("Choose videos, or a folder of them."); return; }
    button.disabled = true;
    try {
      const begun = await announce(files);
      tell(begun);
      if (begun.batch) await show(begun, files).catch(() => location.assign(begun.page));
    } catch (error) {
      complain(error instanceof SendRefused ? error.message : "No answer. Try again: what was begun by then goes on.");
    } finally {
      button.disabled = false;
    }
  }

  async function announce(files) {
    const manifest = manifestIn(files), fields = new FormData(form);
    if (manifest?.size > MOST_MANIFEST_BYTES) throw new SendRefused("The manifest is too long for one batch: split it.");
    const facts = Object.fromEntries(["description", "source", "license"].map((name) => [name, fields.get(name)]).filter(([, value]) => value));
    const body = {
      name: fields.get("name"),
      defaults: { ...facts, redistribute: fields.has("may_redistribute") },
      files: [...files].map(([name, file]) => ({ name, size: file.size, modified_ms: file.lastModified })),
    };
    if (manifest) Object.assign(body, { manifest: nameOf(manifest), text: await utf8(manifest) });
    const said = JSON.stringify(body);
    if (said !== announced.body) announced = { body: said, key: newKey() };  // an answer that was lost is given again
    const reply = await fetch(root.dataset.begin, {
      method: "POST", credentials: "same-origin", body: said,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), "Idempotency-Key": announced.key },
    });
    const answer = await reply.json();
    if (isSignedOut(reply.status, answer)) { askToSignIn(); throw new SendRefused("You are signed out: sign in, then send again."); }
    if (reply.status < 500) announced = { body: "", key: "" };
    if (!reply.ok) throw new SendRefused(answer.error.message);
    return answer;
  }

  async function utf8(manifest) {
    try { return new TextDecoder("utf-8", { fatal: true }).decode(await manifest.arrayBuffer()); }
    catch { throw new SendRefused(`${nameOf(manifest)} is not UTF-8: save it as that and choose it again.`); }
  }

  /* What does not come, and why. */
  function tell(begun) {
    const lines = begun.refused.map(({ line, reason }) => `Line ${line}: ${reason}`);
    if (begun.existing.length) lines.push(`There already, by name and length: ${begun.existing.join(", ")}`);
    if (begun.unused.length) lines.push(`Not asked for by any line: ${begun.unused.join(", ")}`);
    outcome.querySelector("ul").replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    outcome.hidden = !lines.length;
    if (!begun.batch) say("Nothing of this is to come.");
  }

  async function show(begun, files) {
    const reply = await fetch(begun.page, { credentials: "same-origin", headers: { "HX-Request": "true" } });
    if (!reply.ok || reply.redirected) throw new Error("no page");
    list.replaceChildren(...new DOMParser().parseFromString(await reply.text(), "text/html").body.childNodes);
    root.dataset.batch = begun.batch;
    history.replaceState(null, "", begun.page);
    form.hidden = true;
    takeRows();
    hand(files, true);
  }

  function takeRows() {
    rows = [...list.querySelectorAll("[data-upload]")].map((item) => new UploadRow(item, root));
    for (const row of rows) row.onGivenUp = summary;
    if (rows.some((row) => row.isOpen && row.status !== "receiving")) poll();
  }

  function resume() {
    const files = chosen(), before = rows.filter((row) => row.lacksFile).length;
    hand(files, false);
    complain(files.size && before && rows.filter((row) => row.lacksFile).length === before ? "None of these is a file that this batch waits for." : "");
  }

  /* Give the rows their files. A folder may have been chosen the first time and its files the second: then the last part
     of a name counts, where only one row has it. */
  function hand(files, isFirst) {
    const last = (name) => name.split("/").pop();
    const rivals = (name) => rows.filter((row) => last(row.name) === name || last(row.wanted) === name).length;
    const find = (name) => files.get(name) ?? (rivals(last(name)) === 1 ? files.get(last(name)) : undefined);
    for (const row of rows) row.take(find, isFirst);
    pump();
  }

  async function pump() {
    summary();
    const next = rows.find((row) => row.isReady);
    if (!next || sending >= AT_ONCE) return;
    sending += 1;
    const running = next.run();
    pump();
    await running;
    sending -= 1;
    poll();
    pump();
  }

  function summary() {
    const here = rows.filter((row) => !row.isOpen || row.status !== "receiving").length, lost = rows.filter((row) => row.lacksFile).length;
    if (lost) again.hidden = false;                                  // it stays: hiding it would take the focus away
    if (!rows.length) return;
    if (rows.every((row) => !row.isOpen)) say(`All ${rows.length} are through: ${rows.filter((row) => row.status === "done").length} taken in.`);
    else say(`${here} of ${rows.length} are here.${lost && !sending ? ` ${lost} wait for their files.` : ""}`);
  }

  /* What workers make of those that have come. */
  function poll() { polling ||= setTimeout(ask, POLL_MS); }
  async function ask() {
    polling = 0;
    try {
      const reply = await fetch(`${root.dataset.begin}/${root.dataset.batch}/uploads`, { credentials: "same-origin" });
      if (!reply.ok) { setTimeout(poll, SLOW_POLL_MS); return; }
      for (const told of (await reply.json()).uploads) rows.find((row) => row.uid === told.uid)?.told(told);
    } catch { /* asked again */ }
    summary();
    if (rows.some((row) => row.isOpen && row.status !== "receiving")) poll();
  }
}
