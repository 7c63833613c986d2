/* What was watched of the clip goes with the form that hands the questions in, and is still known when a form reloads the page. */
const form = document.querySelector("[data-submit-unit]");
const name = `watched:${location.pathname}`;

function kept() {
  try { return JSON.parse(sessionStorage.getItem(name)) ?? []; } catch { return []; }
}
if (form) {
  const before = kept();
  document.addEventListener("clip:watched", ({ detail: { spans } }) => {
    form.querySelector("[name=watched]").value = JSON.stringify(spans);
    try { sessionStorage.setItem(name, JSON.stringify(spans)); } catch { /* the page itself still knows */ }
  });
  document.dispatchEvent(new CustomEvent("caption:restore", { detail: { content: { watched: before } } }));
}
