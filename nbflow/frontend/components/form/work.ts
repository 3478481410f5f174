/**
 * One value while it is edited, decided without React: what it starts from, what would be sent
 * now, and why it cannot be sent. A plain answer is one; so is what a decision takes.
 */

import type { FieldError, Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import type { FieldPath, TextSlot } from "./context";
import { controlOf } from "./control";
import type { EntryDraft, RawText } from "./drafts";
import { defaultsFor, emptyMeansNull, finish, missingIn } from "./finish";
import { judge } from "./judge";
import { isDefault, isReadOnly } from "./places";
import { holdsSecrets, isObject, withoutSecrets } from "./schema";
import { kindOf, shapeOf } from "./shape";
import { isLongNumber, valueAt } from "./value";

/** What a value is asked by: a question, or one decision. */
export interface Asked {
  readonly schema: JsonObject;
  /** Whether the value may be left out. */
  readonly optional: boolean;
  /** Meaningful only where `has_initial` is true: null is a value. */
  readonly initial?: Json;
  readonly has_initial: boolean;
}

export interface Work {
  value: Json | undefined;
  /** Nothing was changed by hand: the initial value goes back exactly as it came. */
  untouched: boolean;
  texts: Record<string, RawText>;
  broken: Map<string, { path: FieldPath; message: string }>;
}

export function begin(asked: Asked, draft: EntryDraft | undefined): Work {
  return {
    value: draft ? draft.value : startOf(asked),
    untouched: draft === undefined,
    texts: { ...draft?.texts },
    broken: new Map(),
  };
}

/** What is there before anything was done by hand. */
export function startOf({ schema, has_initial, initial }: Asked): Json | undefined {
  return has_initial ? initial : defaultsFor(schema, schema);
}

/** Key of a control's raw text; a slot is what the text is of beside the control itself. */
export function textKey(path: FieldPath, slot: TextSlot = ""): string {
  return keyOf(path) + slot;
}

/** The raw texts but for those at a place and beneath it. */
export function textsWithout(texts: Work["texts"], path: FieldPath): Work["texts"] {
  const gone = Object.keys(texts).filter((key) => isWithin(pathOf(key), path));
  return Object.fromEntries(Object.entries(texts).filter(([key]) => !gone.includes(key)));
}

/** Whether a place or one beneath it was left with a raw text. */
export function hasText({ texts }: Work, path: FieldPath): boolean {
  return Object.keys(texts).some((key) => isWithin(pathOf(key), path));
}

/** The raw texts of a list whose items now stand in the order of these places. */
export function textsReordered(
  texts: Work["texts"],
  path: FieldPath,
  order: readonly number[],
): Work["texts"] {
  const entries = Object.entries(texts).flatMap(([key, raw]) => {
    const at = pathOf(key);
    if (at.length <= path.length || !isWithin(at, path)) return [[key, raw] as const];
    const to = order.indexOf(Number(at[path.length]));
    const slot = key.slice(keyOf(at).length);
    return to < 0 ? [] : [[keyOf(at.with(path.length, to)) + slot, raw] as const];
  });
  return Object.fromEntries(entries);
}

function pathOf(key: string): (string | number)[] {
  return JSON.parse(key.slice(0, key.lastIndexOf("]") + 1)) as (string | number)[];
}

function isWithin(path: FieldPath, outer: FieldPath): boolean {
  return outer.every((key, depth) => path[depth] === key);
}

export function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/** The part of the work that a draft may keep. */
export function keptOf({ schema }: Asked, work: Work): EntryDraft {
  const value = withoutSecrets(work.value, schema, schema) as Json | undefined;
  return { value, texts: holdsSecrets(schema) ? {} : work.texts };
}

/** What would be sent now; undefined while there is no answer, or where it is left out. */
export function valueNow(asked: Asked, work: Work): Json | undefined {
  const { schema } = asked;
  if (work.untouched && asked.has_initial) return asked.initial;
  if (asked.optional && isBlank(work)) return undefined;
  return finish(work.value === undefined ? emptyRoot(schema) : work.value, schema, schema);
}

function isBlank({ value, untouched }: Work): boolean {
  if (value === undefined || value === "") return true;
  return untouched && isObject(value) && Object.keys(value).length === 0;
}

/** What an untouched form says: an empty object or list, none where empty means that, or nothing. */
function emptyRoot(schema: JsonObject): Json | undefined {
  const node = shapeOf(schema, undefined, schema);
  const control = controlOf(node, schema);
  if (emptyMeansNull(node, schema)) return null;
  if (control === "hidden") return node.const;
  if (control === "checks") return [];
  if (control !== "container") return undefined;
  return kindOf(node) === "array" ? [] : {};
}

/** Every reason why the value cannot be sent. */
export function problemsOf(asked: Asked, work: Work): FieldError[] {
  const broken = [...work.broken.values()].map(({ path, message }) => ({
    path: [...path],
    message,
  }));
  const value = valueNow(asked, work);
  if (value === undefined) {
    if (broken.length > 0 || asked.optional) return broken;
    return [{ path: [], message: strings.errors.required }];
  }
  const own = [...broken, ...emptyPlaces(asked, work)];
  const covered = new Set(own.map((error) => keyOf(error.path)));
  const judged = judge(asked.schema, value).filter(({ path }) => !covered.has(keyOf(path)));
  return [
    ...own,
    ...judged.filter((error) => !isOutOfReach(error, asked) && !isLongAsGiven(error, asked, value)),
  ];
}

/** A long whole number that was not changed is text here alone. */
function isLongAsGiven({ path }: FieldError, { initial, schema }: Asked, value: Json): boolean {
  const now = valueAt(value, path);
  return isLongNumber(now) && (now === valueAt(initial, path) || isDefault(path, now, schema));
}

/** What is missing and not to be filled in here is for the kernel to say. */
function isOutOfReach({ path, message }: FieldError, { schema }: Asked): boolean {
  return message === strings.errors.required && isReadOnly(path, schema);
}

/** Items and entries that were added and have no value; nothing else in a value is without one. */
function emptyPlaces(asked: Asked, work: Work): FieldError[] {
  if (work.untouched && asked.has_initial) return [];
  const sent = valueNow(asked, work);
  return missingIn(work.value)
    .filter((path) => !isTrimmed(sent, path))
    .map((path) => ({ path, message: strings.errors.required }));
}

/** Whether a place at the end of a tuple is left out of what is sent, or filled in by itself. */
function isTrimmed(sent: Json | undefined, path: FieldPath): boolean {
  const outer = path
    .slice(0, -1)
    .reduce<unknown>((node, key) => (node as Record<string | number, unknown>)?.[key], sent);
  return Array.isArray(outer) && Number(path.at(-1)) >= outer.length;
}
