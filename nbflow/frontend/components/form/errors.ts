/** Errors by their place in the answer: in order, in the words of the form, and for how long. */

import type { FieldError, Form, JsonObject, Receipt } from "../../protocol/messages";
import { strings } from "../strings";
import type { FieldPath } from "./context";
import { inside, titleInside } from "./places";
import { isObject, parts, resolve } from "./schema";
import { decisionAt, type Sheet, type Slot } from "./sheet";
import { same } from "./value";

interface Located {
  /** The action, as far as the form has actions. */
  readonly action: number | null;
  readonly schema: JsonObject;
  /** Inside what the schema speaks of. */
  readonly rest: FieldPath;
}

function locate(path: FieldPath, sheet: Sheet): Located {
  const { form } = sheet;
  const [first, ...rest] = path;
  if (form.actions.length === 0 || typeof first !== "number") {
    return { action: null, schema: form.schema, rest: path };
  }
  return { action: first, schema: decisionAt(sheet, first)?.schema ?? {}, rest };
}

/** Errors in the order of their fields on the page; those of the whole answer first. */
export function inOrder(errors: readonly FieldError[], sheet: Sheet): FieldError[] {
  const ranked = errors.map((error) => {
    const { action, schema, rest } = locate(error.path, sheet);
    return { error, place: [action ?? -1, ...placeOf(rest, schema)] };
  });
  ranked.sort(({ place: one }, { place: two }) => {
    const at = one.findIndex((rank, depth) => rank !== two[depth]);
    return at < 0 ? one.length - two.length : (one[at] ?? 0) - (two[at] ?? -1);
  });
  return ranked.map(({ error }) => error);
}

/** Position at each depth: of a key among its properties, of an item in its list. */
function placeOf(path: FieldPath, root: JsonObject): number[] {
  let nodes = parts(root, root);
  return path.map((key) => {
    const keys = nodes.flatMap(({ properties }) =>
      isObject(properties) ? Object.keys(properties) : [],
    );
    nodes = inside(nodes, key, root);
    return typeof key === "number" ? key : keys.indexOf(key);
  });
}

/** The way to a value in the words of its schema; empty for the whole. */
export function wordsFor(path: FieldPath, root: JsonObject): string {
  let nodes = parts(root, root);
  const words = path.map((key) => {
    const title = titleInside(nodes, key, root);
    nodes = inside(nodes, key, root);
    if (title !== undefined) return title;
    return typeof key === "number" ? strings.question.item(key + 1) : key;
  });
  return words.join(" › ");
}

/** What an error speaks of, in the words of the form. */
export function labelOf(path: FieldPath, sheet: Sheet): string {
  const { action, schema, rest } = locate(path, sheet);
  if (action === null) return wordsFor(rest, schema) || strings.question.whole;
  const words = rest.length > 0 ? wordsFor(rest, schema) : ownTitle(schema);
  const whole = actionLabel(sheet.form, action);
  if (sheet.form.actions.length === 1) return words || whole;
  return words === "" ? whole : `${whole} › ${words}`;
}

/** The title of a value that is one field; a group of fields is called as its action is. */
function ownTitle(root: JsonObject): string {
  const node = resolve(root, root);
  const group = isObject(node.properties) || node.type === "object";
  return !group && typeof node.title === "string" ? node.title : "";
}

/** What an action is called where others may stand beside it. */
export function actionLabel({ actions }: Form, action: number): string {
  const name = actions[action]?.name ?? "";
  if (actions.length === 1) return name || strings.decision.label("");
  return strings.decision.place(action + 1, actions.length, name);
}

/** The kernel's errors that still hold: each stays until the value it speaks of has changed. */
export function fromKernel(
  receipt: Receipt | null,
  sent: readonly Slot[] | null,
  now: readonly Slot[],
): readonly FieldError[] {
  if (receipt?.status !== "invalid") return [];
  const errors =
    receipt.errors.length > 0 ? receipt.errors : [{ path: [], message: receipt.message }];
  if (sent === null) return errors;
  return errors.filter(({ path }) => same(stands(sent, path), stands(now, path)));
}

function stands(slots: readonly Slot[], path: FieldPath): unknown {
  const plain = slots.length === 1 && slots[0]?.kind === null;
  if (!plain && path.length === 0) return slots;
  const slot = slots[plain ? 0 : Number(path[0])];
  return [slot?.kind, at(slot?.value, plain ? path : path.slice(1))];
}

function at(value: unknown, path: FieldPath): unknown {
  let node = value;
  for (const key of path) {
    if (Array.isArray(node)) node = node[Number(key)];
    else node = isObject(node) ? node[String(key)] : undefined;
  }
  return node;
}
