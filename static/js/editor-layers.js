/* Painted ranges over the caption's text, in named layers: { from, to, cls, title?, data? }. They move with edits until they are replaced. */
import { Decoration, EditorView, StateEffect, StateField } from "../vendor/codemirror/codemirror.js";

const LAYERS = ["people", "flags", "playing"];                       // the innermost first
const setLayer = StateEffect.define();

function decoration({ cls, title, data = {} }, isInclusive) {
  const attributes = Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, String(value)]));
  if (title) attributes.title = title;
  return Decoration.mark({ class: cls, attributes, inclusiveEnd: isInclusive });
}

function decorations(layer, ranges, length) {
  const fitting = ranges.map((one) => ({ ...one, from: Math.max(0, one.from), to: Math.min(length, one.to) })).filter((one) => one.from < one.to);
  return Decoration.set(fitting.map((one) => decoration(one, layer === "playing").range(one.from, one.to)), true);
}

const field = (layer) => StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    const painted = transaction.effects.findLast((effect) => effect.is(setLayer) && effect.value.layer === layer);
    if (painted) return decorations(layer, painted.value.ranges, transaction.newDoc.length);
    return value.map(transaction.changes);
  },
  provide: (self) => EditorView.decorations.from(self),
});

export const layers = LAYERS.map(field);
export const paint = (view, layer, ranges) => view.dispatch({ effects: setLayer.of({ layer, ranges }) });
