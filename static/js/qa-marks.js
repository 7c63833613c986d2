/* Moments of the clip that are marked for a question: each repetition for Count; both actions, and events between them, for
   Action Sequence. [data-marks data-kinds="a|b"] shows them as chips; the scrub bar shows those of the question that is worked on.
   What they mean for the key is said by the server (qa/marks.py). Tells the form by an input event. */
import { command } from "./keys.js";
import { clock as shown } from "./player-time.js";

const BEFORE_S = 1;
const player = document.querySelector("[data-clip-player]");
const live = document.querySelector("[data-qa-live]");
const template = document.querySelector("[data-mark-template]");
const say = (text) => { if (live) live.textContent = text; };
const told = (form) => form.dispatchEvent(new Event("input", { bubbles: true }));
let current = null;

export const marksIn = (form) => [...form.querySelectorAll("[name=mark]")].map((input) => JSON.parse(input.value));
const kindsOf = (form) => form.querySelector("[data-marks]")?.dataset.kinds.split("|") ?? [];

export function showMarks(form, marks) {
  const list = form.querySelector("[data-mark-list]"), isOneKind = kindsOf(form).length < 2;
  if (!list) return;
  const sorted = [...marks].sort((one, other) => one.at_ms - other.at_ms);
  list.replaceChildren(...sorted.map((mark) => chip(mark, isOneKind)));
  form.querySelector("[data-mark-count]").textContent = String(sorted.length);
}

function chip(mark, isOneKind) {
  const item = template.content.firstElementChild.cloneNode(true), time = shown(mark.at_ms / 1000);
  const link = item.querySelector("[data-play-mark]"), what = item.querySelector("[data-what]");
  item.querySelector("[name=mark]").value = JSON.stringify({ at_ms: mark.at_ms, what: mark.what });
  link.textContent = time;
  link.dataset.playMark = String(mark.at_ms / 1000);
  if (isOneKind) what.remove(); else what.textContent = mark.what;
  item.querySelector("[data-unmark]").setAttribute("aria-label", `Take away the mark at ${time}, ${mark.what}`);
  return item;
}

/* The start of the frame on the screen, or of the one that is asked for. */
function now_ms() {
  const { picture, clock } = player.clip;
  return Math.round(clock.start(picture.target ?? picture.frame) * 1000);
}

/* Each action of a sequence has one mark: a second one takes its place. */
function mark(form, what) {
  const kinds = kindsOf(form), at_ms = now_ms(), marks = marksIn(form);
  const isOne = kinds.length > 1 && what !== kinds.at(-1);
  if (marks.some((one) => one.at_ms === at_ms && one.what === what)) { say("This moment is marked already"); return; }
  showMarks(form, [...marks.filter((one) => !(isOne && one.what === what)), { at_ms, what }]);
  told(form);
  drawTicks();
  say(`${what} at ${(at_ms / 1000).toFixed(1)} seconds; ${marksIn(form).length} marked`);
}

/* What the key means: the first action that is not marked yet, then events; for Count always a repetition. */
function markNext() {
  const form = current && kindsOf(current).length ? current : null;
  if (!form) { say("Only questions of Count and Action Sequence have marks: go to one first"); return; }
  const kinds = kindsOf(form), marked = marksIn(form).map((one) => one.what);
  mark(form, kinds.find((kind) => !marked.includes(kind)) ?? kinds.at(-1));
}

function choose(form) {
  if (!form || form === current) return;
  current?.closest(".qa-card").removeAttribute("data-current");
  current = form;
  current.closest(".qa-card").setAttribute("data-current", "");
  drawTicks();
}

function drawTicks() {
  const length_ms = Number(player.dataset.length) * 1000;
  ticks.replaceChildren(...(current ? marksIn(current) : []).map(({ at_ms }) => {
    const tick = document.createElement("i");
    tick.style.setProperty("--x", String((at_ms / length_ms) * 100));
    return tick;
  }));
}

const ticks = document.createElement("span");
ticks.className = "ticks";
ticks.setAttribute("aria-hidden", "true");
player?.querySelector(".scrub").append(ticks);

const formIn = (node) => node.closest?.(".qa-card")?.querySelector("[data-qa]");
document.addEventListener("focusin", (event) => choose(formIn(event.target)));
document.addEventListener("toggle", (event) => { if (event.target.matches?.(".qa-card[open]") && event.target.contains(document.activeElement)) choose(formIn(event.target)); }, true);
document.addEventListener("click", (event) => {
  const moment = event.target.closest("[data-play-mark]");
  if (moment) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("clip:seek", { detail: { t: Math.max(0, Number(moment.dataset.playMark) - BEFORE_S), play: true } }));
  }
});
for (const form of document.querySelectorAll("[data-qa]:has([data-marks])")) {
  form.querySelector("[data-mark-buttons]").hidden = false;
  form.addEventListener("input", () => { if (form === current) drawTicks(); });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]"), gone = event.target.closest("[data-unmark]");
    if (button) { choose(form); mark(form, button.dataset.mark); }
    if (!gone) return;
    event.preventDefault();
    const item = gone.closest("li"), next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("[data-unmark]");
    item.remove();
    showMarks(form, marksIn(form));
    told(form);
    (next?.isConnected ? next : form.querySelector("[data-mark]")).focus();
    say(`${marksIn(form).length} marked`);
  });
}
if (document.querySelector("[data-marks] [data-mark]")) command("mark-moment", markNext, { keys: ["Ctrl+m", "m"], typing: true, label: "Mark this moment: a repetition, or the next action", group: "work" });
