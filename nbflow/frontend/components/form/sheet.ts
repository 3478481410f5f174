/**
 * Everything that was entered for one question: the value of a plain answer, or for each action
 * the decision that was chosen and what was filled in with it. What was filled in with another
 * decision stays, should the person come back to it.
 */

import type { FieldError, Form, FormAction, FormDecision, Json } from "../../protocol/messages";
import type { Reply } from "../model";
import type { FieldPath } from "./context";
import { type Draft, loadDraft, WHOLE } from "./drafts";
import { holdsSecrets } from "./schema";
import { same } from "./value";
import { type Asked, begin, hasText, keptOf, problemsOf, valueNow, type Work } from "./work";

/** One value that is edited, and where it sits in the answer. */
export interface Entry {
  readonly key: string;
  readonly path: FieldPath;
  readonly asked: Asked;
  readonly work: Work;
}

export interface Sheet {
  readonly form: Form;
  /** Whether a plain answer may be left out. */
  readonly optional: boolean;
  readonly draft: Draft | null;
  readonly entries: Map<string, Entry>;
  /** For each action the place of its decision; null while it is open. */
  chosen: readonly (number | null)[];
}

/** What stands in one place of the answer now. */
export interface Slot {
  /** null for a plain answer, and for an action that is open. */
  readonly kind: string | null;
  readonly value: Json | undefined;
}

export function openSheet(form: Form, optional = false): Sheet {
  const draft = loadDraft(form.interrupt_id);
  const chosen = form.actions.map(({ decisions, preferred }, action) => {
    const kept = decisions.findIndex((_, at) => draft?.chosen.includes(keyFor(form, action, at)));
    return kept >= 0 ? kept : firstOf({ decisions, preferred });
  });
  return { form, optional, draft, entries: new Map(), chosen };
}

/** The decision that an action begins with; null for none. */
function firstOf(action: Pick<FormAction, "decisions" | "preferred"> | undefined): number | null {
  const preferred = action?.preferred ?? null;
  return action && preferred !== null && preferred in action.decisions ? preferred : null;
}

/** The name and the kind are part of it: a question asked anew may offer something else there. */
function keyFor(form: Form, action: number, decision: number): string {
  const { name, decisions } = form.actions[action] ?? {};
  return `${action}/${decision}/${decisions?.[decision]?.kind}/${name}`;
}

/** The decision that was chosen for an action; null while it is open. */
export function decisionAt({ form, chosen }: Sheet, action: number): FormDecision | null {
  return form.actions[action]?.decisions[chosen[action] ?? -1] ?? null;
}

/** What an action's decision takes, or the plain answer; null where nothing is to be filled in. */
export function entryAt(sheet: Sheet, action: number | null): Entry | null {
  if (action === null) {
    return entryFor(sheet, WHOLE, [], { ...sheet.form, optional: sheet.optional });
  }
  const decision = decisionAt(sheet, action);
  if (!decision || decision.schema === null) return null;
  const key = keyFor(sheet.form, action, sheet.chosen[action] ?? -1);
  return entryFor(sheet, key, [action], { ...decision, schema: decision.schema });
}

function entryFor(sheet: Sheet, key: string, path: FieldPath, asked: Asked): Entry {
  const known = sheet.entries.get(key);
  if (known) return known;
  const entry = { key, path, asked, work: begin(asked, sheet.draft?.entries[key]) };
  sheet.entries.set(key, entry);
  return entry;
}

/** The places of the answer: null alone for a plain one, else every action. */
function placesOf({ form }: Sheet): (number | null)[] {
  return form.actions.length === 0 ? [null] : form.actions.map((_, action) => action);
}

export function slotsOf(sheet: Sheet): Slot[] {
  return placesOf(sheet).map((place) => {
    const entry = entryAt(sheet, place);
    return {
      kind: place === null ? null : (decisionAt(sheet, place)?.kind ?? null),
      value: entry ? valueNow(entry.asked, entry.work) : undefined,
    };
  });
}

/** Actions that nothing was chosen for. */
export function openIn({ chosen }: Sheet): number[] {
  return chosen.flatMap((decision, action) => (decision === null ? [action] : []));
}

/** Every reason why what was entered cannot be sent; open actions are not among them. */
export function errorsIn(sheet: Sheet): FieldError[] {
  return placesOf(sheet).flatMap((place) => {
    const entry = entryAt(sheet, place);
    if (!entry) return [];
    return problemsOf(entry.asked, entry.work).map(({ path, message }) => ({
      path: [...entry.path, ...path],
      message,
    }));
  });
}

/** The answer in the shape that goes to the kernel. */
export function replyFrom(slots: readonly Slot[]): Reply {
  const [first] = slots;
  if (first?.kind === null) return { value: first.value ?? null };
  return {
    decisions: slots.map(({ kind, value }) =>
      value === undefined ? { kind: kind ?? "" } : { kind: kind ?? "", value },
    ),
  };
}

/** What was done by hand and is not sent; null while nothing was. */
export function draftFrom(sheet: Sheet): Draft | null {
  const { form, draft } = sheet;
  const entries = new Map(
    Object.entries(draft?.entries ?? {}).filter(([key]) => isAsked(form, key)),
  );
  for (const { key, asked, work } of sheet.entries.values()) {
    if (work.untouched) entries.delete(key);
    else entries.set(key, keptOf(asked, work));
  }
  const moved = sheet.chosen.some((decision, at) => decision !== firstOf(form.actions[at]));
  if (!moved && entries.size === 0) return null;
  const chosen = sheet.chosen.flatMap((decision, action) =>
    decision === null ? [] : [keyFor(form, action, decision)],
  );
  return { chosen, entries: Object.fromEntries(entries) };
}

/** Whether something that was entered is no part of the draft: secrets never are. */
export function hasUnkept(sheet: Sheet): boolean {
  return [...sheet.entries.values()].some(({ asked, work }) => {
    if (work.untouched || !holdsSecrets(asked.schema)) return false;
    const unread = [...work.broken.values()].some(({ path }) => hasText(work, path));
    return unread || !same(keptOf(asked, work).value, work.value);
  });
}

/** Whether the form asks for what a draft has under this key. */
function isAsked(form: Form, key: string): boolean {
  if (form.actions.length === 0) return key === WHOLE;
  return form.actions.some(({ decisions }, action) =>
    decisions.some((_, at) => keyFor(form, action, at) === key),
  );
}
