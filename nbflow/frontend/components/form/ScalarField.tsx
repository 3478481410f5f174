/** One value: text, number, yes or no, one of a list, several of a list, or nothing. */

import type { FieldProps } from "@rjsf/utils";
import type { ReactNode } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { useFormShared } from "./context";
import { Checks, NumberInput, Pick, same, TextArea, TextInput, type Wiring } from "./inputs";
import {
  allowsNull,
  controlOf,
  emptyMeansNull,
  type Option,
  optionsOf,
  resolve,
  typesOf,
} from "./schema";
import { isRequired, wiringOf } from "./wiring";

export function ScalarField(props: FieldProps): ReactNode {
  const shared = useFormShared();
  const schema = props.schema as JsonObject;
  const wiring = wiringOf(props, shared);
  const change = (value: Json | undefined): void =>
    props.onChange(value, props.fieldPathId.path, undefined, wiring.id);
  const value: unknown = props.formData;
  switch (controlOf(schema, shared.root)) {
    case "boolean":
      return pick(wiring, yesNo(schema), value, change);
    case "options":
      return pick(wiring, optionsOf(schema, shared.root) ?? [], value, change);
    case "checks":
      return (
        <Checks
          wiring={wiring}
          options={optionsOf(resolve(schema.items, shared.root), shared.root) ?? []}
          value={Array.isArray(value) ? value : []}
          onChange={change}
        />
      );
    case "number":
      return (
        <NumberInput
          wiring={wiring}
          value={value}
          whole={typesOf(schema)[0] === "integer"}
          onChange={(next) => {
            const inexact = typeof next === "number" && Math.abs(next) > Number.MAX_SAFE_INTEGER;
            const whole = typesOf(schema)[0] === "integer";
            shared.setBroken(
              props.fieldPathId.path,
              inexact && whole ? strings.question.tooLarge : null,
            );
            change(next ?? (emptyMeansNull(schema, shared.root) ? null : undefined));
          }}
        />
      );
    case "null":
      return <p className="nbf-note">{strings.question.none}</p>;
    default:
      return <Text field={props} wiring={wiring} change={change} />;
  }
}

function yesNo(schema: JsonObject): Option[] {
  const options: Option[] = [
    { value: true, label: strings.question.yes },
    { value: false, label: strings.question.no },
  ];
  return allowsNull(schema) ? [...options, { value: null, label: strings.question.none }] : options;
}

type Change = (value: Json | undefined) => void;

function pick(wiring: Wiring, options: Option[], value: unknown, change: Change): ReactNode {
  const long = options.some((option) => option.label.length > 32);
  return (
    <Pick
      wiring={wiring}
      options={options}
      inline={!long}
      chosen={options.findIndex((option) => same(option.value, value))}
      onPick={(index) => change(options[index]?.value)}
    />
  );
}

interface TextProps {
  field: FieldProps;
  wiring: Wiring;
  change: Change;
}

function Text({ field, wiring, change }: TextProps): ReactNode {
  const shared = useFormShared();
  const schema = field.schema as JsonObject;
  const value = typeof field.formData === "string" ? field.formData : "";
  const empty = emptyMeansNull(schema, shared.root)
    ? null
    : isRequired(field, shared)
      ? ""
      : undefined;
  const onChange = (text: string): void => change(text === "" ? empty : text);
  const control = controlOf(schema, shared.root);
  if (control === "textarea") return <TextArea wiring={wiring} value={value} onChange={onChange} />;
  const { type, placeholder } = inputFor(control, schema, value);
  return (
    <TextInput
      wiring={wiring}
      value={value}
      onChange={onChange}
      type={type}
      placeholder={placeholder}
    />
  );
}

interface InputKind {
  type: "text" | "password" | "date" | "email" | "url";
  placeholder?: string;
}

/** A native date field shows a stored date that it cannot read as blank: such a one stays text. */
function inputFor(control: string, schema: JsonObject, value: string): InputKind {
  if (control === "password") return { type: "password" };
  switch (schema.format) {
    case "date":
      return value === "" || /^\d{4}-\d\d-\d\d$/.test(value)
        ? { type: "date" }
        : { type: "text", placeholder: "2026-01-31" };
    case "date-time":
      return { type: "text", placeholder: "2026-01-31T12:00:00Z" };
    case "time":
      return { type: "text", placeholder: "12:00:00" };
    case "email":
      return { type: "email", placeholder: "name@example.org" };
    case "uri":
      return { type: "url", placeholder: "https://…" };
    default:
      return { type: "text" };
  }
}
