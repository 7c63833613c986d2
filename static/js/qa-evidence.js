/* The sentences of the caption that a key rests on: shown under the options as they are ticked; a click plays one, from its
   start to the next sentence's. */
for (const form of document.querySelectorAll("[data-qa], [data-add]")) {
  form.addEventListener("input", () => {
    const chosen = [...form.querySelectorAll("[name=evidence]:checked")].map((box) => box.value);
    for (const sentence of form.querySelectorAll("[data-chosen-evidence] > [data-value]")) sentence.hidden = !chosen.includes(sentence.dataset.value);
  });
}

document.addEventListener("click", (event) => {
  const sentence = event.target.closest("[data-play-from]");
  if (!sentence) return;
  event.preventDefault();
  const { playFrom, playTo } = sentence.dataset;
  document.dispatchEvent(new CustomEvent("clip:play", { detail: { from: Number(playFrom), to: playTo ? Number(playTo) : null } }));
});
