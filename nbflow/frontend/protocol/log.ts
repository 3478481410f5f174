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
  RunStartedData,
  RunStatus,
  Snapshot,
  TaskStatus,
} from "./messages";

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly status: TaskStatus;
  readonly startedAt: number;
  readonly durationS: number | null;
  /** The result came from the record; the function did not run. */
  readonly replayed: boolean;
  readonly attempt: number;
  readonly input: Preview | null;
  readonly result: Preview | null;
  readonly error: FailureData | null;
  /** Attempts that failed before this one. */
  readonly retries: readonly Retry[];
}

export interface Retry {
  readonly attempt: number;
  readonly waitS: number;
  readonly error: FailureData;
  readonly at: number;
}

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
  readonly tasks: ReadonlyMap<string, Task>;
  readonly questions: readonly Question[];
  readonly messages: readonly CustomData[];
  readonly checkpoints: readonly CheckpointData[];
  readonly value: Preview | null;
  readonly error: FailureData | null;
}

export const EMPTY_LOG: RunLog = {
  log: "",
  next: 0,
  head: 0,
  started: null,
  spentS: 0,
  runningSince: null,
  status: null,
  tasks: new Map(),
  questions: [],
  messages: [],
  checkpoints: [],
  value: null,
  error: null,
};

/** A copy that one batch may write to; nobody else holds it. */
type Draft = {
  -readonly [Key in keyof RunLog]: RunLog[Key];
} & { tasks: Map<string, Task>; messages: CustomData[]; checkpoints: CheckpointData[] };

/** The state after one batch; the same object when the batch holds nothing new. */
export function reduce(state: RunLog, batch: Events): RunLog {
  const base = batch.log === state.log ? state : { ...EMPTY_LOG, log: batch.log };
  const fresh = batch.events.filter((event) => event.seq >= base.next);
  if (base === state && fresh.length === 0 && batch.head <= state.head) return state;
  const draft: Draft = {
    ...base,
    head: Math.max(base.head, batch.head),
    tasks: new Map(base.tasks),
    messages: [...base.messages],
    checkpoints: [...base.checkpoints],
  };
  for (const event of fresh) {
    if (event.seq > draft.next) break;
    if (event.seq < draft.next) continue;
    apply(draft, event);
    draft.next += 1;
  }
  draft.head = Math.max(draft.head, draft.next);
  return draft;
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
      draft.messages.push(event);
      break;
    case "checkpoint":
      draft.checkpoints.push(event);
      break;
    default:
      draft.tasks.set(event.id, nextTask(draft.tasks.get(event.id), event));
  }
}

function endRun(draft: Draft, event: Extract<EventData, { type: "run_ended" }>): void {
  draft.status = event.status;
  draft.runningSince = null;
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
  for (const task of draft.tasks.values()) {
    if (task.status === "running") draft.tasks.set(task.id, { ...task, status });
  }
}

function ask(questions: readonly Question[], form: Form, askedAt: number): readonly Question[] {
  const known = questions.find((question) => question.form.interrupt_id === form.interrupt_id);
  if (!known) return [...questions, { form, askedAt, ...OPEN }];
  return questions.map((question) => (question === known ? { ...known, form, ...OPEN } : question));
}

type TaskEvent = Extract<EventData, { type: `task_${string}` }>;

function nextTask(known: Task | undefined, event: TaskEvent): Task {
  const task: Task = known ?? {
    id: event.id,
    name: event.name,
    parent: "parent" in event ? event.parent : null,
    status: "running",
    startedAt: event.ts,
    durationS: null,
    replayed: false,
    attempt: 1,
    input: null,
    result: null,
    error: null,
    retries: [],
  };
  switch (event.type) {
    case "task_started":
      return {
        ...task,
        parent: event.parent,
        status: "running",
        startedAt: event.ts,
        durationS: null,
        attempt: event.attempt,
        input: event.input,
        error: null,
      };
    case "task_retried": {
      const { attempt, wait_s: waitS, error, ts: at } = event;
      return { ...task, attempt, retries: [...task.retries, { attempt, waitS, error, at }] };
    }
    case "task_finished":
      return {
        ...task,
        status: "done",
        replayed: event.replayed,
        durationS: ended(known, event),
        result: event.result,
        error: null,
      };
    case "task_failed":
      return {
        ...task,
        status: "failed",
        replayed: event.replayed,
        durationS: ended(known, event),
        error: event.error,
      };
    case "task_cancelled":
      return { ...task, status: "cancelled", replayed: event.replayed };
    case "task_paused":
      return { ...task, status: "interrupted", replayed: event.replayed };
  }
}

/** A replay says nothing about how long the task took; keep the time that was seen. */
function ended(known: Task | undefined, event: { replayed: boolean; duration_s: number }): number {
  return event.replayed && known?.durationS != null ? known.durationS : event.duration_s;
}

/** What the header shows: the log where it has spoken, else the snapshot. */
export function statusOf(log: RunLog, snapshot: Snapshot): RunStatus {
  return log.status ?? snapshot.status;
}

export interface TaskRow {
  readonly task: Task;
  readonly depth: number;
}

/** Tasks in the order they started, children under their parent. */
export function taskRows(tasks: ReadonlyMap<string, Task>): readonly TaskRow[] {
  const children = new Map<string | null, Task[]>();
  for (const task of tasks.values()) {
    const parent = task.parent !== null && tasks.has(task.parent) ? task.parent : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(task);
    else children.set(parent, [task]);
  }
  const rows: TaskRow[] = [];
  const visit = (parent: string | null, depth: number): void => {
    for (const task of children.get(parent) ?? []) {
      rows.push({ task, depth });
      visit(task.id, depth + 1);
    }
  };
  visit(null, 0);
  return rows;
}
