/* Who is signed in, for pages that stay open: the token of forms, and dialog[data-sign-in] to sign in again in place.
   The page stays as it is. Somebody else's sign-in is refused: this page, and its words, belong to whoever opened it. */
export const csrfToken = () => document.querySelector("meta[name=csrf]")?.content ?? "";

/* 403 is either a right that is missing, which the service says by its code, or a token that is no longer good. */
export const isSignedOut = (status, data) => status === 401 || (status === 403 && !["right_missing", "own_work"].includes(data?.error?.code));

const home = () => document.querySelector("a.brand")?.href ?? "/";
const read = async (reply) => new DOMParser().parseFromString(await reply.text(), "text/html");
const accountOf = (page) => page.querySelector("[data-account]")?.dataset.account;

function takeToken(page) {
  const token = page.querySelector("meta[name=csrf]").content;
  document.querySelector("meta[name=csrf]").content = token;
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
}

/* After another tab signed in. -> "same" person, "other", "nobody", or "away" when no page came. */
export async function renewToken(user) {
  try {
    const reply = await fetch(home(), { credentials: "same-origin", cache: "no-store" });
    if (!reply.ok) return "away";
    const page = await read(reply), account = accountOf(page);
    if (!account) return "nobody";
    if (account !== user) return "other";
    takeToken(page);
    return "same";
  } catch { return "away"; }
}

const dialog = document.querySelector("dialog[data-sign-in]");
if (dialog) start(dialog);

function start(dialog) {
  const form = dialog.querySelector("form"), error = dialog.querySelector("[data-error]");
  const say = (text) => { error.textContent = text; error.hidden = !text; };

  /* -> what went wrong, or "" */
  async function signIn() {
    const first = await read(await fetch(form.action, { credentials: "same-origin", cache: "no-store" }));
    let page = first;
    if (!accountOf(first)) {
      const fields = { csrfmiddlewaretoken: first.querySelector("input[name=csrfmiddlewaretoken]").value, login: form.elements.login.value, password: form.elements.password.value };
      const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), credentials: "same-origin" });
      page = await read(reply);
      if (!reply.ok && !accountOf(page)) return reply.status === 429 ? "Too many tries. Wait a few minutes, then try again." : "Signing in did not work. Try again.";
    }
    const account = accountOf(page);
    if (!account) return [...page.querySelectorAll(".field-error")].map((one) => one.textContent.trim()).join(" ") || "Signing in did not work. Try again.";
    if (account !== dialog.dataset.signIn) return "Somebody else is signed in in this browser. Your words stay here; sign out there first.";
    takeToken(page);
    return "";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.inert) return;
    form.inert = true;
    const wrong = await signIn().catch(() => "The server does not answer. Your words stay here; try again.");
    form.inert = false;
    say(wrong);
    form.elements.password.value = "";
    if (wrong) { form.elements.password.focus(); return; }
    dialog.close();
    document.dispatchEvent(new CustomEvent("signed-in-again"));
  });
  dialog.addEventListener("close", () => say(""));
}
