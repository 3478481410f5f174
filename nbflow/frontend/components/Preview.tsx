/** A value to look at: text nodes only, with a way to copy it. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import type { FailureData, Preview } from "../protocol/messages";
import { plain } from "./format";
import { Icon } from "./icons";
import { strings } from "./strings";

/** A scrolling block can be reached by keyboard, so it has a name. */
export function Block({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark, one for each value
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="nbf-block" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

export function PreviewView({ value, label }: { value: Preview; label: string }): ReactNode {
  return (
    <div className="nbf-preview">
      <Block label={label}>
        <pre className={value.kind === "text" ? "nbf-text" : "nbf-code"}>
          {value.text === "" ? (
            <span className="nbf-quiet">{strings.preview.empty}</span>
          ) : (
            value.text
          )}
        </pre>
      </Block>
      {value.cut > 0 && <p className="nbf-note">{strings.preview.cut(value.cut)}</p>}
    </div>
  );
}

export function CopyButton({ text }: { text: string }): ReactNode {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async (): Promise<void> => {
    setState((await toClipboard(text)) ? "copied" : "failed");
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setState("idle"), 2000);
  };
  const words = { idle: strings.preview.copy, copied: strings.preview.copied };
  return (
    <button type="button" className="nbf-button nbf-quiet-button" onClick={() => void copy()}>
      <Icon name={state === "copied" ? "done" : "copy"} />
      <span aria-live="polite">
        {state === "failed" ? strings.preview.copyFailed : words[state]}
      </span>
    </button>
  );
}

export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function FailureView({ error }: { error: FailureData }): ReactNode {
  const notes = error.notes.filter((note) => !error.traceback.includes(note));
  return (
    <div className="nbf-failure">
      <p className="nbf-failure-line">
        <strong>{error.type}</strong>
        {error.message !== "" && <span>: {plain(error.message)}</span>}
      </p>
      {notes.length > 0 && (
        <ul className="nbf-notes" aria-label={strings.preview.notes}>
          {notes.map((note, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: notes never move
            <li key={index}>{plain(note)}</li>
          ))}
        </ul>
      )}
      {error.traceback !== "" && (
        <Block label={strings.preview.traceback}>
          <pre className="nbf-code nbf-unwrapped">{plain(error.traceback)}</pre>
        </Block>
      )}
    </div>
  );
}
