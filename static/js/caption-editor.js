/* [data-caption-editor]: the caption's text above a painted copy of itself, its people, and its saving.
   The text is a plain textarea: undo, spelling, input methods and screen readers are the browser's own. */
import { command } from "./keys.js";
import { MARK, markAt, sentencesOf, wordsIn } from "./caption-text.js";
import { showSaveState } from "./save-state.js";
import { Saver } from "./saver.js";

const root = document.querySelector("[data-caption-editor]");
if (root) start(root);

function start(root) {
  const area = root.querySelector("textarea[name=text]"), paint = root.querySelector(".paint");
  const list = root.querySelector("[data-people]"), form = root.closest("form");
  const length = Number(root.dataset.length);
  let marks = [], now = null;

  const people = () => [...list.querySelectorAll("[data-person]")].map((row) => ({
    key: row.querySelector("[name=person_key]").value, description: row.querySelector("[name=person_description]").value,
  }));
  const collect = () => ({ text: area.value, people: people() });
  const part = (name, text) => { const node = document.createElement("span"); node.className = name; node.textContent = text; return node; };

  const grow = () => { area.style.setProperty("block-size", "auto"); area.style.setProperty("block-size", `${area.scrollHeight}px`); };
  function draw() {
    const text = area.value;
    marks = sentencesOf(text, length);
    const nodes = [document.createTextNode(text.slice(0, marks[0]?.from ?? text.length))];
    for (const sentence of marks) {
      const whole = part("s", ""), [mark] = text.slice(sentence.from).match(new RegExp(MARK.source));
      whole.dataset.n = String(sentence.n);
      const chip = part("m", mark);
      chip.toggleAttribute("data-bad", Boolean(sentence.bad) || sentence.start > Math.ceil(length * 10) / 10);
      whole.append(chip, document.createTextNode(text.slice(sentence.from + mark.length, sentence.to)));
      nodes.push(whole);
    }
    nodes.push(document.createTextNode("\n"));
    paint.replaceChildren(...nodes);
    highlight();
    grow();
    document.dispatchEvent(new CustomEvent("clip:marks", { detail: { sentences: marks } }));
    root.querySelector("[data-words]").textContent = `${wordsIn(text)} words, ${marks.length} time marks`;
    root.querySelector("[data-people-count]").textContent = String(list.children.length);
  }
  const highlight = () => { for (const s of paint.querySelectorAll(".s")) s.toggleAttribute("data-now", Number(s.dataset.n) === now); };
  document.addEventListener("clip:time", (event) => { if (event.detail.sentence !== now) { now = event.detail.sentence; highlight(); } });

  /* the time marks inside the textarea: a click seeks, the pointer says so */
  const chipAt = (x, y) => [...paint.querySelectorAll(".m")].find((m) => [...m.getClientRects()].some((r) => x >= r.left - 2 && x <= r.right + 2 && y >= r.top && y <= r.bottom));
  area.addEventListener("mousemove", (event) => area.classList.toggle("over-mark", Boolean(chipAt(event.clientX, event.clientY))));
  area.addEventListener("click", (event) => {
    const chip = chipAt(event.clientX, event.clientY);
    if (!chip || area.selectionStart !== area.selectionEnd) return;
    const [, mm, ss] = chip.textContent.match(new RegExp(MARK.source));
    document.dispatchEvent(new CustomEvent("clip:seek", { detail: { t: Number(mm) * 60 + Number(ss) } }));
  });

  function insert(text) {                                            // through the browser, so that undo works
    area.focus();
    if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  command("insert-mark", () => {
    const before = area.value.slice(0, area.selectionStart);
    insert(`${/\S$/.test(before) ? " " : ""}${markAt(document.querySelector("[data-clip-player]").clip.time)} `);
  }, { keys: ["Ctrl+m"], typing: true });
  /* drafts.js: a sentence of a draft goes to the caret, or to the end of a text that nobody has been in yet; nothing is replaced */
  let placed = false;
  area.addEventListener("focus", () => { placed = true; });
  document.addEventListener("caption:take", (event) => {
    if (area.readOnly) return;
    document.querySelector("#tab-edit").click();
    const caret = placed ? area.selectionEnd : area.value.length;
    area.setSelectionRange(caret, caret);
    insert(`${/\S$/.test(area.value.slice(0, caret)) ? " " : ""}${event.detail.text}${/^\S/.test(area.value.slice(caret)) ? " " : ""}`);
  });
  document.addEventListener("caption:flush", (event) => event.detail.until.push(saver.autosave()));
  command("seek-to-caret", () => {
    const sentence = [...marks].reverse().find((one) => one.from <= area.selectionStart);
    if (sentence) document.dispatchEvent(new CustomEvent("clip:seek", { detail: { t: sentence.start, play: true } }));
  }, { keys: ["Ctrl+Shift+m"], typing: true });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) { event.preventDefault(); document.querySelector("[data-command=play]").focus(); }
  });
  command("back-to-text", () => area.focus(), { keys: ["i"] });

  const saver = new Saver({
    url: root.dataset.url, saveUrl: root.dataset.saveUrl, submitUrl: root.dataset.submitUrl, etag: root.dataset.etag,
    journal: `caption:${root.dataset.url}:${root.dataset.user}`, collect,
    onState(state, { by, message, banner } = {}) {
      showSaveState(state, { banner });
      const shown = document.querySelector(`[data-banner="${banner ?? state}"] [data-message]`);
      if (shown && message) shown.textContent = by ? `${by} saved a newer revision.` : message;
    },
  });
  restoreKept();
  function restoreKept() {
    const kept = saver.kept();
    if (!kept || area.readOnly) return;
    const same = kept.body.text === area.value && JSON.stringify(kept.body.people) === JSON.stringify(people());
    if (same || kept.etag !== saver.etag) { if (same) localStorage.removeItem(saver.journal); else showOld(kept.body.text); return; }
    area.value = kept.body.text;
    list.replaceChildren();
    for (const person of kept.body.people) addPerson(person.key, person.description);
    saver.touched();
  }
  function showOld(text) {                                           // somebody saved since: offer the words, put nothing over theirs
    const banner = document.querySelector('[data-banner="kept"]');
    banner.hidden = false;
    banner.querySelector("[data-kept]").value = text;
    banner.querySelector("[data-forget]").addEventListener("click", () => { localStorage.removeItem(saver.journal); banner.hidden = true; });
  }

  const changed = () => { draw(); saver.touched(); };
  area.addEventListener("input", changed);
  list.addEventListener("input", changed);
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-person]");
    if (button) { button.closest("li").remove(); changed(); root.querySelector("[data-add-person]").focus(); }
  });
  function addPerson(key, description) {
    const row = root.querySelector("[data-person-template]").content.firstElementChild.cloneNode(true);
    const n = Number(key.slice(1)) || list.children.length + 1;
    row.querySelector(".person").textContent = key;
    row.querySelector(".person").classList.add(`person-${Math.min(4, n)}`);
    row.querySelector("[name=person_key]").value = key;
    const input = row.querySelector("[name=person_description]");
    input.value = description;
    input.setAttribute("aria-label", `Person ${n}`);
    row.querySelector("[data-remove-person]").setAttribute("aria-label", `Remove person ${n}`);
    list.append(row);
    return input;
  }
  root.querySelector("[data-add-person]")?.addEventListener("click", () => {
    const used = people().map((person) => Number(person.key.slice(1)) || 0);
    addPerson(`P${Math.max(0, ...used) + 1}`, "").focus();
    changed();
  });

  const save = async () => { if (await saver.save()) location.reload(); };
  const submit = async () => { if (await saver.submit()) location.assign(root.dataset.nextUrl); };
  command("save", save, { keys: ["Mod+s"], typing: true });
  command("submit", submit, { keys: ["Mod+Enter"], typing: true });
  form.addEventListener("submit", (event) => {
    const verb = event.submitter?.value;
    if (verb !== "save" && verb !== "submit") return;
    event.preventDefault();
    if (verb === "save") save(); else submit();
  });
  for (const button of document.querySelectorAll("[data-retry]")) button.addEventListener("click", () => saver.tryNow());
  addEventListener("beforeunload", (event) => { if (saver.dirty) event.preventDefault(); });

  new ResizeObserver(grow).observe(area.parentElement);
  document.querySelector("#tab-edit")?.addEventListener("click", () => requestAnimationFrame(grow));
  draw();
}
