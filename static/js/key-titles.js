/* What a button's hint says of its key is what the person's keys are: [data-command][title], and <kbd data-keys-of="command">. */
import { keyWords } from "./key-shapes.js";
import { keysOf } from "./keys.js";

const words = new WeakMap();

function showAll() {
  for (const button of document.querySelectorAll("[data-command][title]")) {
    if (!words.has(button)) words.set(button, button.title);
    button.title = [words.get(button), ...keysOf(button.dataset.command).slice(0, 2).map(keyWords)].join("  ");
  }
  for (const key of document.querySelectorAll("[data-keys-of]")) {
    const [first] = keysOf(key.dataset.keysOf);
    key.hidden = !first;
    if (first) key.textContent = keyWords(first);
  }
}

let asked = false;
document.addEventListener("keys:changed", () => {
  if (asked) return;
  asked = true;
  queueMicrotask(() => { asked = false; showAll(); });
});
showAll();
