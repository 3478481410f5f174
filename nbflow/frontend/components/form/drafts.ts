/** Unsubmitted answers, kept over a reload by interrupt id; a full or closed storage loses them. */

import type { Json } from "../../protocol/messages";

export interface Draft {
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
    const stored = sessionStorage.getItem(keyOf(interruptId));
    if (stored === null) return null;
    const { value, texts } = JSON.parse(stored) as { value?: Json; texts?: Draft["texts"] };
    return { value, texts: texts ?? {} };
  } catch {
    return null;
  }
}

export function saveDraft(interruptId: string, draft: Draft): void {
  try {
    sessionStorage.setItem(keyOf(interruptId), JSON.stringify(draft));
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
