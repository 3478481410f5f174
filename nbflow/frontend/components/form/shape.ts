/**
 * The one node that a schema amounts to for a given value: references followed, `allOf` merged,
 * and the conditions that the value meets applied.
 *
 * It is for drawing alone. The judge reads the schema itself.
 */

import type { Json, JsonObject } from "../../protocol/messages";
import { fitsWithin } from "./judge";
import { isObject, isSettled, resolve, typesOf, withNullFolded } from "./schema";
import { entryOf, same, withEntry, withoutEntries } from "./value";

/** Set on a node that cannot be merged into one; its value is a key of `strings.whyJson`. */
export const CLASH = "x-nbflow-clash";

/** A schema may be a part of itself, several times over: what has more parts is not merged. */
const MOST_PARTS = 200;

interface Budget {
  left: number;
}

const APPLIED = new Set([
  "allOf",
  "if",
  "then",
  "else",
  "dependentSchemas",
  "dependentRequired",
  "dependencies",
]);

export function shapeOf(
  schema: unknown,
  value: unknown,
  root: JsonObject,
  budget: Budget = { left: MOST_PARTS },
): JsonObject {
  if (schema === false) return { not: {} };
  const given = isObject(schema) ? schema : {};
  if (!isSettled(given, root)) return { ...given, [CLASH]: "reference" };
  const node = resolve(given, root);
  const own = withNullFolded(
    withoutEntries(node, (key) => APPLIED.has(key)),
    root,
  );
  const parts = partsOf(node, value, root);
  budget.left -= parts.length;
  if (budget.left < 0) return { ...own, [CLASH]: "endless" };
  const added = parts.map((part) => shapeOf(part, value, root, budget));
  if (budget.left < 0) return { ...own, [CLASH]: "endless" };
  return added.reduce(merged, requiredToo(own, node, value));
}

function partsOf(node: JsonObject, value: unknown, root: JsonObject): unknown[] {
  const parts: unknown[] = Array.isArray(node.allOf) ? [...node.allOf] : [];
  if (node.if !== undefined) {
    const tried = value === undefined && mayBeObject(node) ? {} : value;
    if (tried !== undefined)
      parts.push(fitsWithin(node.if, tried as Json, root) ? node.then : node.else);
  }
  if (isObject(value)) {
    for (const depends of [node.dependentSchemas, node.dependencies]) {
      for (const [key, part] of Object.entries(isObject(depends) ? depends : {})) {
        if (entryOf(value, key) !== undefined && !Array.isArray(part)) parts.push(part);
      }
    }
  }
  return parts.filter((part) => part !== undefined);
}

function mayBeObject(node: JsonObject): boolean {
  return typesOf(node).includes("object") || isObject(node.properties);
}

/** The node with the keys that other keys of the value make required. */
function requiredToo(own: JsonObject, node: JsonObject, value: unknown): JsonObject {
  if (!isObject(value)) return own;
  const keys = [node.dependentRequired, node.dependencies].flatMap((depends) =>
    Object.entries(isObject(depends) ? depends : {}).flatMap(([key, wanted]) =>
      Array.isArray(wanted) && entryOf(value, key) !== undefined ? wanted : [],
    ),
  );
  return keys.length > 0 ? merged(own, { required: keys }) : own;
}

/** Two nodes as one; what the first says of itself (title, default, …) goes first. */
export function merged(a: JsonObject, b: JsonObject): JsonObject {
  const both: JsonObject = { ...b, ...a };
  for (const key of Object.keys(b)) {
    const [one, two] = [a[key], b[key]];
    if (one === undefined || two === undefined || same(one, two)) continue;
    const combine = Object.hasOwn(COMBINE, key) ? COMBINE[key] : undefined;
    if (combine) both[key] = combine(one, two);
  }
  const split = [a, b].map((node) => node.anyOf ?? node.oneOf);
  if (split[0] && split[1] && !same(split[0], split[1])) both[CLASH] = "unions";
  return both;
}

type Combine = (a: Json, b: Json) => Json;

