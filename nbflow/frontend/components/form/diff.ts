/** What an edit changes: field by field, long text and lists line by line. */

import type { Json } from "../../protocol/messages";
import type { FieldPath } from "./context";
import { isObject } from "./schema";
import { same } from "./value";

export interface Change {
  readonly path: FieldPath;
  readonly lines: readonly Line[];
}

export interface Line {
  /** skip: so many lines that both have. */
  readonly kind: "old" | "new" | "both" | "skip";
  readonly text: string;
  /** The text is a value written as JSON, or a count, not words of a person. */
  readonly code: boolean;
}

/** Every field whose value differs, in the order of the proposed value. */
export function changesBetween(
  before: Json | undefined,
  after: Json | undefined,
  path: FieldPath = [],
): Change[] {
  if (same(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesBetween(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) {
      const [old, now] = [before.map(written), after.map(written)];
      return [{ path, lines: shortened(compare(old, now, !holdsText(before, after))) }];
    }
    return before.flatMap((item, at) => changesBetween(item, after[at], [...path, at]));
  }
  if (typeof before === "string" && typeof after === "string") {
    return [{ path, lines: shortened(compare(before.split("\n"), after.split("\n"), false)) }];
  }
  const lines = [...whole("old", before), ...whole("new", after)];
  return lines.length > 0 ? [{ path, lines }] : [];
}

function holdsText(...lists: readonly (readonly Json[])[]): boolean {
  return lists.flat().every((item) => typeof item === "string");
}

function written(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function whole(kind: "old" | "new", value: Json | undefined): Line[] {
  if (value === undefined) return [];
  const code = typeof value !== "string";
  const text = code ? JSON.stringify(value, null, 2) : value;
  return text.split("\n").map((line) => ({ kind, text: line, code }));
}

/** Beyond this many pairs of lines the middle counts as replaced. */
const MOST_PAIRS = 250_000;

/** Lines of both texts along their longest common run. */
function compare(old: readonly string[], now: readonly string[], code: boolean): Line[] {
  const line = (kind: Line["kind"], text: string): Line => ({ kind, text, code });
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  const most = Math.min(old.length, now.length) - head;
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const [gone, come] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  const middle =
    gone.length * come.length > MOST_PAIRS
      ? [...gone.map((text) => line("old", text)), ...come.map((text) => line("new", text))]
      : alongCommon(gone, come, line);
  return [
    ...old.slice(0, head).map((text) => line("both", text)),
    ...middle,
    ...old.slice(old.length - tail).map((text) => line("both", text)),
  ];
}

type Make = (kind: Line["kind"], text: string) => Line;

function alongCommon(old: readonly string[], now: readonly string[], line: Make): Line[] {
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  const lengthAt = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === now[j]
          ? lengthAt(i + 1, j + 1) + 1
          : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && old[i] === now[j]) {
      lines.push(line("both", old[i] ?? ""));
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      lines.push(line("old", old[i] ?? ""));
      i += 1;
    } else {
      lines.push(line("new", now[j] ?? ""));
      j += 1;
    }
  }
  return lines;
}

/** Lines around a change that stay in sight. */
const AROUND = 2;

/** Long runs of common lines as one line that counts them. */
function shortened(lines: readonly Line[]): Line[] {
  const near = (at: number): boolean =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ kind }) => kind !== "both");
  const kept: Line[] = [];
  let skipped: Line[] = [];
  const flush = (): void => {
    if (skipped.length > 1) kept.push({ kind: "skip", text: String(skipped.length), code: true });
    else kept.push(...skipped);
    skipped = [];
  };
  for (const [at, line] of lines.entries()) {
    if (near(at)) {
      flush();
      kept.push(line);
    } else {
      skipped.push(line);
    }
  }
  flush();
  return kept;
}
