/** JSON typed by a person: its value, or why it has none. */

import type { Json } from "../../protocol/messages";
import { strings } from "../strings";

export interface Read {
  readonly value: Json | undefined;
  readonly problem: string | null;
}

export function readJson(text: string): Read {
  if (text.trim() === "") return { value: undefined, problem: null };
  try {
    const value = JSON.parse(text) as Json;
    const exact = !inexactIn(text);
    return { value, problem: exact ? null : strings.question.tooLarge };
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/ is not valid JSON$/, "") : "";
    return { value: undefined, problem: `${strings.question.notJson} ${detail}`.trim() };
  }
}

export function written(value: Json | undefined): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** Whether a whole number in the text would come out as another one. */
function inexactIn(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return (bare.match(/-?\d[\d.eE+-]*/g) ?? []).some((number) => !isExact(number));
}

/** False for a whole number that the page can only hold as another one. */
export function isExact(text: string): boolean {
  return !/^[+-]?\d+$/.test(text) || BigInt(Number(text)) === BigInt(text.replace("+", ""));
}
