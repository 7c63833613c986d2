/* [data-take]: put a sentence of a draft where the caret is. form[data-flush]: leave the page, or compare, with every word saved.
   Works through the caption editor, which hears caption:take and caption:flush. Without JavaScript texts are copied by hand. */
const pane = document.querySelector("#pane-drafts");
for (const button of document.querySelectorAll("[data-take]")) button.hidden = false;
pane?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (button) document.dispatchEvent(new CustomEvent("caption:take", { detail: { text: button.dataset.take } }));
});

function flush() {
  const until = [];
  document.dispatchEvent(new CustomEvent("caption:flush", { detail: { until } }));
  return Promise.all(until);
}

/* The comparison comes from the server, as a page; only its own part is taken, so that clip and caret stay where they are. */
async function compare(form) {
  const answer = await fetch(`${location.pathname}?${new URLSearchParams(new FormData(form))}`, { credentials: "same-origin" });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const made = page.querySelector("#draft-comparison"), shown = document.querySelector("#draft-comparison");
  if (!made || !shown) return false;
  shown.replaceWith(document.adoptNode(made));
  document.querySelector("#draft-comparison").focus();
  return true;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-flush]")) return;
  event.preventDefault();
  await flush();
  const isThere = form.method === "get" && await compare(form).catch(() => false);
  if (!isThere) form.submit();
});
