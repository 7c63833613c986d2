/* Keys as nodes and as words. */
import { shownParts } from "./key-combos.js";

/* -> <span><kbd>Ctrl</kbd><kbd>K</kbd></span> */
export function keyShape(combo) {
  const whole = document.createElement("span");
  whole.append(...shownParts(combo).map((part) => { const key = document.createElement("kbd"); key.textContent = part; return key; }));
  return whole;
}

export const keyWords = (combo) => shownParts(combo).join("+");
