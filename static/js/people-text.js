/* How the people of a registry are named in a caption: by a head noun and by words that tell one from the other. Pure functions. */
const SAME = [
  ["man", "guy", "gentleman"], ["woman", "lady"], ["boy"], ["girl"], ["child", "kid", "toddler"], ["baby", "infant"],
  ["person", "figure", "individual", "someone", "somebody"],
];
const ANYBODY = "person";
const NOUN = new Map(SAME.flatMap((group) => group.map((word) => [word, group[0]])));
const LINKS = new Set("with in on at by near behind beside under wearing holding carrying of who from".split(" "));
const EMPTY = new Set([..."a an the his her their its and or is has wears far other first second third one".split(" "), ...LINKS]);
const REACH = 9;                                                     // words after a noun that may still describe it

/* -> [{ word, from, to, joins, lists }]; between it and the word before stand only spaces (joins), or also a comma (lists). */
function wordsOf(text) {
  let end = 0;
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+(?:[-'’][\p{L}\p{N}\p{M}]+)*/gu)].map((match) => {
    const between = text.slice(end, match.index);
    end = match.index + match[0].length;
    return { word: match[0].toLowerCase(), from: match.index, to: end, joins: /^\s*$/.test(between), lists: /^,?\s*$/.test(between) };
  });
}

/* "man with shaved head, black shorts" -> { head: "man", traits: {shaved, head, black, shorts} } */
function described(description) {
  const words = wordsOf(description);
  const stop = words.findIndex((one, i) => i > 0 && (LINKS.has(one.word) || !one.joins));
  const first = stop < 0 ? words : words.slice(0, stop);
  const noun = first.findLast((one) => NOUN.has(one.word)) ?? first.at(-1);
  const traits = new Set(words.filter((one) => one !== noun && !EMPTY.has(one.word)).map((one) => one.word));
  return { head: noun && (NOUN.get(noun.word) ?? noun.word), traits };
}

/* The traits that stand round the noun at i, and how far the words that name them reach. */
function around(words, i, traits) {
  const found = new Set();
  let first = i, last = i;
  for (let k = i - 1; k >= 0 && i - k <= 4 && words[k + 1].lists && !EMPTY.has(words[k].word); k -= 1) {
    if (traits.has(words[k].word)) { found.add(words[k].word); first = k; }
  }
  if (LINKS.has(words[i + 1]?.word)) {
    for (let k = i + 1; k < words.length && k - i <= REACH && words[k].joins && !NOUN.has(words[k].word); k += 1) {
      if (traits.has(words[k].word)) { found.add(words[k].word); last = k; }
    }
  }
  return { score: found.size, from: words[first].from, to: words[last].to };
}

/* Where the text names people. people: [{ key, description }] -> [{ person: index, key, from, to }] in order, apart from each other.
   A noun that fits one person is theirs; among several the most traits decide, and nobody where that is even.
   "person" fits everybody, but names somebody only together with a trait. */
export function mentionsOf(text, people) {
  const known = people.map((one) => described(one.description));
  const words = wordsOf(text), found = [];
  words.forEach(({ word }, i) => {
    const noun = NOUN.get(word) ?? word;
    const fitting = known.flatMap((one, person) => (one.head && (one.head === noun || noun === ANYBODY) ? [{ person, isHead: one.head === noun, ...around(words, i, one.traits) }] : []));
    const isEnough = noun !== ANYBODY && fitting.length === 1 ? 0 : 1;
    const most = Math.max(isEnough, ...fitting.map((one) => one.score));
    const best = fitting.filter((one) => one.score === most);
    if (best.length === 1) found.push({ person: best[0].person, key: people[best[0].person].key, from: best[0].from, to: best[0].to });
  });
  return found.filter((one, i) => !found.slice(0, i).some((other) => one.from < other.to && one.to > other.from));
}

/* Described people of a text whom the registry lacks. proposed: [{ description, mentions: [[from, to], …] }] */
export function newcomers(text, people, proposed) {
  const mentions = mentionsOf(text, people), said = new Set(people.map((one) => plain(one.description)));
  return proposed.filter(({ description, mentions: places }) => {
    if (said.has(plain(description))) return false;
    return !(places ?? []).some(([from, to]) => mentions.some((one) => from < one.to && to > one.from));
  });
}
const plain = (description) => wordsOf(description).map((one) => one.word).filter((word) => !EMPTY.has(word)).join(" ");

/* { time_ms, x_permille, y_permille } as the form sends it: "3400,512,430"; nothing for nowhere. */
export const pointText = (at) => (at ? `${at.time_ms},${at.x_permille},${at.y_permille}` : "");
export function pointOf(text) {
  const [time_ms, x_permille, y_permille] = text.split(",").map(Number);
  return text ? { time_ms, x_permille, y_permille } : null;
}

/* Where the whole picture lies in a box that it is fitted into. -> { left, top, width, height } in the box's own units. */
export function pictureIn(box, picture) {
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * scale, height = picture.height * scale;
  return { left: (box.left ?? 0) + (box.width - width) / 2, top: (box.top ?? 0) + (box.height - height) / 2, width, height };
}

/* A place in thousandths of the picture, or null beside it. */
export function permilleAt(x, y, frame) {
  const x_permille = Math.round(((x - frame.left) / frame.width) * 1000), y_permille = Math.round(((y - frame.top) / frame.height) * 1000);
  const isInside = [x_permille, y_permille].every((one) => one >= 0 && one <= 1000);
  return isInside ? { x_permille, y_permille } : null;
}
