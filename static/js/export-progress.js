/* Downloads that are being written: a reply that is not the list again is the page of somebody who is signed out, and
   is not put in its place. What has become ready is said in [data-copied], a polite live region. */
const said = document.querySelector("[data-copied]");
const named = (row) => row.dataset.layout + ("history" in row.dataset ? " with its history" : "");
const waiting = () => new Set([...document.querySelectorAll("[data-layout]:has([data-export-state])")].map(named));
let before = waiting();

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 200 && !event.detail.serverResponse.includes('id="downloads"')) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

document.addEventListener("htmx:afterSwap", () => {
  const now = waiting();
  const ready = [...before].filter((layout) => !now.has(layout));
  if (ready.length) said.textContent = `Ready: ${ready.join(", ")}`;
  before = now;
});
