/* Words that no server has yet, kept in this browser: IndexedDB, else localStorage, else nowhere.

   new Journal(user, thing): of one person and one thing, in one tab. write({ etag, body, sent }), clear(), and
   read() -> entries of this person and thing that any tab left behind, the newest first: { at, etag, body, sent, id }.
   drop(entry) forgets one of those. place: where words are kept, "indexeddb", "localstorage", or "" when nowhere.
   anybodysWords() counts what is kept, forgetAll() clears it for everybody: both for whoever signs out. */
const NAME = "haic-annotate", STORE = "words", PREFIX = "words:";
const TAB = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
let opened = null, closed = false;

function database() {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = request.onblocked = () => resolve(null);
    } catch { resolve(null); }                                       // switched off, or a private window
  });
  return opened;
}

/* One transaction; act(store) -> a request or nothing. -> the request's result; null when the database cannot. */
async function inStore(mode, act) {
  const base = await database();
  if (!base) return null;
  return new Promise((resolve) => {
    try {
      const work = base.transaction(STORE, mode, { durability: "strict" });
      const request = act(work.objectStore(STORE));
      work.oncomplete = () => resolve({ result: request?.result });
      work.onerror = work.onabort = () => resolve(null);
    } catch { resolve(null); }
  });
}

const local = {
  write(entry) { try { localStorage.setItem(PREFIX + entry.id, JSON.stringify(entry)); return true; } catch { return false; } },
  remove(id) { try { localStorage.removeItem(PREFIX + id); } catch { /* nothing is kept there */ } },
  entries() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => JSON.parse(localStorage.getItem(key)));
    } catch { return []; }
  },
};

const everything = async () => [...((await inStore("readonly", (store) => store.getAll()))?.result ?? []), ...local.entries()];

export class Journal {
  constructor(user, thing) {
    Object.assign(this, { user, thing, id: `${user} ${thing} ${TAB}`, place: "indexeddb", last: Promise.resolve(), has: false });
  }

  /* In the order of the calls, whatever each takes. -> where it went, as `place`. */
  write({ etag, body, sent = null }) {
    const entry = { id: this.id, user: this.user, thing: this.thing, at: Date.now(), etag, body, sent };
    this.has = true;
    return this.next(async () => {
      if (closed) return this.place;
      if (await inStore("readwrite", (store) => store.put(entry))) this.place = "indexeddb";
      else this.place = local.write(entry) ? "localstorage" : "";
      return this.place;
    });
  }

  clear() {
    if (!this.has) return this.last;
    this.has = false;
    return this.next(() => forget(this.id));
  }

  async read() {
    const mine = (await everything()).filter((entry) => entry.user === this.user && entry.thing === this.thing && entry.id !== this.id);
    return mine.sort((one, other) => other.at - one.at);
  }

  drop(entry) { return this.next(() => forget(entry.id)); }

  next(work) { return (this.last = this.last.then(work, work)); }
}

async function forget(id) {
  await inStore("readwrite", (store) => store.delete(id));
  local.remove(id);
}

export const anybodysWords = async () => (await everything()).length;

/* Afterwards this page writes nothing more: it is about to be left. */
export async function forgetAll() {
  closed = true;
  await inStore("readwrite", (store) => store.clear());
  for (const { id } of local.entries()) local.remove(id);
}
