/** The note under a label: its description, and its limits in words. */

import type { JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { controlOf } from "./control";
import { emptyMeansNull } from "./finish";
import { allowsNull, labelOf } from "./schema";
import { kindOf } from "./shape";

export function noteOf(node: JsonObject, root: JsonObject): string {
  const control = controlOf(node, root);
  const note = [typeof node.description === "string" ? node.description : ""];
  if (control === "number") note.push(...numberNotes(node));
  if (control === "text" || control === "textarea") note.push(...textNotes(node));
  if (kindOf(node) === "array" && control !== "any") note.push(...listNotes(node));
  if (allowsNull(node) && emptyMeansNull(node, root)) note.push(strings.question.emptyIsNone);
  return note.filter(Boolean).join(" ");
}

const num = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

function numberNotes(node: JsonObject): string[] {
  const say = strings.limits;
  const [low, high] = [num(node.minimum), num(node.maximum)];
  const [above, below] = [num(node.exclusiveMinimum), num(node.exclusiveMaximum)];
  const step = num(node.multipleOf);
  const notes: string[] = [];
  if (low !== undefined && high !== undefined) notes.push(say.range(low, high));
  else if (low !== undefined) notes.push(say.least(low));
  else if (high !== undefined) notes.push(say.most(high));
  if (above !== undefined) notes.push(say.above(above));
  if (below !== undefined) notes.push(say.below(below));
  if (step !== undefined) notes.push(say.multipleOf(step));
  return notes;
}

function textNotes(node: JsonObject): string[] {
  const say = strings.limits;
  const [least, most] = [num(node.minLength) ?? 0, num(node.maxLength)];
  const notes: string[] = [];
  if (most !== undefined) {
    notes.push(least > 1 ? say.lengths(least, most) : say.longest(most));
  } else if (least > 1) {
    notes.push(say.shortest(least));
  }
  if (typeof node.pattern === "string") notes.push(patternNote(node.pattern));
  const format = strings.formats[node.format as keyof typeof strings.formats];
  if (format) notes.push(format.note);
  const [example] = Array.isArray(node.examples) ? node.examples : [];
  if (example !== undefined) notes.push(say.example(labelOf(example)));
  return notes;
}

function listNotes(node: JsonObject): string[] {
  const say = strings.limits;
  const [least, most] = [num(node.minItems) ?? 0, num(node.maxItems)];
  const notes: string[] = [];
  if (most !== undefined) notes.push(say.items(least, most));
  else if (least > 0) notes.push(say.fewestItems(least));
  if (node.uniqueItems === true) notes.push(say.unique);
  return notes;
}

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

/** A pattern in words; a plain statement where it is not a simple row of characters. */
export function patternNote(pattern: string): string {
  const say = strings.limits;
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return say.pattern;
  const body = pattern.slice(1, -1);
  const words: string[] = [];
  let literal = "";
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body);
    if (!match) return say.pattern;
    const [, set, low, high, sign, plain] = match;
    if (plain !== undefined) {
      literal += plain.at(-1);
      continue;
    }
    const name = CLASSES[set ?? ""];
    if (!name) return say.pattern;
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
