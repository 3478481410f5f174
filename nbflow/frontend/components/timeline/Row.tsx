/** One task as a line: how it stands, its name, what is special about it, its time or its bars. */

import { type CSSProperties, type ReactNode, useId } from "react";
import type { ProgressData, TaskStatus } from "../../protocol/messages";
import type { Task, TaskRow } from "../../protocol/tasks";
import { oneLine, plain } from "../format";
import { Icon, type IconName } from "../icons";
import { strings } from "../strings";
import { Track } from "./Bars";
import { Details } from "./Details";
import type { RowState } from "./model";
import { attemptOf, nameOf, timeOf } from "./said";

const ICONS: Record<TaskStatus, IconName> = {
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "question",
};

/** Beyond, rows are not moved further to the right. */
const DEEPEST = 8;

/** Characters of an input on its task's line. */
const HINT_CHARS = 60;

/** Characters of an error on its task's line. */
const ERROR_CHARS = 160;

export function Row({ row, state }: { row: TaskRow; state: RowState }): ReactNode {
  const { task, depth, children } = row;
  const detailsId = useId();
  const open = state.open.has(task.id);
  const aside = state.matches !== null && !state.matches.has(task.id);
  return (
    <div
      className={`nbf-task${aside ? " nbf-aside" : ""}`}
      style={{ "--nbf-depth": Math.min(depth, DEEPEST) } as CSSProperties}
    >
      {children > 0 && <Fold row={row} state={state} />}
      <button
        type="button"
        className="nbf-task-head"
        data-task={task.id}
        aria-expanded={open}
        aria-controls={open ? detailsId : undefined}
        tabIndex={state.at === task.id ? 0 : -1}
        onFocus={() => state.goTo(task.id)}
        onClick={() => state.toggle(task.id)}
      >
        <span className="nbf-hidden">{nameOf(task, state.tasks, state.now)}</span>
        <Line row={row} state={state} />
        <Icon name="chevron" className={open ? "nbf-turned" : ""} />
      </button>
      {open && <Details id={detailsId} task={task} />}
    </div>
  );
}

/** Shows and hides what the task called; the keys for it are the arrows. */
function Fold({ row: { task, children }, state }: { row: TaskRow; state: RowState }): ReactNode {
  const folded = state.folded.has(task.id);
  const say = folded ? strings.tasks.unfold : strings.tasks.fold;
  return (
    <button
      type="button"
      className="nbf-fold"
      tabIndex={-1}
      aria-expanded={!folded}
      aria-label={say(task.name, children)}
      title={say(task.name, children)}
      onClick={() => state.fold(task.id)}
    >
      <Icon name="chevron" className={folded ? "" : "nbf-turned"} />
    </button>
  );
}

function Line({ row, state }: { row: TaskRow; state: RowState }): ReactNode {
  const { task, children } = row;
  const attempt = attemptOf(task, state.now);
  const progress = task.status === "running" ? task.progress : null;
  return (
    <span className="nbf-row" aria-hidden="true">
      <span className="nbf-task-what">
        <Icon name={ICONS[task.status]} className={`nbf-is-${task.status}`} />
        <span className="nbf-task-name">{task.name}</span>
        {state.folded.has(task.id) && (
          <span className="nbf-folded" title={strings.tasks.foldedHint(children)}>
            {strings.tasks.folded(children)}
          </span>
        )}
        <Tags task={task} />
        {attempt !== "" && <span className="nbf-tag">{attempt}</span>}
        {task.error && state.axis === null ? (
          <span className="nbf-task-error">{errorLine(task.error)}</span>
        ) : (
          <span className="nbf-task-hint">{hintOf(task)}</span>
        )}
      </span>
      {progress && <ProgressBar said={progress} />}
      {state.axis && <Track task={task} axis={state.axis} now={state.now} />}
      <span className="nbf-task-time">{timeOf(task, state.now)}</span>
    </span>
  );
}

function Tags({ task }: { task: Task }): ReactNode {
  const words = strings.tasks;
  return (
    <>
      {task.replayed && (
        <span className="nbf-tag" title={words.replayedHint}>
          {words.replayed}
        </span>
      )}
      {task.cached && (
        <span className="nbf-tag" title={words.cachedHint}>
          {words.cached}
        </span>
      )}
      {task.status === "interrupted" && <span className="nbf-tag">{words.status.interrupted}</span>}
    </>
  );
}

function errorLine({ type, message }: { type: string; message: string }): string {
  const line = plain(`${type}: ${message}`).replaceAll(/\s+/g, " ");
  return line.length > ERROR_CHARS ? `${line.slice(0, ERROR_CHARS)}…` : line;
}

/** What tells calls of one task apart, where it is short enough to be taken in. */
function hintOf({ input }: Task): string {
  if (!input || input.cut > 0 || input.text.length > 2 * HINT_CHARS) return "";
  const line = oneLine(input);
  return line.length <= HINT_CHARS ? line : "";
}

/** Drawn only: what it says is in the name of its row. */
export function ProgressBar({ said }: { said: ProgressData }): ReactNode {
  return (
    <span className="nbf-progress">
      <span className="nbf-progress-text">{strings.tasks.progress(said)}</span>
      {said.share !== null && (
        <span className="nbf-progress-bar">
          <span style={{ width: `${(said.share * 100).toFixed(1)}%` }} />
        </span>
      )}
    </span>
  );
}
