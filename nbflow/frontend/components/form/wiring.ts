/** How a control is tied to its label, its note and its errors. */

import type { ControlProps, FormShared } from "./context";
import { errorId, labelId, noteId, type Wiring } from "./inputs";
import { noteOf } from "./notes";

export function wiringOf(props: ControlProps, shared: FormShared): Wiring {
  const id = shared.idOf(props.path);
  const invalid = shared.errorsAt(props.path).length > 0;
  const described = [
    invalid ? errorId(id) : "",
    noteOf(props.node, shared.root) === "" ? "" : noteId(id),
  ].filter(Boolean);
  return {
    id,
    labelledBy: labelId(id),
    invalid,
    required: props.required,
    disabled: shared.disabled,
    describedBy: described.join(" ") || undefined,
  };
}