const least: Combine = (a, b) => Math.min(Number(a), Number(b));
const most: Combine = (a, b) => Math.max(Number(a), Number(b));
const union: Combine = (a, b) => [...new Set([...list(a), ...list(b)])];
const either: Combine = (a, b) => a === true || b === true;
const jointly: Combine = (a, b) => {
  if (a === false || b === false) return false;
  return a === true ? b : b === true ? a : { allOf: [a, b] };
};

const byKey: Combine = (a, b) => {
  if (!isObject(a) || !isObject(b)) return a;
  return Object.entries(b).reduce(
    (both, [key, schema]) =>
      withEntry(both, key, Object.hasOwn(a, key) ? jointly(a[key] as Json, schema) : schema),
    a,
  );
};

const byPlace: Combine = (a, b) => {
  if (!Array.isArray(a) || !Array.isArray(b)) return a;
  return Array.from({ length: Math.max(a.length, b.length) }, (_, at) =>
    jointly(a[at] ?? true, b[at] ?? true),
  );
};

const COMBINE: Readonly<Record<string, Combine>> = {
  additionalProperties: jointly,
  enum: (a, b) => list(a).filter((one) => list(b).some((other) => same(one, other))),
  exclusiveMaximum: least,
  exclusiveMinimum: most,
  items: jointly,
  maxItems: least,
  maxLength: least,
  maximum: least,
  minItems: most,
  minLength: most,
  minimum: most,
  patternProperties: byKey,
  prefixItems: byPlace,
  properties: byKey,
  readOnly: either,
  required: union,
  type: (a, b) => {
    const [one, two] = [list(a), list(b)];
    const kept = [...one, ...two].filter((type) => allows(one, type) && allows(two, type));
    return kept.length > 0 ? [...new Set(kept)] : a;
  },
  uniqueItems: either,
  writeOnly: either,
};

function allows(types: readonly Json[], type: Json): boolean {
  return types.includes(type) || (type === "integer" && types.includes("number"));
}

function list(value: Json): Json[] {
  return Array.isArray(value) ? value : [value];
}

export type Kind = "object" | "array";

const OF_LISTS = ["items", "prefixItems", "contains"];
const OF_OBJECTS = ["properties", "additionalProperties", "patternProperties", "required"];

/** What a node that holds other values is; null for one that holds none. */
export function kindOf(node: JsonObject): Kind | null {
  const [type, ...more] = typesOf(node);
  if (more.length > 0) return null;
  if (type !== undefined) return type === "object" || type === "array" ? type : null;
  if (node.type !== undefined) return null;
  if (OF_OBJECTS.some((keyword) => keyword in node)) return "object";
  return OF_LISTS.some((keyword) => keyword in node) ? "array" : null;
}

export interface ListShape {
  /** Schemas of the first items, one each. */
  readonly first: readonly Json[];
  /** Schema of all further items; false when there are none. */
  readonly rest: Json;
}

/** A list in the words of 2020-12 or of older drafts. */
export function listShape(node: JsonObject): ListShape {
  if (Array.isArray(node.prefixItems)) {
    return { first: node.prefixItems, rest: node.items ?? node.unevaluatedItems ?? true };
  }
  if (Array.isArray(node.items)) return { first: node.items, rest: node.additionalItems ?? true };
  return { first: [], rest: node.items ?? node.unevaluatedItems ?? true };
}

/** The schema of an entry that an object may have. */
export function schemaOfEntry(node: JsonObject, key: string): Json {
  if (isObject(node.properties) && Object.hasOwn(node.properties, key)) {
    return node.properties[key] ?? true;
  }
  const patterns = isObject(node.patternProperties) ? node.patternProperties : {};
  const matching = Object.entries(patterns).filter(([pattern]) => matches(pattern, key));
  if (matching.length > 0) return { allOf: matching.map(([, schema]) => schema) };
  return node.additionalProperties ?? node.unevaluatedProperties ?? true;
}

/** A pattern that the page cannot read matches nothing here; the kernel reads it. */
function matches(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, "u").test(key);
  } catch {
    return false;
  }
}

export function requiredIn(node: JsonObject): string[] {
  return Array.isArray(node.required) ? node.required.map(String) : [];
}
