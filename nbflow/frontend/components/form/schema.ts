/**
 * What a schema node asks for, decided without React: which control draws it, what is hidden,
 * what is secret, and how an edited value is finished before it is sent.
 */

import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";

export type Control =
  | "any"
  | "boolean"
  | "checks"
  | "choice"
  | "container"
  | "hidden"
  | "null"
  | "number"
  | "options"
  | "text"
  | "textarea"
  | "password";

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
    if (!isObject(target)) return rest;
    node = { ...target, ...rest };
  }
  return node;
}

/** What a local JSON pointer (`#/$defs/x`) leads to; undefined when it leads nowhere. */
export function lookup(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  let node: Json | undefined = root;
  for (const token of reference.slice(1).split("/").filter(Boolean)) {
    const key = decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(node)) node = node[Number(key)];
    else if (isObject(node)) node = node[key];
    else return undefined;
  }
  return node;
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
    return schema.enum.map((value) => ({ value, label: labelOf(value) }));
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

function labelOf(value: Json): string {
  if (value === null) return strings.question.none;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const STRUCTURE = [
  "properties",
  "additionalProperties",
  "patternProperties",
  "items",
  "prefixItems",
];

/** Which control draws a resolved node. */
export function controlOf(schema: JsonObject, root: JsonObject): Control {
  if (schema.const !== undefined) return "hidden";
  if (optionsOf(schema, root)) return "options";
  if (Array.isArray(schema.oneOf) || Array.isArray(schema.anyOf)) return "choice";
  const types = typesOf(schema);
  if (types.length === 0 && allowsNull(schema)) return "null";
  if (types.length === 0 && STRUCTURE.some((keyword) => keyword in schema)) return "container";
  if (types.length !== 1) return "any";
  switch (types[0]) {
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    case "string":
      return textControl(schema);
    case "array":
      return arrayControl(schema, root);
    case "object":
      return hasFields(schema) ? "container" : "any";
    default:
      return "any";
  }
}

function textControl(schema: JsonObject): Control {
  if (schema.format === "password" || schema.writeOnly === true) return "password";
  const bounded = schema.maxLength !== undefined || schema.format !== undefined;
  return bounded || schema.pattern !== undefined ? "text" : "textarea";
}

function arrayControl(schema: JsonObject, root: JsonObject): Control {
  if (schema.items === undefined && schema.prefixItems === undefined) return "any";
  const items = resolve(schema.items, root);
  if (items.format === "data-url") return "any";
  return schema.uniqueItems === true && optionsOf(items, root) ? "checks" : "container";
}

function hasFields(schema: JsonObject): boolean {
  if (isObject(schema.properties) && Object.keys(schema.properties).length > 0) return true;
  const extra = schema.additionalProperties;
  return isObject(extra) || isObject(schema.patternProperties);
}

/** A schema may require itself without end. */
const DEEPEST = 16;

/** A value ready to send: no undefined keys, and every required constant or null filled in. */
export function finish(
  value: unknown,
  schema: unknown,
  root: JsonObject,
  depth = 0,
): Json | undefined {
  const node = withNullFolded(resolve(schema, root), root);
  if (value === undefined && node.const !== undefined) return node.const;
  if (Array.isArray(value))
    return value.map((item) => finish(item, node.items, root, depth + 1) ?? null);
  if (!isObject(value)) return value as Json | undefined;
  const shape = shapeFor(value, node, root);
  const finished: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const done = finish(item, shape.properties[key], root, depth + 1);
    if (done !== undefined) finished[key] = done;
  }
  for (const key of shape.required) {
    if (key in finished) continue;
    const property = withNullFolded(resolve(shape.properties[key], root), root);
    if (property.const !== undefined) finished[key] = property.const;
    else if (emptyMeansNull(property, root)) finished[key] = null;
    else if (depth < DEEPEST && controlOf(property, root) === "container") {
      finished[key] =
        typesOf(property)[0] === "array" ? [] : (finish({}, property, root, depth + 1) ?? {});
    }
  }
  return finished;
}

/** Whether an empty control of this node stands for null. */
export function emptyMeansNull(schema: JsonObject, root: JsonObject): boolean {
  const control = controlOf(schema, root);
  return allowsNull(schema) && ["number", "text", "textarea", "null"].includes(control);
}

interface Shape {
  properties: JsonObject;
  required: string[];
}

/** Properties of a node, with those of the `allOf` parts and of the branch that the value chose. */
function shapeFor(value: JsonObject, node: JsonObject, root: JsonObject): Shape {
  const parts = [node];
  if (Array.isArray(node.allOf)) parts.push(...node.allOf.map((part) => resolve(part, root)));
  const branches = node.oneOf ?? node.anyOf;
  if (Array.isArray(branches)) {
    const chosen = branchOf(
      value,
      branches.map((branch) => resolve(branch, root)),
      root,
    );
    if (chosen) parts.push(chosen);
  }
  const shape: Shape = { properties: {}, required: [] };
  for (const part of parts) {
    if (isObject(part.properties)) Object.assign(shape.properties, part.properties);
    if (Array.isArray(part.required)) shape.required.push(...part.required.map(String));
  }
  return shape;
}

/** The branch whose constants the value carries. */
export function branchOf(
  value: unknown,
  branches: readonly JsonObject[],
  root: JsonObject,
): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  return branches.find((branch) => {
    const constants = constantsOf(branch, root);
    const keys = Object.keys(constants);
    return keys.length > 0 && keys.every((key) => value[key] === constants[key]);
  });
}

/** What a fresh object of this branch holds: its constants. */
export function constantsOf(branch: JsonObject, root: JsonObject): JsonObject {
  const constants: JsonObject = {};
  if (!isObject(branch.properties)) return constants;
  for (const [key, property] of Object.entries(branch.properties)) {
    const node = resolve(property, root);
    if (node.const !== undefined) constants[key] = node.const;
  }
  return constants;
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
  const nodes = schemas.flatMap((schema) => parts(schema, root, depth));
  if (nodes.some((node) => node.format === "password" || node.writeOnly === true)) return undefined;
  if (Array.isArray(value)) {
    const items = nodes.flatMap((node) => [node.items, ...asList(node.prefixItems)]);
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

/** A node and every branch it may stand for. */
function parts(schema: unknown, root: JsonObject, depth: number): JsonObject[] {
  if (!isObject(schema) || depth > 64) return [];
  const node = resolve(schema, root);
  const branches = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => asList(node[keyword]));
  const conditional = [node.then, node.else].filter(isObject);
  return [
    node,
    ...[...branches, ...conditional].flatMap((branch) => parts(branch, root, depth + 1)),
  ];
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
