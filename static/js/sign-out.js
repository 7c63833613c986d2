/* form[data-sign-out]: who signs out leaves no words in this browser. Those that no server has are asked about first. */
import { anybodysWords, forgetAll } from "./journal.js";

for (const form of document.querySelectorAll("form[data-sign-out]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const until = [];
    document.dispatchEvent(new CustomEvent("caption:flush", { detail: { until } }));
    await Promise.race([Promise.all(until), new Promise((done) => setTimeout(done, 2000))]);
    const left = await anybodysWords();
    if (left && !confirm("This browser keeps words that were never saved. Sign out and forget them?")) return;
    await forgetAll();
    document.dispatchEvent(new CustomEvent("words:forgotten"));
    form.submit();
  });
}
