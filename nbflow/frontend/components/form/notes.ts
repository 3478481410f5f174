/** The note under a label: its description, and its limits in words. */

import type { JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { controlOf } from "./control";
import { emptyMeansNull } from "./finish";
import { patternNote } from "./patterns";
import { allowsNull, labelOf } from "./schema";
import { kindOf } from "./shape";

export function noteOf(node: JsonObject, root: JsonObject): string {
  const control = controlOf(node, root);
  const note = [typeof node.description === "string" ? node.description : ""];
  if (control === "number") note.push(...numberNotes(node));
  if (control === "text" || control === "textarea") note.push(...textNotes(node));
  if (kindOf(node) === "array" && control !== "any") note.push(...listNotes(node));
  if (control !== "null" && allowsNull(node) && emptyMeansNull(node, root))
    note.push(strings.question.emptyIsNone);
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
  if (typeof node.pattern === "string")
    notes.push(patternNote(node.pattern) ?? strings.limits.pattern);
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
