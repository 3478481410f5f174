/**
 * The state of one question's answer: what was chosen and entered, its draft, its errors, and
 * whether it may be sent.
 *
 * Errors appear only after the first attempt to send. From then on the browser's own are judged
 * at every change, and one from the kernel stays until the value it speaks of has changed.
 */

import { useEffect, useState } from "react";
import type { FieldError, Form, Json, Receipt } from "../../protocol/messages";
import type { Reply } from "../model";
import type { FieldPath, TextSlot } from "./context";
import { clearDraft, draftPlace, holdPage, type RawText, saveDraft } from "./drafts";
import { fromKernel, inOrder } from "./errors";
import {
  draftFrom,
  type Entry,
  errorsIn,
  hasUnkept,
  openIn,
  openSheet,
  replyFrom,
  type Sheet,
  type Slot,
  slotsOf,
} from "./sheet";
import { keyOf, startOf, textKey, textsReordered, textsWithout } from "./work";

/** What a reload leaves of what was entered: all, all but secrets, or nothing. */
export type DraftState = "kept" | "partly" | "lost";

export interface Answer {
  readonly sheet: Sheet;
  /** null while nothing was done by hand. */
  readonly draft: DraftState | null;
  readonly errors: readonly FieldError[];
  /** Actions that wait for a decision. */
  readonly open: readonly number[];
  /** Sending was tried, so that what is missing may be named. */
  readonly tried: boolean;
  /** Takes the decisions of all actions. */
  choose(chosen: Sheet["chosen"]): void;
  readonly edit: EntryEdits;
  /** The answer to send, or null when something is open or wrong. */
  check(): Reply | null;
}

/** What the controls of an entry report. */
export interface EntryEdits {
  change(entry: Entry, value: Json | undefined): void;
  setText(entry: Entry, path: FieldPath, raw: RawText, slot?: TextSlot): void;
  /** Drops the raw texts at a place and beneath it. */
  forget(entry: Entry, path: FieldPath): void;
  /** Takes everything back to how it began. */
  reset(entry: Entry): void;
  reorder(entry: Entry, path: FieldPath, order: readonly number[]): void;
  setBroken(entry: Entry, path: FieldPath, message: string | null): void;
}

export function useAnswer(form: Form, receipt: Receipt | null, optional = false): Answer {
  const [, setRound] = useState(0);
  const [attempts, setAttempts] = useState(0);
  const [sent, setSent] = useState<readonly Slot[] | null>(null);
  const [{ sheet, edit, choose }] = useState(() =>
    begin(openSheet(form, optional), () => setRound((n) => n + 1)),
  );
  const slots = slotsOf(sheet);
  const tried = attempts > 0;
  const own = tried ? errorsIn(sheet) : [];
  const draft = draftState(sheet);
  useEffect(() => (draft === "partly" ? holdPage() : undefined), [draft]);
  return {
    sheet,
    draft,
    errors: inOrder([...own, ...fromKernel(receipt, sent, slots)], sheet),
    open: openIn(sheet),
    tried,
    choose,
    edit,
    check() {
      setAttempts((count) => count + 1);
      const now = slotsOf(sheet);
      if (openIn(sheet).length > 0 || errorsIn(sheet).length > 0) return null;
      setSent(now);
      return replyFrom(now);
    },
  };
}

function draftState(sheet: Sheet): DraftState | null {
  if (draftFrom(sheet) === null) return null;
  if (draftPlace(sheet.form.interrupt_id) !== "tab") return "lost";
  return hasUnkept(sheet) ? "partly" : "kept";
}

function begin(sheet: Sheet, redraw: () => void): Pick<Answer, "sheet" | "edit" | "choose"> {
  const changed = (): void => {
    const draft = draftFrom(sheet);
    if (draft) saveDraft(sheet.form.interrupt_id, draft);
    else clearDraft(sheet.form.interrupt_id);
    redraw();
  };
  return {
    sheet,
    choose(chosen) {
      sheet.chosen = chosen;
      changed();
    },
    edit: {
      change({ work }, value) {
        work.value = value;
        work.untouched = false;
        changed();
      },
      setText({ work }, path, raw, slot) {
        work.texts[textKey(path, slot)] = raw;
        work.untouched = false;
        changed();
      },
      forget({ work }, path) {
        work.texts = textsWithout(work.texts, path);
        changed();
      },
      reset({ work, asked }) {
        work.value = startOf(asked);
        work.texts = {};
        work.untouched = true;
        changed();
      },
      reorder({ work }, path, order) {
        work.texts = textsReordered(work.texts, path, order);
      },
      setBroken({ work }, path, message) {
        const key = keyOf(path);
        if ((work.broken.get(key)?.message ?? null) === message) return;
        if (message === null) work.broken.delete(key);
        else work.broken.set(key, { path, message });
        redraw();
      },
    },
  };
}
