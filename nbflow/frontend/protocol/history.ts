/**
 * The messages about a thread's past, besides the list of its checkpoints: the twin of
 * `nbflow/widgets/history_protocol.py`.
 *
 * `tests/messages/past.json` is read by pytest and vitest; the three change together. An accepted
 * action that `follows` makes another run the page's: a new snapshot and a new log come after it.
 */

import type { FailureData, FieldError, Form, Json, Preview } from "./messages";

export type GoKind = "fork" | "again" | "resume" | "update" | "rerun";

export interface CodeItem {
  action: "look" | "fork" | "again" | "resume" | "after" | "before";
  text: string;
}

/** A task's call or a question. */
export interface OpItem {
  id: string;
  kind: string;
  name: string | null;
  parent: string | null;
  status: string;
  value: Preview;
  answer: Preview | null;
  answered_by: string | null;
  error: FailureData | null;
  attempt: number;
  site: string;
  /** One for each side on which the run can be forked here. */
  codes: CodeItem[];
}

export interface CheckpointDetail {
  type: "checkpoint";
  request: string;
  checkpoint_id: string;
  values: Preview;
  metadata: Preview;
  /** What ended its run; null when nothing did. */
  error: string | null;
  /** Of the run that it opened, in order. */
  ops: OpItem[];
  /** How many are left out. */
  more: number;
  /** To edit the state; null where that is not possible. */
  form: Form | null;
  /** Why not. */
  fixed: string;
  /** Whether it belongs to a run, whose input can run again on the edited state. */
  rerun: boolean;
  /** One for each action that can be taken here. */
  codes: CodeItem[];
}

export interface LineItem {
  kind: "old" | "new" | "both" | "skip";
  text: string;
}

export interface ChangeItem {
  path: string[];
  /** null where there is nothing. */
  before: Preview | null;
  after: Preview | null;
  lines: LineItem[];
}

export interface OpPairItem {
  left: OpItem | null;
  right: OpItem | null;
  /** The same call with the same arguments, or the same question. */
  same_call: boolean;
  /** And with the same outcome. */
  same: boolean;
}

export interface Comparison {
  type: "comparison";
  request: string;
  changes: ChangeItem[];
  more: boolean;
  /** A secret differs, which is not shown. */
  hidden: boolean;
  /** Of the two runs; empty when both checkpoints are of one. */
  pairs: OpPairItem[];
  /** Which pair is the first to differ; null when none does. */
  first: number | null;
  unpaired: number;
  code: string;
}

export interface Code {
  type: "code";
  request: string;
  text: string;
}

export interface Outcome {
  type: "outcome";
  request: string;
  /** invalid: the edited state does not fit. refused: it cannot be done now. Nothing is stored. */
  status: "accepted" | "invalid" | "refused";
  message: string;
  errors: FieldError[];
  /** The page shows the run that was begun, from now on. */
  follows: boolean;
}

export type PastToBrowser = CheckpointDetail | Comparison | Code | Outcome;

export interface AskCheckpoint {
  type: "checkpoint";
  request: string;
  checkpoint_id: string;
}

export interface AskComparison {
  type: "comparison";
  request: string;
  left: string;
  right: string;
}

export interface AskCode {
  type: "code";
  request: string;
  action: "update" | "rerun";
  checkpoint_id: string;
  value: Json;
}

export interface Go {
  type: "go";
  /** Made for one press: the same id never acts twice. */
  request: string;
  action: GoKind;
  checkpoint_id: string;
  after?: string;
  before?: string;
  value?: Json;
}

export type PastToKernel = AskCheckpoint | AskComparison | AskCode | Go;
