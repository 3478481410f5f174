/** What a schema says about a place in its values, whichever branch is meant. */

import type { JsonObject } from "../../protocol/messages";
import type { FieldPath } from "./context";
import { isObject, parts } from "./schema";
import { listShape } from "./shape";

/** Everything that the schema may say about a key or an item. */
export function inside(
  nodes: readonly JsonObject[],
  key: string | number,
  root: JsonObject,
): JsonObject[] {
  return nodes.flatMap((node) => {
    const { properties } = node;
    if (typeof key === "string") {
      return isObject(properties) && Object.hasOwn(properties, key)
        ? parts(properties[key], root)
        : [];
    }
    const { first, rest } = listShape(node);
    return parts(first[key] ?? rest, root);
  });
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
