/* Pages that only read a caption: <script type="application/json" id="segments"> [{start, text}] fills the player's lane. */
const source = document.querySelector("#segments");
const player = document.querySelector("[data-clip-player]");
if (source && player) {
  const length = Number(player.dataset.length);
  const parts = JSON.parse(source.textContent);
  const sentences = parts.map((part, i) => ({ n: i + 1, start: part.start, end: parts.slice(i + 1).find((later) => later.start > part.start)?.start ?? length, text: part.text }));
  document.dispatchEvent(new CustomEvent("clip:marks", { detail: { sentences } }));
}
