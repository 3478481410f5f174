/**
 * Every message between kernel and browser: the twin of `nbflow/widgets/protocol.py`.
 *
 * The golden messages in `tests/messages/` are read by pytest and vitest; the three change
 * together. Times are seconds since the epoch, durations are seconds.
 */

export const PROTOCOL = 2;

export type RunStatus =
  | "running"
  | "interrupted"
  | "done"
  | "error"
  | "cancelled"
  | "crashed"
  | "ready";
export type TaskStatus = "running" | "done" | "failed" | "cancelled" | "interrupted";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A value to look at, cut to a bound in the kernel. */
export interface Preview {
  text: string;
  kind: "text" | "json" | "repr";
  /** Characters left out; 0 when whole. */
  cut: number;
}

export interface FailureData {
  type: string;
  message: string;
  traceback: string;
  notes: string[];
}

/** The trait that draws the header before any event arrives. */
export interface Snapshot {
  protocol: number;
  run_id: string;
  thread_id: string | null;
  workflow: string;
  status: RunStatus;
  head: number;
  pending: number;
}

export interface Table {
  columns: string[];
  rows: Json[][];
  /** Rows there are; `rows` may hold fewer. */
  total: number;
}

export interface Picture {
  mime: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  /** Base64. */
  data: string;
}

export type Field =
  | { label: string; kind: "image"; value: Picture }
  | { label: string; kind: "text" | "markdown"; value: string }
  | { label: string; kind: "table"; value: Table }
  | { label: string; kind: "json"; value: Json };

export type DecisionKind =
  | "approve"
  | "accept"
  | "edit"
  | "reject"
  | "respond"
  | "ignore"
  | "resolve"
  | "decline"
  | "cancel";

/** One thing that may be decided about an action. */
export interface FormDecision {
  kind: DecisionKind;
  /** Of what is filled in with it: the arguments, a reason; null for nothing. */
  schema: JsonObject | null;
  /** Whether that may be left out. */
  optional: boolean;
  /** Meaningful only where `has_initial` is true: null is a value. */
  initial?: Json;
  has_initial: boolean;
}

/** One thing to decide on, such as a tool call. */
export interface FormAction {
  /** The tool's name; "" when the question itself is decided on. */
  name: string;
  context: Field[];
  /** At least one, in the order in which they are offered. */
  decisions: FormDecision[];
  /** Which decision to begin with; null for none. */
  preferred: number | null;
}

/** The decision about one action. */
export interface Decided {
  kind: string;
  /** What was filled in; absent when the decision takes nothing or it was left out. */
  value?: Json;
}

/** One question as a form. */
/** On which terms a question is asked. */
export interface Terms {
  /** Until when it can be answered, in seconds since the epoch. */
  deadline: number | null;
  /** What counts as the answer then; null when the code gets an error. */
  otherwise: Preview | null;
  /** Who may answer; empty for everybody. */
  assignees: string[];
  /** Whose answer one from this page would be. */
  you: string;
}

export interface Form {
  interrupt_id: string;
  task: string | null;
  title: string;
  context: Field[];
  /** For the form alone: the kernel has the last word. */
  schema: JsonObject;
  /** Meaningful only where `has_initial` is true: null is a value. */
  initial?: Json;
  has_initial: boolean;
  /** What is decided on, in order; `schema` counts only when there is none. */
  actions: FormAction[];
  /** Absent when everybody may answer at any time. */
  terms?: Terms;
}

interface Logged<Type extends string> {
  type: Type;
  /** Position in the log, from 0 without gaps. */
  seq: number;
  ts: number;
}

export interface RunStartedData extends Logged<"run_started"> {
  workflow: string;
  thread_id: string | null;
  run_id: string;
  input: Preview;
  resumed: boolean;
}

export interface TaskStartedData extends Logged<"task_started"> {
  id: string;
  name: string;
  parent: string | null;
  input: Preview;
  attempt: number;
}

export interface TaskRetriedData extends Logged<"task_retried"> {
  id: string;
  name: string;
  /** The attempt that failed, from 1. */
  attempt: number;
  wait_s: number;
  error: FailureData;
  /** How many attempts there may be; absent where that is not known. */
  limit?: number;
}

export interface TaskFinishedData extends Logged<"task_finished"> {
  id: string;
  name: string;
  parent: string | null;
  result: Preview;
  duration_s: number;
  replayed: boolean;
  /** The result came from the cache; absent otherwise. */
  cached?: boolean;
  /** Where no start tells it: of what was replayed or cached. */
  input?: Preview;
}

export interface TaskFailedData extends Logged<"task_failed"> {
  id: string;
  name: string;
  parent: string | null;
  error: FailureData;
  duration_s: number;
  replayed: boolean;
  /** Where no start tells it: of what was replayed. */
  input?: Preview;
}

