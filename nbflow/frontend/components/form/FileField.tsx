/** Bytes as a text: read from a file in the page, never sent anywhere else. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { strings } from "../strings";
import { type ControlProps, useFormShared } from "./context";
import { emptyMeansNull } from "./finish";
import { wiringOf } from "./wiring";

interface Chosen {
  readonly name: string;
  readonly text: string;
}

export function FileField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, value, onChange, required } = props;
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [failed, setFailed] = useState(false);
  /** A file is read for a while, in which other fields may change. */
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  const wiring = wiringOf(props, shared);
  const type = typeof node.contentMediaType === "string" ? node.contentMediaType : undefined;
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    try {
      const url = await dataUrl(file);
      const text = node.format === "data-url" ? url : url.slice(url.indexOf(",") + 1);
      setFailed(false);
      setChosen({ name: file.name, text });
      latest.current(text);
    } catch {
      setFailed(true);
    }
  };
  const clear = (): void => {
    setChosen(null);
    onChange(emptyMeansNull(node, shared.root) ? null : undefined);
  };
  const said = failed
    ? strings.file.failed
    : describe(value, chosen?.text === value ? chosen?.name : undefined);
  return (
    <div className="nbf-file">
      <input
        type="file"
        className="nbf-input nbf-file-input"
        id={wiring.id}
        accept={type}
        disabled={wiring.disabled}
        aria-labelledby={wiring.labelledBy}
        aria-describedby={[`${wiring.id}__file`, wiring.describedBy].filter(Boolean).join(" ")}
        aria-invalid={wiring.invalid || undefined}
        onChange={(event) => void read(event.target.files?.[0])}
      />
      <span className="nbf-note" id={`${wiring.id}__file`} role="status">
        {said}
      </span>
      {typeof value === "string" && required && (
        <button
          type="button"
          className="nbf-button nbf-quiet-button"
          disabled={wiring.disabled}
          onClick={clear}
        >
          {strings.question.clear}
        </button>
      )}
    </div>
  );
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}

function describe(value: unknown, name: string | undefined): string {
  if (typeof value !== "string") return strings.file.none;
  const bytes = value.slice(value.startsWith("data:") ? value.indexOf(",") + 1 : 0);
  const size = Math.floor((bytes.replace(/[=\s]+/g, "").length * 3) / 4);
  return name === undefined ? strings.file.stored(size) : strings.file.chosen(name, size);
}
