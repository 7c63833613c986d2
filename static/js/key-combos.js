/* The names of keys: "Ctrl+Shift+,", "F8", "k", "MediaPlayPause". Pure, no document.
   Punctuation and digits are named by place (event.code), letters by meaning (event.key), so QWERTZ and AZERTY work.
   Mod is Cmd on a Mac and Ctrl elsewhere. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const PLACES = {
  Space: "Space", Comma: ",", Period: ".", BracketLeft: "[", BracketRight: "]", Minus: "-", Equal: "=",
  Semicolon: ";", Quote: "'", Slash: "/", Backslash: "\\", Backquote: "`", IntlBackslash: "<",
};
const MODIFIERS = ["Control", "Shift", "Alt", "AltGraph", "Meta", "OS", "CapsLock", "NumLock", "ScrollLock", "Fn", "FnLock"];
const SHOWN = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "↵", Escape: "Esc", Mod: isMac ? "⌘" : "Ctrl" };

function nameOf({ key, code }) {
  const place = /^Key([A-Z])$/.exec(code);
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  if (PLACES[code]) return PLACES[code];
  if (/^Digit[0-9]$/.test(code)) return code.slice(5);
  if (place && !/^[!-~]$/.test(key)) return place[1].toLowerCase();   // Cyrillic, Greek: the letter that is printed beside it
  return ["Dead", "Process", "Unidentified", ""].includes(key) || MODIFIERS.includes(key) ? null : key;
}

/* What a press may be bound as, the narrowest name first; none for a press of a modifier alone. */
export function combosOf(event) {
  const numpad = /^Numpad/.test(event.code) ? event.code : null;
  const digit = numpad && /^Numpad([0-9])$/.exec(numpad)?.[1];
  const names = [numpad, digit, numpad ? null : nameOf(event)].filter(Boolean);
  const found = names.flatMap((name) => withModifiers(event, name));
  if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey) found.push("?");
  return found;
}

function withModifiers({ ctrlKey, altKey, shiftKey, metaKey }, name) {
  if (metaKey && (!isMac || ctrlKey)) return [];
  const rest = `${altKey ? "Alt+" : ""}${shiftKey ? "Shift+" : ""}${name}`;
  if (metaKey) return [`Mod+${rest}`];
  return ctrlKey ? [`Ctrl+${rest}`, ...(isMac ? [] : [`Mod+${rest}`])] : [rest];
}

/* The one name that is stored for a press, or null. */
export const comboOf = (event) => { const all = combosOf(event); return all.includes("?") ? "?" : all[0] ?? null; };

/* "ctrl+shift+f13" as typed -> "Ctrl+Shift+F13", or null. */
export function comboFrom(text) {
  const parts = text.trim().split(/(?<=.)\+/).map((part) => part.trim());
  const last = parts.pop();
  const known = { ctrl: "Ctrl", alt: "Alt", shift: "Shift", cmd: "Mod", mod: "Mod" };
  const held = parts.map((part) => known[part.toLowerCase()]);
  if (!last || held.includes(undefined) || /\s/.test(last) || last.length > 20) return null;
  const name = last.length === 1 ? last.toLowerCase() : NAMED.find((one) => one.toLowerCase() === last.toLowerCase());
  if (!name) return null;
  return [...["Mod", "Ctrl", "Alt", "Shift"].filter((one) => held.includes(one)), name].join("+");
}

const numbered = (name, from, to) => Array.from({ length: to - from + 1 }, (_, i) => `${name}${from + i}`);
const NAMED = [
  "Space", "Enter", "Insert", "Delete", "Backspace", "Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight",
  "Pause", "ContextMenu", ...numbered("F", 1, 24), ...numbered("Numpad", 0, 9), "NumpadAdd", "NumpadSubtract", "NumpadMultiply", "NumpadDivide",
  "NumpadDecimal", "NumpadEnter", "MediaPlayPause", "MediaPlay", "MediaPause", "MediaStop", "MediaTrackNext", "MediaTrackPrevious",
  "MediaRewind", "MediaFastForward", "AudioVolumeMute", "AudioVolumeUp", "AudioVolumeDown", "BrowserBack", "BrowserForward",
];

/* Ctrl+S and Cmd+S are one key where Mod means Ctrl: for comparing. */
export const sameKey = (one, other) => plain(one) === plain(other);
const plain = (combo) => (isMac ? combo : combo.replace(/^Mod\+/, "Ctrl+"));

/* Whether it makes no character, so that it may be taken while somebody types. */
export const worksInText = (combo) => /^(Ctrl|Mod)\+|^Alt\+(Shift\+)?[A-Z]\w|^(Shift\+)?(F\d|Media|Audio|Browser|Numpad|Pause|ContextMenu)/.test(combo);

/* Why a key cannot be used, in words; null if it can. */
export function whyNot(combo) {
  const bare = plain(combo);
  const last = bare.replace(/^(Ctrl\+|Mod\+|Alt\+|Shift\+)+/, "");
  if (/^(Ctrl|Mod)\+(Shift\+)?([ntwq]|Tab)$|^(Ctrl|Mod)\+[1-9]$|^(Shift\+)?F(5|6|7|11|12)$|^Alt\+(Shift\+)?[a-z]$/.test(bare)) return "browsers keep it for themselves";
  if (/^(Ctrl|Mod)\+([acvxzyf]|Shift\+[zv]|[-=0])$/.test(bare)) return "it copies, pastes, undoes, finds or enlarges everywhere else";
  if (["Tab", "Escape", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Backspace", "Delete", "Home", "End", "PageUp", "PageDown"].includes(last)
    && !/^(Ctrl|Mod|Alt)\+/.test(bare)) return "it moves about in the page and in the text";
  if (/^(Ctrl\+|Mod\+)(Shift\+)?(Arrow|Home|End|Backspace|Delete)/.test(bare)) return "it moves about in the text";
  return null;
}

/* -> ["Ctrl", "Shift", "K"], as printed on keys. */
export const shownParts = (combo) => {
  const last = combo.replace(/^(Mod\+|Ctrl\+|Alt\+|Shift\+)+/, "");
  const held = combo.slice(0, combo.length - last.length).split("+").filter(Boolean);
  return [...held, last].map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part));
};
