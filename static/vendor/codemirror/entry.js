/* What the caption editor uses of CodeMirror 6, and nothing else: codemirror.js is built from this by build.mjs. */
import { StyleModule } from "style-mod";

export { EditorState, StateEffect, StateField } from "@codemirror/state";
export { Decoration, Direction, EditorView, WidgetType, keymap, runScopeHandlers } from "@codemirror/view";
export { history, isolateHistory, redo, undo } from "@codemirror/commands";
export {
  cursorCharLeft, cursorCharRight, cursorDocEnd, cursorDocStart, cursorGroupLeft, cursorGroupRight, cursorLineBoundaryBackward,
  cursorLineBoundaryForward, cursorLineBoundaryLeft, cursorLineBoundaryRight, cursorLineDown, cursorLineUp, cursorPageDown, cursorPageUp,
  deleteCharBackwardStrict, deleteCharForward, deleteGroupBackward, deleteGroupForward, deleteLineBoundaryBackward, deleteLineBoundaryForward,
  insertNewline, selectAll, selectCharLeft, selectCharRight, selectDocEnd, selectDocStart, selectGroupLeft, selectGroupRight,
  selectLineBoundaryBackward, selectLineBoundaryForward, selectLineBoundaryLeft, selectLineBoundaryRight, selectLineDown, selectLineUp,
  selectPageDown, selectPageUp,
} from "@codemirror/commands";
export {
  SearchQuery, closeSearchPanel, findNext, findPrevious, getSearchQuery, openSearchPanel, replaceAll, replaceNext, search, setSearchQuery,
} from "@codemirror/search";

/* In a document, style-mod writes a <style> element, which our policy refuses unless a nonce is put into each answer. A constructed
   stylesheet holds the same rules, is made by script and needs nothing from the policy; style-mod itself uses one in shadow roots. */
const sheets = new WeakMap();
StyleModule.mount = (root, modules) => {
  const document = root.ownerDocument ?? root;
  const mounted = sheets.get(document) ?? { sheet: new document.defaultView.CSSStyleSheet(), modules: [] };
  if (!sheets.has(document)) document.adoptedStyleSheets = [mounted.sheet, ...document.adoptedStyleSheets];
  sheets.set(document, mounted);
  const wanted = [modules].flat();
  mounted.modules = [...mounted.modules.filter((one) => !wanted.includes(one)), ...wanted];
  mounted.sheet.replaceSync(mounted.modules.map((one) => one.getRules()).join("\n"));
};
