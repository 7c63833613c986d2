/* The QA workspace. [data-qa] is the form of one question; each saves by itself, the clip's questions are handed in together.
   The key belongs to an option's id, not to a letter: move the option and the key goes with it. Its parts are the modules
   qa-order.js, qa-marks.js and qa-evidence.js: they change a form and tell it by an input event. */
import { command, inText } from "./keys.js";
import { marksIn, showMarks } from "./qa-marks.js";
import { showSaveState } from "./save-state.js";
import { Saver } from "./saver.js";

const LETTERS = "ABCD";
const ORDER = ["saved", "saving", "unsaved", "offline", "conflict"];          // the page shows the worst of its cards
const live = document.querySelector("[data-qa-live]");
const unit = document.querySelector("[data-submit-unit]");
const wordsIn = (text) => (text.match(/\S+/g) ?? []).length;
const say = (text) => { if (live) live.textContent = text; };

const cards = [...document.querySelectorAll("[data-qa]")].map(wire);
for (const form of document.querySelectorAll("[data-add]")) form.addEventListener("input", () => relabel(form));

function rows(form) { return [...form.querySelector("[data-options]").children]; }

function relabel(form) {
  rows(form).forEach((row, place) => {
    const letter = LETTERS[place], text = row.querySelector("[name=option_text]"), isKey = row.querySelector("[name=key]").checked;
    row.querySelector(".letter").textContent = letter;
    text.setAttribute("aria-label", `Option ${letter}`);
    row.toggleAttribute("data-key", isKey);
    row.querySelector("[data-key-word]").textContent = isKey ? "Key" : "Set as key";
    const count = wordsIn(text.value), shown = row.querySelector(".words");
    shown.textContent = `${count} w`;
    shown.toggleAttribute("data-over", form.dataset.category === "action_sequence" && count > 15);
    for (const button of row.querySelectorAll("[data-move]")) {
      const up = button.dataset.move === "-1";
      button.setAttribute("aria-label", `Move option ${letter} ${up ? "up" : "down"}`);
      button.disabled = up ? place === 0 : place === LETTERS.length - 1;
    }
  });
}

function contentOf(form) {
  const marks = marksIn(form);
  return {
    question: form.querySelector("[name=question]").value,
    options: rows(form).map((row) => ({ id: row.querySelector("[name=option_id]").value, text: row.querySelector("[name=option_text]").value })),
    key: form.querySelector("[name=key]:checked")?.value ?? null,
    evidence: [...form.querySelectorAll("[name=evidence]:checked")].map((box) => JSON.parse(box.value)),
    ...(marks.length ? { marks } : {}),
  };
}

/* The same words for the same gaps as qa/content.py, so that a card says at once what Submit would refuse. */
function problemsOf(content) {
  const texts = content.options.map((option) => option.text.trim().toLowerCase());
  const found = content.question.trim() ? [] : ["the question is empty"];
  texts.forEach((text, place) => {
    const first = texts.indexOf(text);
    if (!text) found.push(`option ${LETTERS[place]} is empty`);
    else if (first < place) found.push(`options ${LETTERS[first]} and ${LETTERS[place]} are the same`);
  });
  if (content.key === null) found.push("no option is the key");
  return found;
}