export interface TaskCancelledData extends Logged<"task_cancelled"> {
  id: string;
  name: string;
  parent: string | null;
  replayed: boolean;
  /** Where no start tells it: of what was replayed. */
  input?: Preview;
}

export interface TaskPausedData extends Logged<"task_paused"> {
  id: string;
  name: string;
  parent: string | null;
  replayed: boolean;
  /** Where no start tells it: of what was replayed. */
  input?: Preview;
}

export interface AskedData extends Logged<"asked"> {
  form: Form;
}

export interface AnsweredData extends Logged<"answered"> {
  interrupt_id: string;
  answer: Preview;
  /** What was decided about each action of the form; empty for a plain answer. */
  decisions: Decided[];
  /** Who answered; null when it was the clock, or is not known. */
  by: string | null;
  /** How, such as `form`, `inbox`, `code`; `timeout` when the time was up. */
  via: string;
  /** The time was up and the code got an error. */
  expired: boolean;
}

/** How far the code says it is. */
export interface ProgressData {
  /** From 0 to 1; null when the end is not known. */
  share: number | null;
  done: number | null;
  total: number | null;
  text: string;
}

export interface CustomData extends Logged<"custom"> {
  task: string | null;
  data: Preview;
  /** Of a value that is nothing but `{"progress": …}`. */
  progress?: ProgressData;
  /** Where it was printed; absent for what was sent. */
  printed?: "stdout" | "stderr";
}

export interface CheckpointData extends Logged<"checkpoint"> {
  checkpoint_id: string;
  source: string;
  step: number;
}

export interface RunEndedData extends Logged<"run_ended"> {
  status: RunStatus;
  value: Preview | null;
  error: FailureData | null;
  duration_s: number;
  /** Questions that wait; an earlier one that is neither here nor answered is withdrawn. */
  open: string[];
}

export type EventData =
  | RunStartedData
  | TaskStartedData
  | TaskRetriedData
  | TaskFinishedData
  | TaskFailedData
  | TaskCancelledData
  | TaskPausedData
  | AskedData
  | AnsweredData
  | CustomData
  | CheckpointData
  | RunEndedData;

export interface Events {
  type: "events";
  log: string;
  /** `seq` of the first event here. */
  since: number;
  /** Number of events in the log when this was sent. */
  head: number;
  events: EventData[];
}

export interface FieldError {
  /**
   * Where in the answer; empty for the answer as a whole. In a form with actions it begins with
   * the place of the action.
   */
  path: (string | number)[];
  message: string;
}

export interface Receipt {
  type: "receipt";
  submission: string;
  interrupt_id: string;
  status: "accepted" | "invalid" | "refused";
  message: string;
  errors: FieldError[];
}

export interface CheckpointItem {
  checkpoint_id: string;
  parent_id: string | null;
  source: string;
  step: number;
  /** ISO 8601 in UTC. */
  created_at: string;
  values: Preview;
  next: string[];
  questions: number;
  /** How its run stands; absent in a record. */
  status?: string | null;
  /** Number of its branch. */
  branch: number;
}

/** A line of checkpoints, each after the one before it. */
export interface BranchItem {
  number: number;
  parent: number | null;
  /** Id of the checkpoint that it leaves `parent` at. */
  leaves: string | null;
  /** How many checkpoints it has. */
  size: number;
  status: string | null;
}

export interface History {
  type: "history";
  request: string;
  /** Newest first. */
  items: CheckpointItem[];
  /** Those that the items are in, the one with the newest checkpoint first. */
  branches: BranchItem[];
  more: boolean;
}

export interface Failed {
  type: "failed";
  request: string;
  message: string;
}

export interface Bundle {
  type: "bundle";
  request: string;
  version: string;
  error?: string;
}

export type ToBrowser = Events | Receipt | History | Failed | Bundle;

export interface AskBundle {
  type: "bundle";
  request: string;
  /** Of the page, such as `de-CH`; without it, or where the kernel has none such, English. */
  language?: string;
}

export interface Sync {
  type: "sync";
  /** `seq` of the first event wanted, as in `Events`: the number of events the browser holds. */
  since: number;
  /** Id of the log that `since` counts in; "" when none was seen. */
  log: string;
}

export interface Submit {
  type: "submit";
  /** One for each press; the same id never answers twice. */
  submission: string;
  interrupt_id: string;
  /** The answer; absent when there are decisions. */
  value?: Json;
  /** One for each action of the form, in order. */
  decisions?: Decided[];
}

export interface AskHistory {
  type: "history";
  request: string;
  limit: number;
  before: string | null;
}

export interface Cancel {
  type: "cancel";
  request: string;
}

export type ToKernel = AskBundle | Sync | Submit | AskHistory | Cancel;
