/**
 * Unsubmitted answers, kept by interrupt id in the storage of the tab: they survive a reload.
 *
 * What a full or closed storage refuses is kept for as long as the page is there, and the browser
 * asks before the page is left. Nothing goes into the storage that all tabs share: a server of many
 * notebooks is one place to the browser, and what is half-written in one is no business of another.
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

/** Where a draft is kept: over a reload of the tab, or until the page is left. */
export type Kept = "tab" | "page";

const keyOf = (interruptId: string): string => `nbflow:draft:${interruptId}`;

/** What the storage refused. */
const refused = new Map<string, string>();
let release: (() => void) | null = null;

const listeners = new Set<() => void>();
let round = 0;

/** Calls back when a question gets its first draft or loses its last; returns how to stop. */
export function onDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Another number each time that {@link onDrafts} calls back. */
export function draftsRound(): number {
  return round;
}

function stored(interruptId: string): string | null {
  const held = refused.get(interruptId);
  if (held !== undefined) return held;
  try {
    return sessionStorage.getItem(keyOf(interruptId));
  } catch {
    return null;
  }
}

/** Where the draft of a question is kept; null while it has none. */
export function draftPlace(interruptId: string): Kept | null {
  if (stored(interruptId) === null) return null;
  return refused.has(interruptId) ? "page" : "tab";
}

export function loadDraft(interruptId: string): Draft | null {
  const kept = parsed(stored(interruptId) ?? "null");
  if (!isObject(kept)) return null;
  if (kept.version === undefined) return { chosen: [], entries: { [WHOLE]: entryFrom(kept) } };
  if (kept.version !== VERSION) return null;
  const chosen = Array.isArray(kept.chosen) ? kept.chosen.map(String) : [];
  const entries = Object.entries(isObject(kept.entries) ? kept.entries : {});
  return { chosen, entries: Object.fromEntries(entries.map(([k, v]) => [k, entryFrom(v)])) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function entryFrom(kept: unknown): EntryDraft {
  const { value, texts } = isObject(kept) ? kept : {};
  return { value, texts: (isObject(texts) ? texts : {}) as unknown as EntryDraft["texts"] };
}

/** Keeps a draft and returns where. */
export function saveDraft(interruptId: string, draft: Draft): Kept {
  const text = JSON.stringify({ version: VERSION, ...draft });
  const before = draftPlace(interruptId);
  try {
    sessionStorage.setItem(keyOf(interruptId), text);
    refused.delete(interruptId);
  } catch {
    forgetStored(interruptId);
    refused.set(interruptId, text);
  }
  told(before === null);
  return refused.has(interruptId) ? "page" : "tab";
}

export function clearDraft(interruptId: string): void {
  const before = draftPlace(interruptId);
  refused.delete(interruptId);
  forgetStored(interruptId);
  told(before !== null);
}

function forgetStored(interruptId: string): void {
  try {
    sessionStorage.removeItem(keyOf(interruptId));
  } catch {
    // A page without storage has no draft to clear.
  }
}

function told(changed: boolean): void {
  if (refused.size === 0) {
    release?.();
    release = null;
  } else {
    release ??= holdPage();
  }
  if (!changed) return;
  round += 1;
  for (const listener of listeners) listener();
}

/** Has the browser ask before the page is left, until what is returned is called. */
export function holdPage(): () => void {
  const ask = (event: BeforeUnloadEvent): void => {
    event.preventDefault();
    event.returnValue = true;
  };
  window.addEventListener("beforeunload", ask);
  return () => window.removeEventListener("beforeunload", ask);
}
