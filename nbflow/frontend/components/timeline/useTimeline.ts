/** The state of one timeline: what is looked for, folded, open, and where the keys are. */

import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { RunLog } from "../../protocol/log";
import { type TaskRow, type Tasks, taskRows } from "../../protocol/tasks";
import { type Filter, type Found, find, NO_FILTER } from "./filter";
import type { View } from "./model";

/** With more tasks than this, what is drawn lags behind the log by up to `CALM_MS`. */
const MANY = 1_000;
const CALM_MS = 300;

const VIEW = "nbflow:timeline";

/** The log, or with many tasks what it was a moment ago: each look at it goes through them all. */
export function useCalm(log: RunLog): RunLog {
  const [shown, setShown] = useState(log);
  const newest = useRef(log);
  const timer = useRef<number | undefined>(undefined);
  const many = log.tasks.size > MANY;
  useEffect(() => {
    newest.current = log;
    if (!many || log === shown) return;
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      setShown(newest.current);
    }, CALM_MS);
  }, [log, shown, many]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return many && shown.log === log.log ? shown : log;
}

function keptView(): View {
  try {
    return localStorage.getItem(VIEW) === "waterfall" ? "waterfall" : "list";
  } catch {
    return "list";
  }
}

/** List or waterfall, as it was last chosen in this browser. */
export function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(keptView);
  const choose = useCallback((next: View) => {
    setView(next);
    try {
      localStorage.setItem(VIEW, next);
    } catch {
      // A page that may store nothing still switches.
    }
  }, []);
  return [view, choose];
}

export interface Counts {
  readonly running: number;
  readonly failed: number;
  readonly interrupted: number;
}

function countsOf(tasks: Tasks): Counts {
  const counts = { running: 0, failed: 0, interrupted: 0 };
  for (const { status } of tasks.values())
    if (status in counts) counts[status as keyof Counts] += 1;
  return counts;
}

function useIds(): [ReadonlySet<string>, (id: string, wanted?: boolean) => void] {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string, wanted?: boolean) => {
    setIds((before) => {
      if (before.has(id) === wanted) return before;
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  return [ids, toggle];
}

export interface TimelineState {
  readonly rows: readonly TaskRow[];
  readonly found: Found;
  readonly counts: Counts;
  readonly filter: Filter;
  setFilter(filter: Filter): void;
  readonly finding: boolean;
  setFinding(finding: boolean): void;
  readonly open: ReadonlySet<string>;
  toggle(id: string): void;
  readonly folded: ReadonlySet<string>;
  fold(id: string, wanted?: boolean): void;
  readonly view: View;
  setView(view: View): void;
  /** Id of the row that the keys act on. */
  readonly at: string;
  goTo(id: string): void;
}

const NONE: ReadonlySet<string> = new Set();

export function useTimeline({ tasks }: RunLog): TimelineState {
  const [filter, setFilter] = useState(NO_FILTER);
  const [finding, setFinding] = useState(false);
  const [open, toggle] = useIds();
  const [folded, fold] = useIds();
  const [view, setView] = useView();
  const [at, goTo] = useState("");
  const wanted = useDeferredValue(filter);
  const found = useMemo(() => find(tasks, wanted), [tasks, wanted]);
  // What is looked for shows, also where it is folded away.
  const hidden = found.shown === null ? folded : NONE;
  const rows = useMemo(() => taskRows(tasks, hidden, found.shown), [tasks, hidden, found]);
  const counts = useMemo(() => countsOf(tasks), [tasks]);
  const there = useMemo(() => rows.some(({ task }) => task.id === at), [rows, at]);
  return {
    rows,
    found,
    counts,
    filter,
    setFilter,
    finding,
    setFinding,
    open,
    toggle,
    folded: hidden,
    fold,
    view,
    setView,
    at: there ? at : (rows[0]?.task.id ?? ""),
    goTo,
  };
}
