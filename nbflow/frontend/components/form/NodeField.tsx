/** Stands in for rjsf's SchemaField: picks our control for a node, and hides constants. */

import SchemaField from "@rjsf/core/lib/components/fields/SchemaField.js";
import { type FieldProps, RJSF_REF_CYCLE_KEY } from "@rjsf/utils";
import type { ReactNode } from "react";
import type { JsonObject } from "../../protocol/messages";
import { AnyField } from "./AnyField";
import { ChoiceField } from "./ChoiceField";
import { useFormShared } from "./context";
import { ScalarField } from "./ScalarField";
import { controlOf, isObject, withNullFolded } from "./schema";

export function NodeField(props: FieldProps): ReactNode {
  const { root } = useFormShared();
  const given: FieldProps["schema"] = isObject(props.schema) ? props.schema : {};
  if (Reflect.get(given, RJSF_REF_CYCLE_KEY) === true) return <SchemaField {...props} />;
  const retrieved = props.registry.schemaUtils.retrieveSchema(given, props.formData) as JsonObject;
  const node = withNullFolded(retrieved, root);
  const control = controlOf(node, root);
  if (control === "hidden") return null;
  if (control === "container") return <SchemaField {...props} schema={node} />;
  const field = control === "any" ? AnyField : control === "choice" ? ChoiceField : ScalarField;
  return (
    <SchemaField
      {...props}
      schema={{ ...node, [CONTROL]: control }}
      uiSchema={{ ...props.uiSchema, "ui:field": field, "ui:fieldReplacesAnyOrOneOf": true }}
    />
  );
}

/** Keeps the node from being empty, for which rjsf draws nothing; no validator sees it. */
const CONTROL = "x-nbflow-control";
