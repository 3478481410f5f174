/**
 * The browser's judge: JSON Schema 2020-12 by cfworker, in our words.
 *
 * It spares a round trip for the plain mistakes; the kernel has the last word. A schema that it
 * cannot judge (a bad pattern, a foreign reference) counts as fitting, so the kernel decides.
 */

import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import type { FieldError, Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
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
  const found = new Map<string, FieldError>();
  for (const unit of closest(units, schema)) {
    const error = describe(unit, schema, value);
    const key = JSON.stringify(error.path);
    if (!found.has(key)) found.set(key, error);
  }
  return [...found.values()];
}

/** Whether `value` fits; true as well when that cannot be judged. */
export function fits(schema: JsonObject, value: Json | undefined): boolean {
  if (value === undefined) return false;
  const units = run(schema, value);
  return units === null || units.length === 0;
}

function run(schema: JsonObject, value: Json): OutputUnit[] | null {
  try {
    const copy = withoutFormats(schema) as Schema;
    return new Validator(copy, "2020-12", false).validate(value).errors;
  } catch {
    return null;
  }
}

const NAMED = new Set(["properties", "patternProperties", "$defs", "definitions"]);
const LITERAL = new Set(["const", "enum", "default", "examples"]);

/** A private copy (cfworker writes into it) whose formats annotate, as 2020-12 says. */
function withoutFormats(node: Json, named = false): Json {
  if (Array.isArray(node)) return node.map((item) => withoutFormats(item));
  if (!isObject(node)) return node;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(node)) {
    if (named) copy[key] = withoutFormats(item);
    else if (LITERAL.has(key)) copy[key] = structuredClone(item);
    else if (key !== "format") copy[key] = withoutFormats(item, NAMED.has(key));
  }
  return copy;
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
      return say.pattern(limit);
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
      return say.notAllowed;
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
