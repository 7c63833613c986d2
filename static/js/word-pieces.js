/* A word diff from the server as nodes: [{ op: "same" | "del" | "ins", text }]. Blanks at the ends are neither struck nor underlined. */
const TAGS = { del: "del", ins: "ins" };

export function piecesOf(pieces) {
  return pieces.flatMap(({ op, text }) => {
    if (!TAGS[op] || !text.trim()) return [document.createTextNode(text)];
    const [, lead, words, trail] = text.match(/^(\s*)([^]*?)(\s*)$/);
    const node = document.createElement(TAGS[op]);
    node.textContent = words;
    return [document.createTextNode(lead), node, document.createTextNode(trail)];
  });
}
