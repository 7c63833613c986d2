/* [data-caption-editor]: the caption's text. CodeMirror takes the place of the form's <textarea name=text>, which stays what the form
   sends and what stands there without JavaScript. The text is plain, with line feeds only; nothing but the person changes it.
   Tells: caption:changed {text, isFirst}, clip:marks {sentences}; answers caption:collect with `text`.
   Hears: caption:edit {from, to, insert, select}, caption:select {from, to}, caption:take {text}, caption:restore {content},
   caption:marks-on {layer, ranges}, clip:time {sentence}.
   The element's `.caption` is { text, selection: {from, to}, focus() }. */
import { EditorState, EditorView, closeSearchPanel, history, isolateHistory, keymap } from "../vendor/codemirror/codemirror.js";
import { changeBetween, markAt, sentenceAt, spaced, wordsIn } from "./caption-text.js";
import { chips } from "./editor-chips.js";
import { textKeys } from "./editor-keys.js";
import { layers, paint } from "./editor-layers.js";
import { findAndReplace } from "./editor-search.js";
import { command } from "./keys.js";

const RESTING_MS = 250, LATE_MS = 100;

const root = document.querySelector("[data-caption-editor]");
const area = root?.querySelector("textarea[name=text]");
if (area) start(root, area);

function start(root, area) {
  const marks = chips(Number(root.dataset.length));
  const told = teller(root, marks);
  const isReadOnly = area.readOnly;
  const view = new EditorView({
    doc: area.value, parent: area.parentElement,
    extensions: [
      marks.extension, layers, history(), findAndReplace, EditorView.lineWrapping,
      keymap.of([{ key: "Escape", scope: "editor search-panel", run: (view) => closeSearchPanel(view) || toPlayer() }, ...textKeys]),
      EditorState.readOnly.of(isReadOnly), EditorView.editable.of(!isReadOnly),
      EditorView.contentAttributes.of({
        "aria-label": "Caption", "aria-describedby": "editor-hint", "aria-readonly": String(isReadOnly), spellcheck: "true", lang: "en", tabindex: "0",
      }),
      EditorView.domEventHandlers({ beforeinput: (event) => event.inputType.startsWith("format") && (event.preventDefault(), true) }),
      EditorView.updateListener.of((update) => { if (update.docChanged) told.soon(); }),
    ],
  });
  area.hidden = true;
  area.removeAttribute("aria-label");                                // one field of that name is enough
  area.form.addEventListener("formdata", (event) => event.formData.set("text", textOf(view)));
  root.caption = {
    get text() { return textOf(view); },
    get selection() { const { from, to } = view.state.selection.main; return { from, to }; },
    focus: () => view.focus(),
  };
  told.begin(view);
  listen(view, marks);
  commands(view, marks);
}

function textOf(view) { return view.state.doc.toString(); }
function toEdit() { document.querySelector("#tab-edit")?.click(); }
function toPlayer() { document.querySelector("[data-command=play]").focus(); return true; }

/* What others must know: at most once a frame while people type, and before anybody keeps, sends or leaves what stands here.
   The sentences are told at once where a time mark changed, else when the hands rest: the player draws its lane anew. */
function teller(root, marks) {
  let view = null, frame = 0, late = 0, now = null, resting = 0, times = null;
  const repaint = () => {
    const sentence = marks.sentences(view.state).find((one) => one.n === now);
    paint(view, "playing", sentence ? [{ from: sentence.from, to: sentence.to, cls: "now" }] : []);
  };
  function tell(isFirst = false) {
    cancelAnimationFrame(frame);
    clearTimeout(late);
    frame = 0;
    const before = times;
    times = marks.sentences(view.state).map((one) => one.start).join();
    clearTimeout(resting);
    if (times === before) resting = setTimeout(tellSentences, RESTING_MS); else tellSentences();
    document.dispatchEvent(new CustomEvent("caption:changed", { detail: { text: textOf(view), isFirst } }));
  }
  function tellSentences() {
    const sentences = marks.sentences(view.state);
    root.querySelector("[data-words]").textContent = `${wordsIn(textOf(view))} words, ${sentences.length} time marks`;
    document.dispatchEvent(new CustomEvent("clip:marks", { detail: { sentences } }));
    repaint();
  }
  const pending = () => { if (frame) tell(); };
  document.addEventListener("clip:time", ({ detail }) => {
    if (!view || detail.sentence === now) return;
    now = detail.sentence;
    repaint();
  });
  for (const name of ["caption:collect", "caption:flush"]) document.addEventListener(name, pending, true);
  addEventListener("beforeunload", pending, true);
  return {
    soon() {
      if (frame) return;
      frame = requestAnimationFrame(() => tell());
      late = setTimeout(() => tell(), LATE_MS);                      // a tab that nobody sees has no frames
    },
    /* The first time when every module of the page listens. */
    begin(made) {
      view = made;
      if (document.readyState === "complete") tell(true); else document.addEventListener("DOMContentLoaded", () => tell(true), { once: true });
    },
  };
}

