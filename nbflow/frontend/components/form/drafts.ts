/**
 * Unsubmitted answers, kept over a reload by interrupt id; a full or closed storage loses them.
 *
 * A draft of another version than ours is not read, but for the first one, which had no number.
 */

import type { Json } from "../../protocol/messages";
import { isObject } from "./schema";

const VERSION = 2;

/** Key of the one value of a question without decisions. */
export const WHOLE = "";

export interface Draft {
  /** Keys of the decisions that were chosen. */
  readonly chosen: readonly string[];
  /** What was entered, by the key of its decision; {@link WHOLE} for a plain answer. */
  readonly entries: Readonly<Record<string, EntryDraft>>;
}

export interface EntryDraft {
  readonly value: Json | undefined;
  /** Raw text of the controls whose text is not a value (yet), by path. */
  readonly texts: Readonly<Record<string, RawText>>;
}

export interface RawText {
  readonly kind: string;
  readonly text: string;
}

const keyOf = (interruptId: string): string => `nbflow:draft:${interruptId}`;

export function loadDraft(interruptId: string): Draft | null {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(keyOf(interruptId)) ?? "null");
    if (!isObject(stored)) return null;
    if (stored.version === undefined)
      return { chosen: [], entries: { [WHOLE]: entryFrom(stored) } };
    if (stored.version !== VERSION) return null;
    const chosen = Array.isArray(stored.chosen) ? stored.chosen.map(String) : [];
    const entries = Object.entries(isObject(stored.entries) ? stored.entries : {});
    return { chosen, entries: Object.fromEntries(entries.map(([k, v]) => [k, entryFrom(v)])) };
  } catch {
    return null;
  }
}

function entryFrom(stored: unknown): EntryDraft {
  const { value, texts } = isObject(stored) ? stored : {};
  return { value, texts: (isObject(texts) ? texts : {}) as unknown as EntryDraft["texts"] };
}

export function saveDraft(interruptId: string, draft: Draft): void {
  try {
    sessionStorage.setItem(keyOf(interruptId), JSON.stringify({ version: VERSION, ...draft }));
  } catch {
    clearDraft(interruptId);
  }
}

export function clearDraft(interruptId: string): void {
  try {
    sessionStorage.removeItem(keyOf(interruptId));
  } catch {
    // A page without storage has no draft to clear.
  }
}
