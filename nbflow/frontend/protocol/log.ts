/**
 * What a page knows of a run, folded from the kernel's event log.
 *
 * `reduce` is pure, takes batches in any order and any number of times, and applies each event
 * once, in order: what lies beyond a gap waits for the next `sync`. A new log id starts over.
 */

import type {
  AnsweredData,
  CheckpointData,
  CustomData,
  Decided,
  EventData,
  Events,
  FailureData,
  Form,
  Preview,
  ProgressData,
  RunStartedData,
  RunStatus,
  Snapshot,
} from "./messages";
import { leftOpen, nextTask, type TaskDraft, TaskTable, withLine } from "./tasks";

export interface Question {
  readonly form: Form;
  readonly askedAt: number;
  readonly answer: Preview | null;
  /** What was decided about each action; empty for a plain answer. */
  readonly decisions: readonly Decided[];
  readonly answeredAt: number | null;
  readonly answered: Pick<AnsweredData, "by" | "via" | "expired"> | null;
}

const OPEN = { answer: null, decisions: [], answeredAt: null, answered: null } as const;

export interface RunLog {
  /** Id of the kernel's log; "" before the first batch. */
  readonly log: string;
  /** Events applied, which is the `seq` that is wanted next. */
  readonly next: number;
  readonly head: number;
  readonly started: RunStartedData | null;
  /** Seconds spent in the executions that ended. */
  readonly spentS: number;
  /** Start of the execution that is going on; null while none is. */
  readonly runningSince: number | null;
  readonly status: RunStatus | null;
  /** When the run was at work, in order; what lies between was waiting. */
  readonly turns: readonly Turn[];
  readonly tasks: TaskTable;
  readonly questions: readonly Question[];
  /** The newest of what was sent and printed. */
  readonly messages: readonly CustomData[];
  /** How many there were before those. */
  readonly messagesCut: number;
  /** How far the workflow's own code says it is. */
  readonly progress: ProgressData | null;
  readonly checkpoints: readonly CheckpointData[];
  readonly value: Preview | null;
  readonly error: FailureData | null;
}

/** One execution. */
export interface Turn {
  readonly from: number;
  /** null while it goes on. */
  readonly to: number | null;
  /** What came after it is a wait for people. */
  readonly asks: boolean;
}

/** Messages kept of a run; the tasks keep their own. */
export const MESSAGES = 500;

export const EMPTY_LOG: RunLog = {
  log: "",
  next: 0,
  head: 0,
  started: null,
  spentS: 0,
  runningSince: null,
  status: null,
  turns: [],
  tasks: new TaskTable(),
  questions: [],
  messages: [],
  messagesCut: 0,
  progress: null,
  checkpoints: [],
  value: null,
  error: null,
};

/** A copy that one batch may write to; nobody else holds it. */
type Draft = {
  -readonly [Key in keyof RunLog]: RunLog[Key];
} & { messages: CustomData[]; checkpoints: CheckpointData[]; drafted: TaskDraft };

/** The state after one batch; the same object when the batch holds nothing new. */
export function reduce(state: RunLog, batch: Events): RunLog {
  const base = batch.log === state.log ? state : { ...EMPTY_LOG, log: batch.log };
  const fresh = batch.events.filter((event) => event.seq >= base.next);
  if (base === state && fresh.length === 0 && batch.head <= state.head) return state;
  const draft: Draft = {
    ...base,
    head: Math.max(base.head, batch.head),
    drafted: base.tasks.write(),
    messages: [...base.messages],
    checkpoints: [...base.checkpoints],
  };
  for (const event of fresh) {
    if (event.seq > draft.next) break;
    if (event.seq < draft.next) continue;
    apply(draft, event);
    draft.next += 1;
  }
  const { drafted, ...rest } = draft;
  const cut = Math.max(0, draft.messages.length - MESSAGES);
  return {
    ...rest,
    head: Math.max(draft.head, draft.next),
    tasks: drafted.done(),
    messages: draft.messages.slice(cut),
    messagesCut: draft.messagesCut + cut,
  };
}

/** Whether a batch begins beyond what was applied, so that events in between are missing. */
export function leavesGap(state: RunLog, batch: Events): boolean {
  return batch.log === state.log && batch.since > state.next;
}

function apply(draft: Draft, event: EventData): void {
  switch (event.type) {
    case "run_started":
      draft.started = draft.started ?? event;
      draft.status = "running";
      draft.runningSince = event.ts;
      draft.turns = [
        ...ending(draft.turns, event.ts, false),
        { from: event.ts, to: null, asks: false },
      ];
      draft.progress = null;
      draft.value = null;
      draft.error = null;
      break;
    case "run_ended":
      endRun(draft, event);
      break;
    case "asked":
      draft.questions = ask(draft.questions, event.form, event.ts);
      break;
    case "answered":
      draft.questions = draft.questions.map((question) =>
        question.form.interrupt_id === event.interrupt_id
          ? {
              ...question,
              answer: event.answer,
              decisions: event.decisions,
              answeredAt: event.ts,
              answered: event,
            }
          : question,
      );
      break;
    case "custom":
      take(draft, event);
      break;
    case "checkpoint":
      draft.checkpoints.push(event);
      break;
    default:
      draft.drafted.set(nextTask(draft.drafted.get(event.id), event));
  }
}

function take(draft: Draft, event: CustomData): void {
  if (!event.progress) draft.messages.push(event);
  const task = event.task === null ? undefined : draft.drafted.get(event.task);
  if (task) draft.drafted.set(withLine(task, event));
  else if (event.progress && event.task === null) draft.progress = event.progress;
}

function ending(turns: readonly Turn[], to: number, asks: boolean): readonly Turn[] {
  const last = turns.at(-1);
  return last?.to === null ? [...turns.slice(0, -1), { ...last, to, asks }] : turns;
}

function endRun(draft: Draft, event: Extract<EventData, { type: "run_ended" }>): void {
  draft.status = event.status;
  draft.runningSince = null;
  draft.turns = ending(draft.turns, event.ts, event.status === "interrupted");
  draft.spentS += event.duration_s;
  draft.value = event.value;
  draft.error = event.error;
  if (event.status === "interrupted" || event.status === "error") {
    draft.questions = draft.questions.flatMap((question) => {
      if (event.open.includes(question.form.interrupt_id)) return [{ ...question, ...OPEN }];
      return question.answer === null ? [] : [question];
    });
  }
  const status = event.status === "interrupted" ? "interrupted" : "cancelled";
  for (const task of draft.drafted.values()) {
    if (task.status === "running") draft.drafted.set(leftOpen(task, event.ts, status));
  }
}

function ask(questions: readonly Question[], form: Form, askedAt: number): readonly Question[] {
  const known = questions.find((question) => question.form.interrupt_id === form.interrupt_id);
  if (!known) return [...questions, { form, askedAt, ...OPEN }];
  return questions.map((question) => (question === known ? { ...known, form, ...OPEN } : question));
}

/** What the header shows: the log where it has spoken, else the snapshot. */
export function statusOf(log: RunLog, snapshot: Snapshot): RunStatus {
  return log.status ?? snapshot.status;
}

/** Seconds between the executions that were spent waiting for people, up to `now`. */
export function waitedS({ turns }: Pick<RunLog, "turns">, now: number): number {
  let total = 0;
  turns.forEach(({ to, asks }, at) => {
    if (asks && to !== null) total += Math.max(0, (turns[at + 1]?.from ?? now) - to);
  });
  return total;
}
