/* The comparison of a text with what stood before it, from the server: the numbers on the page are those of a release.
   -> { against, rows, pieces, removed, added, percent }, or null where it cannot be had now. */
import { csrfToken } from "./sign-in-again.js";

export async function compare(url, text, against) {
  try {
    const reply = await fetch(url, {
      method: "POST", credentials: "same-origin", body: JSON.stringify({ text, against }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
