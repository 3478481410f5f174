/** The controls: native elements with labels, descriptions and errors wired up. */

import { type ReactNode, useEffect, useState } from "react";
import type { Json } from "../../protocol/messages";
import { strings } from "../strings";
import { isExact } from "./json";
import type { Option } from "./schema";
import { same } from "./value";

export interface Wiring {
  readonly id: string;
  readonly labelledBy: string;
  readonly required: boolean;
  readonly disabled: boolean;
  readonly invalid: boolean;
  readonly describedBy: string | undefined;
}

export const labelId = (id: string): string => `${id}__label`;
export const errorId = (id: string): string => `${id}__error`;
export const noteId = (id: string): string => `${id}__description`;

function attributes(wiring: Wiring): {
  id: string;
  disabled: boolean;
  "aria-invalid": true | undefined;
  "aria-required": true | undefined;
  "aria-describedby": string | undefined;
  "aria-labelledby": string;
} {
  return {
    id: wiring.id,
    disabled: wiring.disabled,
    "aria-invalid": wiring.invalid || undefined,
    "aria-required": wiring.required || undefined,
    "aria-describedby": wiring.describedBy,
    "aria-labelledby": wiring.labelledBy,
  };
}

interface TextProps {
  wiring: Wiring;
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "password" | "date" | "datetime-local" | "email" | "url";
  placeholder?: string | undefined;
  numeric?: "numeric" | "decimal";
}

export function TextInput(props: TextProps): ReactNode {
  return (
    <input
      {...attributes(props.wiring)}
      className={`nbf-input${props.numeric ? " nbf-input-number" : ""}`}
      type={props.type ?? "text"}
      inputMode={props.numeric}
      placeholder={props.placeholder}
      autoComplete={props.type === "password" ? "new-password" : "off"}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}

export function TextArea(props: TextProps & { code?: boolean }): ReactNode {
  /** A short text to begin with gets one line, and more as it grows. */
  const [fewest] = useState(() => (props.code ? 4 : /^.{1,60}$/.test(props.value) ? 1 : 3));
  const rows = Math.min(12, Math.max(fewest, props.value.split("\n").length));
  return (
    <textarea
      {...attributes(props.wiring)}
      className={`nbf-input nbf-area${props.code ? " nbf-code" : ""}`}
      rows={rows}
      spellCheck={!props.code}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number a text stands for; undefined for none, the text itself when it is none exactly. */
export function numberFrom(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const value = NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
  return Number.isFinite(value) && isExact(trimmed) ? value : trimmed;
}

interface NumberProps {
  wiring: Wiring;
  value: unknown;
  whole: boolean;
  onChange: (value: number | string | undefined) => void;
}

/** A text field, since a native number field drops what it cannot read and scrolls values away. */
export function NumberInput({ wiring, value, whole, onChange }: NumberProps): ReactNode {
  const shown = value === undefined || value === null ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText((current) => (String(numberFrom(current) ?? "") === shown ? current : shown));
  }, [shown]);
  return (
    <TextInput
      wiring={wiring}
      value={text}
      numeric={whole ? "numeric" : "decimal"}
      onChange={(next) => {
        setText(next);
        onChange(numberFrom(next));
      }}
    />
  );
}

interface PickProps {
  wiring: Wiring;
  options: readonly Option[];
  /** Index of the chosen option; -1 for none. */
  chosen: number;
  onPick: (index: number) => void;
  inline?: boolean;
}

/** Radio buttons for a few options, a select with an empty choice for more. */
export function Pick(props: PickProps): ReactNode {
  return props.options.length <= 5 ? <Radios {...props} /> : <Select {...props} />;
}

function Select({ wiring, options, chosen, onPick }: PickProps): ReactNode {
  return (
    <select
      {...attributes(wiring)}
      className="nbf-input nbf-select"
      value={chosen}
      onChange={(event) => onPick(Number(event.target.value))}
    >
      <option value={-1}>{strings.question.choose}</option>
      {options.map((option, index) => (
        <option key={JSON.stringify(option.value)} value={index}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

function Radios({ wiring, options, chosen, onPick, inline = true }: PickProps): ReactNode {
  const none = options.some((option) => option.value === null);
  const clearable = !wiring.required && !none && chosen >= 0;
  return (
    <div
      className={`nbf-radios${inline ? " nbf-inline" : ""}`}
      role="radiogroup"
      id={wiring.id}
      aria-labelledby={wiring.labelledBy}
      aria-describedby={wiring.describedBy}
      aria-invalid={wiring.invalid || undefined}
      aria-required={wiring.required || undefined}
    >
      {options.map((option, index) => (
        <label key={JSON.stringify(option.value)} className="nbf-check">
          <input
            type="radio"
            name={wiring.id}
            checked={index === chosen}
            disabled={wiring.disabled}
            onChange={() => onPick(index)}
          />
          <span>{option.label}</span>
        </label>
      ))}
      {clearable && (
        <button
          type="button"
          className="nbf-button nbf-quiet-button"
          disabled={wiring.disabled}
          onClick={() => onPick(-1)}
        >
          {strings.question.clear}
        </button>
      )}
    </div>
  );
}

interface ChecksProps {
  wiring: Wiring;
  options: readonly Option[];
  value: readonly Json[];
  onChange: (value: Json[]) => void;
}

export function Checks({ wiring, options, value, onChange }: ChecksProps): ReactNode {
  const has = (option: Option): boolean => value.some((item) => same(item, option.value));
  const toggle = (option: Option): void => {
    const kept = value.filter((item) => !same(item, option.value));
    onChange(has(option) ? kept : [...kept, option.value]);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the label is drawn by the field around it
    <div
      className="nbf-radios nbf-inline"
      role="group"
      id={wiring.id}
      aria-labelledby={wiring.labelledBy}
      aria-describedby={wiring.describedBy}
    >
      {options.map((option) => (
        <label key={JSON.stringify(option.value)} className="nbf-check">
          <input
            type="checkbox"
            checked={has(option)}
            disabled={wiring.disabled}
            onChange={() => toggle(option)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}
