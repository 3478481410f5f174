/**
 * The keys of the timeline. They act while the focus is inside and never while text is typed, save
 * Escape, which leaves the search. Arrows act on rows alone: elsewhere they scroll.
 */

import type { KeyboardEvent, ReactNode } from "react";
import { takesText } from "../form/keys";
import { KeyBox } from "../KeyBox";
import { strings } from "../strings";
import { NO_FILTER } from "./filter";
import type { TimelineState } from "./useTimeline";

export interface Acts {
  /** Gives the focus to a row, wherever it is. */
  focus(id: string): void;
  find(): void;
  listKeys(listed?: boolean): void;
}

export function onTimelineKey(
  event: KeyboardEvent<HTMLElement>,
  state: TimelineState,
  acts: Acts,
): void {
  const { key, target, nativeEvent } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (nativeEvent.isComposing || !(target instanceof HTMLElement)) return;
  const typed = takesText(target);
  const actions: Record<string, () => void> = {};
  if (key === "Escape" && (typed || state.filter !== NO_FILTER)) {
    actions.escape = () => leave(state, acts);
  } else if (key === "Escape") {
    actions.escape = () => acts.listKeys(false);
  }
  if (!typed) Object.assign(actions, letters(state, acts));
  const row = target.closest<HTMLElement>(".nbf-task-head, .nbf-fold");
  if (row) Object.assign(actions, arrows(state, acts));
  const act = actions[key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

function leave(state: TimelineState, acts: Acts): void {
  state.setFilter(NO_FILTER);
  state.setFinding(false);
  acts.focus(state.at);
}

/** Goes between failed tasks and all of them. */
export function failedOnly({ filter, setFilter }: TimelineState): void {
  setFilter({ ...filter, status: filter.status === "failed" ? "" : "failed" });
}

function letters(state: TimelineState, acts: Acts): Record<string, () => void> {
  return {
    "/": acts.find,
    "?": () => acts.listKeys(),
    f: () => failedOnly(state),
    w: () => state.setView(state.view === "list" ? "waterfall" : "list"),
    n: () => nextFailed(state, acts, 1),
    p: () => nextFailed(state, acts, -1),
  };
}

function placeOf({ rows, at }: TimelineState): number {
  return rows.findIndex(({ task }) => task.id === at);
}

function nextFailed(state: TimelineState, acts: Acts, step: 1 | -1): void {
  const { rows } = state;
  for (let at = placeOf(state) + step; rows[at]; at += step) {
    const task = rows[at]?.task;
    if (task?.status !== "failed") continue;
    acts.focus(task.id);
    return;
  }
}

function arrows(state: TimelineState, acts: Acts): Record<string, () => void> {
  const { rows, folded } = state;
  const at = placeOf(state);
  const row = rows[at];
  const go = (to: number): void => {
    const task = rows[Math.min(Math.max(to, 0), rows.length - 1)]?.task;
    if (task) acts.focus(task.id);
  };
  const inner = row && rows[at + 1] && (rows[at + 1]?.depth ?? 0) > row.depth;
  const unfold = (): void => {
    if (row && row.children > 0 && folded.has(row.task.id)) state.fold(row.task.id, false);
    else if (inner) go(at + 1);
  };
  const fold = (): void => {
    if (row && inner && state.found.shown === null) state.fold(row.task.id, true);
    else if (row?.task.parent != null) acts.focus(row.task.parent);
  };
  return {
    arrowdown: () => go(at + 1),
    arrowup: () => go(at - 1),
    j: () => go(at + 1),
    k: () => go(at - 1),
    home: () => go(0),
    end: () => go(rows.length - 1),
    pagedown: () => go(at + 10),
    pageup: () => go(at - 10),
    arrowright: unfold,
    arrowleft: fold,
  };
}

export function TimelineKeys({ onClose }: { onClose: () => void }): ReactNode {
  return <KeyBox label={strings.tasks.keyList} rows={strings.tasks.keys} onClose={onClose} />;
}
