/** How a field's control is tied to its label, its description and its errors. */

import type { FieldProps } from "@rjsf/utils";
import { strings } from "../strings";
import type { FormShared } from "./context";
import { errorId, labelId, noteId, type Wiring } from "./inputs";
import { allowsNull, emptyMeansNull, isObject } from "./schema";

export function wiringOf(props: FieldProps, shared: FormShared): Wiring {
  const id = props.fieldPathId.$id;
  const invalid = (props.rawErrors?.length ?? 0) > 0;
  const described = [
    invalid ? errorId(id) : "",
    noteOf(props.schema, shared) === "" ? "" : noteId(id),
  ].filter(Boolean);
  return {
    id,
    labelledBy: labelId(id),
    invalid,
    required: isRequired(props, shared),
    disabled: shared.disabled || props.disabled === true || props.schema.readOnly === true,
    describedBy: described.join(" ") || undefined,
  };
}

/** The whole is wanted unless it may be left out, and so is every item of a list. */
export function isRequired(
  props: Pick<FieldProps, "required" | "fieldPathId">,
  shared: FormShared,
): boolean {
  const { path } = props.fieldPathId;
  if (path.length === 0) return !shared.optional;
  return props.required === true || typeof path.at(-1) === "number";
}

/** Description of a field and what its limits are, in one line. */
export function noteOf(schema: FieldProps["schema"], shared: FormShared): string {
  const node = isObject(schema) ? schema : {};
  const note = [typeof node.description === "string" ? node.description : ""];
  const { minimum, maximum } = node;
  if (typeof minimum === "number" && typeof maximum === "number") {
    note.push(strings.question.range(minimum, maximum));
  }
  if (allowsNull(node) && emptyMeansNull(node, shared.root))
    note.push(strings.question.emptyIsNone);
  return note.filter(Boolean).join(" ");
}
