/* [data-more]: the link that brings more of a list; focus goes to the first that came. Without htmx it leads there. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const more = event.detail.requestConfig?.elt;
  if (!more?.matches?.("[data-more]")) return;
  const isWhole = event.detail.serverResponse.includes("<html");      // the page of somebody who is signed out
  if (isWhole) { event.detail.shouldSwap = false; location.assign(more.href); return; }
  const item = more.closest("li"), list = item.parentElement, place = [...list.children].indexOf(item);
  document.addEventListener("htmx:afterSettle", () => list.children[place]?.querySelector("h3")?.focus(), { once: true });
});
