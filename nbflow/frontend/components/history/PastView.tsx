/** The past of a thread: its branches as a tree, and beside it what was chosen there. */

import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { Outcome } from "../../protocol/history";
import { Icon } from "../icons";
import type { RunActions } from "../model";
import { strings } from "../strings";
import { Details } from "./Details";
import { Tree } from "./Tree";
import { type Past, usePast } from "./usePast";

interface Props {
  actions: Pick<RunActions, "history" | "past">;
  /** Changes when the kernel wrote a checkpoint, so that the list is read again. */
  mark: string;
  disabled: boolean;
  /** The card shows another run from now on. */
  onFollow: () => void;
}

export function PastView({ actions, mark, disabled, onFollow }: Props): ReactNode {
  const past = usePast(actions.history, actions.past, mark);
  const side = useRef<HTMLDivElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const { items, phase, selected } = past;
  const done = (outcome: Outcome): void => {
    if (outcome.follows) onFollow();
    past.read(null);
  };
  const back = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented || !selected) return;
    event.preventDefault();
    side.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
  };
  if (items.length === 0) return <Nothing past={past} />;
  return (
    <div className="nbf-past">
      <div className="nbf-past-side" ref={side}>
        <Tree past={past} onEnter={() => pane.current?.focus()} />
        <Older past={past} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: nothing here is one form */}
      <div
        ref={pane}
        className="nbf-past-pane"
        role="group"
        aria-label={strings.past.details}
        aria-busy={phase === "loading"}
        tabIndex={-1}
        onKeyDown={back}
      >
        <Details past={past} actions={actions.past} disabled={disabled} onDone={done} />
      </div>
    </div>
  );
}

function Older({ past }: { past: Past }): ReactNode {
  const { items, more, phase, problem, read } = past;
  if (phase === "failed") return <Failed problem={problem} onRetry={() => read(null)} />;
  if (!more) return null;
  return (
    <button
      type="button"
      className="nbf-button nbf-older"
      aria-disabled={phase === "loading" || undefined}
      onClick={() => phase === "ready" && read(items.at(-1)?.checkpoint_id ?? null)}
    >
      {phase === "loading" ? strings.past.loading : strings.past.older}
    </button>
  );
}

function Nothing({ past: { phase, problem, read } }: { past: Past }): ReactNode {
  if (phase === "failed") return <Failed problem={problem} onRetry={() => read(null)} />;
  return (
    <p className="nbf-empty" role="status">
      {phase === "loading" ? strings.past.loading : `${strings.past.none} ${strings.past.noneHint}`}
    </p>
  );
}

function Failed({ problem, onRetry }: { problem: string; onRetry: () => void }): ReactNode {
  return (
    <p className="nbf-refused" role="alert">
      <Icon name="warning" />
      <span>{problem}</span>
      <button type="button" className="nbf-button" onClick={onRetry}>
        {strings.past.retry}
      </button>
    </p>
  );
}
