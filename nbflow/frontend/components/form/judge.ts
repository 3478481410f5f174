/**
 * The browser's judge: JSON Schema 2020-12 by cfworker, in our words.
 *
 * It spares a round trip for the plain mistakes; the kernel has the last word. A schema that it
 * cannot judge (a bad pattern, a foreign reference) counts as fitting, so the kernel decides.
 */

import { type OutputUnit, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import type { FieldError, Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { patternNote } from "./patterns";
import { isObject, lookup, resolve } from "./schema";

const CONTAINERS = new Set([
  "$ref",
  "$recursiveRef",
  "additionalItems",
  "additionalProperties",
  "allOf",
  "dependentSchemas",
  "if",
  "items",
  "patternProperties",
  "prefixItems",
  "properties",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

/** Every way in which `value` does not fit; empty when it fits or cannot be judged. */
export function judge(schema: JsonObject, value: Json): FieldError[] {
  const units = run(schema, value);
  if (units === null) return [];
  const leaves = closest(units, schema);
  const found = new Map<string, FieldError>();
  for (const unit of leaves.length > 0 ? leaves : units.slice(0, 1)) {
    const error = describe(unit, schema, value);
    const key = JSON.stringify(error.path);
    if (!found.has(key)) found.set(key, error);
  }
  return [...found.values()];
}

/** Whether `value` fits a part of a schema; false as well when that cannot be judged. */
export function fitsWithin(part: Json, value: Json, root: JsonObject): boolean {
  if (typeof part === "boolean") return part;
  const { $id: _, $schema, ...rest } = root;
  const text = JSON.stringify({ ...(part as JsonObject), $defs: { [ROOT]: rest } });
  const inside = text.replace(/"\$ref":"#(?=[/"])/g, `"$ref":"#/$defs/${ROOT}`);
  const whole = JSON.parse(inside) as JsonObject;
  return verdict($schema === undefined ? whole : { ...whole, $schema }, value) === true;
}

/** Name that the whole schema goes by where a part of it is judged alone. */
const ROOT = "nbflow-root";

/** Whether `value` fits; null when that cannot be judged here. */
export function verdict(schema: Json, value: Json): boolean | null {
  const units = run(schema as JsonObject, value);
  return units === null ? null : units.length === 0;
}

function run(schema: JsonObject, value: Json): OutputUnit[] | null {
  const draft = draftOf(schema);
  if (draft === null) return null;
  try {
    const copy = prepared(schema) as Schema;
    return new Validator(copy, draft, false).validate(value).errors;
  } catch {
    return null;
  }
}

const DRAFTS: ReadonlyMap<string, SchemaDraft> = new Map([
  ["http://json-schema.org/draft-04/schema", "4"],
  ["http://json-schema.org/draft-07/schema", "7"],
  ["https://json-schema.org/draft/2019-09/schema", "2019-09"],
  ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
]);

/** The draft that a schema is written in; null for one that has a vocabulary of its own. */
function draftOf(schema: JsonObject): SchemaDraft | null {
  if (!isObject(schema) || schema.$schema === undefined) return "2020-12";
  return DRAFTS.get(String(schema.$schema).replace(/#$/, "")) ?? null;
}

const NAMED = new Set([
  "$defs",
  "definitions",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);
const LITERAL = new Set(["const", "enum", "default", "examples"]);

/** Keywords that cfworker leaves out or gets wrong. */
const BEYOND = new Set(["$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"]);

/**
 * A private copy (cfworker writes into it) whose formats annotate, as 2020-12 says.
 *
 * Throws where cfworker would judge wrong: at references whose goal depends on the way there, and
 * at a schema that has both an address and an anchor.
 */
function prepared(node: Json, named = false): Json {
  if (Array.isArray(node)) return node.map((item) => prepared(item));
  if (!isObject(node)) return node;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(node)) {
    if (named) put(copy, key, prepared(item));
    else if (BEYOND.has(key) || (key === "$anchor" && "$id" in node))
      throw new Error(`${key} is not judged.`);
    else if (LITERAL.has(key)) put(copy, key, structuredClone(item));
    else if (key !== "format") put(copy, key, prepared(item, NAMED.has(key)));
  }
  return copy;
}

/** Sets an entry of any name: a plain assignment of `__proto__` would be lost. */
function put(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, {
    configurable: true,
    enumerable: true,
    value,
    writable: true,
  });
}

/** The errors worth showing: leaves only, and of a choice those of the branch that came closest. */
function closest(units: readonly OutputUnit[], root: JsonObject): OutputUnit[] {
  const choice = units.find(
    (unit) =>
      isChoice(unit) &&
      !units.some((other) => isChoice(other) && other !== unit && holds(other, unit)),
  );
  if (!choice) return units.filter((unit) => !CONTAINERS.has(unit.keyword));
  const inside = units.filter((unit) => unit !== choice && holds(choice, unit));
  const outside = units.filter((unit) => unit !== choice && !inside.includes(unit));
  const branches = new Map<string, OutputUnit[]>();
  for (const unit of inside) {
    const branch =
      unit.keywordLocation.slice(choice.keywordLocation.length + 1).split("/")[0] ?? "";
    branches.set(branch, [...(branches.get(branch) ?? []), unit]);
  }
  const ranked = [...branches.values()].sort((a, b) => distance(a, choice) - distance(b, choice));
  const best = ranked[0];
  const tie = ranked[1] && best && distance(ranked[1], choice) === distance(best, choice);
  const shown = best && !tie ? closest(best, root) : [choice];
  return [...closest(outside, root), ...shown];
}

function isChoice(unit: OutputUnit): boolean {
  return unit.keyword === "anyOf" || unit.keyword === "oneOf";
}

function holds(outer: OutputUnit, inner: OutputUnit): boolean {
  const at = inner.instanceLocation;
  return (
    inner.keywordLocation.startsWith(`${outer.keywordLocation}/`) &&
    (at === outer.instanceLocation || at.startsWith(`${outer.instanceLocation}/`))
  );
}

/** How far a branch is from fitting: a wrong constant says that another branch was meant. */
function distance(units: readonly OutputUnit[], choice: OutputUnit): number {
  return units.reduce((sum, unit) => {
    if (CONTAINERS.has(unit.keyword)) return sum;
    if (unit.keyword === "const") return sum + 100;
    return (
      sum + (unit.keyword === "type" && unit.instanceLocation === choice.instanceLocation ? 10 : 1)
    );
  }, 0);
}

function describe(unit: OutputUnit, root: JsonObject, value: Json): FieldError {
  const path = pathOf(unit.instanceLocation, value);
  const limit = limitOf(unit.keywordLocation, root);
  if (unit.keyword === "required" || unit.keyword === "dependentRequired") {
    const key = /"((?:[^"\\]|\\.)*)"\.$/.exec(unit.error)?.[1];
    if (key !== undefined) return { path: [...path, key], message: strings.errors.required };
  }
  return { path, message: messageFor(unit, limit) };
}

