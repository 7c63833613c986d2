/* The QA workspace. [data-qa] is the form of one question; each saves by itself, the clip's questions are handed in together.
   The key belongs to an option's id, not to a letter: move the option and the key goes with it. */
import { command } from "./keys.js";
import { showSaveState } from "./save-state.js";
import { Saver } from "./saver.js";

const LETTERS = "ABCD";
const ORDER = ["saved", "saving", "unsaved", "conflict"];             // the page shows the worst of its cards
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
  return {
    question: form.querySelector("[name=question]").value,
    options: rows(form).map((row) => ({ id: row.querySelector("[name=option_id]").value, text: row.querySelector("[name=option_text]").value })),
    key: form.querySelector("[name=key]:checked")?.value ?? null,
    evidence: [...form.querySelectorAll("[name=evidence]:checked")].map((box) => JSON.parse(box.value)),
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
    journal: `question:${form.dataset.url}:${form.dataset.user}`, collect: () => ({ content: contentOf(form) }),
    onState: (state, options = {}) => {
      card.state = state; card.options = options;
      for (const input of document.querySelectorAll(`[data-etag-of="${CSS.escape(id)}"]`)) input.value = saver.etag;
      if (state === "conflict") {
        conflict.hidden = false;
        conflict.querySelector("[data-message]").textContent = `${options.by ?? "Another tab of yours"} saved a newer revision. Your words stay here.`;
      }
      showAll();
    },
  });
  const card = { form, saver, place, state: "saved", options: {}, isDraft: form.hasAttribute("data-draft"), unsaved: form.hasAttribute("data-unsaved") };

  function draw() {
    relabel(form);
    const content = contentOf(form), problems = problemsOf(content);
    card.problems = problems;
    const template = document.querySelector("[data-problem-template]").content.firstElementChild;
    const list = form.querySelector("[data-problems]");
    list.replaceChildren(...problems.map((problem) => {
      const item = template.cloneNode(true);
      item.querySelector("span").textContent = problem;
      return item;
    }));
    const aged = form.querySelector("[data-flags-aged]");
    if (aged) aged.hidden = JSON.stringify(content) === started;
    const key = content.options.findIndex((option) => option.id === content.key);
    details.querySelector(".q").textContent = content.question || "No question yet";
    details.querySelector(".k").textContent = key < 0 ? "no key" : `${LETTERS[key]} · ${content.options[key].text}`;
    const accept = form.querySelector("[data-accept]");
    if (accept) accept.hidden = JSON.stringify(content) !== started || card.unsaved;
    showMissing();
  }
  function changed() { card.unsaved = true; draw(); saver.touched(); }
  form.addEventListener("input", changed);

  function move(row, by, focus) {
    const all = rows(form), to = all.indexOf(row) + by;
    if (to < 0 || to >= all.length) return;
    if (by < 0) all[to].before(row); else all[to].after(row);
    changed();
    (focus.disabled ? row.querySelector("[data-move]:not(:disabled)") : focus).focus();
    say(`Now option ${LETTERS[to]} of 4${row.hasAttribute("data-key") ? ", still the key" : ""}`);
  }
  form.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key], row = event.target.closest("[data-options] > li");
    if (!by || !row || !(event.altKey || event.target.matches("[data-move]"))) return;
    event.preventDefault();
    move(row, by, event.target);
  });

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
    if (event.submitter?.dataset.move) {
      event.preventDefault();
      move(event.submitter.closest("li"), Number(event.submitter.dataset.move), event.submitter);
    } else if (verb === "save" || verb === "accept") {
      event.preventDefault();
      card.save().then((done) => { if (done) say(`Question ${place} saved`); });
    } else if (verb === "compare" || verb === "discard") {
      localStorage.removeItem(saver.journal);                        // compare sends the words along, discard forgets them
      saver.dirty = false;
    }
  });

  function fill(content) {
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
  function restoreKept() {
    const kept = saver.kept();
    if (!kept) return;
    if (JSON.stringify(kept.body.content) === started) { localStorage.removeItem(saver.journal); return; }
    if (kept.etag === saver.etag) { fill(kept.body.content); details.open = true; changed(); return; }
    const banner = form.querySelector("[data-kept]");                 // somebody saved since: offer the words, put nothing over theirs
    banner.hidden = false;
    details.open = true;
    banner.querySelector("[data-kept-text]").textContent = [kept.body.content.question, ...kept.body.content.options.map((option) => option.text)].join(" · ");
    banner.querySelector("[data-forget]").addEventListener("click", () => { localStorage.removeItem(saver.journal); banner.hidden = true; });
  }

  queueMicrotask(() => { draw(); restoreKept(); });
  return card;
}

function showAll() {
  const worst = cards.reduce((one, other) => (ORDER.indexOf(other.state) > ORDER.indexOf(one.state) ? other : one));
  const dirty = cards.some((card) => card.saver.dirty);
  const state = worst.state === "saved" && dirty ? "saving" : worst.state;
  showSaveState(state, { banner: worst.options.banner });
  const shown = document.querySelector(`[data-banner="${worst.options.banner ?? state}"] [data-message]`);
  if (shown) shown.textContent = worst.state === "conflict" ? `Question ${worst.place}: ${worst.options.by ?? "another tab of yours"} saved a newer revision.` : worst.options.message ?? "";
}

const isReady = (card) => !card.problems.length && (!card.isDraft || card.unsaved);

/* What Submit will find: it saves changed cards first, so a changed draft counts as decided. */
function showMissing() {
  const place = document.querySelector("[data-missing]");
  if (!place || cards.some((card) => !card.problems)) return;         // not all are drawn yet
  const todo = cards.filter((card) => !isReady(card));
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
    if (isReady(card)) dot.dataset.s = "done"; else delete dot.dataset.s;
  }
  for (const link of document.querySelectorAll(".qa-nav a")) link.querySelector("[data-ready]").textContent = String(link.querySelectorAll("[data-s=done]").length);
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
command("save", saveAll, { keys: ["Mod+s"], typing: true });
command("submit", () => unit?.requestSubmit(unit.querySelector("[value=submit]")), { keys: ["Mod+Enter"], typing: true });
const saveButton = document.querySelector("[data-save-all]");
if (saveButton) saveButton.hidden = false;
for (const button of document.querySelectorAll("[data-retry]")) button.addEventListener("click", () => cards.forEach((card) => card.saver.dirty && card.saver.tryNow()));

/* A form that leaves the page waits until every card's words are with the server; Submit makes revisions of them first. */
let letGo = false, leaving = false;
document.addEventListener("submit", async (event) => {
  if (event.defaultPrevented || letGo || !event.target.closest("main")) return;
  if (event.target.matches("[data-qa]") || !withWords().length) return;
  event.preventDefault();
  if (leaving) return;
  leaving = true;
  const ready = event.target === unit ? await saveAll() : (await Promise.all(cards.map((card) => card.saver.autosave()))).every(Boolean);
  leaving = false;
  if (!ready) return;
  letGo = true;
  event.target.requestSubmit(event.submitter);
});
addEventListener("beforeunload", (event) => { if (!letGo && cards.some((card) => card.saver.dirty)) event.preventDefault(); });
