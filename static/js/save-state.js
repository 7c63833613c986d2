/* The save state of a page: exactly one of saved, saving, unsaved (retrying), conflict.
   <p data-save-state> holds one icon for each state; <div data-banner="unsaved|conflict|signed-out"> explain. */
const place = document.querySelector("[data-save-state]");
const words = {
  saved: () => `Saved ${new Date().toTimeString().slice(0, 8)}`,
  saving: () => "Saving…",
  unsaved: () => "Not saved, trying again",
  conflict: () => "Changed by someone else",
};

export function showSaveState(state, { text, banner = state } = {}) {
  if (!place) return;
  place.dataset.state = state;
  for (const icon of place.querySelectorAll("[data-icon]")) icon.hidden = icon.dataset.icon !== state;
  place.querySelector("[data-text]").textContent = text ?? words[state]();
  for (const one of document.querySelectorAll("[data-banner]")) one.hidden = one.dataset.banner !== banner;
}
