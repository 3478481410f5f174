/** rjsf's `ValidatorType` over {@link judge}; rjsf itself only asks which branch a value fits. */

import {
  type CustomValidator,
  createErrorHandler,
  type ErrorSchema,
  ErrorSchemaBuilder,
  type ErrorTransformer,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorList,
  type UiSchema,
  unwrapErrorHandler,
  type ValidationData,
  type ValidatorType,
  validationDataMerge,
} from "@rjsf/utils";
import type { FieldError, Json, JsonObject } from "../../protocol/messages";
import { fits, judge } from "./judge";

/** Any JSON value; spelt out, the recursive type is too deep for rjsf's own. */
type Data = unknown;

/** Errors by place, in the tree that rjsf hands down to its fields. */
export function errorTree(errors: readonly FieldError[]): ErrorSchema {
  const builder = new ErrorSchemaBuilder();
  for (const error of errors) {
    builder.addErrors(error.message, error.path.length > 0 ? error.path : undefined);
  }
  return builder.ErrorSchema;
}

function withRoot(schema: RJSFSchema, root: RJSFSchema): JsonObject {
  const definitions = { $defs: root.$defs ?? {}, definitions: root.definitions ?? {} };
  return { ...definitions, ...schema } as JsonObject;
}

export const validator: ValidatorType<Data> = {
  isValid: (schema, data, root) => fits(withRoot(schema, root), data as Json | undefined),
  rawValidation: <Result>(schema: RJSFSchema, data?: Data) => ({
    errors: (data === undefined ? [] : judge(schema as JsonObject, data as Json)) as Result[],
  }),
  validateFormData(
    data: Data,
    schema: RJSFSchema,
    custom?: CustomValidator<Data>,
    transform?: ErrorTransformer<Data>,
    uiSchema?: UiSchema<Data>,
  ): ValidationData<Data> {
    const tree = errorTree(data === undefined ? [] : judge(schema as JsonObject, data as Json));
    let errors: RJSFValidationError[] = toErrorList(tree);
    if (transform) errors = transform(errors, uiSchema);
    const found = { errors, errorSchema: tree } as ValidationData<Data>;
    if (!custom) return found;
    const handled = custom(data, createErrorHandler<Data>(data), uiSchema, found.errorSchema);
    return validationDataMerge(found, unwrapErrorHandler<Data>(handled));
  },
};
