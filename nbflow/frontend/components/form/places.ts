/** What a schema says about a place in its values, whichever branch is meant. */

import type { Json, JsonObject } from "../../protocol/messages";
import type { FieldPath } from "./context";
import { isObject, parts, resolve } from "./schema";
import { listShape } from "./shape";
import { same } from "./value";

/** Everything that the schema may say about a key or an item. */
export function inside(
  nodes: readonly JsonObject[],
  key: string | number,
  root: JsonObject,
): JsonObject[] {
  return schemasOf(nodes, key).flatMap((schema) => parts(schema, root));
}

function schemasOf(nodes: readonly JsonObject[], key: string | number): Json[] {
  return nodes.flatMap((node) => {
    const { properties } = node;
    if (typeof key === "string") {
      return isObject(properties) && Object.hasOwn(properties, key)
        ? [properties[key] ?? true]
        : [];
    }
    const { first, rest } = listShape(node);
    return [first[key] ?? rest];
  });
}

/** The title of a key or an item: its own, and not that of a value that it may have. */
export function titleInside(
  nodes: readonly JsonObject[],
  key: string | number,
  root: JsonObject,
): string | undefined {
  return schemasOf(nodes, key)
    .map((schema) => titleOf(schema, root))
    .find((title) => title !== undefined);
}

function titleOf(schema: Json, root: JsonObject, depth = 0): string | undefined {
  const node = resolve(schema, root);
  if (typeof node.title === "string") return node.title;
  if (!Array.isArray(node.allOf) || depth > DEEPEST) return undefined;
  return node.allOf
    .map((part) => titleOf(part, root, depth + 1))
    .find((title) => title !== undefined);
}

/** Levels of combined schemas in which a title is looked for; they may lead back to themselves. */
const DEEPEST = 4;

/** Whether the schema gives a place this value to begin with. */
export function isDefault(path: FieldPath, value: Json, root: JsonObject): boolean {
  const nodes = path.reduce((found, key) => inside(found, key, root), parts(root, root));
  return nodes.some((node) => node.default !== undefined && same(node.default, value));
}

/** Whether a place, or something around it, is not to be changed. */
export function isReadOnly(path: FieldPath, root: JsonObject): boolean {
  let nodes = parts(root, root);
  if (nodes.some((node) => node.readOnly === true)) return true;
  return path.some((key) => {
    nodes = inside(nodes, key, root);
    return nodes.some((node) => node.readOnly === true);
  });
}
