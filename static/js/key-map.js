/* The keys that a person gave the commands: {command: [combo, …]}, stored with the account.
   <dialog data-key-map data-url data-user> and <script type="application/json" id="key-map">. What the server did not
   take holds in this browser and is sent again with the next change or the next page. */
const dialog = document.querySelector("[data-key-map]");
const place = `keys-not-sent:${dialog?.dataset.user ?? ""}`;
const read = (text) => { try { const value = JSON.parse(text); return value && typeof value === "object" ? value : null; } catch { return null; } };

const unsent = dialog && read(localStorage.getItem(place));
let mine = unsent ?? read(document.querySelector("#key-map")?.textContent) ?? {};

/* The person's keys of a command, or undefined where they never chose any. */
export const keysChosen = (id) => (Array.isArray(mine[id]) ? mine[id].filter((combo) => typeof combo === "string") : undefined);

/* changes: {command: [combo, …] or null for the standard}. -> "" once stored, else why not. They hold here in either case. */
export function chooseKeys(changes) {
  mine = { ...mine, ...changes };
  for (const [id, keys] of Object.entries(mine)) if (keys === null) delete mine[id];
  localStorage.setItem(place, JSON.stringify(mine));
  document.dispatchEvent(new CustomEvent("keys:changed"));
  return send();
}

export const forgetAllKeys = () => chooseKeys(Object.fromEntries(Object.keys(mine).map((id) => [id, null])));

let busy = Promise.resolve();
const send = () => { busy = busy.then(put, put); return busy; };

async function put() {
  const sent = JSON.stringify(mine);
  const headers = { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf]")?.content ?? "" };
  try {
    const answer = await fetch(dialog.dataset.url, { method: "PUT", headers, body: JSON.stringify({ keys: mine }), credentials: "same-origin" });
    if (answer.ok) { if (localStorage.getItem(place) === sent) localStorage.removeItem(place); return ""; }
    const said = await answer.json().catch(() => null);
    return said?.error?.message ?? "The server did not take them.";
  } catch { return "The server does not answer."; }
}

if (unsent) send();
