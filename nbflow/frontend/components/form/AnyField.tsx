/** An answer of any kind: the person says which, and it is sent with its type. */

import { type ReactNode, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { type ControlProps, useBroken, useFormShared } from "./context";
import { labelOf } from "./Frame";
import { NumberInput, Pick, TextArea, type Wiring } from "./inputs";
import { readJson, written } from "./json";
import { allowsNull, type Option, typesOf } from "./schema";
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

function kindsFor(node: JsonObject): Kind[] {
  const types = typesOf(node);
  if (types.length === 0) return ["text", "number", "boolean", "json"];
  const kinds = types.map((type) => KIND_OF_TYPE[type] ?? "json");
  return [...new Set(allowsNull(node) ? [...kinds, "none" as const] : kinds)];
}

function kindOfValue(value: unknown, kinds: readonly Kind[]): Kind | undefined {
  if (value === undefined) return undefined;
  if (value === null) return kinds.includes("none") ? "none" : "json";
  return typeof value === "object" ? "json" : KIND_OF_TYPE[typeof value];
}

export function AnyField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, path, value, onChange } = props;
  const offered = kindsFor(node);
  const [{ kind, kinds }, setKind] = useState(() => {
    const raw = shared.textOf(path)?.kind as Kind | undefined;
    const wanted = raw ?? kindOfValue(value, offered) ?? offered[0] ?? "json";
    return { kind: wanted, kinds: [...new Set([...offered, wanted])] };
  });
  const switchTo = (next: Kind): void => {
    setKind({ kind: next, kinds });
    shared.setText(path, { kind: next, text: "" });
    onChange(next === "none" ? null : undefined);
  };
  return (
    <div className="nbf-any">
      {kinds.length > 1 && (
        <KindPick
          id={shared.idOf(path)}
          of={labelOf(props)}
          kinds={kinds}
          kind={kind}
          onPick={switchTo}
        />
      )}
      <KindControl key={kind} {...props} kind={kind} />
    </div>
  );
}

interface KindPickProps {
  id: string;
  /** What the value is called. */
  of: string;
  kinds: readonly Kind[];
  kind: Kind;
  onPick: (kind: Kind) => void;
}

function KindPick({ id, of, kinds, kind, onPick }: KindPickProps): ReactNode {
  const shared = useFormShared();
  return (
    <div className="nbf-kinds" role="radiogroup" aria-label={strings.question.kindOf(of)}>
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

const YES_NO: readonly Option[] = [
  { value: true, label: strings.question.yes },
  { value: false, label: strings.question.no },
];

function KindControl(props: ControlProps & { kind: Kind }): ReactNode {
  const { kind, value, onChange } = props;
  const wiring = wiringOf(props, useFormShared());
  switch (kind) {
    case "text":
      return (
        <TextArea
          wiring={wiring}
          value={typeof value === "string" ? value : ""}
          onChange={onChange}
        />
      );
    case "number":
      return <AnyNumber {...props} wiring={wiring} />;
    case "boolean":
      return (
        <Pick
          wiring={wiring}
          options={YES_NO}
          chosen={YES_NO.findIndex((option) => option.value === value)}
          onPick={(index) => onChange(YES_NO[index]?.value)}
        />
      );
    case "none":
      return <p className="nbf-note">{strings.question.none}</p>;
    case "json":
      return <JsonField {...props} />;
  }
}

/** What cannot be read as a number is kept as text, and holds sending up. */
function AnyNumber({
  path,
  value,
  onChange,
  wiring,
}: ControlProps & { wiring: Wiring }): ReactNode {
  useBroken(path, typeof value === "string" ? strings.question.notNumber : null);
  return <NumberInput wiring={wiring} value={value} whole={false} onChange={onChange} />;
}

export function JsonField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { path, value, onChange } = props;
  const [text, setText] = useState(() => {
    const raw = shared.textOf(path);
    return raw?.kind === "json" && raw.text !== "" ? raw.text : written(value);
  });
  useBroken(path, readJson(text).problem);
  const edit = (next: string): void => {
    setText(next);
    shared.setText(path, { kind: "json", text: next });
    onChange(readJson(next).value as Json | undefined);
  };
  return <TextArea code wiring={wiringOf(props, shared)} value={text} onChange={edit} />;
}
