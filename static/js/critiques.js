/* Critiques of the draft: what was wrong in a sentence, chosen with one digit from a list that opens at the caret's sentence.
   A row is { error, draft, final }: the draft's sentence and ours; one of them is "" where a sentence came or went.
   Owns the part `critiques` of caption:collect and caption:restore. Tells: caption:touched, caption:select.
   Listens: caption:changes {against, rows, nodes, place}: the tags stand in the rows of the Changes pane. */
import { command } from "./keys.js";
import { compare } from "./changes-api.js";

const editor = document.querySelector("[data-caption-editor]"), changes = document.querySelector("[data-changes]");
const content = document.querySelector("#caption-content"), menu = document.querySelector("[data-tag-menu]");
if (editor && changes && content && menu) start();

function start() {
  let critiques = JSON.parse(content.textContent).critiques ?? [];
  let drawn = null, open = null;
  const list = menu.querySelector("[role=listbox]"), options = [...list.querySelectorAll("[role=option]")];
  const canEdit = menu.hasAttribute("data-editable");
  const labels = new Map(options.map((option) => [option.dataset.error, option.lastElementChild.textContent]));
  const live = document.querySelector("[data-tag-live]");
  const isOf = (critique, pair) => critique.draft === pair.draft && critique.final === pair.final;
  const pairOf = (row) => ({ draft: row.before ?? "", final: row.after ?? "" });
  const has = (error, pair) => critiques.some((one) => one.error === error && isOf(one, pair));

  function set(next) {
    critiques = next;
    document.dispatchEvent(new CustomEvent("caption:touched"));
    draw();
  }
  function toggle(error, pair) {
    const was = has(error, pair);
    set(was ? critiques.filter((one) => !(one.error === error && isOf(one, pair))) : [...critiques, { error, ...pair }]);
    live.textContent = was ? `${labels.get(error)} taken away` : `${labels.get(error)} noted`;
  }
  document.addEventListener("caption:collect", (event) => { event.detail.body.critiques = critiques; });
  document.addEventListener("caption:restore", (event) => { critiques = event.detail.content.critiques ?? []; draw(); });

  /* the tags in the rows; those whose sentence was rewritten since stand below */
  document.addEventListener("caption:changes", (event) => { drawn = event.detail; draw(); });
  function draw() {
    if (!drawn || drawn.against !== "draft") return;
    for (const old of drawn.place.querySelectorAll(".critiques, .critiques-old")) old.remove();
    const left = new Set(critiques);
    drawn.rows.forEach((row, place) => {
      const mine = critiques.filter((one) => isHere(one, row));
      for (const one of mine) left.delete(one);
      if (mine.length || (canEdit && !row.same)) drawn.nodes[place].querySelector(".diff-said").append(tags(row, mine));
    });
    if (left.size) drawn.place.append(changedSince([...left]));
  }
  const isHere = (one, row) => (one.final ? one.final === row.after : row.after === null && one.draft === row.before);
  const made = (tag, name, text = "") => { const node = document.createElement(tag); node.className = name; node.textContent = text; return node; };
  const icon = () => document.querySelector("[data-tag-cross]").content.querySelector("svg").cloneNode(true);

  function tags(row, mine) {
    const box = made("p", "critiques row row-tight");
    box.append(...mine.map((one) => tag(one)));
    if (canEdit && !row.same) {
      const button = made("button", "link-button small", "What was wrong?");
      button.type = "button";
      button.append(made("span", "sr", ` Sentence ${row.n}`));
      button.addEventListener("click", () => show({ pair: Promise.resolve(pairOf(row)), at: button, back: () => focusRow(row.n) }));
      box.append(button);
    }
    return box;
  }
  const focusRow = (n) => drawn.nodes[n - 1]?.querySelector(".critiques .link-button")?.focus();
  function tag(one) {
    const box = made("span", "tag critique", labels.get(one.error) ?? one.error);
    if (canEdit) {
      const button = made("button", "critique-remove");
      button.type = "button";
      button.setAttribute("aria-label", `Remove: ${labels.get(one.error)}`);
      button.append(icon());
      button.addEventListener("click", () => { set(critiques.filter((other) => other !== one)); changes.closest("[role=tabpanel]").focus(); });
      box.append(button);
    }
    return box;
  }
  function changedSince(old) {
    const box = made("section", "critiques-old"), rows = made("ul", "stack");
    box.append(made("h3", "", "Noted of sentences that changed since"));
    for (const one of old) {
      const row = made("li", "row");
      row.append(tag(one), made("span", "muted small", one.final || one.draft));
      rows.append(row);
    }
    box.append(rows);
    return box;
  }
  if (!canEdit) return;

  /* the list */
  command("tag-sentence", () => {
    const selection = { ...editor.caption.selection }, text = editor.caption.text;
    const back = () => document.dispatchEvent(new CustomEvent("caption:select", { detail: selection }));
    show({ pair: atCaret(text, selection.from), at: document.querySelector(".editor-foot"), back });
  }, { keys: ["Ctrl+Shift+e"], typing: true, label: "Say what was wrong in the draft’s sentence", group: "text" });
  async function atCaret(text, caret) {
    const answer = await compare(changes.dataset.url, text, "draft");
    const here = answer?.rows.filter((row) => row.after !== null && row.from <= caret).at(-1) ?? answer?.rows.find((row) => row.after !== null);
    if (!answer) throw new Error("The draft cannot be compared now.");
    if (!here) throw new Error("There is no sentence here.");
    if (here.same) throw new Error("This sentence stands as drafted.");
    return pairOf(here);
  }
  async function show(asked) {
    open = asked;
    choose(0);
    mark(null);
    if (!menu.open) menu.show();
    place(asked.at);
    list.focus();
    say("");
    try {
      const pair = await asked.pair;
      if (open !== asked) return;
      mark(pair);
      say(pair.draft ? `“${pair.draft}”` : `The draft does not have “${pair.final}”`);
      place(asked.at);
    } catch (refused) {
      if (open === asked) say(refused.message);
    }
  }
  const say = (text) => { menu.querySelector("[data-tag-said]").textContent = text; };
  const mark = (pair) => { for (const option of options) option.setAttribute("aria-selected", String(Boolean(pair) && has(option.dataset.error, pair))); };
  function choose(n) {
    const now = options[(n + options.length) % options.length];
    for (const option of options) option.toggleAttribute("data-active", option === now);
    list.setAttribute("aria-activedescendant", now.id);
  }
  const active = () => options.findIndex((option) => option.hasAttribute("data-active"));
  function place(at) {                                               // above what it belongs to, inside the window
    const box = at.getBoundingClientRect(), own = menu.getBoundingClientRect();
    const clamp = (value, most) => Math.max(8, Math.min(value, most - 8));
    menu.style.setProperty("--x", `${clamp(box.left, innerWidth - own.width)}px`);
    menu.style.setProperty("--y", `${clamp(box.top - own.height - 4, innerHeight - own.height)}px`);
  }
  function close({ goBack = true } = {}) {
    const was = open;
    open = null;
    menu.close();
    if (goBack) was?.back();
  }
  async function pick(n) {
    const asked = open;
    const pair = await asked.pair.catch(() => null);                 // the digit may come before the server's answer
    if (open !== asked || !pair) return;
    close({ goBack: false });
    toggle(options[n].dataset.error, pair);
    asked.back();
  }
  list.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (digit && Number(digit[1]) <= options.length) pick(Number(digit[1]) - 1);
    else if (event.key === "Enter" || event.key === " ") pick(active());
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") choose(active() + 1);
    else if (event.key === "ArrowUp") choose(active() - 1);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(options.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(options.indexOf(option));
  });
  document.addEventListener("pointerdown", (event) => { if (open && !menu.contains(event.target)) close({ goBack: false }); });
}
