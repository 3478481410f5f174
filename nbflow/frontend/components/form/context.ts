/** What the fields of one form share: raw texts, errors, and values that cannot be read yet. */

import { createContext, useContext, useLayoutEffect } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import type { RawText } from "./drafts";

export type FieldPath = readonly (string | number)[];

export interface FormShared {
  readonly root: JsonObject;
  /** Whether the value as a whole may be left out. */
  readonly optional: boolean;
  readonly disabled: boolean;
  /** The value that was given at a place; undefined where none was. */
  givenAt(path: FieldPath): Json | undefined;
  idOf(path: FieldPath): string;
  errorsAt(path: FieldPath): readonly string[];
  /** Raw text a control was left with, so that a half-typed answer survives a reload. */
  textOf(path: FieldPath, slot?: TextSlot): RawText | undefined;
  setText(path: FieldPath, raw: RawText, slot?: TextSlot): void;
  /** Drops the raw texts at a place and beneath it. */
  forget(path: FieldPath): void;
  /** The items of a list now stand in the order of these places. */
  reorder(path: FieldPath, order: readonly number[]): void;
  /** Says why the control's text is no value; null once it is one. */
  setBroken(path: FieldPath, message: string | null): void;
}

/** What a raw text is of, beside the text of the control itself. */
export type TextSlot = "" | "raw" | `branch${number}`;

export const FormSharedContext = createContext<FormShared | null>(null);

export function useFormShared(): FormShared {
  const shared = useContext(FormSharedContext);
  if (!shared) throw new Error("A form field was drawn outside a form.");
  return shared;
}

/** Holds a control's problem against sending for as long as the control is there. */
export function useBroken(path: FieldPath, message: string | null): void {
  const { setBroken } = useFormShared();
  const key = JSON.stringify(path);
  useLayoutEffect(() => {
    const at = JSON.parse(key) as FieldPath;
    if (message === null) return;
    setBroken(at, message);
    return () => setBroken(at, null);
  }, [key, message, setBroken]);
}

/** One value of the form, as its control sees it. */
export interface NodeProps {
  readonly schema: unknown;
  readonly path: FieldPath;
  readonly value: Json | undefined;
  /** Its key, or "" for the whole. */
  readonly name: string;
  readonly required: boolean;
  /** What is around it has its label and shows its errors. */
  readonly bare?: boolean;
  /** Its name stands beside it already, in a field of its own. */
  readonly quiet?: boolean;
  /** How many choices at this very place it stands in. */
  readonly nested?: number;
  /** References that led here: one that comes again is a schema inside itself. */
  readonly trail: readonly string[];
  readonly onChange: (value: Json | undefined) => void;
}

/** A value whose schema was merged into one node. */
export interface ControlProps extends NodeProps {
  readonly node: JsonObject;
}
