/**
 * Every message between the kernel and a page that shows a workflow's start form: the twin of
 * `nbflow/widgets/start_protocol.py`. A start comes back as an answer does; what a run says and
 * hears goes through the form's channel under the key of the run.
 *
 * The golden messages are in `tests/messages/start.json`. Times are seconds since the epoch.
 */

import type {
  AskBundle,
  Bundle,
  Failed,
  Form,
  Json,
  Receipt,
  Snapshot,
  ToBrowser,
  ToKernel,
} from "./messages";

/** A run that the form began. */
export interface StartedRun {
  /** Its key in this form. */
  run: string;
  snapshot: Snapshot;
}

export interface StartSnapshot {
  protocol: number;
  workflow: string;
  /** Newest first. */
  runs: StartedRun[];
}

export interface StartForm {
  type: "form";
  request: string;
  form: Form;
  /** Whether the input may be left empty: the code takes anything, or nothing. */
  optional: boolean;
  /** Whether runs are kept, on threads that have names. */
  kept: boolean;
}

/** An input that the workflow was given before. */
export interface EarlierItem {
  thread_id: string;
  started_at: number;
  /** What the form is filled with; secrets are left out. */
  value: Json;
}

export interface Earlier {
  type: "earlier";
  request: string;
  /** Newest first. */
  inputs: EarlierItem[];
}

/** What a run says. */
export interface FromRun {
  type: "run";
  run: string;
  message: ToBrowser;
}

export type StartToBrowser = Bundle | StartForm | Earlier | Receipt | FromRun | Failed;

export interface AskForm {
  type: "form";
  request: string;
}

export interface AskEarlier {
  type: "earlier";
  request: string;
}

export interface Start {
  type: "submit";
  /** One for each press; the same id never starts twice. */
  submission: string;
  /** Of the form. */
  interrupt_id: string;
  /** The input. */
  value: Json;
  /** Name of the thread; "" for a new name. */
  thread: string;
}

/** What the page says to a run. */
export interface ToRun {
  type: "run";
  run: string;
  message: ToKernel;
}

export type StartToKernel = AskBundle | AskForm | AskEarlier | Start | ToRun;
