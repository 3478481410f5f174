/** Regular expressions in words, as far as they are plain rows of characters. */

import { strings } from "../strings";

const CLASSES: Readonly<Record<string, keyof typeof strings.limits.characters>> = {
  "\\d": "digits",
  "[0-9]": "digits",
  "[A-Z]": "capitals",
  "[a-z]": "smalls",
  "[A-Za-z]": "letters",
  "[a-zA-Z]": "letters",
  "[A-Z0-9]": "capitalsDigits",
  "[a-z0-9]": "smallsDigits",
  "[A-Za-z0-9]": "lettersDigits",
  "[a-zA-Z0-9]": "lettersDigits",
};

const PART = /(\\d|\[[^\]]+\])(?:\{(\d+)(?:,(\d*))?\}|([+*?]))?|([\w :/.@#-]|\\[.\-+/])/y;

/** A pattern in words; null where it is not a simple row of characters. */
export function patternNote(pattern: string): string | null {
  const say = strings.limits;
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return null;
  const body = pattern.slice(1, -1);
  const words: string[] = [];
  let literal = "";
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body);
    if (!match) return null;
    const [, set, low, high, sign, plain] = match;
    if (plain !== undefined) {
      literal += plain.at(-1);
      continue;
    }
    const name = CLASSES[set ?? ""];
    if (!name) return null;
    if (literal) words.push(say.literal(literal));
    literal = "";
    words.push(say.some(say.characters[name], ...countOf(low, high, sign, match[0])));
  }
  if (literal) words.push(say.literal(literal));
  return say.row(words);
}

/** How many: at least, and at most; undefined for any number. */
function countOf(
  low: string | undefined,
  high: string | undefined,
  sign: string | undefined,
  text: string,
): [number, number | undefined] {
  if (low !== undefined) {
    const exact = !text.includes(",");
    return [Number(low), exact ? Number(low) : high ? Number(high) : undefined];
  }
  if (sign === undefined) return [1, 1];
  return [sign === "+" ? 1 : 0, sign === "?" ? 1 : undefined];
}
