/* Find and replace in the caption's text (Ctrl+F). What is typed is meant literally; nothing is a pattern. */
import {
  SearchQuery, closeSearchPanel, findNext, findPrevious, getSearchQuery, replaceAll, replaceNext, runScopeHandlers, search, setSearchQuery,
} from "../vendor/codemirror/codemirror.js";

function node(name, properties, ...children) {
  const { attributes = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
/* form="": what is searched for is no field of the caption's form. */
const input = (label, value) => node("input", { className: "input", value, placeholder: label, spellcheck: false, autocomplete: "off", attributes: { form: "", "aria-label": label } });
const button = (label, onclick) => node("button", { type: "button", className: "button button-sm", textContent: label, onclick });

function panel(view) {
  const query = getSearchQuery(view.state);
  const find = input("Find", query.search), replace = input("Replace with", query.replace);
  const exact = node("input", { type: "checkbox", checked: query.caseSensitive, attributes: { form: "" } });
  const commit = () => {
    const made = new SearchQuery({ search: find.value, replace: replace.value, caseSensitive: exact.checked, literal: true });
    if (!made.eq(getSearchQuery(view.state))) view.dispatch({ effects: setSearchQuery.of(made) });
  };
  find.setAttribute("main-field", "true");                           // where Ctrl+F puts the caret
  for (const field of [find, replace, exact]) field.addEventListener("input", commit);
  const dom = node("div", { className: "find", attributes: { role: "search", "aria-label": "Find and replace in the caption" } },
    find, button("Next", () => findNext(view)), button("Previous", () => findPrevious(view)),
    node("label", { className: "check" }, exact, "Match case"));
  if (!view.state.readOnly) dom.append(replace, button("Replace", () => replaceNext(view)), button("Replace all", () => replaceAll(view)));
  dom.append(button("Close", () => closeSearchPanel(view)));
  dom.addEventListener("keydown", (event) => {
    const isFind = event.target === find;
    if (event.isComposing) return;
    if (runScopeHandlers(view, event, "search-panel")) event.preventDefault();
    else if (event.key === "Enter" && (isFind || event.target === replace) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (isFind) (event.shiftKey ? findPrevious : findNext)(view); else replaceNext(view);
    }
  });
  return { dom, top: true, mount: () => find.select(), update: ({ transactions }) => follow(transactions) };

  function follow(transactions) {                                    // Ctrl+F again, over other words
    for (const { value } of transactions.flatMap((one) => one.effects.filter((effect) => effect.is(setSearchQuery)))) {
      if (find.value !== value.search) find.value = value.search;
    }
  }
}

export const findAndReplace = search({ top: true, literal: true, createPanel: panel });
