/* The save state of a page: exactly one of saved, saving, unsaved (retrying), offline, conflict.
   <p data-save-state> holds one icon for each state; <div data-banner="unsaved|offline|refused|signed-out|conflict"> explain.
   showSaveState(state, { text, banner, retryAt, waiting, nowhere }): retryAt is counted down to, beside what screen readers hear. */
const place = document.querySelector("[data-save-state]");
const words = {
  saved: () => `Saved ${new Date().toTimeString().slice(0, 8)}`,
  saving: () => "Saving…",
  unsaved: () => "Not saved, trying again",
  offline: () => "Not saved: offline, trying again",
  "signed-out": () => "Not saved, session ended",
  refused: () => "Not saved",
  conflict: () => "Changed by someone else",
};
const NOWHERE = "Not saved, and this browser keeps nothing: leave this page open";
let ticking = 0;

export function showSaveState(state, { text, banner = state, retryAt = 0, waiting = false, nowhere = false } = {}) {
  if (!place) return;
  place.dataset.state = state;
  for (const icon of place.querySelectorAll("[data-icon]")) icon.hidden = icon.dataset.icon !== state;
  const said = text ?? (nowhere && state !== "saving" ? NOWHERE : waiting ? "Not saved yet, waiting for the server" : (words[banner] ?? words[state])());
  const shown = place.querySelector("[data-text]");
  if (shown.textContent !== said) shown.textContent = said;
  for (const one of document.querySelectorAll("[data-banner]")) one.hidden = one.dataset.banner !== banner;
  countDown(retryAt);
}

function countDown(until) {
  clearInterval(ticking);
  const draw = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    for (const one of document.querySelectorAll("[data-countdown]")) one.textContent = !until ? "" : left > 0 ? ` in ${left} s` : " now";
    if (left <= 0) clearInterval(ticking);
  };
  if (until) ticking = setInterval(draw, 500);
  draw();
}
