/** The tasks as they start and finish; a long list keeps only what is in sight in the page. */

import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type ReactNode,
  type UIEvent,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Task, type TaskRow, taskRows } from "../protocol/log";
import type { TaskStatus } from "../protocol/messages";
import { useNow } from "./clock";
import { duration, ticking } from "./format";
import { Icon, type IconName } from "./icons";
import { FailureView, PreviewView } from "./Preview";
import { strings } from "./strings";

const ICONS: Record<TaskStatus, IconName> = {
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "question",
};

/** Rows that stay plain; beyond, the list is virtual. */
const PLAIN_ROWS = 100;

interface Props {
  tasks: ReadonlyMap<string, Task>;
  /** The run goes on, so that more rows may come. */
  live: boolean;
  /** What to say while there is no task; nothing when empty. */
  empty: string;
}

interface RowState {
  names: ReadonlyMap<string, Task>;
  open: ReadonlySet<string>;
  toggle: (id: string) => void;
  now: number;
}

export function TaskList({ tasks, live, empty }: Props): ReactNode {
  const rows = useMemo(() => taskRows(tasks), [tasks]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const now = useNow(live && rows.some(({ task }) => task.status === "running"));
  const toggle = useCallback((id: string) => {
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  if (rows.length === 0) return empty && <p className="nbf-empty">{empty}</p>;
  const state: RowState = { names: tasks, open, toggle, now };
  if (rows.length > PLAIN_ROWS) return <LongList rows={rows} state={state} live={live} />;
  return (
    <ul className="nbf-tasks" aria-label={strings.tasks.list}>
      {rows.map((row) => (
        <li key={row.task.id}>
          <Row row={row} state={state} />
        </li>
      ))}
    </ul>
  );
}

interface LongProps {
  rows: readonly TaskRow[];
  state: RowState;
  live: boolean;
}

/** Follows the newest task while the run goes on, until the person scrolls away from the end. */
function LongList({ rows, state, live }: LongProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 28,
    getItemKey: (index) => rows[index]?.task.id ?? index,
    overscan: 8,
  });
  const follows = useRef(live);
  useEffect(() => {
    if (live && follows.current) virtual.scrollToIndex(rows.length - 1);
  }, [live, rows.length, virtual]);
  const onScroll = (event: UIEvent<HTMLDivElement>): void => {
    const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
    follows.current = scrollTop + clientHeight > scrollHeight - 40;
  };
  return (
    <>
      <p className="nbf-note">{strings.tasks.count(rows.length)}</p>
      <div className="nbf-long" ref={box} onScroll={onScroll}>
        <ul
          className="nbf-tasks"
          aria-label={strings.tasks.list}
          style={{ height: virtual.getTotalSize(), position: "relative" }}
        >
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <li
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  aria-setsize={rows.length}
                  aria-posinset={item.index + 1}
                  style={{
                    position: "absolute",
                    insetInline: 0,
                    top: 0,
                    transform: `translateY(${item.start}px)`,
                  }}
                >
                  <Row row={row} state={state} />
                </li>
              )
            );
          })}
        </ul>
      </div>
    </>
  );
}

function Row({ row, state }: { row: TaskRow; state: RowState }): ReactNode {
  const { task, depth } = row;
  const detailsId = useId();
  const open = state.open.has(task.id);
  const time = timeOf(task, state.now);
  return (
    <div className="nbf-task" style={{ paddingInlineStart: `${Math.min(depth, 8) * 1.25}em` }}>
      <button
        type="button"
        className="nbf-task-head"
        aria-expanded={open}
        aria-controls={open ? detailsId : undefined}
        onClick={() => state.toggle(task.id)}
      >
        <span className="nbf-hidden">{nameOf(task, state.names, time)}</span>
        <span className="nbf-row" aria-hidden="true">
          <Icon name={ICONS[task.status]} className={`nbf-is-${task.status}`} />
          <span className="nbf-task-name">{task.name}</span>
          {task.replayed && (
            <span className="nbf-tag" title={strings.tasks.replayedHint}>
              {strings.tasks.replayed}
            </span>
          )}
          {attemptOf(task) !== "" && <span className="nbf-tag">{attemptOf(task)}</span>}
          {task.status === "interrupted" && (
            <span className="nbf-tag">{strings.tasks.status.interrupted}</span>
          )}
          <span className="nbf-task-time">{time}</span>
          <Icon name="chevron" className={open ? "nbf-turned" : ""} />
        </span>
      </button>
      {open && <Details id={detailsId} task={task} />}
    </div>
  );
}

function timeOf(task: Task, now: number): string {
  if (task.durationS !== null) return duration(task.durationS);
  return task.status === "running" ? ticking(Math.max(0, now - task.startedAt)) : "";
}

/** Which attempt this is, or which one failed while the next is waited for. */
function attemptOf(task: Task): string {
  const failed = task.retries.at(-1)?.attempt ?? 0;
  if (task.status === "running" && failed >= task.attempt) {
    return strings.tasks.failedAttempt(failed);
  }
  return task.attempt > 1 ? strings.tasks.attempt(task.attempt) : "";
}

function nameOf(task: Task, tasks: ReadonlyMap<string, Task>, time: string): string {
  const parent = task.parent === null ? undefined : tasks.get(task.parent);
  const details = [
    parent ? strings.tasks.inside(parent.name) : "",
    task.replayed ? strings.tasks.replayed : "",
    attemptOf(task),
    time,
  ].filter(Boolean);
  return strings.tasks.row(task.name, strings.tasks.status[task.status], details);
}

function Details({ id, task }: { id: string; task: Task }): ReactNode {
  const silent = !task.input && !task.result && !task.error && task.retries.length === 0;
  return (
    <div className="nbf-details" id={id}>
      {silent && <p className="nbf-note">{strings.tasks.nothing}</p>}
      {task.input && (
        <Part label={strings.tasks.input}>
          <PreviewView value={task.input} label={`${strings.tasks.input}: ${task.name}`} />
        </Part>
      )}
      {task.retries.map((retry) => (
        <Part
          key={retry.attempt}
          label={`${strings.tasks.failedAttempt(retry.attempt)}, ${strings.tasks.nextIn(duration(retry.waitS))}`}
        >
          <FailureView error={retry.error} />
        </Part>
      ))}
      {task.result && (
        <Part label={strings.tasks.result}>
          <PreviewView value={task.result} label={`${strings.tasks.result}: ${task.name}`} />
        </Part>
      )}
      {task.error && (
        <Part label={strings.tasks.error}>
          <FailureView error={task.error} />
        </Part>
      )}
    </div>
  );
}

function Part({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div className="nbf-part">
      <div className="nbf-part-label">{label}</div>
      {children}
    </div>
  );
}
