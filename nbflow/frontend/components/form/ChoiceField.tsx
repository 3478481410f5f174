/** `oneOf` and `anyOf`: nothing is chosen until the person or the value says so. */

import type { FieldProps } from "@rjsf/utils";
import { type ReactNode, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { useFormShared } from "./context";
import { labelId, Pick } from "./inputs";
import { fits } from "./judge";
import { branchOf, constantsOf, isObject, resolve, typesOf } from "./schema";
import { wiringOf } from "./wiring";

/** Branches of a choice, each with the keywords that all share. */
export function branchesOf(schema: JsonObject, root: JsonObject): JsonObject[] {
  const { oneOf, anyOf, discriminator: _, title: __, description: ___, ...shared } = schema;
  const branches = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : [];
  return branches.map((branch) => {
    const own = resolve(branch, root);
    const merged: JsonObject = { ...shared, ...own };
    if (isObject(shared.properties)) {
      merged.properties = {
        ...shared.properties,
        ...(isObject(own.properties) ? own.properties : {}),
      };
    }
    if (Array.isArray(shared.required) && Array.isArray(own.required)) {
      merged.required = [...shared.required, ...own.required];
    }
    return merged;
  });
}

function nameOf(branch: JsonObject, root: JsonObject, index: number): string {
  if (branch.type === "null") return strings.question.none;
  const constants = Object.values(constantsOf(branch, root));
  if (typeof branch.title === "string") return branch.title;
  if (constants.length > 0) return constants.map(String).join(" ");
  const [type] = typesOf(branch);
  return type === undefined ? String(index + 1) : strings.question.types(type);
}

function chosenAt(value: unknown, branches: readonly JsonObject[], root: JsonObject): number {
  if (value === undefined) return -1;
  const marked = branchOf(value, branches, root);
  if (marked) return branches.indexOf(marked);
  const definitions = { $defs: root.$defs ?? {}, definitions: root.definitions ?? {} };
  return branches.findIndex((branch) => fits({ ...definitions, ...branch }, value as Json));
}

export function ChoiceField(props: FieldProps): ReactNode {
  const shared = useFormShared();
  const wiring = wiringOf(props, shared);
  const branches = branchesOf(props.schema as JsonObject, shared.root);
  const [chosen, setChosen] = useState(() => chosenAt(props.formData, branches, shared.root));
  const branch = branches[chosen];
  const { SchemaField } = props.registry.fields;
  const pick = (index: number): void => {
    setChosen(index);
    props.onChange(
      startOf(branches[index], shared.root),
      props.fieldPathId.path,
      undefined,
      wiring.id,
    );
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the label is drawn by the field around it
    <div className="nbf-choice" role="group" aria-labelledby={labelId(wiring.id)}>
      <Pick
        wiring={{ ...wiring, id: `${wiring.id}__choice` }}
        options={branches.map((item, index) => ({
          value: index,
          label: nameOf(item, shared.root, index),
        }))}
        chosen={chosen}
        onPick={pick}
      />
      {branch && branch.type !== "null" && SchemaField && (
        <div className="nbf-branch">
          <SchemaField
            {...props}
            key={chosen}
            schema={branch}
            uiSchema={{ "ui:options": { label: false } }}
          />
        </div>
      )}
    </div>
  );
}

function startOf(branch: JsonObject | undefined, root: JsonObject): Json | undefined {
  if (!branch) return undefined;
  if (branch.type === "null") return null;
  return typesOf(branch)[0] === "object" || isObject(branch.properties)
    ? constantsOf(branch, root)
    : undefined;
}
