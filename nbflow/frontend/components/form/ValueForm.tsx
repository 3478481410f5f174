/** The editor of one value: rjsf for the structure, our controls. */

import RjsfForm from "@rjsf/core/lib/components/Form.js";
import { createElement, Fragment, type ReactNode, useMemo, useState } from "react";
import type { FieldError, Json } from "../../protocol/messages";
import { type FormShared, FormSharedContext } from "./context";
import { NodeField } from "./NodeField";
import type { Entry } from "./sheet";
import { templates } from "./templates";
import type { EntryEdits } from "./useAnswer";
import { errorTree, validator } from "./validator";
import { keyOf } from "./work";

interface Props {
  entry: Entry;
  edit: EntryEdits;
  /** Of the whole answer; those of other entries are left aside. */
  errors: readonly FieldError[];
  /** Id of the whole answer, which those of the fields begin with. */
  prefix: string;
  disabled: boolean;
}

/** A given value keeps its shape: no default is added to it. */
const AS_GIVEN = {
  emptyObjectFields: "skipDefaults",
  allOf: "skipDefaults",
  constAsDefaults: "never",
  arrayMinItems: { populate: "never" },
  requiredBooleanDefault: "skip",
} as const;

const WITH_DEFAULTS = { ...AS_GIVEN, emptyObjectFields: "populateAllDefaults" } as const;

const FIELDS = { SchemaField: NodeField };

/** rjsf draws a button of its own where it finds nothing inside. */
const NO_BUTTON = createElement(Fragment);

/** Separates the steps of a path in the id of its control. */
export const SEPARATOR = "__";

export function ValueForm({ entry, edit, errors, prefix, disabled }: Props): ReactNode {
  const { asked, path, work } = entry;
  const shared = useMemo(() => sharedFor(entry, edit, disabled), [entry, edit, disabled]);
  const tree = useMemo(() => errorTree(within(errors, path)), [errors, path]);
  const [begun] = useState(() => ({
    value: work.value,
    defaults: work.untouched && !asked.has_initial ? WITH_DEFAULTS : AS_GIVEN,
  }));
  return (
    <FormSharedContext value={shared}>
      <RjsfForm<unknown>
        tagName="div"
        className="nbf-value"
        idPrefix={[prefix, ...path].join(SEPARATOR)}
        idSeparator={SEPARATOR}
        schema={asked.schema}
        initialFormData={begun.value}
        validator={validator}
        fields={FIELDS}
        templates={templates}
        extraErrors={tree}
        disabled={disabled}
        noValidate
        showErrorList={false}
        experimental_defaultFormStateBehavior={begun.defaults}
        onChange={(event, id) =>
          edit.change(entry, event.formData as Json | undefined, id !== undefined)
        }
      >
        {NO_BUTTON}
      </RjsfForm>
    </FormSharedContext>
  );
}

function sharedFor(entry: Entry, edit: EntryEdits, disabled: boolean): FormShared {
  return {
    root: entry.asked.schema,
    optional: entry.asked.optional,
    disabled,
    textOf: (path) => entry.work.texts[keyOf(path)],
    setText: (path, raw) => edit.setText(entry, path, raw),
    setBroken: (path, message) => edit.setBroken(entry, path, message),
  };
}

function within(errors: readonly FieldError[], path: Entry["path"]): FieldError[] {
  return errors
    .filter((error) => path.every((key, depth) => error.path[depth] === key))
    .map((error) => ({ ...error, path: error.path.slice(path.length) }));
}
