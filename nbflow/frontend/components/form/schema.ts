/** Reading a schema: what references lead to, types, closed lists, and what is secret. */

import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";

/** One entry of a closed list. */
export interface Option {
  readonly value: Json;
  readonly label: string;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The node that a chain of local references ends at, its own keywords laid over it. */
export function resolve(schema: unknown, root: JsonObject): JsonObject {
  let node: JsonObject = isObject(schema) ? schema : {};
  for (let steps = 0; typeof node.$ref === "string" && steps < 32; steps += 1) {
    const { $ref, ...rest } = node;
    const target = lookup(root, String($ref));
    if (target === false) return { not: {} };
    if (!isObject(target)) return rest;
    node = laidOver(rest, target);
  }
  return node;
}

/** What both say otherwise, save for mere notes, holds together. */
function laidOver(own: JsonObject, target: JsonObject): JsonObject {
  const both = Object.keys(own).filter(
    (key) => !NOTES.has(key) && Object.hasOwn(target, key) && key !== "allOf",
  );
  const over = { ...target, ...own };
  if (both.length === 0 && !(own.allOf && target.allOf)) return over;
  const lost = Object.fromEntries(both.map((key) => [key, target[key]])) as JsonObject;
  return { ...over, allOf: [...asList(target.allOf), ...asList(own.allOf), lost] as Json[] };
}

const NOTES = new Set([
  "$comment",
  "$defs",
  "$id",
  "$schema",
  "default",
  "definitions",
  "description",
  "examples",
  "title",
]);

/** Whether every reference in a chain leads somewhere that the page can follow. */
export function isSettled(schema: JsonObject, root: JsonObject): boolean {
  let node: Json | undefined = schema;
  for (let steps = 0; steps < 32; steps += 1) {
    if (!isObject(node)) return node !== undefined;
    if (typeof node.$ref !== "string") return true;
    if (hasAddresses(root)) return false;
    node = lookup(root, node.$ref);
  }
  return false;
}

/** References that a node and the parts of it stand behind. */
export function referencesIn(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const own = typeof schema.$ref === "string" ? [schema.$ref] : [];
  return Array.isArray(schema.allOf) ? [...own, ...schema.allOf.flatMap(referencesIn)] : own;
}

const ADDRESSED = new WeakMap<JsonObject, boolean>();

/** Whether a part of the schema has an address of its own, which references start from. */
function hasAddresses(root: JsonObject): boolean {
  const known = ADDRESSED.get(root);
  if (known !== undefined) return known;
  const found = Object.values(root).some((part) => JSON.stringify(part).includes('"$id":"'));
  ADDRESSED.set(root, found);
  return found;
}

/** What a local reference (`#/$defs/x`, `#name`) leads to; undefined when it leads nowhere. */
export function lookup(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return anchored(root, reference.slice(1));
  let node: Json | undefined = root;
  for (const token of reference.slice(2).split("/")) {
    const key = decoded(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(node)) node = node[Number(key)];
    else if (isObject(node) && Object.hasOwn(node, key)) node = node[key];
    else return undefined;
  }
  return node;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function anchored(node: Json, name: string): Json | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if (isObject(node) && node.$anchor === name) return node;
  for (const part of Object.values(node)) {
    const found = anchored(part, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The types a node allows, null aside. */
export function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  return types.filter((name): name is string => typeof name === "string" && name !== "null");
}

export function allowsNull(schema: JsonObject): boolean {
  return Array.isArray(schema.type) ? schema.type.includes("null") : schema.type === "null";
}

/** `anyOf: [X, null]` of a simple X as one node with two types; anything else as it is. */
export function withNullFolded(schema: JsonObject, root: JsonObject): JsonObject {
  for (const keyword of ["anyOf", "oneOf"] as const) {
    const branches = schema[keyword];
    if (!Array.isArray(branches) || branches.length !== 2) continue;
    const resolved = branches.map((branch) => resolve(branch, root));
    const other = resolved.find((branch) => branch.type !== "null");
    if (!other || resolved.every((branch) => branch.type !== "null")) continue;
    const { [keyword]: _, ...rest } = schema;
    if (Array.isArray(other.enum) && !("anyOf" in other)) {
      return { ...other, ...rest, enum: [...other.enum, null] };
    }
    const simple = typesOf(other).every((type) => !["object", "array"].includes(type));
    if (typesOf(other).length !== 1 || !simple || "const" in other) continue;
    return { ...other, ...rest, type: [...typesOf(other), "null"] };
  }
  return schema;
}

/** The entries of a closed list; null when the node is not one. */
export function optionsOf(schema: JsonObject, root: JsonObject): Option[] | null {
  if (Array.isArray(schema.enum)) {
    const names = schema["x-enumNames"] ?? schema["x-enum-varnames"] ?? schema.enumNames;
    return schema.enum.map((value, at) => ({
      value,
      label: String((Array.isArray(names) ? names[at] : undefined) ?? labelOf(value)),
    }));
  }
  const branches = schema.oneOf ?? schema.anyOf;
  if (!Array.isArray(branches) || branches.length === 0) return null;
  const options: Option[] = [];
  for (const branch of branches) {
    const node = resolve(branch, root);
    if (node.const !== undefined) {
      options.push({ value: node.const, label: String(node.title ?? labelOf(node.const)) });
    } else if (Array.isArray(node.enum) && !("properties" in node)) {
      options.push(...node.enum.map((value) => ({ value, label: labelOf(value) })));
    } else if (node.type === "null") {
      options.push({ value: null, label: labelOf(null) });
    } else {
      return null;
    }
  }
  return options;
}

export function labelOf(value: Json): string {
  if (value === null) return strings.question.none;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether anything under this schema may be a password or write-only. */
export function holdsSecrets(schema: JsonObject): boolean {
  return /"writeOnly":true|"format":"password"/.test(JSON.stringify(schema));
}

/** The value without what must never be kept: passwords and write-only parts. */
export function withoutSecrets(value: unknown, schema: unknown, root: JsonObject): unknown {
  return scrub(value, [schema], root, 0);
}

function scrub(value: unknown, schemas: unknown[], root: JsonObject, depth: number): unknown {
  const nodes = schemas.flatMap((schema) => parts(schema, root));
  if (nodes.some((node) => node.format === "password" || node.writeOnly === true)) return undefined;
  if (Array.isArray(value)) {
    const items = nodes.flatMap((node) => [
      ...(Array.isArray(node.items) ? node.items : [node.items]),
      ...asList(node.prefixItems),
      node.additionalItems,
    ]);
    const kept = value.map((item) => scrub(item, items, root, depth + 1));
    return kept.some((item, index) => item === undefined && value[index] !== undefined)
      ? undefined
      : kept;
  }
  if (!isObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const inside = nodes.flatMap((node) => [
      isObject(node.properties) ? node.properties[key] : undefined,
      node.additionalProperties,
      ...(isObject(node.patternProperties) ? Object.values(node.patternProperties) : []),
    ]);
    const clean = scrub(item, inside, root, depth + 1);
    if (clean !== undefined) kept[key] = clean;
  }
  return kept;
}

/** A schema may have itself among its branches. */
const MOST_PARTS = 500;

/** A node and every branch it may stand for. */
export function parts(
  schema: unknown,
  root: JsonObject,
  seen: Set<unknown> = new Set(),
): JsonObject[] {
  if (!isObject(schema) || seen.has(schema) || seen.size > MOST_PARTS) return [];
  seen.add(schema);
  const node = resolve(schema, root);
  const branches = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => asList(node[keyword]));
  const conditional = [
    node.then,
    node.else,
    ...[node.dependentSchemas, node.dependencies].flatMap((one) =>
      isObject(one) ? Object.values(one) : [],
    ),
  ].filter(isObject);
  return [node, ...[...branches, ...conditional].flatMap((branch) => parts(branch, root, seen))];
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
