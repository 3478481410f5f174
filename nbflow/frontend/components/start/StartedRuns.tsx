/** The runs that a form began, newest first; those that are over fold to a line. */

import { type ReactNode, type RefObject, useId, useState, useSyncExternalStore } from "react";
import { statusOf } from "../../protocol/log";
import { StatusPill } from "../Header";
import { Icon } from "../icons";
import { RunCard } from "../RunCard";
import { strings } from "../strings";
import type { LiveRun } from "./model";

interface Props {
  runs: readonly LiveRun[];
  /** Takes the focus when a start was taken. */
  newest: RefObject<HTMLDivElement | null>;
}

export function StartedRuns({ runs, newest }: Props): ReactNode {
  if (runs.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing in here is a list item by itself
    <div className="nbf-started" role="group" aria-label={strings.start.runs}>
      {runs.map((run, at) => (
        <Started key={run.key} run={run} newest={at === 0} box={at === 0 ? newest : null} />
      ))}
    </div>
  );
}

interface StartedProps {
  run: LiveRun;
  newest: boolean;
  box: RefObject<HTMLDivElement | null> | null;
}

function Started({ run, newest, box }: StartedProps): ReactNode {
  const view = useSyncExternalStore(run.subscribe, run.view);
  const id = useId();
  const status = statusOf(view.log, view.snapshot);
  const live = status === "running" || status === "interrupted";
  const [open, setOpen] = useState(newest || live);
  const [first, setFirst] = useState(newest);
  if (first && !newest) {
    setFirst(false);
    if (!live) setOpen(false);
  }
  const thread = view.snapshot.thread_id;
  return (
    <div className="nbf-run" ref={box} tabIndex={-1}>
      {!newest && (
        <button
          type="button"
          className="nbf-run-toggle"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" className={open ? "nbf-turned" : ""} />
          <span>{thread === null ? strings.start.runUnkept : strings.start.run(thread)}</span>
          <StatusPill status={status} />
        </button>
      )}
      <div id={id} hidden={!open}>
        {open && <RunCard view={view} actions={run.actions} />}
      </div>
    </div>
  );
}
