/* [data-queue]: the unit of work stays on the desk of who works on it, the next one is fetched ahead (its video, and
   where the browser can its page, if it is to be written: a review's page is not sent before it is looked at), and
   Submit leads to it.
   Time counts as work while somebody typed, clicked or played within the last minute.
   Tells clip:preload {video, poster}. Listens: caption:submitted {answer, go}, caption:changed, clip:time. */
import { csrfToken } from "./sign-in-again.js";

const RENEW_MS = 60000, TICK_MS = 1000, IDLE_MS = 60000, PREFETCH_MS = 20000, HOLD_MS = 45000, HELD_MS = 50000, ARRIVE_MS = 500, AGAIN_MS = 5000, PAGE_MS = 120000;

const TYPED_MS = 1500;                                               // by then what is typed has brought the unit to the desk

/* The page that Submit leads to, noted for it. */
const arriving = {
  key: "queue-arriving",
  note(url) { try { sessionStorage.setItem(this.key, url); } catch { /* the page opens as from a list */ } },
  taken() {
    try {
      const url = sessionStorage.getItem(this.key);
      sessionStorage.removeItem(this.key);
      return url;
    } catch { return null; }
  },
};

const root = document.querySelector("[data-queue]");
if (root) start(root);

function start(root) {
  const { kind, work, leaseUrl, nextUrl, prefetchUrl, queueUrl } = root.dataset, asked = { kind, work };
  let lastActive = performance.now(), lastTick = lastActive, activeMs = 0, hasPrefetched = false, ahead = null, hasTyped = false, askedAt = -Infinity, isLeaving = false;
  const fetchPage = fetchedPages();

  const note = () => { lastActive = performance.now(); };
  for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "input"]) document.addEventListener(name, note, { passive: true });
  let shown = null;
  document.addEventListener("clip:time", (event) => { if (event.detail.t !== shown) { shown = event.detail.t; note(); } });

  const tick = setInterval(() => {
    const now = performance.now();
    if (now - lastActive < IDLE_MS) activeMs += Math.min(now - lastTick, 2 * TICK_MS);   // a machine that slept did not work
    lastTick = now;
  }, TICK_MS);

  async function post(url, body, options = {}) {
    try {
      const reply = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() }, body: JSON.stringify(body), credentials: "same-origin", ...options });
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;                                                   // the next minute tries again; nothing typed depends on it
    }
  }

  async function renew(options, least = TICK_MS) {
    if (activeMs < least || isLeaving) return;
    const said = Math.min(Math.round(activeMs), 600000);
    activeMs -= said;
    const answer = await post(leaseUrl, { active_ms: said }, options);
    if (answer === null) activeMs += said;
    else show(answer);
  }
  function show({ is_yours: isYours, holder, today }) {
    const banner = root.querySelector("[data-taken]");
    banner.hidden = isYours || holder === null;
    if (!banner.hidden) banner.querySelector("[data-holder]").textContent = holder;
    for (const [name, count] of Object.entries(today)) {
      const place = document.querySelector(`[data-today="${name}"]`);
      if (place) place.textContent = String(count);
    }
  }
  const renewing = setInterval(renew, RENEW_MS);

  /* Submit led straight here: the caption comes to the desk only now, and the page may have been made before. */
  async function arrive() {
    if (isLeaving) return;
    const offer = await post(nextUrl, asked);
    if (offer === null) setTimeout(arrive, AGAIN_MS);
    else if (offer.url === location.pathname || hasTyped) renew({}, 0);
    else location.replace(offer.url ?? queueUrl);                    // something else is on the desk, or nothing is handed out: that page says why
  }
  if (arriving.taken() === location.pathname) setTimeout(arrive, ARRIVE_MS);   // the picture comes first
  addEventListener("pagehide", () => renew({ keepalive: true }));

  /* It is held for a minute, so somebody who still works asks again; it is the same one, unless they were away. */
  async function prefetch() {
    if (isLeaving || performance.now() - lastActive > IDLE_MS) return;
    hasPrefetched = true;
    const offer = await post(prefetchUrl, asked);
    if (offer === null) hasPrefetched = false;
    else if (!offer.nothing && offer.url !== location.pathname) {    // this one, before it is on the desk
      if (work === "edit") fetchPage(offer.url);
      askedAt = performance.now();
      if (offer.url === ahead) return;
      ahead = offer.url;
      document.dispatchEvent(new CustomEvent("clip:preload", { detail: { video: offer.video, poster: offer.poster } }));
    }
  }
  const first = () => { if (!hasPrefetched) prefetch(); };
  const waiting = setTimeout(first, PREFETCH_MS), holding = setInterval(prefetch, HOLD_MS);
  function typed() {
    if (hasTyped) return;
    hasTyped = true;
    setTimeout(first, TYPED_MS);
  }
  document.addEventListener("caption:changed", (event) => { if (!event.detail?.isFirst) typed(); });
  document.addEventListener("input", (event) => { if (event.target.closest("[data-qa]")) typed(); });

  document.addEventListener("caption:submitted", async (event) => {
    event.preventDefault();
    isLeaving = true;
    clearInterval(tick); clearInterval(renewing); clearInterval(holding); clearTimeout(waiting);
    if (performance.now() - askedAt < HELD_MS) {
      arriving.note(ahead);
      event.detail.go(ahead);
    } else {
      event.detail.go((await post(nextUrl, asked))?.url ?? queueUrl);
    }
  });
}

/* -> a function that has the browser fetch a page, and fetch it anew when it has aged. */
function fetchedPages() {
  let rules = null, address = null, asked = 0;
  return (url) => {
    if (!HTMLScriptElement.supports?.("speculationrules") || (url === address && performance.now() - asked < PAGE_MS)) return;
    address = url;
    asked = performance.now();
    rules?.remove();
    rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prefetch: [{ urls: [url], eagerness: "immediate" }] });
    document.head.append(rules);
  };
}
