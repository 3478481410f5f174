/**
 * One value while it is edited, decided without React: what it starts from, what would be sent
 * now, and why it cannot be sent. A plain answer is one; so is what a decision takes.
 */

import type { FieldError, Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import type { FieldPath } from "./context";
import type { EntryDraft, RawText } from "./drafts";
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

/** What a value is asked by: a question, or one decision. */
export interface Asked {
  readonly schema: JsonObject;
  /** Whether the value may be left out. */
  readonly optional: boolean;
  /** Meaningful only where `has_initial` is true: null is a value. */
  readonly initial?: Json;
  readonly has_initial: boolean;
}

export interface Work {
  value: Json | undefined;
  /** Nothing was changed by hand: the initial value goes back exactly as it came. */
  untouched: boolean;
  texts: Record<string, RawText>;
  broken: Map<string, { path: FieldPath; message: string }>;
}

export function begin(asked: Asked, draft: EntryDraft | undefined): Work {
  return {
    value: draft ? draft.value : asked.has_initial ? asked.initial : undefined,
    untouched: draft === undefined,
    texts: { ...draft?.texts },
    broken: new Map(),
  };
}

export function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/** The part of the work that a draft may keep. */
export function keptOf({ schema }: Asked, work: Work): EntryDraft {
  const value = withoutSecrets(work.value, schema, schema) as Json | undefined;
  return { value, texts: holdsSecrets(schema) ? {} : work.texts };
}

/** What would be sent now; undefined while there is no answer, or where it is left out. */
export function valueNow(asked: Asked, work: Work): Json | undefined {
  const { schema } = asked;
  if (work.untouched && asked.has_initial) return asked.initial;
  if (asked.optional && isBlank(work)) return undefined;
  return finish(work.value === undefined ? emptyRoot(schema) : work.value, schema, schema);
}

function isBlank({ value, untouched }: Work): boolean {
  if (value === undefined || value === "") return true;
  return untouched && isObject(value) && Object.keys(value).length === 0;
}

/** What an untouched form says: an empty object or list, none where empty means that, or nothing. */
function emptyRoot(schema: JsonObject): Json | undefined {
  const node = withNullFolded(resolve(schema, schema), schema);
  if (emptyMeansNull(node, schema)) return null;
  if (controlOf(node, schema) === "checks") return [];
  if (controlOf(node, schema) !== "container") return undefined;
  return typesOf(node)[0] === "array" ? [] : {};
}

/** Every reason why the value cannot be sent. */
export function problemsOf(asked: Asked, work: Work): FieldError[] {
  const broken = [...work.broken.values()].map(({ path, message }) => ({
    path: [...path],
    message,
  }));
  const value = valueNow(asked, work);
  if (value === undefined) {
    if (broken.length > 0 || asked.optional) return broken;
    return [{ path: [], message: strings.errors.required }];
  }
  const covered = new Set(broken.map((error) => keyOf(error.path)));
  const judged = judge(asked.schema, value);
  return [...broken, ...judged.filter((error) => !covered.has(keyOf(error.path)))];
}
