/** A value before and after a person fills it in: what it begins with, and how it is sent. */

import type { Json, JsonObject } from "../../protocol/messages";
import { branchesOf, chosenAt } from "./branches";
import { controlOf } from "./control";
import { allowsNull, isObject, referencesIn } from "./schema";
import { CLASH, kindOf, listShape, requiredIn, schemaOfEntry, shapeOf } from "./shape";
import { entryOf } from "./value";

/** References that led to a place. */
type References = readonly string[];

const FROM_ROOT: References = ["#"];

/** A schema may require itself without end: then null, and nothing is made up there. */
function referencesWith(schema: unknown, around: References): References | null {
  const own = referencesIn(schema);
  const again = own.some((reference) => around.includes(reference));
  return again || around.length > MOST_REFERENCES ? null : [...around, ...own];
}

const MOST_REFERENCES = 5;

/** Choices inside choices at one place. */
const MOST_TURNS = 16;

/** The node of a value, and of the branch that it chose. */
function nodeFor(schema: unknown, value: unknown, root: JsonObject, turns = 0): JsonObject {
  const node = shapeOf(schema, value, root);
  if (!isObject(value) || turns > MOST_TURNS || controlOf(node, root) !== "choice") return node;
  const branches = branchesOf(node, root) ?? [];
  const branch = branches[chosenAt(value, branches, root)];
  return branch ? nodeFor(branch, value, root, turns + 1) : node;
}

/**
 * A value ready to send: no undefined keys, and every required constant or null filled in.
 *
 * `around` are the references of the levels around it that were not in the value.
 */
export function finish(
  value: unknown,
  schema: unknown,
  root: JsonObject,
  around: References = FROM_ROOT,
): Json | undefined {
  if (Array.isArray(value)) return finishedList(value, schema, root, around);
  if (!isObject(value)) {
    return value === undefined ? shapeOf(schema, value, root).const : (value as Json);
  }
  const node = nodeFor(schema, value, root);
  const finished: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const done = finish(item, schemaOfEntry(node, key), root, around);
    if (done !== undefined) finished.push([key, done]);
  }
  for (const key of requiredIn(node)) {
    if (finished.some(([known]) => known === key)) continue;
    const filled = filledIn(schemaOfEntry(node, key), root, around);
    if (filled !== undefined) finished.push([key, filled]);
  }
  return Object.fromEntries(finished);
}

function filledIn(schema: Json, root: JsonObject, around: References): Json | undefined {
  const node = shapeOf(schema, undefined, root);
  if (node.const !== undefined) return node.const;
  if (emptyMeansNull(node, root)) return null;
  const beneath = referencesWith(schema, around);
  if (beneath === null || node[CLASH] || controlOf(node, root) !== "container") return undefined;
  return kindOf(node) === "array" ? [] : (finish({}, schema, root, beneath) ?? {});
}

/** Empty places of a list are null, but for those after the last that was filled in. */
function finishedList(
  value: Json[],
  schema: unknown,
  root: JsonObject,
  around: References,
): Json[] {
  const { first, rest } = listShape(nodeFor(schema, value, root));
  const done = value.map((item, at) => finish(item, first[at] ?? rest, root, around));
  while (done.length > 0 && done.length <= first.length && done.at(-1) === undefined) done.pop();
  return done.map((item) => item ?? null);
}

/** Whether an empty control of this node stands for null. */
export function emptyMeansNull(node: JsonObject, root: JsonObject): boolean {
  return (
    allowsNull(node) &&
    ["number", "text", "textarea", "password", "file", "null"].includes(controlOf(node, root))
  );
}

/** What a new value holds: defaults, and constants that stand in what is required. */
export function defaultsFor(
  schema: unknown,
  root: JsonObject,
  around: References | null = FROM_ROOT,
): Json | undefined {
  const node = shapeOf(schema, undefined, root);
  if (node.default !== undefined) return node.default;
  if (around === null || node[CLASH] || kindOf(node) !== "object") return undefined;
  if (controlOf(node, root) !== "container" || !isObject(node.properties)) return undefined;
  const required = requiredIn(node);
  const begun: [string, Json][] = [];
  for (const [key, property] of Object.entries(node.properties)) {
    const inner = shapeOf(property, undefined, root);
    if (inner.default !== undefined) begun.push([key, inner.default]);
    else if (required.includes(key)) {
      const value = inner.const ?? defaultsFor(property, root, referencesWith(property, around));
      if (value !== undefined && !isEmpty(value)) begun.push([key, value]);
    }
  }
  return begun.length > 0 || around !== FROM_ROOT ? Object.fromEntries(begun) : undefined;
}

function isEmpty(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

/** Places of the entries and items that have no value yet. */
export function missingIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) {
    return value.flatMap((item, at) =>
      item === undefined ? [[...path, at]] : missingIn(item, [...path, at]),
    );
  }
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const item = entryOf(value, key);
    return item === undefined ? [[...path, key]] : missingIn(item, [...path, key]);
  });
}
