/* Time marks in the caption's text as chips: one piece for caret and deletion, plain `[mm:ss.s]` in the text and on the clipboard.
   A click goes there; dragging left or right moves the mark's time, and the picture with it; Alt+Up and Alt+Down do so by key. */
import { Decoration, Direction, EditorView, StateEffect, StateField, WidgetType } from "../vendor/codemirror/codemirror.js";
import { markAt, markBeside, nudged, sentencesOf } from "./caption-text.js";

const PIXELS_A_TENTH = 8;

const chip = (why) => Decoration.mark({
  class: "cm-chip", bidiIsolate: Direction.LTR, attributes: { dir: "ltr", ...(why ? { "data-bad": "", title: why } : {}) },
});
const fine = chip();

class Preview extends WidgetType {
  constructor(text) { super(); this.text = text; }
  eq(other) { return other.text === this.text; }
  toDOM() { return Object.assign(document.createElement("span"), { className: "cm-chip", textContent: this.text }); }
}

const setPreview = StateEffect.define();
const preview = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    const shown = transaction.effects.findLast((effect) => effect.is(setPreview));
    if (shown) return shown.value ? Decoration.set(Decoration.replace({ widget: new Preview(shown.value.text) }).range(shown.value.from, shown.value.to)) : Decoration.none;
    return transaction.docChanged ? Decoration.none : value;
  },
  provide: (self) => EditorView.decorations.from(self),
});

/* length: of the clip, in seconds. -> { extension, sentences(state), nudge(view, tenths) } */
export function chips(length) {
  const read = (doc) => {
    const sentences = sentencesOf(doc.toString(), length);
    const marks = sentences.map((one) => (one.why ? chip(one.why) : fine).range(one.from, one.textFrom));
    return { sentences, decorations: Decoration.set(marks) };
  };
  const field = StateField.define({
    create: (state) => read(state.doc),
    update: (value, transaction) => (transaction.docChanged ? read(transaction.newDoc) : value),
    provide: (self) => EditorView.decorations.from(self, (value) => value.decorations),
  });
  const sentences = (state) => state.field(field).sentences;
  const decorationsOf = (view) => view.state.field(field).decorations;

  function nudge(view, tenths) {
    const { state } = view, mark = markBeside(state.doc.toString(), sentences(state), state.selection.main.head);
    if (!mark || state.readOnly) return false;
    move(view, mark, nudged(mark.start, tenths, length));
    return true;
  }
  const pressed = (event, view) => {
    if (event.button !== 0 || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return null;
    const node = event.target instanceof Element && event.target.closest(".cm-chip");
    const place = node ? view.posAtDOM(node) : -1;
    return sentences(view.state).find((one) => one.from <= place && place < one.textFrom) ?? null;
  };
  const pointer = EditorView.domEventHandlers({
    mousedown: (event, view) => pressed(event, view) !== null,       // no caret into the middle of a mark
    pointerdown(event, view) {
      const mark = pressed(event, view);
      if (mark) drag(view, mark, event, length);
      return false;
    },
  });
  const isolated = [EditorView.atomicRanges.of(decorationsOf), EditorView.bidiIsolatedRanges.of(decorationsOf)];
  return { extension: [field, preview, isolated, pointer], sentences, nudge };
}

const seek = (t) => document.dispatchEvent(new CustomEvent("clip:seek", { detail: { t } }));

/* One step of undo: the text changes when the pointer is let go, until then the chip only shows what it would say. */
function drag(view, mark, press, length) {
  let t = mark.start, isDrag = false;
  const target = view.dom, listening = new AbortController();
  target.setPointerCapture(press.pointerId);
  const on = (name, run) => target.addEventListener(name, (event) => { if (event.pointerId === press.pointerId) run(event); }, { signal: listening.signal });
  const done = () => { listening.abort(); if (isDrag) view.dispatch({ effects: setPreview.of(null) }); };
  on("pointermove", (event) => {
    const by = event.clientX - press.clientX;
    isDrag ||= Math.abs(by) >= PIXELS_A_TENTH / 2 && !view.state.readOnly;
    const to = nudged(mark.start, Math.round(by / PIXELS_A_TENTH), length);
    if (!isDrag || to === t) return;
    t = to;
    view.dispatch({ effects: setPreview.of({ from: mark.from, to: mark.textFrom, text: markAt(t) }) });
    seek(t);
  });
  on("pointercancel", done);
  on("pointerup", () => {
    done();
    view.focus();
    view.dispatch({ selection: { anchor: mark.textFrom } });
    if (isDrag) move(view, mark, t); else seek(mark.start);
  });
}

function move(view, mark, t) {
  const insert = markAt(t);
  if (view.state.sliceDoc(mark.from, mark.textFrom) !== insert) {
    view.dispatch({ changes: { from: mark.from, to: mark.textFrom, insert }, effects: EditorView.announce.of(insert.slice(1, -1)) });
  }
  seek(t);
}
