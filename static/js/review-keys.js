/* Review by keys: choose and lock while answering blind; approve, fix or return a caption, or the first question that waits.
   [data-blind] is the form of one question; [data-judge] what is judged, [data-verdict] its three ways. */
import { command } from "./keys.js";

const APPROVE = "button[data-verdict=approve]";
const blind = document.querySelector("[data-blind]");
const waiting = [...document.querySelectorAll("[data-judge]")];

function choose(place) {
  const radio = blind.querySelectorAll("[name=choice]")[place];
  if (radio) { radio.checked = true; radio.focus(); }
}

/* The question that holds the focus, else the first. */
const current = () => waiting.find((one) => one.contains(document.activeElement)) ?? waiting[0];

function open(verdict) {
  const details = current()?.querySelector(`details[data-verdict=${verdict}]`);
  if (!details) return;
  details.open = true;
  details.querySelector("textarea, input:not([type=hidden])").focus();
}

if (blind) {
  for (const place of [0, 1, 2, 3, 4, 5]) command(`choose-${place + 1}`, () => choose(place), { keys: [String(place + 1)], label: `Choose answer ${place + 1}`, group: "work" });
  command("lock-answer", (event) => {
    if (event.type !== "click") blind.requestSubmit(document.querySelector("[data-command=lock-answer]"));
  }, { keys: ["Enter"], group: "work" });
}
if (waiting.length) {
  command("approve", () => (current().querySelector(APPROVE) ?? document.querySelector(APPROVE)).click(), { keys: ["a"], group: "work" });
  command("fix", () => open("fix"), { keys: ["f"], label: "Fix and approve", group: "work" });
  command("return", () => open("return"), { keys: ["r"], label: "Return with a comment", group: "work" });
}
