/** `oneOf`, `anyOf` and several types: what may be chosen, and what a value has chosen. */

import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { fitsWithin } from "./judge";
import { allowsNull, isObject, resolve, typesOf } from "./schema";
import { kindOf, merged, shapeOf } from "./shape";
import { entryOf, same, withEntry, withoutEntries } from "./value";

/** Said about a choice as a whole, not about each of its branches. */
const OUTER = new Set(["anyOf", "oneOf", "discriminator", "title", "description", "default"]);

/** Keywords that only narrow what is there already. */
const NARROWING = new Set([
  "$comment",
  "dependentRequired",
  "description",
  "maxProperties",
  "minProperties",
  "not",
  "required",
  "title",
  "type",
]);

/** Branches of a node, each with the keywords that all share; null when it has none to choose. */
export function branchesOf(node: JsonObject, root: JsonObject): JsonObject[] | null {
  const given = node.oneOf ?? node.anyOf;
  if (Array.isArray(given)) {
    if (narrows(node, given, root)) return null;
    const rest = withoutEntries(node, (key) => OUTER.has(key));
    return given.map((branch) => marked({ allOf: [branch, rest] }, branch, node, root));
  }
  const types = typesOf(node);
  const all = allowsNull(node) ? [...types, "null"] : types;
  if (all.length < 2 || !types.some((type) => type === "object" || type === "array")) return null;
  const { title: _, description: __, default: ___, ...rest } = node;
  return all.map((type) => (type === "null" ? { type } : { ...rest, type }));
}

/** Whether the fields are the same in every branch: then only the judge tells them apart. */
function narrows(node: JsonObject, branches: readonly Json[], root: JsonObject): boolean {
  if (kindOf(node) !== "object" || !isObject(node.properties)) return false;
  return branches.every((branch) =>
    Object.keys(resolve(branch, root)).every((key) => NARROWING.has(key)),
  );
}

/** A branch with the value of its discriminator, where only its name says it. */
function marked(whole: JsonObject, branch: Json, node: JsonObject, root: JsonObject): JsonObject {
  if (!isObject(node.discriminator) || !isObject(branch)) return whole;
  const { propertyName, mapping } = node.discriminator;
  const key = String(propertyName);
  if (Object.hasOwn(constantsOf(whole, root), key)) return whole;
  const mapped = Object.entries(isObject(mapping) ? mapping : {});
  const [name] = mapped.find(([, target]) => target === branch.$ref) ?? [];
  const value =
    name ??
    String(branch.$ref ?? "")
      .split("/")
      .at(-1);
  if (!value) return whole;
  return merged({ properties: { [key]: { const: value } } }, { allOf: [whole] });
}

/** What a fresh object of this branch holds: its constants. */
export function constantsOf(branch: JsonObject, root: JsonObject): JsonObject {
  const constants: JsonObject = {};
  const { properties } = shapeOf(branch, undefined, root);
  for (const [key, property] of Object.entries(isObject(properties) ? properties : {})) {
    const fixed = fixedBy(shapeOf(property, undefined, root));
    if (fixed !== undefined) constants[key] = fixed;
  }
  return constants;
}

/** The only value that a node allows; undefined when there are several. */
export function fixedBy(node: JsonObject): Json | undefined {
  if (node.const !== undefined) return node.const;
  return Array.isArray(node.enum) && node.enum.length === 1 ? node.enum[0] : undefined;
}

export function nameOf(branch: JsonObject, root: JsonObject, index: number): string {
  const node = shapeOf(branch, undefined, root);
  if (node.type === "null") return strings.question.none;
  if (typeof node.title === "string") return node.title;
  const constants = Object.values(constantsOf(branch, root));
  if (constants.length > 0) return constants.map(String).join(" ");
  const [type] = typesOf(node);
  if (type !== undefined) return strings.question.types(type);
  return kindOf(node) ? strings.question.types(kindOf(node) ?? "") : String(index + 1);
}

/** Place of the branch that a value was made for; -1 when it could be any or none. */
export function chosenAt(
  value: unknown,
  branches: readonly JsonObject[],
  root: JsonObject,
): number {
  if (value === undefined) return -1;
  const byConstant = branches.findIndex((branch) => carriesConstants(value, branch, root));
  if (byConstant >= 0) return byConstant;
  const fitting = branches.findIndex((branch) => fitsWithin(branch, value as Json, root));
  return fitting >= 0 ? fitting : nearest(value, branches, root);
}

function carriesConstants(value: unknown, branch: JsonObject, root: JsonObject): boolean {
  if (!isObject(value)) return false;
  const constants = Object.entries(constantsOf(branch, root));
  return constants.length > 0 && constants.every(([key, item]) => same(entryOf(value, key), item));
}

/** The one branch of the value's type, or the one that names most of its keys. */
function nearest(value: unknown, branches: readonly JsonObject[], root: JsonObject): number {
  const shapes = branches.map((branch) => shapeOf(branch, value, root));
  const alike = shapes.flatMap((node, at) => (isAlike(node, value) ? [at] : []));
  if (alike.length <= 1 || !isObject(value)) return alike.length === 1 ? (alike[0] ?? -1) : -1;
  const scores = alike.map((at) => {
    const properties = shapes[at]?.properties;
    return Object.keys(value).filter((key) => isObject(properties) && key in properties).length;
  });
  const best = Math.max(...scores);
  const first = scores.indexOf(best);
  return best > 0 && scores.lastIndexOf(best) === first ? (alike[first] ?? -1) : -1;
}

function isAlike(node: JsonObject, value: unknown): boolean {
  const kind = kindOf(node);
  if (isObject(value)) return kind === "object";
  if (Array.isArray(value)) return kind === "array";
  if (value === null) return allowsNull(node);
  const types = typesOf(node);
  return types.includes(typeof value) || (typeof value === "number" && types.includes("integer"));
}

/** What is kept of a value when another branch is chosen: what both call the same. */
export function carriedOver(
  value: unknown,
  from: JsonObject | undefined,
  to: JsonObject,
  root: JsonObject,
): JsonObject {
  if (!isObject(value)) return {};
  const [before, after] = [from, to].map((branch) => {
    const { properties } = shapeOf(branch ?? {}, value, root);
    return isObject(properties) ? properties : {};
  });
  if (!before || !after) return {};
  return withoutEntries(
    value,
    (key) => Object.hasOwn(before, key) && !same(before[key], entryOf(after, key)),
  );
}

/** The object with its constants in their places. */
export function withConstants(value: JsonObject, constants: JsonObject): JsonObject {
  const missing = withoutEntries(constants, (key) => Object.hasOwn(value, key));
  return Object.entries(constants).reduce((object, [key, item]) => withEntry(object, key, item), {
    ...missing,
    ...value,
  } as JsonObject);
}
