/* 4.987 s is 00:04.9, as the time marks of a caption: never later than the picture. */
export function clock(t) {
  const tenths = Math.floor(t * 10 + 1e-3), two = (n) => String(n).padStart(2, "0");
  return `${two(Math.floor(tenths / 600))}:${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
}
