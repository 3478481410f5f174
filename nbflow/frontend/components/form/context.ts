/** What the fields of one form share beyond rjsf: raw texts, and values that cannot be read yet. */

import { createContext, useContext } from "react";
import type { JsonObject } from "../../protocol/messages";
import type { RawText } from "./drafts";

export type FieldPath = readonly (string | number)[];

export interface FormShared {
  readonly root: JsonObject;
  /** Whether the value as a whole may be left out. */
  readonly optional: boolean;
  readonly disabled: boolean;
  /** Raw text a control was left with, so that a half-typed answer survives a reload. */
  textOf(path: FieldPath): RawText | undefined;
  setText(path: FieldPath, raw: RawText): void;
  /** Says why the control's text is no value; null once it is one. */
  setBroken(path: FieldPath, message: string | null): void;
}

export const FormSharedContext = createContext<FormShared | null>(null);

export function useFormShared(): FormShared {
  const shared = useContext(FormSharedContext);
  if (!shared) throw new Error("A form field was drawn outside a form.");
  return shared;
}