/* -> { form, saver, place, state, options, problems, isDraft, unsaved, save() } */
function wire(form) {
  const details = form.closest("details"), place = form.dataset.place, id = form.dataset.questionId;
  const conflict = form.querySelector("[data-conflict]");
  const started = JSON.stringify(contentOf(form));
  const saver = new Saver({
    url: form.dataset.url, saveUrl: form.dataset.saveUrl, etag: form.dataset.etag,
    user: form.dataset.user, thing: `question:${form.dataset.url}`, collect: () => ({ content: contentOf(form) }),
    onStored: ({ warnings }) => list(form.querySelector("[data-warnings]"), warnings, "[data-warning-template]"),
    onState: (state, options = {}) => {
      card.state = state; card.options = options;
      for (const input of document.querySelectorAll(`[data-etag-of="${CSS.escape(id)}"]`)) input.value = saver.etag;
      if (state === "conflict") {
        conflict.hidden = false;
        conflict.querySelector("[data-message]").textContent = `${options.by ?? "Another tab of yours"} saved a newer revision. Your words stay here.`;
      }
      showAll();
      showMissing();
    },
  });
  const card = { form, saver, place, state: "saved", options: {}, isDraft: form.hasAttribute("data-draft"), unsaved: form.hasAttribute("data-unsaved") };

  function draw() {
    relabel(form);
    const content = contentOf(form), problems = problemsOf(content);
    card.problems = problems;
    list(form.querySelector("[data-problems]"), problems, "[data-problem-template]");
    const aged = form.querySelector("[data-flags-aged]");
    if (aged) aged.hidden = JSON.stringify(content) === started;
    const key = content.options.findIndex((option) => option.id === content.key);
    details.querySelector(".q").textContent = content.question || "No question yet";
    details.querySelector(".k").textContent = key < 0 ? "no key" : `${LETTERS[key]} · ${content.options[key].text}`;
    const accept = form.querySelector("[data-accept]");
    if (accept) accept.hidden = JSON.stringify(content) !== started || card.unsaved;
    showMissing();
  }
  function changed(event) {
    if (event.target.matches("[data-override]")) { showMissing(); return; }
    card.unsaved = true;
    list(form.querySelector("[data-warnings]"), [], "[data-warning-template]");
    draw();
    saver.touched();
  }
  form.addEventListener("input", changed);

  card.save = async () => {
    if (!card.isDraft && !card.unsaved && !saver.dirty) return true;   // nothing to save makes no revision
    if (!await saver.save()) return false;
    card.unsaved = false;
    if (card.isDraft) {
      card.isDraft = false;
      details.querySelector("[data-state]").replaceChildren(document.querySelector("[data-editing-template]").content.cloneNode(true));
    }
    form.querySelector("[data-accept]")?.remove();
    draw();
    return true;
  };
  form.addEventListener("submit", (event) => {
    const verb = event.submitter?.value ?? "save";
    if (verb === "save" || verb === "accept") {
      event.preventDefault();
      card.save().then((done) => { if (done) say(`Question ${place} saved`); });
    } else if (verb === "compare" || verb === "discard") {
      saver.forget();                                                // compare sends the words along, discard forgets them
    }
  });

  function fill(content) {
    showMarks(form, content.marks ?? []);
    form.querySelector("[name=question]").value = content.question;
    const list = form.querySelector("[data-options]");
    for (const option of content.options) {
      const row = rows(form).find((one) => one.querySelector("[name=option_id]").value === option.id);
      if (!row) continue;
      row.querySelector("[name=option_text]").value = option.text;
      row.querySelector("[name=key]").checked = option.id === content.key;
      list.append(row);
    }
    const chosen = content.evidence.map((part) => JSON.stringify(part));
    for (const box of form.querySelectorAll("[name=evidence]")) box.checked = chosen.includes(JSON.stringify(JSON.parse(box.value)));
  }
  async function restoreKept() {
    const found = await saver.kept(), news = found.filter((entry) => JSON.stringify(entry.body.content) !== started);
    for (const entry of found) if (!news.includes(entry)) saver.drop(entry);
    const [kept] = news;
    if (!kept) return;
    const continues = kept.etag === saver.etag || (kept.sent && JSON.stringify(kept.sent.content) === started);
    if (continues && !saver.dirty) {
      fill(kept.body.content);
      details.open = true;
      form.dispatchEvent(new Event("input", { bubbles: true }));
      await saver.note();
      await saver.drop(kept);
      return;
    }
    const banner = form.querySelector("[data-kept]");                 // somebody saved since: offer the words, put nothing over theirs
    banner.hidden = false;
    details.open = true;
    banner.querySelector("[data-kept-text]").textContent = [kept.body.content.question, ...kept.body.content.options.map((option) => option.text)].join(" · ");
    banner.querySelector("[data-forget]").addEventListener("click", () => { saver.drop(kept); banner.hidden = true; });
  }

  const isBlocked = () => [...form.querySelectorAll("[data-override]")].some((reason) => !reason.value.trim()) && JSON.stringify(contentOf(form)) === started;
  card.isReady = () => card.state !== "conflict" && !card.problems.length && !isBlocked() && (!card.isDraft || card.unsaved);
  queueMicrotask(() => {
    draw();
    restoreKept();
    if (form.dataset.overtaken === undefined) return;
    saver.stopped = true;                                            // nothing is sent before both are merged
    saver.tell("conflict", { by: form.dataset.overtaken });
  });
  return card;
}

/* texts -> the items of a list, each made of the template's */
function list(place, texts, template) {
  place?.replaceChildren(...(texts ?? []).map((text) => {
    const item = document.querySelector(template).content.firstElementChild.cloneNode(true);
    item.querySelector("span").textContent = text;
    return item;
  }));
}

function showAll() {
  const worst = cards.reduce((one, other) => (ORDER.indexOf(other.state) > ORDER.indexOf(one.state) ? other : one));
  const dirty = cards.some((card) => card.saver.dirty);
  const state = worst.state === "saved" && dirty ? "saving" : worst.state;
  showSaveState(state, worst.options);
  const shown = document.querySelector(`[data-banner="${worst.options.banner ?? state}"] [data-message]`);
  if (shown) shown.textContent = worst.state === "conflict" ? `Question ${worst.place}: ${worst.options.by ?? "another tab of yours"} saved a newer revision.` : worst.options.message ?? "";
}

