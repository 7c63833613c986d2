/* [data-thresholds]: sliders beside the number fields of a plain form. What is dropped is painted at once; the server is
   asked how many scenes that would keep, and the newest answer wins. No video is decoded for it. */
const WAIT_MS = 100, LIMIT_MS = 10000;

const form = document.querySelector("[data-thresholds]");
if (form) start(form);

function start(form) {
  const { preview, batch, kept, of } = form.dataset;
  const out = form.querySelector("[data-keep]"), delta = form.querySelector("[data-keep-delta]");
  const rows = [...form.querySelectorAll("[data-row]")].map(row);
  const number = new Intl.NumberFormat("en");
  let waiting = null, asking = null;

  const said = () => {
    const values = new URLSearchParams(new FormData(form));
    values.delete("csrfmiddlewaretoken");
    if (batch) values.set("batch", batch);
    return values.toString();
  };
  const saved = form.querySelector("[aria-invalid=true]") ? null : said();

  function show(found, words) {
    const text = `would keep ${number.format(found.kept)} of ${number.format(found.of)}`;
    if (out.textContent !== text) out.textContent = text;
    delta.textContent = words;
  }
  function difference(found) {
    const more = found.kept - Number(kept);
    if (more === 0) return "as many as the saved thresholds";
    return `${more > 0 ? "+" : "−"}${number.format(Math.abs(more))} against the saved thresholds`;
  }

  async function ask() {
    asking?.abort();
    const values = said();
    if (values === saved) { show({ kept: Number(kept), of: Number(of) }, "as saved"); return; }
    const wrong = form.querySelector("input:invalid");
    if (wrong) { delta.textContent = `${wrong.labels[0]?.textContent ?? wrong.name}: ${wrong.validationMessage}`; return; }
    const mine = asking = new AbortController(), limit = setTimeout(() => mine.abort("late"), LIMIT_MS);
    try {
      const reply = await fetch(`${preview}?${values}`, { headers: { Accept: "application/json" }, credentials: "same-origin", signal: mine.signal });
      if (mine !== asking) return;
      if (reply.redirected) delta.textContent = "You are signed out; reload to sign in.";
      else if (reply.ok) { const found = await reply.json(); if (mine === asking) show(found, difference(found)); }
      else delta.textContent = reply.status === 400 ? "Not possible: an upper number is below the lower one." : "No answer; move it again.";
    } catch {
      if (mine === asking) delta.textContent = "No answer; move it again.";
    } finally {
      clearTimeout(limit);
    }
  }

  function moved() {
    for (const one of rows) one.paint();
    clearTimeout(waiting);
    asking?.abort();
    asking = null;
    waiting = setTimeout(ask, WAIT_MS);
  }
  form.addEventListener("input", (event) => {
    for (const one of rows) one.follow(event.target);
    moved();
  });
  form.addEventListener("reset", () => setTimeout(() => {
    for (const one of rows) one.follow(null);
    moved();
  }));
  if (saved === null) moved();
}

/* A histogram and its edges: {follow(field that was moved, or null for all), paint()}. */
function row(element) {
  const low = Number(element.dataset.low), high = Number(element.dataset.high), part = element.querySelector("[data-kept-part]");
  const edges = [...element.querySelectorAll("[data-slider]")].map((slider) => {
    const field = document.getElementById(slider.dataset.slider);
    slider.hidden = false;
    return { slider, field, side: slider.dataset.side, shift: Number(slider.dataset.shift), isOff: "off" in slider.dataset };
  });
  const within = (value, { min, max }) => Math.min(Math.max(value, min === "" ? -Infinity : Number(min)), max === "" ? Infinity : Number(max));

  function toSlider({ slider, field, isOff }) {
    slider.value = field.value === "" && isOff ? high : Number(field.value);
    slider.setAttribute("aria-valuetext", field.value === "" && isOff ? "off" : field.value);
  }
  function toField({ slider, field, isOff }) {
    const wanted = Number(slider.value), value = within(wanted, field);
    field.value = isOff && wanted >= high ? "" : String(value);
    if (field.value !== "" && value !== wanted) slider.value = value;
    slider.setAttribute("aria-valuetext", field.value === "" ? "off" : field.value);
  }
  function place({ field, side, shift }) {
    const value = Number.parseFloat(field.value);
    if (Number.isNaN(value)) return side === "from" ? 0 : 100;
    if (side === "to" && value >= high) return 100;
    return Math.min(Math.max((value + shift - low) / (high - low) * 100, 0), 100);
  }

  const one = {
    follow(moved) {
      for (const edge of edges) {
        if (moved === edge.slider) toField(edge);
        else if (moved === null || moved === edge.field) toSlider(edge);
      }
    },
    paint() {
      const from = Math.max(0, ...edges.filter((edge) => edge.side === "from").map(place));
      const to = Math.min(100, ...edges.filter((edge) => edge.side === "to").map(place));
      part.setAttribute("x", String(from));
      part.setAttribute("width", String(Math.max(0, to - from)));
    },
  };
  one.follow(null);
  return one;
}
