/**
 * The keys of a question: Ctrl/Cmd+Enter sends; letters choose a decision for the action that
 * holds the focus, J, K and the arrows move between actions, `?` lists all of them.
 *
 * They act only while the focus is in the question, and letters never while text is typed.
 */

import { type ReactNode, type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Form, FormDecision } from "../../protocol/messages";
import { KeyBox, type KeyRow } from "../KeyBox";
import { strings } from "../strings";

interface Keys {
  /** The list of keys is shown. */
  readonly listed: boolean;
  toggle(): void;
}

interface Options {
  /** Where the focus must be. */
  scope: RefObject<HTMLElement | null>;
  form: Form;
  letters: ReadonlyMap<string, string>;
  chosen: readonly (number | null)[];
  choose: (action: number, decision: number) => void;
  submit: () => void;
}

export const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

export function useKeys(options: Options): Keys {
  const { scope } = options;
  const [listed, setListed] = useState(false);
  const back = useRef<HTMLElement | null>(null);
  const toggle = (): void => {
    const page = scope.current?.getRootNode() as Document | ShadowRoot | undefined;
    if (listed) {
      if (page?.activeElement?.closest(".nbf-keys")) back.current?.focus();
    } else if (page?.activeElement instanceof HTMLElement) {
      back.current = page.activeElement;
    }
    setListed(!listed);
  };
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    if (act(event, options, listed, toggle)) event.preventDefault();
  });
  useEffect(() => {
    const box = scope.current;
    const listener = (event: KeyboardEvent): void => onKey(event);
    box?.addEventListener("keydown", listener);
    return () => box?.removeEventListener("keydown", listener);
  }, [scope]);
  return { listed, toggle };
}

/** Does what a key says; returns whether it said anything. */
function act(event: KeyboardEvent, options: Options, listed: boolean, toggle: () => void): boolean {
  const { target, key } = event;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    options.submit();
    return true;
  }
  if (options.form.actions.length === 0 || !(target instanceof HTMLElement)) return false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (key === "Escape" && listed) {
    toggle();
    return true;
  }
  if (takesText(target)) return false;
  if (key === "?") {
    toggle();
    return true;
  }
  const step = stepOf(event, target, options);
  return step === 0 ? chooseByLetter(event, target, options) : move(target, step, options);
}

/** Whether letters mean something else to a control. */
export function takesText(target: HTMLElement): boolean {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input:not([type=radio], [type=checkbox])");
}

/**
 * Arrows belong to what scrolls and to other radio buttons, unless a decision has the focus and
 * there is another action to go to.
 */
function stepOf(event: KeyboardEvent, target: HTMLElement, { form }: Options): number {
  const free = form.actions.length > 1 && target.matches(".nbf-decision input");
  const arrows = free ? ["ArrowUp", "ArrowDown"] : [];
  const letter = letterOf(event);
  if (letter === "J" || event.key === arrows[1]) return 1;
  return letter === "K" || event.key === arrows[0] ? -1 : 0;
}

function actionOf(target: HTMLElement): number {
  return Number(target.closest<HTMLElement>("[data-action]")?.dataset.action ?? -1);
}

function move(target: HTMLElement, step: number, { scope, form }: Options): boolean {
  const to = Math.min(Math.max(actionOf(target) + step, 0), form.actions.length - 1);
  focusDecision(scope.current, to);
  return true;
}

/** Focuses the chosen decision of an action, or its first one. */
function focusDecision(box: HTMLElement | null, action: number): void {
  const row = `[data-action="${action}"] .nbf-decision input`;
  const target = box?.querySelector<HTMLElement>(`${row}:checked`) ?? box?.querySelector(row);
  if (target instanceof HTMLElement) target.focus();
}

/** A letter that several decisions share goes from one to the next. */
function chooseByLetter(event: KeyboardEvent, target: HTMLElement, options: Options): boolean {
  const { form, letters, chosen, choose, scope } = options;
  const index = form.actions.length === 1 ? 0 : actionOf(target);
  const pressed = letterOf(event);
  const places = (form.actions[index]?.decisions ?? []).flatMap(({ kind }, at) =>
    letters.get(kind) === pressed ? [at] : [],
  );
  const next = places[(places.indexOf(chosen[index] ?? -1) + 1) % places.length];
  if (next === undefined || event.repeat) return false;
  const row = scope.current?.querySelectorAll<HTMLInputElement>(
    `[data-action="${index}"] .nbf-decision input`,
  )[next];
  if (!row || row.disabled) return false;
  flushSync(() => choose(index, next));
  const decision = form.actions[index]?.decisions[next];
  const asked =
    places.length === 1 && decision ? toBeFilledIn(decision, scope.current, index) : null;
  (asked ?? row).focus();
  return true;
}

/** The first field of a decision that cannot be sent without it; null where none has to be. */
function toBeFilledIn(
  { schema, optional, has_initial }: FormDecision,
  box: HTMLElement | null,
  action: number,
): HTMLElement | null {
  if (schema === null || optional || has_initial) return null;
  return (
    box?.querySelector<HTMLElement>(`[data-action="${action}"] .nbf-filling :is(${FIELDS})`) ?? null
  );
}

const FIELDS = "input, select, textarea";

/** What is printed on the key; its place on a keyboard of other letters. */
function letterOf({ key, code }: KeyboardEvent): string {
  return /^[a-z0-9]$/i.test(key) ? key.toUpperCase() : code.replace(/^Key/, "");
}

interface ListProps {
  form: Form;
  letters: ReadonlyMap<string, string>;
  onClose: () => void;
}

export function KeyList({ form, letters, onClose }: ListProps): ReactNode {
  const { names, ...words } = strings.keys;
  const moves: KeyRow[] = form.actions.length > 1 ? [[names.move, words.move]] : [];
  const rows: KeyRow[] = [
    ...[...letters].map(
      ([kind, letter]): KeyRow => [[letter], words.choose(strings.decision.names(kind))],
    ),
    ...moves,
    [names.beside, words.beside],
    [MAC ? names.sendMac : names.send, words.send],
    [names.list, words.list],
    [names.escape, words.escape],
  ];
  return <KeyBox label={words.title} rows={rows} onClose={onClose} />;
}
