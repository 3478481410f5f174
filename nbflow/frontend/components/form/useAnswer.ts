/**
 * The state of one answer: its value, its draft, its errors, and whether it may be sent.
 *
 * Errors appear only after the first attempt to send. From then on the browser's own are judged
 * at every change, and one from the kernel stays until the value it speaks of has changed.
 */

import { type RefObject, useCallback, useMemo, useRef, useState } from "react";
import type { FieldError, Form, Json, JsonObject, Receipt } from "../../protocol/messages";
import { strings } from "../strings";
import type { FieldPath, FormShared } from "./context";
import { type Draft, loadDraft, type RawText, saveDraft } from "./drafts";
import { same } from "./inputs";
import { judge } from "./judge";
import {
  controlOf,
  emptyMeansNull,
  finish,
  holdsSecrets,
  isObject,
  resolve,
  typesOf,
  withNullFolded,
  withoutSecrets,
} from "./schema";

export interface Answer {
  /** What the form starts from: a draft, else the given initial value. */
  readonly start: Json | undefined;
  /** There was nothing to start from, so the schema's defaults are filled in. */
  readonly fresh: boolean;
  readonly shared: FormShared;
  readonly errors: readonly FieldError[];
  /** Takes a change; `byHand` is false for defaults that the form filled in. */
  change(value: Json | undefined, byHand: boolean): void;
  /** The value to send, or null after showing why it cannot be sent. */
  check(): { value: Json } | null;
}

interface Broken {
  path: FieldPath;
  message: string;
}

interface Work {
  value: Json | undefined;
  /** Nothing was changed by hand: the initial value goes back exactly as it came. */
  untouched: boolean;
  texts: Record<string, RawText>;
  broken: Map<string, Broken>;
}

export function useAnswer(form: Form, receipt: Receipt | null, disabled: boolean): Answer {
  const draft = useMemo(() => loadDraft(form.interrupt_id), [form.interrupt_id]);
  const start = draft ? draft.value : form.has_initial ? form.initial : undefined;
  const work = useRef<Work>(undefined as never);
  work.current ??= {
    value: start,
    untouched: draft === null,
    texts: { ...draft?.texts },
    broken: new Map(),
  };
  const [own, setOwn] = useState<readonly FieldError[] | null>(null);
  const [sent, setSent] = useState<Json | undefined>(undefined);
  const [, setRound] = useState(0);

  const refresh = useCallback((): void => {
    if (!work.current.untouched) saveDraft(form.interrupt_id, draftOf(form, work.current));
    setOwn((known) => (known === null ? null : verdict(form, work.current)));
    setRound((round) => round + 1);
  }, [form]);
  const shared = useMemo(() => sharedFor(form, disabled, work, refresh), [form, disabled, refresh]);
  const value = candidate(form, work.current);
  return {
    start,
    fresh: draft === null && !form.has_initial,
    shared,
    errors: inOrder([...(own ?? []), ...fromKernel(receipt, sent, value)], form.schema),
    change(next, byHand) {
      work.current.value = next;
      if (byHand) work.current.untouched = false;
      refresh();
    },
    check() {
      const found = verdict(form, work.current);
      const ready = candidate(form, work.current);
      setOwn(found);
      if (found.length > 0 || ready === undefined) return null;
      setSent(ready);
      return { value: ready };
    },
  };
}

function sharedFor(
  form: Form,
  disabled: boolean,
  work: RefObject<Work>,
  refresh: () => void,
): FormShared {
  return {
    root: form.schema,
    disabled,
    textOf: (path) => work.current.texts[keyOf(path)],
    setText(path, raw) {
      work.current.texts[keyOf(path)] = raw;
      work.current.untouched = false;
      refresh();
    },
    setBroken(path, message) {
      if (message === null) work.current.broken.delete(keyOf(path));
      else work.current.broken.set(keyOf(path), { path, message });
    },
  };
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

function draftOf(form: Form, work: Work): Draft {
  const value = withoutSecrets(work.value, form.schema, form.schema) as Json | undefined;
  return { value, texts: holdsSecrets(form.schema) ? {} : work.texts };
}

/** What would be sent now; undefined while there is no answer at all. */
function candidate(form: Form, work: Work): Json | undefined {
  if (work.untouched && form.has_initial) return form.initial;
  const value = work.value === undefined ? emptyRoot(form.schema) : work.value;
  return finish(value, form.schema, form.schema);
}

/** What an untouched form says: an empty object or list, none where empty means that, or nothing. */
function emptyRoot(schema: JsonObject): Json | undefined {
  const node = withNullFolded(resolve(schema, schema), schema);
  if (emptyMeansNull(node, schema)) return null;
  if (controlOf(node, schema) === "checks") return [];
  if (controlOf(node, schema) !== "container") return undefined;
  return typesOf(node)[0] === "array" ? [] : {};
}

function verdict(form: Form, work: Work): FieldError[] {
  const broken = [...work.broken.values()].map(({ path, message }) => ({
    path: [...path],
    message,
  }));
  const value = candidate(form, work);
  if (value === undefined) {
    return broken.length > 0 ? broken : [{ path: [], message: strings.errors.required }];
  }
  const covered = new Set(broken.map((error) => keyOf(error.path)));
  const judged = judge(form.schema, value);
  return [...broken, ...judged.filter((error) => !covered.has(keyOf(error.path)))];
}

/** Errors in the order of their fields on the page; those of the whole answer first. */
function inOrder(errors: FieldError[], root: JsonObject): FieldError[] {
  const places = new Map(errors.map((error) => [error, placeOf(error.path, root)]));
  return errors.sort((a, b) => {
    const [one, two] = [places.get(a) ?? [], places.get(b) ?? []];
    const at = one.findIndex((rank, depth) => rank !== two[depth]);
    return at < 0 ? one.length - two.length : (one[at] ?? 0) - (two[at] ?? -1);
  });
}

/** Position at each depth: of a key among its properties, of an item in its list. */
function placeOf(path: FieldPath, root: JsonObject): number[] {
  let node = resolve(root, root);
  return path.map((key) => {
    const properties = isObject(node.properties) ? node.properties : {};
    node = resolve(typeof key === "number" ? node.items : properties[key], root);
    return typeof key === "number" ? key : Object.keys(properties).indexOf(key);
  });
}

function fromKernel(
  receipt: Receipt | null,
  sent: Json | undefined,
  value: Json | undefined,
): readonly FieldError[] {
  if (receipt?.status !== "invalid") return [];
  const errors =
    receipt.errors.length > 0 ? receipt.errors : [{ path: [], message: receipt.message }];
  if (sent === undefined) return errors;
  return errors.filter((error) => same(at(sent, error.path), at(value, error.path)));
}

function at(value: Json | undefined, path: FieldPath): Json | undefined {
  let node = value;
  for (const key of path) {
    if (Array.isArray(node)) node = node[Number(key)];
    else node = isObject(node) ? node[String(key)] : undefined;
  }
  return node;
}
