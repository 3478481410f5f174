/** JSON values as they are edited: compared and changed without a change in place. */

import type { Json, JsonObject } from "../../protocol/messages";
import { isObject } from "./schema";

/** Whether two JSON values are written the same. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** An own entry alone: `constructor` and `__proto__` are names like any other. */
export function entryOf(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The object with one entry set in its place, or at the end. */
export function withEntry(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  return { ...object, [key]: value } as JsonObject;
}

export function withoutEntries(object: JsonObject, gone: (key: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !gone(key)));
}

/** The object with a key renamed where it stands. */
export function renamed(object: JsonObject, from: string, to: string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key === from ? to : key, value]),
  );
}

export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const rest = items.toSpliced(from, 1);
  return rest.toSpliced(to, 0, items[from] as Item);
}

/** The value at a place in another one; undefined where there is none. */
export function valueAt(
  value: Json | undefined,
  path: readonly (string | number)[],
): Json | undefined {
  return path.reduce<Json | undefined>((node, key) => {
    if (Array.isArray(node)) return node[Number(key)];
    return isObject(node) ? entryOf(node, String(key)) : undefined;
  }, value);
}

/**
 * Whether a value is a whole number that JavaScript would round. The kernel sends it as text, and
 * takes it back as the number that it was.
 */
export function isLongNumber(value: unknown): value is string {
  return typeof value === "string" && /^-?\d{16,}$/.test(value);
}
