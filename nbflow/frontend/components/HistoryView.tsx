/** The checkpoints of the thread, newest first, a page at a time. */

import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from "react";
import type { CheckpointItem, History } from "../protocol/messages";
import { localTime, utcTime } from "./format";
import { Icon } from "./icons";
import { PreviewView } from "./Preview";
import { strings } from "./strings";

interface Props {
  load: (before: string | null) => Promise<History>;
  /** Changes when the kernel wrote a checkpoint, so that the list is read again. */
  mark: string;
}

interface State {
  items: readonly CheckpointItem[];
  more: boolean;
  phase: "loading" | "ready" | "failed";
  problem: string;
}

export function HistoryView({ load, mark }: Props): ReactNode {
  const { state, read } = useHistory(load, mark);
  const { items, more, phase, problem } = state;
  return (
    <div className="nbf-history">
      {items.length > 0 && (
        <ol className="nbf-checkpoints" aria-label={strings.history.list}>
          {items.map((item) => (
            <li key={item.checkpoint_id}>
              <Checkpoint item={item} />
            </li>
          ))}
        </ol>
      )}
      {phase === "ready" && items.length === 0 && (
        <p className="nbf-empty">
          {strings.history.none} {strings.history.noneHint}
        </p>
      )}
      {phase === "loading" && items.length === 0 && (
        <p className="nbf-empty" role="status">
          {strings.history.loading}
        </p>
      )}
      {phase === "failed" && (
        <p className="nbf-refused" role="alert">
          <Icon name="warning" />
          <span>{problem}</span>
          <button type="button" className="nbf-button" onClick={() => read(null)}>
            {strings.history.retry}
          </button>
        </p>
      )}
      {more && phase !== "failed" && (
        <button
          type="button"
          className="nbf-button nbf-older"
          aria-disabled={phase === "loading" || undefined}
          onClick={() => phase === "ready" && read(items.at(-1)?.checkpoint_id ?? null)}
        >
          {phase === "loading" ? strings.history.loading : strings.history.older}
        </button>
      )}
    </div>
  );
}

interface Reading {
  state: State;
  /** Reads the page after a checkpoint, or from the newest one. */
  read: (before: string | null) => void;
}

function useHistory(load: Props["load"], mark: string): Reading {
  const [state, setState] = useState<State>({
    items: [],
    more: false,
    phase: "loading",
    problem: "",
  });
  const round = useRef(0);
  const read = useCallback(
    (before: string | null) => {
      round.current += 1;
      const mine = round.current;
      setState((known) => ({ ...known, phase: "loading" }));
      load(before).then(
        (page) => {
          if (mine !== round.current) return;
          setState((known) => ({
            items: before === null ? page.items : [...known.items, ...page.items],
            more: page.more,
            phase: "ready",
            problem: "",
          }));
        },
        (error: Error) => {
          if (mine !== round.current) return;
          setState((known) => ({ ...known, phase: "failed", problem: error.message }));
        },
      );
    },
    [load],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new mark is what asks for a new read
  useEffect(() => {
    read(null);
    return () => {
      round.current += 1;
    };
  }, [read, mark]);
  return { state, read };
}

function Checkpoint({ item }: { item: CheckpointItem }): ReactNode {
  const [open, setOpen] = useState(false);
  const bodyId = useId();
  const at = new Date(item.created_at);
  const notes = [
    item.next.length > 0 ? strings.history.next(item.next) : "",
    item.questions > 0 ? strings.history.questions(item.questions) : "",
  ].filter(Boolean);
  return (
    <>
      <button
        type="button"
        className="nbf-task-head nbf-checkpoint"
        aria-expanded={open}
        aria-controls={open ? bodyId : undefined}
        onClick={() => setOpen(!open)}
      >
        <span className="nbf-dot" aria-hidden="true" />
        <span className="nbf-checkpoint-source">{strings.history.source(item.source)}</span>
        <span className="nbf-tag">{strings.history.step(item.step)}</span>
        {notes.length > 0 && <span className="nbf-checkpoint-note">{notes.join(", ")}</span>}
        <time className="nbf-task-time" dateTime={item.created_at} title={utcTime(at)}>
          {localTime(at)}
        </time>
        <Icon name="chevron" className={open ? "nbf-turned" : ""} />
      </button>
      {open && (
        <div className="nbf-details" id={bodyId}>
          <div className="nbf-part">
            <div className="nbf-part-label">{strings.history.values}</div>
            <PreviewView value={item.values} label={strings.history.values} />
          </div>
          <p className="nbf-note">
            <code>{item.checkpoint_id}</code>
          </p>
        </div>
      )}
    </>
  );
}
