/** JSON values as they are edited: compared and changed without a change in place. */

import type { Json, JsonObject } from "../../protocol/messages";

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
