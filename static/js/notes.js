/* [data-note-form]: a new note can speak of the moment that the player shows. Hears clip:time.
   Its button, and the key, put that moment into the field; the key goes to the form of the question one is in, else to the first. */
import { command } from "./keys.js";
import { clock } from "./player-time.js";

const forms = [...document.querySelectorAll("[data-note-form]")];
let now = clock(0);

function show(time) {
  if (time === now) return;
  now = time;
  for (const place of document.querySelectorAll("[data-note-time]")) place.textContent = now;
}

function take(form) {
  form.elements.at.value = now;
  form.elements.text.focus();
}

function nearest() {
  const own = document.activeElement?.closest?.(".qa-card, .review-q")?.querySelector("[data-note-form]");
  return own ?? forms.find((form) => form.closest(".qa-card") === null || form.closest(".qa-card").open) ?? forms[0];
}

for (const form of forms) {
  const button = form.querySelector("[data-note-now]");
  button.hidden = false;
  button.addEventListener("click", () => take(form));
}
if (forms.length) {
  document.addEventListener("clip:time", (event) => show(clock(event.detail.t)));
  command("note-here", () => {
    const form = nearest();
    for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    take(form);
  }, { keys: ["Ctrl+\\", "t"], typing: true, label: "Leave a note at this moment", group: "text" });
}
