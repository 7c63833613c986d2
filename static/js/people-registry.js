/* [data-people-registry]: who is in the clip. Counts where the text names each, lights these places up, and takes who is proposed.
   Tells: caption:touched, caption:marks-on of the layer `people`; answers caption:collect with `people`.
   Hears: caption:changed {text}, caption:checked {people: [{description, mentions}]}, caption:restore {content}.
   Where a person stands in the picture is people-points.js's. */
import { mentionsOf, newcomers, pointOf, pointText } from "./people-text.js";
import { points } from "./people-points.js";

const PROPOSED = 3;
const RESTING_MS = 250;                                              // after the last key: painted ranges move with the text meanwhile

const root = document.querySelector("[data-people-registry]");
if (root) start(root);

function start(root) {
  const list = root.querySelector("[data-people]"), adder = root.querySelector("[data-add-person]");
  const registry = registryOf(root, list);
  const light = lights(registry, list);
  const propose = proposals(root.querySelector("[data-people-proposed]"), adder, (description) => { registry.add({ key: registry.nextKey(), description }); touched(); });
  const places = points(() => touched());
  let text = root.closest("[data-caption-editor]").caption?.text ?? "", proposed = [], timer = 0;

  function draw() {
    clearTimeout(timer);
    const people = registry.people(), mentions = mentionsOf(text, people);
    root.querySelector("[data-people-count]").textContent = String(people.length);
    registry.count(mentions);
    light(mentions);
    places.show(registry.rows());
    if (adder) propose(newcomers(text, people, proposed).slice(0, PROPOSED));
  }
  const soon = () => { clearTimeout(timer); timer = setTimeout(draw, RESTING_MS); };
  const touched = () => { tell("caption:touched"); draw(); };

  document.addEventListener("caption:changed", ({ detail }) => { text = detail.text; if (detail.isFirst) draw(); else soon(); });
  document.addEventListener("caption:checked", ({ detail }) => { proposed = detail.people ?? []; draw(); });
  document.addEventListener("caption:collect", ({ detail }) => { detail.body.people = registry.people(); });
  document.addEventListener("caption:restore", ({ detail }) => { if (registry.replace(detail.content.people)) draw(); });
  list.addEventListener("input", () => { tell("caption:touched"); soon(); });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-person]");
    if (!button) return;
    registry.remove(button.closest("[data-person]"));
    touched();
    adder.focus();
  });
  adder?.addEventListener("click", () => { registry.add({ key: registry.nextKey(), description: "" }).focus(); touched(); });
  draw();
}

function tell(name, detail) { document.dispatchEvent(new CustomEvent(name, { detail })); }
function part(row, name) { return row.querySelector(`[name=person_${name}]`); }

function personOf(row) {
  const person = { key: part(row, "key").value, description: part(row, "description").value }, at = pointOf(part(row, "at").value);
  return at ? { ...person, at } : person;
}

/* The rows of the list, which are the form's fields as well. */
function registryOf(root, list) {
  const rows = () => [...list.querySelectorAll("[data-person]")], people = () => rows().map(personOf);
  function add({ key, description, at }) {
    const row = root.querySelector("[data-person-template]").content.firstElementChild.cloneNode(true);
    part(row, "key").value = key;
    part(row, "description").value = description;
    part(row, "at").value = pointText(at);
    list.append(row);
    number();
    return part(row, "description");
  }
  /* names and line styles go by place in the list, as they do where the server draws it */
  function number() {
    rows().forEach((row, i) => {
      Object.assign(row.querySelector(".person"), { className: `person person-${Math.min(4, i + 1)}`, textContent: part(row, "key").value });
      part(row, "description").setAttribute("aria-label", `Person ${i + 1}`);
      row.querySelector("[data-remove-person]")?.setAttribute("aria-label", `Remove person ${i + 1}`);
    });
  }
  function count(mentions) {
    rows().forEach((row, i) => {
      const found = mentions.filter((one) => one.person === i).length;
      row.querySelector(".n").textContent = found ? `${found} mention${found > 1 ? "s" : ""}` : "not described";
      row.toggleAttribute("data-unused", !found);
    });
  }
  function replace(others) {
    if (JSON.stringify(others) === JSON.stringify(people())) return false;
    list.replaceChildren();
    for (const person of others) add(person);
    return true;
  }
  const nextKey = () => `P${Math.max(0, ...people().map((one) => Number(one.key.slice(1)) || 0)) + 1}`;
  return { rows, people, add, count, replace, nextKey, remove: (row) => { row.remove(); number(); } };
}

/* Mentions in the text; whom the pointer or the focus is on stands out. -> light(mentions) */
function lights(registry, list) {
  let mentions = [], emphasised = null;
  function light() {
    const chosen = registry.rows().indexOf(emphasised);
    tell("caption:marks-on", { layer: "people", ranges: mentions.map((one) => ({
      from: one.from, to: one.to, cls: `p p${Math.min(4, one.person + 1)}${one.person === chosen ? " is-on" : ""}`, title: one.key, data: { person: one.key },
    })) });
  }
  const emphasise = (row) => { if (row !== emphasised) { emphasised = row; light(); } };
  const rowOf = (event) => event.target.closest("[data-person]");
  list.addEventListener("pointerover", (event) => emphasise(rowOf(event)));
  list.addEventListener("pointerleave", () => emphasise(list.querySelector("[data-person]:focus-within")));
  list.addEventListener("focusin", (event) => emphasise(rowOf(event)));
  list.addEventListener("focusout", (event) => { if (!list.contains(event.relatedTarget)) emphasise(null); });
  return (found) => { mentions = found; light(); };
}

/* A button for each described person whom the registry lacks. -> propose([{ description }]) */
function proposals(place, adder, take) {
  let offered = "[]";
  return (some) => {
    const said = JSON.stringify(some.map((one) => one.description));
    if (said === offered) return;                                    // the focus may be on one of them
    offered = said;
    place.hidden = some.length === 0;
    for (const button of place.querySelectorAll("button")) button.remove();
    place.append(...some.map(({ description }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button button-sm", textContent: `Add: ${description}` });
      button.addEventListener("click", () => { take(description); (place.querySelector("button") ?? adder).focus(); });
      return button;
    }));
  };
}
