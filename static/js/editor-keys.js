/* Caret and deletion keys of the caption's text, as every text field has them, over time marks as one piece.
   Enter puts a line feed and nothing else; Tab leaves the field; Ctrl with other letters belongs to keys.js. */
import * as cm from "../vendor/codemirror/codemirror.js";

const move = (key, mac, run, shift) => ({ key, mac, run, shift, preventDefault: true });

export const textKeys = [
  move("ArrowLeft", "ArrowLeft", cm.cursorCharLeft, cm.selectCharLeft),
  move("ArrowRight", "ArrowRight", cm.cursorCharRight, cm.selectCharRight),
  move("Mod-ArrowLeft", "Alt-ArrowLeft", cm.cursorGroupLeft, cm.selectGroupLeft),
  move("Mod-ArrowRight", "Alt-ArrowRight", cm.cursorGroupRight, cm.selectGroupRight),
  move(undefined, "Cmd-ArrowLeft", cm.cursorLineBoundaryLeft, cm.selectLineBoundaryLeft),
  move(undefined, "Cmd-ArrowRight", cm.cursorLineBoundaryRight, cm.selectLineBoundaryRight),
  move("ArrowUp", "ArrowUp", cm.cursorLineUp, cm.selectLineUp),
  move("ArrowDown", "ArrowDown", cm.cursorLineDown, cm.selectLineDown),
  move("PageUp", "PageUp", cm.cursorPageUp, cm.selectPageUp),
  move("PageDown", "PageDown", cm.cursorPageDown, cm.selectPageDown),
  move("Home", "Home", cm.cursorLineBoundaryBackward, cm.selectLineBoundaryBackward),
  move("End", "End", cm.cursorLineBoundaryForward, cm.selectLineBoundaryForward),
  move("Mod-Home", "Cmd-ArrowUp", cm.cursorDocStart, cm.selectDocStart),
  move("Mod-End", "Cmd-ArrowDown", cm.cursorDocEnd, cm.selectDocEnd),
  move("Enter", "Enter", cm.insertNewline, cm.insertNewline),
  move("Backspace", "Backspace", cm.deleteCharBackwardStrict, cm.deleteCharBackwardStrict),
  move("Delete", "Delete", cm.deleteCharForward),
  move("Mod-Backspace", "Alt-Backspace", cm.deleteGroupBackward),
  move("Mod-Delete", "Alt-Delete", cm.deleteGroupForward),
  move(undefined, "Mod-Backspace", cm.deleteLineBoundaryBackward),
  move(undefined, "Mod-Delete", cm.deleteLineBoundaryForward),
  move("Mod-a", "Mod-a", cm.selectAll),
  move("Mod-z", "Mod-z", cm.undo, cm.redo),
  { key: "Mod-y", run: cm.redo, preventDefault: true },
  { key: "Mod-f", run: cm.openSearchPanel, scope: "editor search-panel", preventDefault: true },
  { key: "F3", run: cm.findNext, shift: cm.findPrevious, scope: "editor search-panel", preventDefault: true },
];
