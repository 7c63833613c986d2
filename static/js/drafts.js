/* [data-take]: put a sentence of a draft where the caret is. [data-take-whole]: put a draft in the place of the text.
   form[data-flush]: leave the page, or compare, with every word saved; form[data-flush=all]: not before. Works through the caption editor, which hears caption:take and
   caption:edit, and its saving, which hears caption:flush. Without JavaScript texts are copied by hand. */
const pane = document.querySelector("#pane-drafts");
const wholes = [...document.querySelectorAll("[data-take-whole]")];
for (const button of [...document.querySelectorAll("[data-take]"), ...wholes]) button.hidden = false;
pane?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (button) document.dispatchEvent(new CustomEvent("caption:take", { detail: { text: button.dataset.take } }));
  const whole = event.target.closest("[data-take-whole]");
  if (whole) takeWhole(whole.dataset.takeWhole, whole.dataset.name);
});

/* One undo step. Words that are nobody's but a draft's are replaced without asking. */
function takeWhole(text, name) {
  const now = document.querySelector("[data-caption-editor]").caption.text;
  const isOwn = now.trim() !== "" && !wholes.some((one) => one.dataset.takeWhole === now);
  if (isOwn && !confirm(`Put ${name} in the place of your words? Undo brings them back.`)) return;
  document.dispatchEvent(new CustomEvent("caption:edit", { detail: { from: 0, to: now.length, insert: text, select: { from: 0, to: 0 } } }));
}

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
  const areKept = (await flush()).every(Boolean);
  if (!areKept && form.dataset.flush === "all") return;              // the state of saving says why
  const isThere = form.method === "get" && await compare(form).catch(() => false);
  if (!isThere) form.submit();
});