function listen(view, marks) {
  const on = (name, run) => document.addEventListener(name, (event) => run(event.detail));
  const change = (spec) => { if (!view.state.readOnly) view.dispatch({ annotations: isolateHistory.of("full"), ...spec }); };
  const select = ({ from, to }) => {
    const { length } = view.state.doc, within = (place) => Math.min(length, Math.max(0, place));
    toEdit();
    view.focus();
    view.dispatch({ selection: { anchor: within(from), head: within(to) }, effects: EditorView.scrollIntoView(within(from), { y: "nearest", yMargin: 40 }) });
  };
  on("caption:collect", ({ body }) => { body.text = textOf(view); });
  on("caption:marks-on", ({ layer, ranges }) => paint(view, layer, ranges));
  on("caption:select", select);
  on("caption:edit", ({ from, to, insert, select: range }) => {
    change({ changes: { from, to, insert } });
    if (range) select(range === true ? { from, to: from + insert.length } : range);
  });
  on("caption:restore", ({ content }) => { if (content.text !== textOf(view)) change({ changes: changeBetween(textOf(view), content.text) }); });

  /* A sentence of a draft goes to the caret, or to the end of a text that nobody has been in yet; nothing is replaced. */
  let isPlaced = false;
  view.contentDOM.addEventListener("focus", () => { isPlaced = true; });
  const caret = () => (isPlaced ? view.state.selection.main.to : view.state.doc.length);
  const put = (insert, place, after) => {
    change({ changes: { from: place, insert }, selection: { anchor: place + after }, scrollIntoView: true });
    view.focus();
  };
  on("caption:take", ({ text }) => {
    if (view.state.readOnly) return;
    toEdit();
    const insert = spaced(textOf(view), text, caret());
    put(insert, caret(), insert.length);
  });
  command("insert-mark", () => {
    if (view.state.readOnly) return;
    const text = textOf(view), place = isPlaced ? view.state.selection.main.from : text.length;
    const mark = markAt(document.querySelector("[data-clip-player]").clip.time);
    const isSpaceThere = /^\s/.test(text.slice(place));
    const insert = `${/\S$/.test(text.slice(0, place)) ? " " : ""}${mark}${isSpaceThere ? "" : " "}`;
    put(insert, place, insert.length + (isSpaceThere ? 1 : 0));
  }, { keys: ["Ctrl+m"], typing: true, label: "Insert a time mark here", group: "text" });
}

function commands(view, marks) {
  const nudge = (tenths) => () => { if (view.hasFocus) marks.nudge(view, tenths); };
  command("mark-later", nudge(1), { keys: ["Alt+ArrowUp"], typing: true, label: "Time mark at the caret a tenth later", group: "text" });
  command("mark-earlier", nudge(-1), { keys: ["Alt+ArrowDown"], typing: true, label: "Time mark at the caret a tenth earlier", group: "text" });
  command("seek-to-caret", () => {
    const sentence = sentenceAt(marks.sentences(view.state), view.state.selection.main.head);
    if (sentence) document.dispatchEvent(new CustomEvent("clip:seek", { detail: { t: sentence.start, play: true } }));
  }, { keys: ["Ctrl+Shift+m"], typing: true, label: "Play from the sentence at the caret", group: "text" });
  command("back-to-text", () => { toEdit(); view.focus(); }, { keys: ["i"], label: "Back to the text", group: "player" });
}
