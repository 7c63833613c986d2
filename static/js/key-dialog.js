/* The overlay of keys (<dialog id="keys">): all commands of the page under their groups, and a person's own keys for each. */
import { comboFrom, comboOf, sameKey, whyNot } from "./key-combos.js";
import { chooseKeys, forgetAllKeys, keysChosen } from "./key-map.js";
import { keyShape, keyWords } from "./key-shapes.js";
import { allCommands, keysOf, singleKeys } from "./keys.js";

const MOST = 4;
const GROUPS = { player: "The clip", loop: "Once more", picture: "Picture and sound", text: "The text", work: "The work", page: "The page" };
const dialog = document.querySelector("[data-key-map]");
const place = dialog?.querySelector("[data-keymap]");
const part = (name) => dialog.querySelector(`template[data-key-${name}]`).content.firstElementChild.cloneNode(true);
const say = (text) => { dialog.querySelector("[data-keys-live]").textContent = text; };
let open = null;                                                     // the command that is being changed
if (dialog) start();

function start() {
  const toggle = dialog.querySelector("[data-single-keys]");
  toggle.checked = singleKeys.on;
  toggle.addEventListener("change", () => { singleKeys.on = toggle.checked; });
  dialog.querySelector("[data-all-standard]").addEventListener("click", () => { open = null; store(forgetAllKeys(), "All keys are the standard ones again"); place.querySelector("button").focus(); });
  dialog.addEventListener("close", () => { open = null; draw(); });
  dialog.addEventListener("cancel", (event) => { if (open) { event.preventDefault(); toggleRow(open); } });
  document.addEventListener("keys:changed", () => { if (dialog.open) draw(); });
  new MutationObserver(() => { if (dialog.open) draw(); }).observe(dialog, { attributeFilter: ["open"] });
}

async function store(stored, words) {
  say(words);
  const problem = await stored;
  const banner = dialog.querySelector("[data-keys-not-sent]");
  banner.hidden = !problem;
  banner.querySelector("[data-message]").textContent = problem;
  if (problem) say(`${words}. Not stored yet: ${problem}`);
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
  place.replaceChildren(...[...grouped(allCommands())].map(([name, commands]) => {
    const section = part("group");
    section.querySelector("h3").textContent = GROUPS[name] ?? name;
    section.querySelector("ul").append(...commands.map(row));
    return section;
  }));
  dialog.querySelector("[data-all-standard]").hidden = !allCommands().some((one) => keysChosen(one.id));
  if (focused) place.querySelector(`[data-id="${CSS.escape(focused)}"] :is([data-record], [data-change])`)?.focus();
}

function grouped(commands) {
  const groups = new Map(Object.keys(GROUPS).filter((name) => commands.some((one) => one.group === name)).map((name) => [name, []]));
  for (const one of commands) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

function row(one) {
  const line = part("row"), keys = keysOf(one.id), change = line.querySelector("[data-change]");
  line.dataset.id = one.id;
  line.querySelector(".key-label").textContent = one.label;
  line.querySelector(".key-combos").append(...keys.map(keyShape));
  if (!keys.length) line.querySelector(".key-combos").textContent = "no key";
  line.toggleAttribute("data-own", Boolean(keysChosen(one.id)));
  change.setAttribute("aria-label", `Change the keys of: ${one.label}`);
  change.setAttribute("aria-expanded", String(open === one.id));
  change.addEventListener("click", () => toggleRow(one.id));
  if (open === one.id) { change.textContent = "Done"; change.setAttribute("aria-label", `Done with the keys of: ${one.label}`); line.append(editor(one)); }
  return line;
}

function toggleRow(id) {
  open = open === id ? null : id;
  draw();
  place.querySelector(`[data-id="${CSS.escape(id)}"] ${open ? "[data-record]" : "[data-change]"}`).focus();
}

function editor(one) {
  const box = part("editor"), keys = keysOf(one.id);
  const record = box.querySelector("[data-record]"), typed = box.querySelector("[data-typed]");
  box.querySelector(".key-own").append(...keys.map((combo) => removable(one, keys, combo)));
  record.setAttribute("aria-label", `Press the new keys for: ${one.label}. Tab leaves.`);
  record.addEventListener("keydown", (event) => {
    if (["Tab", "Escape"].includes(event.key) || event.isComposing) return;
    event.preventDefault();
    const combo = comboOf(event);
    if (combo) add(one, box, combo);
  });
  record.addEventListener("keyup", (event) => event.preventDefault());  // Space presses no button here
  const take = () => {
    const combo = comboFrom(typed.value);
    if (combo) add(one, box, combo); else refuse(box, "No key has this name. Names are F13, MediaPlayPause, Numpad0, Ctrl+Shift+F1.");
  };
  typed.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
  box.querySelector("[data-add]").addEventListener("click", take);
  const standard = box.querySelector("[data-standard]");
  standard.hidden = !keysChosen(one.id);
  standard.addEventListener("click", () => store(chooseKeys({ [one.id]: null }), `${one.label}: the standard keys again`));
  return box;
}

function removable(one, keys, combo) {
  const item = part("remove"), button = item.querySelector("button");
  item.querySelector(".key-combo").append(keyShape(combo));
  button.setAttribute("aria-label", `Take ${keyWords(combo)} away from: ${one.label}`);
  button.addEventListener("click", () => store(chooseKeys({ [one.id]: keys.filter((other) => other !== combo) }), `${keyWords(combo)} does nothing now`));
  return item;
}

function refuse(box, words, take = null) {
  const line = box.querySelector("[data-clash]"), button = line.querySelector("[data-take]");
  line.hidden = false;
  line.querySelector("span").textContent = words;
  button.hidden = !take;
  button.onclick = take;
  say(words);
}

/* A key does one thing on a page: one that is taken is refused, or moves here if the person says so. */
function add(one, box, combo) {
  const keys = keysOf(one.id), why = whyNot(combo);
  if (keys.some((mine) => sameKey(mine, combo))) return refuse(box, `${keyWords(combo)} does this already.`);
  if (why) return refuse(box, `${keyWords(combo)} cannot be used: ${why}.`);
  if (keys.length >= MOST) return refuse(box, `There are ${MOST} keys for this; take one away first.`);
  const other = allCommands().find((command) => command.id !== one.id && keysOf(command.id).some((theirs) => sameKey(theirs, combo)));
  const mine = { [one.id]: [...keys, combo] };
  if (!other) return store(chooseKeys(mine), `${keyWords(combo)}: ${one.label}`);
  const left = keysOf(other.id).filter((theirs) => !sameKey(theirs, combo));
  return refuse(box, `${keyWords(combo)} is taken: ${other.label}.`, () => store(chooseKeys({ ...mine, [other.id]: left }), `${keyWords(combo)}: ${one.label}, no longer ${other.label}`));
}
