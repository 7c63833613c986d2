/* [data-copy]: puts its text on the clipboard, and says so in [data-copied] (a polite live region). Shown only where a
   page may write there: not on plain http. What htmx brings is looked at too. */
const said = document.querySelector("[data-copied]");

function show(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    said.textContent = "Copied";
    button.setAttribute("data-done", "");
  } catch {
    said.textContent = "The browser did not let us copy";
  }
  setTimeout(() => { said.textContent = ""; button.removeAttribute("data-done"); }, 2000);
});
document.addEventListener("htmx:afterSwap", () => show(document));
show(document);