function messageFor(unit: OutputUnit, limit: Json | undefined): string {
  const say = strings.errors;
  switch (unit.keyword) {
    case "type":
      return say.type(limit);
    case "enum":
    case "const":
      return say.enumeration;
    case "minimum":
      return say.minimum(limit);
    case "maximum":
      return say.maximum(limit);
    case "exclusiveMinimum":
      return say.above(limit);
    case "exclusiveMaximum":
      return say.below(limit);
    case "multipleOf":
      return say.multipleOf(limit);
    case "minLength":
      return say.minLength(limit);
    case "maxLength":
      return say.maxLength(limit);
    case "pattern":
      return patternNote(String(limit)) ?? say.pattern(limit);
    case "minItems":
      return say.minItems(limit);
    case "maxItems":
      return say.maxItems(limit);
    case "uniqueItems":
      return say.uniqueItems;
    case "anyOf":
    case "oneOf":
      return say.choice;
    case "false":
    case "not":
      return say.notAllowed;
    case "contains":
    case "minContains":
      return say.contains;
    case "maxContains":
      return say.maxContains;
    case "minProperties":
      return say.minProperties(limit);
    case "maxProperties":
      return say.maxProperties(limit);
    case "propertyNames":
      return say.propertyNames;
    default:
      return unit.error;
  }
}

/** `#/a/0/b~1c` as keys and indexes, told apart by what the value holds there. */
function pathOf(location: string, value: Json): (string | number)[] {
  const path: (string | number)[] = [];
  let node: Json | undefined = value;
  for (const token of location.split("/").slice(1)) {
    const key = decodeURI(token).replaceAll("%23", "#").replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(node)) {
      path.push(Number(key));
      node = node[Number(key)];
    } else {
      path.push(key);
      node = isObject(node) ? node[key] : undefined;
    }
  }
  return path;
}

/** The keyword's own value, found by walking its location through local references. */
function limitOf(location: string, root: JsonObject): Json | undefined {
  let node: Json | undefined = root;
  for (const token of location.split("/").slice(1)) {
    if (token === "$ref" && isObject(node)) {
      node = resolve({ $ref: node.$ref ?? "" }, root);
    } else {
      node = node === undefined ? undefined : lookup(node, `#/${token}`);
    }
  }
  return node;
}
