/* An audit by keys: 1 marks the caption as right, 2 to 9 with the kind of error, in the order of the buttons.
   [data-audit] is the form, [data-command] its buttons. */
import { command } from "./keys.js";

const form = document.querySelector("[data-audit]");

for (const [place, button] of [...(form?.querySelectorAll("button[data-command]") ?? [])].entries()) {
  command(button.dataset.command, (event) => {
    if (event.type !== "click") form.requestSubmit(button);
  }, { keys: [String(place + 1)], label: `Mark: ${button.firstChild.nodeValue?.trim() || "Right"}`, group: "work" });
}
