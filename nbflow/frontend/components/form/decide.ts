/** Decisions in words and keys: which letter chooses what, and what sending will do. */

import type { Form, FormDecision } from "../../protocol/messages";
import { strings } from "../strings";

const LETTERS: Record<FormDecision["kind"], string> = {
  approve: "A",
  accept: "A",
  edit: "E",
  reject: "R",
  respond: "S",
  ignore: "I",
  resolve: "V",
  decline: "D",
  cancel: "C",
};

/** These move between actions. */
const TAKEN = ["J", "K"];

/** The letter of each kind that a form offers, no two alike. */
export function lettersOf({ actions }: Form): ReadonlyMap<string, string> {
  const kinds = [...new Set(actions.flatMap(({ decisions }) => decisions.map(({ kind }) => kind)))];
  const letters = new Map<string, string>();
  const free = (letter: string): boolean =>
    !TAKEN.includes(letter) && ![...letters.values()].includes(letter);
  for (const kind of kinds) {
    const own = LETTERS[kind];
    if (own !== undefined && free(own)) letters.set(kind, own);
  }
  for (const kind of kinds) {
    if (letters.has(kind)) continue;
    const other = [...kind.toUpperCase(), ..."123456789"].find(free);
    if (other !== undefined) letters.set(kind, other);
  }
  return letters;
}

/** How often each kind was chosen, in the order in which the form offers them. */
export function tally(
  form: Form,
  chosen: readonly (number | null)[],
): ReadonlyMap<string, string[]> {
  const names = new Map([...lettersOf(form).keys()].map((kind) => [kind, [] as string[]]));
  for (const [action, { name, decisions }] of form.actions.entries()) {
    const decision = decisions[chosen[action] ?? -1];
    if (decision) names.get(decision.kind)?.push(name);
  }
  return new Map([...names].filter(([, decided]) => decided.length > 0));
}

/** Names with how often they come: `send_email (2), search`. */
export function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => strings.decision.times(name || strings.decision.nameless, count))
    .join(", ");
}

/** The kind with which every open action can be let through at once; null for none. */
export function common(form: Form, open: readonly number[]): FormDecision["kind"] | null {
  if (open.length === 0) return null;
  const all = (kind: FormDecision["kind"]): boolean =>
    open.every((action) => form.actions[action]?.decisions.some((one) => one.kind === kind));
  return (["approve", "accept"] as const).find(all) ?? null;
}
