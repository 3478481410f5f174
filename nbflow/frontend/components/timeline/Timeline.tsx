/** A run's tasks as they start, go on and end: a list or a waterfall, nested, searchable. */

import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type RunLog, waitedS } from "../../protocol/log";
import { useNow } from "../clock";
import { duration } from "../format";
import { strings } from "../strings";
import { axisOf } from "./axis";
import { NO_FILTER } from "./filter";
import { onTimelineKey, TimelineKeys } from "./keys";
import type { RowState } from "./model";
import { ProgressBar } from "./Row";
import { Rows } from "./Rows";
import { NoneMatch, Toolbar } from "./Toolbar";
import { useCalm, useTimeline } from "./useTimeline";

interface Props {
  log: RunLog;
  /** The run goes on, so that more rows may come. */
  live: boolean;
  /** What to say while there is no task; nothing when empty. */
  empty: string;
}

export function Timeline({ log: newest, live, empty }: Props): ReactNode {
  const log = useCalm(newest);
  const state = useTimeline(log);
  const root = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [listed, setListed] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null);
  const known = state.rows.some(({ task }) => task.id === wanted);
  useFocusOnRow(root, wanted, known, setWanted);
  const now = useNow(live && (state.counts.running > 0 || log.runningSince === null));
  const axis = useMemo(
    () => (state.view === "waterfall" ? axisOf(log.turns, now) : null),
    [state.view, log.turns, now],
  );
  const focus = (id: string): void => {
    state.goTo(id);
    setWanted(id);
  };
  const find = (): void => {
    state.setFinding(true);
    search.current?.focus();
  };
  const closeSearch = (): void => {
    state.setFinding(false);
    state.setFilter(NO_FILTER);
  };
  const acts = {
    focus,
    find,
    listKeys: (wish?: boolean) => {
      if (listed && wish !== true) focus(state.at);
      setListed(wish ?? !listed);
    },
  };
  if (log.tasks.size === 0) {
    return (
      <>
        <RunProgress log={log} />
        {empty && <p className="nbf-empty">{empty}</p>}
      </>
    );
  }
  const rows: RowState = {
    ...state,
    tasks: log.tasks,
    matches: state.found.shown === null ? null : state.found.matches,
    axis,
    now,
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the controls inside
    <div
      className="nbf-timeline"
      ref={root}
      onKeyDown={(event) => onTimelineKey(event, state, acts)}
    >
      <Toolbar
        tasks={log.tasks}
        state={state}
        search={search}
        onFind={() => (state.finding ? closeSearch() : find())}
        onKeys={() => acts.listKeys()}
      />
      {listed && <TimelineKeys onClose={() => acts.listKeys(false)} />}
      <RunProgress log={log} />
      {state.rows.length === 0 ? (
        <NoneMatch state={state} />
      ) : (
        <Rows rows={state.rows} state={rows} live={live} wanted={wanted} />
      )}
      {axis && <WaitNote log={log} now={now} />}
      <ProgressAnnouncer log={log} />
    </div>
  );
}

/** Gives the focus to a row as soon as it is in the page. */
function useFocusOnRow(
  root: { readonly current: HTMLElement | null },
  wanted: string | null,
  known: boolean,
  done: (id: null) => void,
): void {
  useEffect(() => {
    if (wanted === null) return;
    // A row that is not there must not take the focus whenever it comes.
    if (!known) done(null);
    for (const row of root.current?.querySelectorAll<HTMLElement>("[data-task]") ?? []) {
      if (row.dataset.task !== wanted) continue;
      row.focus({ preventScroll: true });
      done(null);
      return;
    }
  });
}

function RunProgress({ log }: { log: RunLog }): ReactNode {
  if (!log.progress || log.status !== "running") return null;
  return (
    <div className="nbf-run-progress">
      <span>{strings.tasks.runProgress}</span>
      <ProgressBar said={log.progress} />
    </div>
  );
}

function WaitNote({ log, now }: { log: RunLog; now: number }): ReactNode {
  const between = log.turns.slice(0, -1);
  const asks = log.turns.filter(({ to, asks }) => to !== null && asks).length;
  if (asks > 0) {
    return <p className="nbf-note">{strings.tasks.waitNote(duration(waitedS(log, now)), asks)}</p>;
  }
  return between.length > 0 ? <p className="nbf-note">{strings.tasks.pauseNote}</p> : null;
}

/** Says at each quarter how far the task is that told last; a screen reader hears no more often. */
function ProgressAnnouncer({ log }: { log: RunLog }): ReactNode {
  const [said, setSaid] = useState("");
  const told = useMemo(() => {
    for (const task of log.tasks.values()) {
      const share = task.status === "running" ? task.progress?.share : null;
      if (share != null) return { name: task.name, quarter: Math.floor(share * 4) };
    }
    const share = log.progress?.share;
    return share == null
      ? null
      : { name: strings.tasks.runProgress, quarter: Math.floor(share * 4) };
  }, [log]);
  const text = told ? strings.tasks.progressOf(told.name, told.quarter * 25) : "";
  useEffect(() => setSaid(text), [text]);
  return (
    <div className="nbf-hidden" aria-live="polite">
      {said}
    </div>
  );
}
