/* What a caption is made of: time marks and the sentences between them. Pure functions, no document. */
export const MARK = /\[(\d{2,}):([0-5]\d\.\d)\]/g;
export const seconds = (mm, ss) => Number(mm) * 60 + Number(ss);

/* 4.987 s is [00:04.9]: the mark at or before the playhead. */
export function markAt(t) {
  const tenths = Math.floor(t * 10 + 1e-6);
  const pad = (n) => String(n).padStart(2, "0");
  return `[${pad(Math.floor(tenths / 600))}:${pad(Math.floor(tenths / 10) % 60)}.${tenths % 10}]`;
}

/* "[00:01.2] She walks. [00:03.0] ..." -> [{ n, start, end, from, to, text, bad }]; positions are into the text. */
export function sentencesOf(text, length) {
  const marks = [...text.matchAll(MARK)].map((m) => ({ t: seconds(m[1], m[2]), from: m.index, textFrom: m.index + m[0].length }));
  return marks.map((mark, i) => {
    const to = i + 1 < marks.length ? marks[i + 1].from : text.length;
    const next = marks.slice(i + 1).find((later) => later.t > mark.t);
    const end = next ? next.t : Math.max(length, mark.t);
    return { n: i + 1, start: mark.t, end, from: mark.from, to, text: text.slice(mark.textFrom, to).trim(), bad: i > 0 && mark.t < marks[i - 1].t ? "look" : undefined };
  });
}

export const wordsIn = (text) => (text.replace(MARK, "").match(/[\p{L}\p{N}’'-]+/gu) ?? []).length;
