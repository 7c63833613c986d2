/* What a caption is made of: time marks and the sentences between them. Pure functions, no document. */
export const MARK = /\[(\d{2,}):([0-5]\d\.\d)\]/g;
export const seconds = (mm, ss) => Number(mm) * 60 + Number(ss);

/* 4.987 s is [00:04.9]: the mark at or before the playhead. */
export function markAt(t) {
  const tenths = Math.floor(t * 10 + 1e-6);
  const pad = (n) => String(n).padStart(2, "0");
  return `[${pad(Math.floor(tenths / 600))}:${pad(Math.floor(tenths / 10) % 60)}.${tenths % 10}]`;
}

/* A mark moved by tenths of a second: never before the clip, never from inside it to past its end. -> seconds */
export function nudged(start, tenths, length) {
  const now = Math.round(start * 10), last = Math.max(now, Math.floor(length * 10 + 1e-6));
  return Math.min(last, Math.max(0, now + tenths)) / 10;
}

/* "[00:01.2] She walks. [00:03.0] ..." -> [{ n, start, end, from, textFrom, to, text, bad, why }]; positions are into the text.
   bad: "fix" where the mark is earlier than the one before, or past the end of the clip; why: a sentence. */
export function sentencesOf(text, length) {
  const marks = [...text.matchAll(MARK)].map((m) => ({ t: seconds(m[1], m[2]), from: m.index, textFrom: m.index + m[0].length }));
  return marks.map((mark, i) => {
    const to = i + 1 < marks.length ? marks[i + 1].from : text.length;
    const next = marks.slice(i + 1).find((later) => later.t > mark.t);
    const why = problemOf(mark, marks[i - 1], length);
    return {
      n: i + 1, start: mark.t, end: next ? next.t : Math.max(length, mark.t), from: mark.from, textFrom: mark.textFrom, to,
      text: text.slice(mark.textFrom, to).trim(), bad: why && "fix", why,
    };
  });
}

function problemOf(mark, before, length) {
  if (mark.t > Math.ceil(length * 10) / 10) return "After the end of the clip";
  return before && mark.t < before.t ? "Earlier than the mark before it" : undefined;
}

/* The sentence that a place in the text belongs to, or undefined before the first mark. */
export const sentenceAt = (sentences, place) => sentences.findLast((one) => one.from <= place);

/* The sentence whose mark touches the caret; one space after the mark still counts, for there the caret stands after typing one. */
export function markBeside(text, sentences, caret) {
  const beside = (one) => caret === one.from || caret === one.textFrom || (caret === one.textFrom + 1 && text[one.textFrom] === " ");
  return sentences.findLast(beside);
}

export const wordsIn = (text) => (text.replace(MARK, "").match(/[\p{L}\p{N}’'-]+/gu) ?? []).length;

/* Something put between words stands apart from both. */
export function spaced(text, insert, place) {
  return `${/\S$/.test(text.slice(0, place)) ? " " : ""}${insert}${/^\S/.test(text.slice(place)) ? " " : ""}`;
}

/* The one stretch in which two texts differ: { from, to, insert } makes the second of the first. */
export function changeBetween(before, after) {
  const most = Math.min(before.length, after.length);
  let from = 0, back = 0;
  while (from < most && before[from] === after[from]) from += 1;
  while (back < most - from && before[before.length - 1 - back] === after[after.length - 1 - back]) back += 1;
  return { from, to: before.length - back, insert: after.slice(from, after.length - back) };
}
