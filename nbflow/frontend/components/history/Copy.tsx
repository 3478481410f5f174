/** Copies the Python that does what the action beside it does; shows it where a page may not copy. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { Icon } from "../icons";
import { Block, toClipboard } from "../Preview";
import { strings } from "../strings";

interface Props {
  /** What the code does. */
  what: string;
  /** The code, or how to get it; a rejection is for people. */
  text: string | (() => Promise<string>);
}

type State = { kind: "idle" | "copied" } | { kind: "shown" | "failed"; text: string };

export function CopyCode({ what, text }: Props): ReactNode {
  const [state, setState] = useState<State>({ kind: "idle" });
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async (): Promise<void> => {
    window.clearTimeout(timer.current);
    try {
      const code = typeof text === "string" ? text : await text();
      if (await toClipboard(code)) {
        setState({ kind: "copied" });
        timer.current = window.setTimeout(() => setState({ kind: "idle" }), 2000);
      } else {
        setState({ kind: "shown", text: code });
      }
    } catch (error) {
      setState({ kind: "failed", text: (error as Error).message });
    }
  };
  return (
    <>
      <span className="nbf-copy">
        <button
          type="button"
          className="nbf-button nbf-quiet-button nbf-copy-code"
          aria-label={strings.past.copyOf(what)}
          onClick={() => void copy()}
        >
          <Icon name={state.kind === "copied" ? "done" : "copy"} />
          <span>{state.kind === "copied" ? strings.past.copied : strings.past.copyCode}</span>
        </button>
        <span className="nbf-hidden" aria-live="polite">
          {state.kind === "copied" ? strings.past.copied : ""}
        </span>
      </span>
      {state.kind === "shown" && (
        <div className="nbf-code-shown" role="status">
          <p className="nbf-note">{strings.past.copyFailed}</p>
          <Block label={strings.past.code}>
            <pre className="nbf-code">{state.text}</pre>
          </Block>
        </div>
      )}
      {state.kind === "failed" && <Refused>{state.text}</Refused>}
    </>
  );
}

export function Refused({ children }: { children: ReactNode }): ReactNode {
  return (
    <p className="nbf-refused nbf-code-shown" role="alert">
      <Icon name="warning" />
      <span>
        <strong>{strings.past.refused}</strong> {children}
      </span>
    </p>
  );
}
