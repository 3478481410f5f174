/** One value: text, number, yes or no, one of a list, several of a list, or nothing. */

import { type ReactNode, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { type ControlProps, useBroken, useFormShared } from "./context";
import { controlOf } from "./control";
import { emptyMeansNull } from "./finish";
import { formatProblem, isDate, momentFrom, momentText, offsetHere } from "./formats";
import { Checks, NumberInput, Pick, TextArea, TextInput, type Wiring } from "./inputs";
import { allowsNull, labelOf, type Option, optionsOf, typesOf } from "./schema";
import { shapeOf } from "./shape";
import { isLongNumber, same } from "./value";
import { wiringOf } from "./wiring";

export function ScalarField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, value, onChange } = props;
  const wiring = wiringOf(props, shared);
  switch (controlOf(node, shared.root)) {
    case "boolean":
      return <Closed wiring={wiring} options={yesNo(node)} value={value} onChange={onChange} />;
    case "hidden":
    case "options": {
      const options = optionsOf(node, shared.root) ?? optionsOf({ enum: [node.const ?? null] }, {});
      return <Closed wiring={wiring} options={options ?? []} value={value} onChange={onChange} />;
    }
    case "checks":
      return <Several {...props} wiring={wiring} />;
    case "number":
      return <Numeric {...props} wiring={wiring} />;
    case "null":
      return <p className="nbf-note">{strings.question.none}</p>;
    default:
      return <Text {...props} wiring={wiring} />;
  }
}

type Wired = ControlProps & { wiring: Wiring };

function yesNo(node: JsonObject): Option[] {
  const options: Option[] = [
    { value: true, label: strings.question.yes },
    { value: false, label: strings.question.no },
  ];
  return allowsNull(node) ? [...options, { value: null, label: strings.question.none }] : options;
}

interface ClosedProps {
  wiring: Wiring;
  options: readonly Option[];
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** One of a list; a given value that is not in it is shown beside. */
function Closed({ wiring, options, value, onChange }: ClosedProps): ReactNode {
  const [first] = useState(value);
  const all = withStrangers(options, first === undefined ? [] : [first]);
  const long = all.some((option) => option.label.length > 32);
  return (
    <Pick
      wiring={wiring}
      options={all}
      inline={!long}
      chosen={all.findIndex((option) => same(option.value, value))}
      onPick={(index) => onChange(all[index]?.value)}
    />
  );
}

function Several({ node, value, onChange, wiring }: Wired): ReactNode {
  const { root } = useFormShared();
  const options = optionsOf(shapeOf(node.items, undefined, root), root) ?? [];
  const chosen = Array.isArray(value) ? value : [];
  const [first] = useState(chosen);
  return (
    <Checks
      wiring={wiring}
      options={withStrangers(options, first)}
      value={chosen}
      onChange={onChange}
    />
  );
}

function withStrangers(options: readonly Option[], values: readonly Json[]): Option[] {
  const strange = values.filter((value) => !options.some((option) => same(option.value, value)));
  return [
    ...options,
    ...strange.map((value) => ({ value, label: strings.question.notListed(labelOf(value)) })),
  ];
}

function Numeric(props: Wired): ReactNode {
  const { root, givenAt } = useFormShared();
  const { node, path, value, onChange, wiring } = props;
  const whole = typesOf(node)[0] === "integer";
  const asGiven = isLongNumber(value) && (value === givenAt(path) || value === node.default);
  const large = typeof value === "string" && /^[+-]?\d+$/.test(value) && !asGiven;
  useBroken(path, large ? strings.question.tooLarge : null);
  return (
    <NumberInput
      wiring={wiring}
      value={value}
      whole={whole}
      onChange={(next) => onChange(next ?? (emptyMeansNull(node, root) ? null : undefined))}
    />
  );
}

function Text(props: Wired): ReactNode {
  const shared = useFormShared();
  const { node, path, value, required, wiring } = props;
  const text = typeof value === "string" ? value : "";
  const empty = emptyMeansNull(node, shared.root) ? null : required ? "" : undefined;
  const onText = (next: string): void => props.onChange(next === "" ? empty : next);
  const given = JSON.stringify(shared.givenAt([]) ?? null).includes(JSON.stringify(text));
  useBroken(path, given ? null : formatProblem(node.format, text));
  const control = controlOf(node, shared.root);
  /** Whether a native control shows the text is asked once: it is empty while half typed. */
  const [native] = useState(() => isNative(node.format, text));
  if (control === "textarea") return <TextArea wiring={wiring} value={text} onChange={onText} />;
  if (native && node.format === "date-time") {
    return <Moment wiring={wiring} text={text} onText={onText} />;
  }
  return (
    <TextInput
      wiring={wiring}
      value={text}
      onChange={onText}
      type={control === "password" ? "password" : typeFor(node.format, native)}
      placeholder={strings.formats[node.format as keyof typeof strings.formats]?.example}
    />
  );
}

/** A native control shows a stored text that it cannot read as blank: such a one stays text. */
function isNative(format: unknown, text: string): boolean {
  if (format === "date") return text === "" || isDate(text);
  return format === "date-time" && (text === "" || momentFrom(text) !== null);
}

function typeFor(format: unknown, native: boolean): "date" | "email" | "text" | "url" {
  if (native) return "date";
  return format === "email" ? "email" : format === "uri" ? "url" : "text";
}

interface MomentProps {
  wiring: Wiring;
  text: string;
  onText: (text: string) => void;
}

/** Day and time in a native control, and the offset from UTC beside it as it was given. */
function Moment({ wiring, text, onText }: MomentProps): ReactNode {
  const [offset, setOffset] = useState(() => momentFrom(text)?.offset ?? null);
  const shown = offset ?? "";
  const local = text === "" ? "" : text.slice(0, text.length - shown.length);
  const put = (next: string, zone: string): void =>
    onText(next === "" ? "" : momentText({ local: next, offset: zone }));
  return (
    <div className="nbf-moment">
      <TextInput
        wiring={wiring}
        type="datetime-local"
        value={local}
        onChange={(next) => {
          const zone = offset ?? offsetHere(next);
          if (next !== "") setOffset(zone);
          put(next, zone);
        }}
      />
      <label className="nbf-offset">
        <span>{strings.question.offset}</span>
        <input
          className="nbf-input"
          type="text"
          autoComplete="off"
          placeholder="Z"
          disabled={wiring.disabled}
          value={shown}
          onChange={(event) => {
            setOffset(event.target.value);
            put(local, event.target.value);
          }}
        />
      </label>
    </div>
  );
}