/* What Submit will find: it saves changed cards first, so a changed draft counts as decided. */
function showMissing() {
  const place = document.querySelector("[data-missing]");
  if (!place || cards.some((card) => !card.problems)) return;         // not all are drawn yet
  const todo = cards.filter((card) => !card.isReady());
  const links = todo.flatMap((card, at) => {
    const link = document.createElement("a");
    link.href = `#q-${card.form.dataset.questionId}`;
    link.textContent = `Q${card.place}`;
    return at ? [", ", link] : ["; to do: ", link];
  });
  place.replaceChildren(`${cards.length - todo.length} of ${cards.length} ready`, ...links);
  showNav();
  showKeySpread();
}

function showNav() {
  for (const card of cards) {
    const dot = document.querySelector(`[data-dot-of="${CSS.escape(card.form.dataset.questionId)}"]`);
    if (card.isReady()) dot.dataset.s = "done"; else delete dot.dataset.s;
  }
  for (const ready of document.querySelectorAll(".qa-nav [data-ready]")) ready.textContent = String(ready.closest("a").querySelectorAll("[data-s=done]").length);
}

function showKeySpread() {
  const keys = [...document.querySelectorAll(".qa-card:not([data-status=dropped]) .qa-form .options > li[data-key] .letter")].map((letter) => letter.textContent);
  for (const count of document.querySelectorAll("[data-key-spread] [data-letter]")) count.textContent = String(keys.filter((letter) => letter === count.dataset.letter).length);
}

/* A link to a card opens it. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details.qa-card")) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

const withWords = () => cards.filter((card) => card.saver.dirty || card.unsaved);
async function saveAll() {
  const done = [];
  for (const card of withWords()) done.push(await card.save());
  return done.every(Boolean);
}
/* From question to question, and between the text and the clip. */
let lastText = null;
document.addEventListener("focusin", (event) => { if (inText(event.target) && event.target.closest(".qa-card")) lastText = event.target; });
function toQuestion(by) {
  const here = document.activeElement.closest(".qa-card") ?? lastText?.closest(".qa-card");
  const at = cards.findIndex((card) => card.form.closest("details") === here);
  const card = cards[Math.min(cards.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (!card) return;
  card.form.closest("details").open = true;
  card.form.querySelector("[name=question]").focus();
}
command("next-question", () => toQuestion(1), { keys: ["Ctrl+;"], typing: true, label: "Next question", group: "work" });
command("previous-question", () => toQuestion(-1), { keys: ["Ctrl+Shift+;"], typing: true, label: "Previous question", group: "work" });
command("back-to-text", () => { if (lastText?.isConnected) lastText.focus(); else toQuestion(0); }, { keys: ["i"], label: "Back to the text", group: "player" });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && inText(event.target) && event.target.closest(".qa-side")) document.querySelector("[data-clip-player] [data-command=play]").focus();
});

command("save", saveAll, { keys: ["Mod+s"], typing: true });
command("submit", () => unit?.requestSubmit(unit.querySelector("[value=submit]")), { keys: ["Mod+Enter"], typing: true });
const saveButton = document.querySelector("[data-save-all]");
if (saveButton) saveButton.hidden = false;
for (const button of document.querySelectorAll("[data-retry]")) button.addEventListener("click", () => cards.forEach((card) => card.saver.dirty && card.saver.tryNow()));

/* A form that leaves the page waits until every card's words are with the server; Submit makes revisions of them first. */
const LONGEST_HOLD_MS = 10_000;
let letGo = false, leaving = false;
const autosaveAll = async () => (await Promise.all(cards.map((card) => card.saver.autosave()))).every(Boolean);

/* -> true when all words arrived: an answer that was lost is asked for again meanwhile. */
async function allArrived() {
  const began = Date.now();
  while (!await autosaveAll()) {
    if (cards.some((card) => card.state === "conflict" || card.options.banner === "refused") || Date.now() - began > LONGEST_HOLD_MS) return false;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  return true;
}
document.addEventListener("submit", async (event) => {
  if (event.defaultPrevented || letGo || !event.target.closest("main")) return;
  if (event.target.matches("[data-qa]") || !withWords().length) return;
  event.preventDefault();
  if (leaving) return;
  leaving = true;
  const ready = event.target === unit ? await saveAll() : await allArrived();
  leaving = false;
  if (!ready) { say("Not sent: some words are not saved yet. They stay here; try again when they are."); return; }
  letGo = true;
  setTimeout(() => event.target.requestSubmit(event.submitter));      // not while this very submit is still going on: it would be for nothing
});
document.addEventListener("words:forgotten", () => { for (const card of cards) card.saver.forget(); });
addEventListener("beforeunload", (event) => { if (!letGo && cards.some((card) => card.saver.dirty)) event.preventDefault(); });
