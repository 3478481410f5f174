/** An answer of any kind: the person says which, and it is sent with its type. */

import type { FieldProps } from "@rjsf/utils";
import { type ReactNode, useEffect, useState } from "react";
import type { Json } from "../../protocol/messages";
import { strings } from "../strings";
import { type FormShared, useFormShared } from "./context";
import { NumberInput, Pick, TextArea, type Wiring } from "./inputs";
import { type Option, typesOf } from "./schema";
import { wiringOf } from "./wiring";

type Kind = keyof typeof strings.question.kinds;

const KIND_OF_TYPE: Record<string, Kind> = {
  string: "text",
  number: "number",
  integer: "number",
  boolean: "boolean",
  object: "json",
  array: "json",
};

function kindsFor(schema: FieldProps["schema"]): Kind[] {
  const types = typesOf(schema as Record<string, Json>);
  if (types.length === 0) return ["text", "number", "boolean", "json"];
  return [...new Set(types.map((type) => KIND_OF_TYPE[type] ?? "json"))];
}

function kindOfValue(value: unknown): Kind | undefined {
  if (value === undefined) return undefined;
  if (value === null || typeof value === "object") return "json";
  return KIND_OF_TYPE[typeof value];
}

export function AnyField(props: FieldProps): ReactNode {
  const shared = useFormShared();
  const wiring = wiringOf(props, shared);
  const { path } = props.fieldPathId;
  const kinds = kindsFor(props.schema);
  const [kind, setKind] = useState<Kind>(() => {
    const raw = shared.textOf(path)?.kind as Kind | undefined;
    const wanted = raw ?? kindOfValue(props.formData) ?? kinds[0] ?? "text";
    return kinds.includes(wanted) ? wanted : (kinds[0] ?? "json");
  });
  const change = (value: Json | undefined): void => props.onChange(value, path);
  const switchTo = (next: Kind): void => {
    setKind(next);
    shared.setBroken(path, null);
    shared.setText(path, { kind: next, text: "" });
    change(undefined);
  };
  return (
    <div className="nbf-any">
      {kinds.length > 1 && <KindPick id={wiring.id} kinds={kinds} kind={kind} onPick={switchTo} />}
      <KindControl
        key={kind}
        kind={kind}
        wiring={wiring}
        shared={shared}
        field={props}
        change={change}
      />
    </div>
  );
}

interface KindPickProps {
  id: string;
  kinds: readonly Kind[];
  kind: Kind;
  onPick: (kind: Kind) => void;
}

function KindPick({ id, kinds, kind, onPick }: KindPickProps): ReactNode {
  const shared = useFormShared();
  return (
    <div className="nbf-kinds" role="radiogroup" aria-label={strings.question.kind}>
      {kinds.map((name) => (
        <label key={name} className="nbf-kind">
          <input
            type="radio"
            name={`${id}__kind`}
            checked={name === kind}
            disabled={shared.disabled}
            onChange={() => onPick(name)}
          />
          <span>{strings.question.kinds[name]}</span>
        </label>
      ))}
    </div>
  );
}

interface ControlProps {
  kind: Kind;
  wiring: Wiring;
  shared: FormShared;
  field: FieldProps;
  change: (value: Json | undefined) => void;
}

const YES_NO: readonly Option[] = [
  { value: true, label: strings.question.yes },
  { value: false, label: strings.question.no },
];

function KindControl(props: ControlProps): ReactNode {
  const { kind, wiring, shared, field, change } = props;
  const value: unknown = field.formData;
  const path = field.fieldPathId.path;
  switch (kind) {
    case "text":
      return (
        <TextArea
          wiring={wiring}
          value={typeof value === "string" ? value : ""}
          onChange={change}
        />
      );
    case "number":
      return (
        <NumberInput
          wiring={wiring}
          value={typeof value === "number" ? value : undefined}
          whole={false}
          onChange={(next) => {
            const broken = typeof next === "string";
            shared.setBroken(path, broken ? strings.question.notNumber : null);
            change(broken ? undefined : next);
          }}
        />
      );
    case "boolean":
      return (
        <Pick
          wiring={wiring}
          options={YES_NO}
          chosen={YES_NO.findIndex((option) => option.value === value)}
          onPick={(index) => change(YES_NO[index]?.value)}
        />
      );
    case "json":
      return <JsonControl {...props} />;
  }
}

function JsonControl({ wiring, shared, field, change }: ControlProps): ReactNode {
  const { path } = field.fieldPathId;
  const [text, setText] = useState(() => {
    const raw = shared.textOf(path);
    if (raw?.kind === "json" && raw.text !== "") return raw.text;
    return field.formData === undefined ? "" : JSON.stringify(field.formData, null, 2);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for a text that a draft brought
  useEffect(() => shared.setBroken(path, readJson(text).problem), []);
  const edit = (next: string): void => {
    setText(next);
    const read = readJson(next);
    shared.setBroken(path, read.problem);
    shared.setText(path, { kind: "json", text: next });
    change(read.value);
  };
  return <TextArea code wiring={wiring} value={text} onChange={edit} />;
}

function readJson(text: string): { value: Json | undefined; problem: string | null } {
  if (text.trim() === "") return { value: undefined, problem: null };
  try {
    return { value: JSON.parse(text) as Json, problem: null };
  } catch (error) {
    const detail = error instanceof Error ? ` ${error.message}` : "";
    return { value: undefined, problem: strings.question.notJson + detail };
  }
}
