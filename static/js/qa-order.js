/* The order of a question's options: by drag, by the arrow buttons, by Alt with up and down, and by chance.
   An option moves with its id and its radio button, so the key goes with it. Tells the form by an input event. */
const live = document.querySelector("[data-qa-live]");
const told = (form) => form.dispatchEvent(new Event("input", { bubbles: true }));
const isKey = (row) => row.querySelector("[name=key]").checked;
const say = (row) => {
  const place = [...row.parentElement.children].indexOf(row);
  if (live) live.textContent = `Now option ${"ABCD"[place]} of 4${isKey(row) ? ", still the key" : ""}`;
};

for (const form of document.querySelectorAll("[data-qa]")) start(form, form.querySelector("[data-options]"));

function start(form, list) {
  function move(row, by, focus) {
    const all = [...list.children], to = all.indexOf(row) + by;
    if (to < 0 || to >= all.length) return;
    if (by < 0) all[to].before(row); else all[to].after(row);
    told(form);
    (focus.disabled ? row.querySelector("[data-move]:not(:disabled)") : focus).focus();
    say(row);
  }
  form.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key], row = event.target.closest("[data-options] > li");
    if (!by || !row || !(event.altKey || event.target.matches("[data-move]"))) return;
    event.preventDefault();
    move(row, by, event.target);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move], [data-shuffle]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.move) move(button.closest("li"), Number(button.dataset.move), button); else shuffle();
  });

  function shuffle() {
    const before = [...list.children];
    let after = before;
    while (after.every((row, place) => row === before[place])) after = shuffled(before);
    list.replaceChildren(...after);
    told(form);
    const key = after.find(isKey);
    if (key) say(key);
  }

  for (const handle of list.querySelectorAll("[data-drag]")) handle.hidden = false;
  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-drag]")?.closest("li");
    if (!row || event.button !== 0) return;
    event.preventDefault();
    drag(event.pointerId, row);
  });

  /* The list keeps the pointer: a row that is put elsewhere would lose it. */
  function drag(pointer, row) {
    const before = [...list.children], done = new AbortController(), { signal } = done;
    const over = ({ clientY }) => {
      const next = [...list.children].find((one) => one !== row && clientY < one.getBoundingClientRect().top + one.offsetHeight / 2);
      if (next && row.nextElementSibling !== next) next.before(row);
      if (!next && list.lastElementChild !== row) list.append(row);
    };
    const end = (takes) => {
      done.abort();
      row.classList.remove("dragging");
      if (!takes) list.replaceChildren(...before);
      else if ([...list.children].some((one, place) => one !== before[place])) { told(form); say(row); }
    };
    list.setPointerCapture(pointer);
    row.classList.add("dragging");
    list.addEventListener("pointermove", over, { signal });
    list.addEventListener("pointerup", () => end(true), { signal });
    list.addEventListener("pointercancel", () => end(false), { signal });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); end(false); } }, { signal });
  }
}

function shuffled(rows) {
  const chance = crypto.getRandomValues(new Uint32Array(rows.length));
  return rows.map((row, place) => [chance[place], row]).sort(([one], [other]) => one - other).map(([, row]) => row);
}
