/**
 * Every message between the side panel and what it lists: the twin of
 * `nbflow/widgets/panel_protocol.py`.
 *
 * The golden messages are in `tests/messages/panel.json`. Times are seconds since the epoch, by
 * the clock of who tells.
 */

import type { AskBundle, Failed } from "./messages";

export interface PanelSnapshot {
  protocol: number;
  /** Grows when a run of the process began, asked, was answered or ended. */
  news: number;
}

export interface PanelQuestion {
  interrupt_id: string;
  title: string;
  asked_at: number;
  /** Until when it can be answered; null for any time. */
  deadline: number | null;
  /** Whether an answer from here is taken; else it is for others. */
  yours: boolean;
}

export type PanelStatus = "running" | "interrupted" | "ready" | "crashed" | "error";

export interface PanelRow {
  /** Names the run where it is opened: its id in a kernel, its thread in a database. */
  key: string;
  /** null when nothing is kept. */
  thread_id: string | null;
  workflow: string;
  status: PanelStatus;
  /** When it asked, or began, or was last changed. */
  since: number;
  /** Those that have waited longest first. */
  questions: PanelQuestion[];
}

export interface PanelList {
  /** Those that wait for an answer first, then those that are at work. */
  rows: PanelRow[];
  /** Runs beyond those in `rows`. */
  more: number;
  /** Open questions, of all runs. */
  waiting: number;
}

export interface Runs {
  type: "runs";
  request: string;
  /** Digest of the list. */
  mark: string;
  /** The time of who tells, by which the ages are told. */
  now: number;
  /** null when it is the one that the panel has. */
  list: PanelList | null;
}

export interface AskRuns {
  type: "runs";
  request: string;
  /** Of the list that the panel has; "" for none. */
  mark: string;
}

export type PanelToKernel = AskBundle | AskRuns;
export type PanelToBrowser = Runs | Failed;
