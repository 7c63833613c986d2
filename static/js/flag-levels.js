/* Flags to look at; all others are to fix. None blocks. */
const LOOKS = new Set(["vague-reference", "speculation"]);
export const isLook = (flag) => LOOKS.has(flag.rule);
