/* The caption's saving: asks the page's modules for the words (caption:collect), keeps them, and says how it stands.
   Hears caption:changed, caption:touched and caption:flush; tells caption:restore, and around Submit
     caption:submitting { body, until }    promises of rows of reasons, or of false to stay
     caption:submitted { answer, go }      cancelable; else goes to answer.next.url or data-next-url */
import { command } from "./keys.js";
import { showSaveState } from "./save-state.js";
import { Saver } from "./saver.js";
import { csrfToken, renewToken } from "./sign-in-again.js";

const root = document.querySelector("[data-caption-editor][data-save-url]");
if (root) start(root);

function collect() {
  const body = {};
  document.dispatchEvent(new CustomEvent("caption:collect", { detail: { body } }));
  return body;
}

/* Of what was watched, nothing is worth a question. */
function same(one, other) {
  return ["text", "people", "critiques", "dismissed"].every((name) =>
    one[name] === undefined || other[name] === undefined || JSON.stringify(one[name]) === JSON.stringify(other[name]));
}

function start(root) {
  const form = root.closest("form"), isEditable = Boolean(document.querySelector("[data-save-state]"));
  const banner = (name) => document.querySelector(`[data-banner="${name}"]`);
  let leaving = false;

  const saver = new Saver({
    url: root.dataset.url, saveUrl: root.dataset.saveUrl, submitUrl: root.dataset.submitUrl, etag: root.dataset.etag,
    user: root.dataset.user, thing: `caption:${root.dataset.url}`, collect,
    onState(state, options = {}) {
      const isTab = state === "conflict" && !options.by;
      showSaveState(state, isTab ? { text: "Changed in another tab" } : options);
      const shown = banner(options.banner ?? state), message = shown?.querySelector("[data-message]");
      if (message) message.textContent = options.by ? `${options.by} saved a newer revision.` : options.message ?? "";
      if (isTab) shown.querySelector("[data-title]").textContent = "Changed in another tab.";
      for (const field of document.querySelectorAll("input[name=etag]")) field.value = saver.etag;
    },
    onSaved(answer, url) {
      if (saver.dirty) return;                                       // typed since: it is saved next
      if (url !== root.dataset.submitUrl) { location.reload(); return; }
      const go = (where) => location.assign(where);
      const told = new CustomEvent("caption:submitted", { cancelable: true, detail: { answer, go } });
      if (document.dispatchEvent(told)) go(answer.next?.url ?? root.dataset.nextUrl);
    },
  });
  if (root.dataset.etag && banner("conflict") && !banner("conflict").hidden) {   // overtaken before this page was opened
    saver.stopped = true;
    showSaveState("conflict");
  }

  document.addEventListener("caption:changed", (event) => { if (isEditable && !event.detail.isFirst) saver.touched(); });
  document.addEventListener("caption:touched", () => { if (isEditable) saver.touched(); });
  document.addEventListener("caption:flush", (event) => event.detail.until.push(saver.autosave()));
  document.addEventListener("words:forgotten", () => saver.forget());
  addEventListener("beforeunload", (event) => { if (saver.dirty && !leaving) event.preventDefault(); });
  for (const button of document.querySelectorAll("[data-retry]")) button.addEventListener("click", () => saver.tryNow());

  const save = () => saver.save();
  async function submit() {
    const until = [];
    document.dispatchEvent(new CustomEvent("caption:submitting", { detail: { body: collect(), until } }));
    const said = await Promise.all(until);
    if (said.includes(false)) return;
    const reasons = said.flat().filter(Boolean), body = collect();
    await saver.submit(reasons.length ? { ...body, reasons } : body);
  }
  if (isEditable) {
    command("save", save, { keys: ["Mod+s"], typing: true });
    command("submit", submit, { keys: ["Mod+Enter"], typing: true });
  }
  form.addEventListener("submit", (event) => {
    const verb = event.submitter?.value;
    if (verb === "discard") { saver.forget(); return; }
    if (verb !== "save" && verb !== "submit") return;
    event.preventDefault();
    if (verb === "save") save(); else submit();
  });

  /* Words that came too late go to the server as such, then to the page that merges them.
     -> { where, isKept: the server has them now }; null when they could not be sent */
  async function send(link, { body, etag }, again = true) {
    const fields = new URLSearchParams({ verb: "keep", etag, content: JSON.stringify(body) });
    const reply = await fetch(link.href, { method: "POST", body: fields, headers: { "X-CSRFToken": csrfToken() }, credentials: "same-origin" }).catch(() => null);
    if (reply?.status === 403 && again && await renewToken(root.dataset.user) === "same") return send(link, { body, etag }, false);
    const isOurs = reply && [link.pathname, location.pathname].includes(new URL(reply.url).pathname);   // not the page to sign in
    if (isOurs && reply.ok) return { where: reply.url, isKept: true };
    if (isOurs && reply.status === 412) return { where: link.href, isKept: false };   // other words of theirs come first
    if (!reply || reply.status >= 500) showSaveState("offline");
    else if (reply.ok || reply.status === 403) showSaveState("unsaved", { banner: "signed-out" });
    else showSaveState("unsaved", { banner: "refused" });
    return null;
  }
  for (const link of document.querySelectorAll("[data-merge-words]")) {
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      const offered = link.closest("[data-banner-kept]") && kept[0];
      if (!offered && !saver.dirty) { location.assign(link.href); return; }
      const sent = await send(link, offered || { body: collect(), etag: saver.etag });
      if (!sent) return;
      if (sent.isKept) await (offered ? saver.drop(offered) : saver.forget());
      leaving = true;
      location.assign(sent.where);
    });
  }

  /* What another page left behind: it continues the server's words, or is offered beside them. */
  const shown = document.querySelector("[data-banner-kept]");
  let kept = [];
  async function restore() {
    const server = collect(), found = await saver.kept();
    const news = found.filter((entry) => !same(entry.body, server));
    for (const entry of found) if (!news.includes(entry)) saver.drop(entry);
    const [newest] = news;
    const continues = newest && isEditable && (newest.etag === saver.etag || (newest.sent && same(newest.sent, server) && !saver.stopped));
    if (continues && !saver.dirty) {
      document.dispatchEvent(new CustomEvent("caption:restore", { detail: { content: newest.body } }));
      saver.touched();
      await saver.note();
      await saver.drop(newest);
    }
    kept = continues ? news.slice(1) : news;
    offer();
  }
  function offer() {
    shown.hidden = !kept.length;
    if (kept.length) shown.querySelector("[data-kept]").value = kept[0].body.text;
  }
  shown.querySelector("[data-forget]").addEventListener("click", async () => {
    await saver.drop(kept.shift());
    offer();
  });
  if (document.readyState === "complete") restore();
  else addEventListener("load", restore, { once: true });
}
