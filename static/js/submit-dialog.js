/* dialog#submit-flags: what is handed in with open flags. askReasons(flags) -> Promise of
   [{ rule, sentence, reason }], reason "" where none was chosen, or of null when the person goes back to the text.
   Asked again while it is open, it stays as it is, and that answer is null. */
import { isLook } from "./flag-levels.js";

/* One row for each rule and sentence, as the server stores them. */
const distinct = (flags) => [...new Map(flags.map((flag) => [JSON.stringify([flag.rule, flag.sentence]), flag])).values()];

export function askReasons(flags) {
  const dialog = document.querySelector("#submit-flags");
  if (dialog?.open) return Promise.resolve(null);                     // the key of Submit, pressed once more
  const asked = distinct(flags);
  if (!dialog || !asked.length) return Promise.resolve([]);
  const list = dialog.querySelector("[data-flag-reasons]"), same = dialog.querySelector("[data-same]");
  dialog.querySelector("[data-flag-count]").textContent = asked.length === 1 ? "1 open flag" : `${asked.length} open flags`;
  dialog.querySelector("[data-same-row]").hidden = asked.length < 2;
  same.value = "";
  list.replaceChildren(...asked.map((flag) => rowOf(dialog, flag)));
  return new Promise((resolve) => {
    const wiring = new AbortController(), { signal } = wiring;
    let rows = null;
    same.addEventListener("change", () => { for (const menu of list.querySelectorAll("[data-reason]")) menu.value = same.value; }, { signal });
    list.addEventListener("change", () => { same.value = ""; }, { signal });
    dialog.querySelector("[data-back]").addEventListener("click", () => dialog.close(), { signal });
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const reasons = [...list.querySelectorAll("[data-reason]")].map((menu) => menu.value);
      rows = asked.map(({ rule, sentence }, place) => ({ rule, sentence, reason: reasons[place] }));
      dialog.close();
    }, { signal });
    dialog.addEventListener("close", () => {                          // Esc closes it too
      wiring.abort();
      if (!rows) document.dispatchEvent(new CustomEvent("caption:select", { detail: { from: asked[0].from, to: asked[0].to } }));
      resolve(rows);
    }, { signal });
    dialog.showModal();
    (asked.length > 1 ? same : list.querySelector("[data-reason]")).focus();
  });
}

function rowOf(dialog, flag) {
  const row = dialog.querySelector("[data-flag-reason]").content.firstElementChild.cloneNode(true);
  row.classList.add(isLook(flag) ? "is-look" : "is-fix");
  row.querySelector(".level").textContent = isLook(flag) ? "Look" : "Fix";
  row.querySelector(".what").textContent = flag.message;
  const sentence = row.querySelector("[data-sentence]");
  sentence.textContent = flag.sentence;
  sentence.hidden = !flag.sentence;
  row.querySelector("[data-reason]").setAttribute("aria-label", `Reason: ${flag.message}`);
  return row;
}
