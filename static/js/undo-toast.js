/* [data-undo="seconds"]: the form that takes the last verdict back, shown while that can be done. */
import { command } from "./keys.js";

const toast = document.querySelector("[data-undo]");
if (toast) {
  command("undo-verdict", (event) => { if (event.type !== "click" && toast.isConnected) toast.requestSubmit(toast.querySelector("button")); }, { keys: ["u"], label: "Take the last verdict back", group: "work" });
  setTimeout(() => toast.remove(), Number(toast.dataset.undo) * 1000);
}
