/* What polling alone does not say: that the figures have grown old, that somebody was signed out, that a run is over.
   Listens on the document to htmx; speaks in [data-run-note], which is a polite live region outside what is swapped. */
const note = document.querySelector("[data-run-note]");

function say(text) {
  if (note && note.textContent !== text) note.textContent = text;
}

function clock() {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

let last = clock();

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 200) return;
  if (event.detail.serverResponse.includes('id="progress"')) return;
  event.detail.shouldSwap = false; // the page of somebody who is signed out
  say(`You are signed out. The figures are those of ${last}; reload to sign in.`);
});

document.addEventListener("htmx:afterSwap", () => {
  last = clock();
  const progress = document.getElementById("progress");
  say(progress && progress.hasAttribute("data-over") ? "The run is over." : "");
});

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, () => say(`No answer. The figures are those of ${last}; asking again.`));
}
