/* [data-caption-checks]: the panel under the text. It asks the server what the checks say of the words, paints the flags
   over the text, and knows which of them somebody called fine.
   Hears caption:changed, caption:collect, caption:restore, caption:submitting; tells caption:collect, caption:checked, caption:marks-on, caption:select,
   caption:edit, caption:touched. Positions are UTF-16 units of the text that was sent. */
import { command } from "./keys.js";
import { isLook } from "./flag-levels.js";
import { askReasons } from "./submit-dialog.js";

const PAUSE_MS = 400;
const QUIET_MS = 1500;                                               // so long nobody types before the summary is spoken
const RETRY_MS = 5000;
const FINE = {
  "no-people-statement": "number of people stated", "people-count-mismatch": "number of people agrees", "vague-reference": "everybody can be told apart",
  "subject-label": "no labels", speculation: "no guesses", "repeated-sentence": "no repetition", "marks-out-of-order": "time marks in order", "mark-past-end": "no mark past the end",
};
const isSame = (one, other) => one.rule === other.rule && one.sentence === other.sentence;
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

const root = document.querySelector("[data-caption-checks][data-url]");
if (root) start(root);

function start(root) {
  const list = root.querySelector("[data-checks]"), row = root.querySelector("[data-check-row]").content.firstElementChild;
  const spoken = root.querySelector("[data-check-spoken]");
  const content = JSON.parse(document.querySelector("#caption-content")?.textContent || "{}");
  const editor = () => document.querySelector("[data-caption-editor]")?.caption;
  let text = content.text ?? "", dismissed = content.dismissed ?? [], flags = [], people = [];
  let checked = null, current = null, request = null, pause = 0, retry = 0, quiet = 0, pending = null;

  const open = () => flags.filter((flag) => !dismissed.some((one) => isSame(one, flag)));
  const standing = () => dismissed.filter((one) => text.includes(one.sentence));

  async function check() {
    clearTimeout(pause);
    clearTimeout(retry);
    request?.abort();
    const mine = request = new AbortController(), sent = text;
    try {
      const answer = await fetch(root.dataset.url, {
        method: "POST", body: JSON.stringify({ text: sent }), signal: mine.signal, credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf]")?.content ?? "" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      if (mine !== request || sent !== text) return false;
      take(said, sent);
      return true;
    } catch (error) {
      if (error.name !== "AbortError" && mine === request) {
        summarise("Checks wait for the server");
        retry = setTimeout(check, RETRY_MS);
      }
      return false;
    }
  }
  function take(said, sent) {
    ({ flags, people } = said);
    checked = sent;
    current = flags.find((flag) => current && isSame(flag, current)) ?? null;
    draw();
  }
  /* Nothing is done by positions of another text. Asking for the words makes the editor tell what it has not told yet. */
  async function fresh() {
    tell("caption:collect", { body: {} });
    if (checked === text) return true;
    if (pending?.text !== text) {
      const mine = pending = { text, asked: check() };
      mine.asked.finally(() => { if (pending === mine) pending = null; });
    }
    return pending.asked;
  }

  function draw() {
    const left = open(), fine = flags.filter((flag) => !left.includes(flag));
    const quietRules = Object.keys(FINE).filter((rule) => !flags.some((flag) => flag.rule === rule));
    list.replaceChildren(...left.map(openRow), ...fine.map(fineRow), ...(text.trim() && quietRules.length ? [allFine(quietRules)] : []));
    const looks = left.filter(isLook).length, fixes = left.length - looks;
    summarise(!text.trim() ? "Nothing to check yet" : left.length ? `${fixes} to fix, ${looks} to look at` : "All checks fine");
    paint();
    tell("caption:checked", { flags, people, open: left });
  }
  function paint() {
    tell("caption:marks-on", {
      layer: "flags",
      ranges: open().filter((flag) => flag.to > flag.from).map((flag) => ({ from: flag.from, to: flag.to, cls: isLook(flag) ? "vague" : "bad", title: `${flag.message} ${flag.advice}` })),
    });
  }
  function summarise(summary) {
    for (const node of document.querySelectorAll("[data-check-summary]")) if (node.textContent !== summary) node.textContent = summary;
    clearTimeout(quiet);
    if (spoken.textContent !== summary) quiet = setTimeout(() => { spoken.textContent = summary; }, QUIET_MS);
  }

  function line(level, message, advice) {
    const node = row.cloneNode(true);
    node.classList.add(`is-${level}`);
    for (const icon of node.querySelectorAll("[data-level]")) icon.toggleAttribute("hidden", icon.dataset.level !== level);
    node.querySelector(".level").textContent = { fix: "Fix", look: "Look", fine: "Fine" }[level];
    node.querySelector(".what").textContent = message;
    node.querySelector(".why").textContent = advice;
    return node;
  }
  function act(node, label, about, run) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button";
    button.textContent = label;
    button.setAttribute("aria-label", `${label}: ${about}`);
    button.addEventListener("click", run);
    node.querySelector("[data-acts]").append(button);
  }
  function openRow(flag) {
    const node = line(isLook(flag) ? "look" : "fix", flag.message, flag.advice);
    if (flag === current) node.setAttribute("aria-current", "true");
    act(node, "Show", flag.message, () => show(flag));
    if (flag.fix) act(node, flag.fix.label, flag.message, () => fix(flag));
    act(node, "Fine as is", flag.message, () => callFine(flag, { focus: true }));
    return node;
  }
  function fineRow(flag) {
    const node = line("fine", flag.message, "Called fine.");
    act(node, "Not fine", flag.message, () => {
      dismissed = dismissed.filter((one) => !isSame(one, flag));
      changed();
      list.querySelector("button")?.focus();
    });
    return node;
  }
  const allFine = (rules) => {
    const node = line("fine", "", rules.map((rule) => FINE[rule]).join(", "));
    node.querySelector("[data-acts]").remove();
    return node;
  };

  async function show(flag) {
    if (!await fresh()) return;
    const now = flags.find((one) => one === flag) ?? flags.find((one) => isSame(one, flag));
    if (!now) return;
    current = now;
    document.querySelector("#tab-edit")?.click();
    tell("caption:select", { from: now.from, to: now.to });
    for (const [place, node] of [...list.children].entries()) {
      if (open()[place] === now) node.setAttribute("aria-current", "true"); else node.removeAttribute("aria-current");
    }
  }
  async function fix(flag) {
    if (!await fresh()) return;
    const now = flags.find((one) => one === flag) ?? flags.find((one) => isSame(one, flag) && one.fix);
    if (!now?.fix) return;
    const { from, to, insert } = now.fix;
    tell("caption:edit", { from, to, insert, select: { from: from + insert.length, to: from + insert.length } });
  }
  function callFine(flag, { focus = false } = {}) {
    dismissed = [...standing().filter((one) => !isSame(one, flag)), { rule: flag.rule, sentence: flag.sentence }];
    if (current === flag) current = null;
    changed();
    if (focus) (list.querySelector("button") ?? editor())?.focus();
  }
  function changed() { draw(); tell("caption:touched", {}); }

  /* the flag that keys act on: the one that was shown last, else the one at the caret */
  function atCaret() {
    const left = open(), caret = editor()?.selection;
    const here = caret && left.filter((flag) => flag.from <= caret.to && flag.to >= caret.from);
    if (here?.length) return here.includes(current) ? current : here[0];
    return left.includes(current) ? current : null;
  }
  async function step(way) {
    if (!await fresh()) return;
    const left = open();
    if (!left.length) return;
    const here = left.indexOf(current), caret = editor()?.selection.from ?? 0;
    if (here >= 0) { show(left[(here + way + left.length) % left.length]); return; }
    const next = way > 0 ? left.find((flag) => flag.from >= caret) : left.findLast((flag) => flag.to <= caret);
    show(next ?? left.at(way > 0 ? 0 : -1));
  }
  const onFlag = (run) => async () => { if (await fresh()) { const flag = atCaret(); if (flag) run(flag); } };
  const keyed = { typing: true, group: "Checks" };
  command("next-flag", () => step(1), { ...keyed, keys: ["Ctrl+;"], label: "Next flag" });
  command("previous-flag", () => step(-1), { ...keyed, keys: ["Ctrl+Shift+;"], label: "Previous flag" });
  command("fix-flag", onFlag((flag) => flag.fix && fix(flag)), { ...keyed, keys: ["Ctrl+Shift+f"], label: "Fix the flag at the caret" });
  command("fine-flag", onFlag((flag) => callFine(flag)), { ...keyed, keys: ["Ctrl+Shift+l"], label: "Fine as is: the flag at the caret" });

  document.addEventListener("caption:changed", ({ detail }) => {
    if (detail.text === checked && detail.text === text) return;
    text = detail.text;
    if (detail.isFirst) return;                                      // begin() looks at it
    request?.abort();
    clearTimeout(pause);
    clearTimeout(quiet);
    pause = setTimeout(check, PAUSE_MS);
  });
  document.addEventListener("caption:collect", ({ detail }) => { detail.body.dismissed = standing().slice(-400); });
  document.addEventListener("caption:restore", ({ detail }) => { dismissed = detail.content.dismissed ?? []; if (checked !== null) draw(); });
  document.addEventListener("caption:submitting", ({ detail }) => {
    const asked = fresh().then((isFresh) => (isFresh ? askReasons(open()) : []));   // the server knows its flags without us
    detail.until.push(asked.then((rows) => rows ?? false));
  });
  addEventListener("online", () => { if (checked !== text) check(); });

  /* Once all that listen are there. The page came with what the checks say of its own words. */
  function begin() {
    text = editor()?.text ?? document.querySelector("[data-caption-editor] textarea[name=text]")?.value ?? text;
    const known = JSON.parse(document.querySelector("#caption-checked").textContent);
    if (known.text === text) take(known, text); else check();
  }
  document.addEventListener("DOMContentLoaded", begin, { once: true });
}
