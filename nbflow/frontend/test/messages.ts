/** The golden messages that pytest reads as well; also where there is no file system. */

/// <reference types="vite/client" />

const FILES = import.meta.glob<object>("../../../tests/messages/*.json", {
  eager: true,
  import: "default",
});

/** What a file of `tests/messages` holds; a copy, so that no test changes it for another. */
export function messagesIn(name: string): unknown {
  const found = FILES[`../../../tests/messages/${name}.json`];
  if (!found) throw new Error(`There is no tests/messages/${name}.json.`);
  return structuredClone(found);
}
