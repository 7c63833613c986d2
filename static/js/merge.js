/* [data-merge]: the result below is always what would be saved; each conflict needs a choice. Without JavaScript it is a plain form. */
const form = document.querySelector("[data-merge]");
if (form) start(form);

function start(form) {
  const rows = [...form.querySelectorAll("[data-kind=conflict]")];
  const left = form.querySelector("[data-left]"), save = form.querySelector("[data-save-merge]");

  /* -> what the result has in a row; null while nothing is chosen */
  function textOf(row) {
    const pick = row.querySelector("input:checked")?.value;
    if (!pick) return null;
    return pick === "own" ? row.querySelector("textarea").value.trim() : row.querySelector(`[data-plain=${pick}]`).textContent;
  }

  function draw() {
    let open = 0;
    for (const row of rows) {
      const text = textOf(row), slot = form.querySelector(`[data-slot="${CSS.escape(row.dataset.row)}"]`);
      if (text === null) open += 1;
      row.toggleAttribute("data-solved", text !== null);
      const third = row.querySelector(".merge-own");
      if (third) third.hidden = row.querySelector("input:checked")?.value !== "own";
      slot.textContent = text ?? "(choose one above)";
      slot.toggleAttribute("data-evidence", text === null);
    }
    left.textContent = rows.length === 0 ? "" : open ? `${open} of ${rows.length} still to choose` : "All chosen";
    save.setAttribute("aria-disabled", String(open > 0));
  }

  form.addEventListener("input", draw);
  form.addEventListener("click", (event) => {
    const all = event.target.closest("[data-take-all]");
    if (!all) return;
    event.preventDefault();
    for (const row of rows) row.querySelector(`input[value=${all.dataset.takeAll}]`).checked = true;
    draw();
  });
  form.addEventListener("submit", (event) => {
    if (save.getAttribute("aria-disabled") !== "true") return;
    event.preventDefault();
    rows.find((row) => textOf(row) === null).querySelector("input").focus();
  });

  const copy = form.querySelector("[data-copy]"), copied = form.querySelector("[data-copied]");
  copy.hidden = !navigator.clipboard;                                // missing on plain http
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copied.value);
    left.textContent = "Your text is copied";
  });
  draw();
}
