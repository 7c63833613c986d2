/* [data-changes]: what the words in the editor change, drawn from the server's comparison when the pane opens and as people type.
   Tells: caption:changes {against, rows, nodes} after drawing (critiques.js), caption:edit to put a sentence back.
   Listens: caption:changed. [data-compare="draft|submitted|N"] opens the pane against that. */
import { clock } from "./player-time.js";
import { compare } from "./changes-api.js";
import { piecesOf } from "./word-pieces.js";

const WAIT_MS = 400;
const root = document.querySelector("[data-changes]");
if (root) start(root, document.querySelector("[data-caption-editor]"));

const made = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
};

function start(root, editor) {
  const $ = (selector) => root.querySelector(selector);
  const pane = root.closest("[role=tabpanel]"), select = $("[data-diff-against]"), target = $("[data-diff]");
  const canEdit = root.hasAttribute("data-editable");
  let mode = "sentence", latest = null, asked = 0, timer = 0;
  $("[data-diff-ask]").hidden = true;
  $("[data-diff-modes]").hidden = false;

  async function refresh() {
    clearTimeout(timer);
    const mine = (asked += 1), text = editor.caption.text, against = select.value;
    const answer = await compare(root.dataset.url, text, against);
    if (mine !== asked) return;                                      // a newer question is out
    $("[data-diff-failed]").hidden = answer !== null;
    if (answer === null) return;
    latest = { ...answer, text };
    draw();
  }
  const soon = () => { clearTimeout(timer); if (!pane.hidden) timer = setTimeout(refresh, WAIT_MS); };

  function draw() {
    if (!latest) return;
    const { removed, added, percent, against } = latest;
    const words = (n) => `${n} word${n === 1 ? "" : "s"}`;
    const of = against === "draft" ? "the draft’s" : "its";
    say($("[data-diff-summary]"), `${words(removed)} removed, ${added} added${percent === null ? "" : `; ${percent} % of ${of} words changed`}`);
    if (against === "draft") say(document.querySelector("[data-diff-count]"), `−${removed} +${added}`);
    if (mode === "whole") return target.replaceChildren(whole());
    const nodes = latest.rows.map(row);
    const list = made("ol", "diff-rows");
    list.append(...nodes);
    target.replaceChildren(list);
    document.dispatchEvent(new CustomEvent("caption:changes", { detail: { against, rows: latest.rows, nodes, place: target } }));
  }
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  function whole() {
    const text = made("p", "prose panel-body");
    text.append(...piecesOf(latest.pieces));
    return text;
  }
  function row(one) {
    const item = made("li"), said = made("div", "diff-said"), text = made("p");
    item.toggleAttribute("data-same", one.same);
    item.append(one.is_marked ? chip(one.start_ms / 1000) : made("span"));
    text.append(...piecesOf(one.pieces));
    said.append(text);
    item.append(said, aside(one));
    return item;
  }
  function chip(seconds) {
    const link = made("a", "chip chip-sm", clock(seconds));
    link.href = "#clip";
    link.dataset.seek = String(seconds);
    return link;
  }
  function aside(one) {
    const box = made("span", "diff-acts small");
    if (one.was_ms !== null) box.append(made("span", "muted", `moved from ${clock(one.was_ms / 1000)}`));
    else if (one.same) box.append(made("span", "muted", latest.against === "draft" ? "as drafted" : "unchanged"));
    if (one.before === null) box.append(made("span", "muted", "new"));
    if (one.after === null) box.append(made("span", "muted", "removed"));
    if (canEdit && !one.same && one.back !== null) {
      const button = made("button", "link-button", latest.against === "draft" ? "Put draft back" : "Put back");
      button.type = "button";
      button.append(made("span", "sr", ` sentence ${one.n}`));
      button.addEventListener("click", () => putBack(one));
      box.append(button);
    }
    return box;
  }
  /* Positions hold for the text that was compared; if somebody typed since, the comparison is asked for again instead. */
  function putBack(one) {
    if (editor.caption.text !== latest.text) return refresh();
    document.dispatchEvent(new CustomEvent("caption:edit", { detail: { from: one.from, to: one.to, insert: one.back } }));
    refresh().then(() => {                                           // focus stays near: the button that was pressed is gone
      const left = target.querySelectorAll("li");
      const near = left[Math.min(one.n, left.length) - 1];
      (near?.querySelector("button, a") ?? pane).focus();
    });
  }

  for (const button of root.querySelectorAll("[data-diff-mode]")) {
    button.addEventListener("click", () => {
      mode = button.dataset.diffMode;
      for (const one of root.querySelectorAll("[data-diff-mode]")) one.setAttribute("aria-pressed", String(one === button));
      draw();
    });
  }
  select.addEventListener("change", refresh);
  $("[data-diff-again]").addEventListener("click", refresh);
  document.addEventListener("caption:changed", soon);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-compare]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    select.value = link.dataset.compare;
    if (pane.hidden) document.querySelector("#tab-changes").click(); else refresh();
    document.querySelector("#tab-changes").focus();
  });
  new MutationObserver(() => { if (!pane.hidden) refresh(); }).observe(pane, { attributeFilter: ["hidden"] });
  if (!pane.hidden && editor.caption) refresh();
}
