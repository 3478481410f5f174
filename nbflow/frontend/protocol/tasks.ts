/**
 * The tasks of a run, folded from its events.
 *
 * A run can have tens of thousands of tasks and says something of them in hundreds of batches, so
 * what one batch leaves alone is shared with the state before it.
 */

import type {
  CustomData,
  EventData,
  FailureData,
  Preview,
  ProgressData,
  TaskStatus,
} from "./messages";

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly status: TaskStatus;
  /** When the last attempt began. */
  readonly startedAt: number;
  readonly durationS: number | null;
  /** The result came from the record; the function did not run. */
  readonly replayed: boolean;
  /** The result came from the cache; the function did not run. */
  readonly cached: boolean;
  readonly attempt: number;
  /** How many attempts there may be; null while that is not known. */
  readonly limit: number | null;
  readonly input: Preview | null;
  readonly result: Preview | null;
  readonly error: FailureData | null;
  /** Attempts that failed before this one. */
  readonly retries: readonly Retry[];
  /** When its function ran, in order; one for each attempt and each going on after an answer. */
  readonly spans: readonly Span[];
  readonly progress: ProgressData | null;
  /** The newest of what it sent and printed. */
  readonly lines: readonly CustomData[];
  /** How many lines there were before those. */
  readonly linesCut: number;
}

export interface Retry {
  readonly attempt: number;
  readonly waitS: number;
  readonly error: FailureData;
  readonly at: number;
}

export interface Span {
  readonly from: number;
  /** null while it goes on. */
  readonly to: number | null;
  readonly attempt: number;
  /** How it ended; `failed` also when another attempt followed. */
  readonly status: TaskStatus;
}

/** Lines kept of one task; the cell has the others. */
export const LINES = 200;

/** What a list of tasks offers; a `Map` is one. */
export interface Tasks {
  readonly size: number;
  get(id: string): Task | undefined;
  has(id: string): boolean;
  values(): Iterable<Task>;
}

const CHUNK = 256;

/**
 * Tasks in the order of their first event. It never changes; `write` gives a copy that shares all
 * chunks but those written to.
 */
export class TaskTable implements Tasks {
  readonly size: number;
  private readonly chunks: readonly (readonly Task[])[];
  /** Places by id; shared with later tables of the same log, which only add to it. */
  private readonly places: Map<string, number>;

  constructor(
    chunks: readonly (readonly Task[])[] = [],
    places = new Map<string, number>(),
    size = 0,
  ) {
    this.chunks = chunks;
    this.places = places;
    this.size = size;
  }

  at(place: number): Task | undefined {
    return this.chunks[Math.floor(place / CHUNK)]?.[place % CHUNK];
  }

  get(id: string): Task | undefined {
    const place = this.places.get(id);
    return place === undefined || place >= this.size ? undefined : this.at(place);
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  *values(): Generator<Task> {
    for (const chunk of this.chunks) yield* chunk;
  }

  write(): TaskDraft {
    // An empty table is where logs begin, so nothing of one may come into another.
    const places = this.size === 0 ? new Map<string, number>() : this.places;
    return new TaskDraft(this.chunks, places, this.size);
  }
}

/** A copy that one batch may write to. */
export class TaskDraft {
  private readonly chunks: (readonly Task[])[];
  private readonly own = new Map<number, Task[]>();
  private readonly places: Map<string, number>;
  private size: number;

  constructor(chunks: readonly (readonly Task[])[], places: Map<string, number>, size: number) {
    this.chunks = [...chunks];
    this.places = places;
    this.size = size;
  }

  get(id: string): Task | undefined {
    const place = this.places.get(id);
    if (place === undefined || place >= this.size) return undefined;
    return this.chunks[Math.floor(place / CHUNK)]?.[place % CHUNK];
  }

  set(task: Task): void {
    let place = this.places.get(task.id);
    if (place === undefined || place >= this.size) {
      place = this.size;
      this.size += 1;
      this.places.set(task.id, place);
    }
    const at = Math.floor(place / CHUNK);
    const chunk = this.own.get(at) ?? [...(this.chunks[at] ?? [])];
    this.own.set(at, chunk);
    this.chunks[at] = chunk;
    chunk[place % CHUNK] = task;
  }

  *values(): Generator<Task> {
    for (const chunk of [...this.chunks]) yield* [...chunk];
  }

  done(): TaskTable {
    return new TaskTable(this.chunks, this.places, this.size);
  }
}

type TaskEvent = Extract<EventData, { type: `task_${string}` }>;

/** A task after one more event. */
export function nextTask(known: Task | undefined, event: TaskEvent): Task {
  const task = known ?? freshTask(event);
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
        progress: null,
        spans: [
          ...task.spans,
          { from: event.ts, to: null, attempt: event.attempt, status: "running" },
        ],
      };
    case "task_retried": {
      const { attempt, wait_s: waitS, error, ts: at, limit } = event;
      return {
        ...task,
        attempt,
        limit: limit ?? task.limit,
        retries: [...task.retries, { attempt, waitS, error, at }],
        spans: closed(task.spans, at, "failed"),
      };
    }
    case "task_finished":
      return { ...ended(task, known, event, "done"), result: event.result, error: null };
    case "task_failed":
      return { ...ended(task, known, event, "failed"), error: event.error };
    case "task_cancelled":
      return ended(task, known, event, "cancelled");
    case "task_paused":
      return ended(task, known, event, "interrupted");
  }
}

function freshTask(event: TaskEvent): Task {
  return {
    id: event.id,
    name: event.name,
    parent: "parent" in event ? event.parent : null,
    status: "running",
    startedAt: event.ts,
    durationS: null,
    replayed: false,
    cached: false,
    attempt: 1,
    limit: null,
    input: null,
    result: null,
    error: null,
    retries: [],
    spans: [],
    progress: null,
    lines: [],
    linesCut: 0,
  };
}

/** What the ends have in common; a replay says nothing about how long the task took. */
function ended(
  task: Task,
  known: Task | undefined,
  event: Exclude<TaskEvent, { type: "task_started" | "task_retried" }>,
  status: TaskStatus,
): Task {
  const seen = event.replayed ? (known?.durationS ?? null) : null;
  return {
    ...task,
    status,
    replayed: event.replayed,
    cached: "cached" in event && event.cached === true,
    durationS: seen ?? ("duration_s" in event ? event.duration_s : task.durationS),
    input: event.input ?? task.input ?? null,
    spans: closed(task.spans, event.ts, status),
  };
}

function closed(spans: readonly Span[], to: number, status: TaskStatus): readonly Span[] {
  const last = spans.at(-1);
  return last?.to === null ? [...spans.slice(0, -1), { ...last, to, status }] : spans;
}

/** A task that the end of the run left open. */
export function leftOpen(task: Task, at: number, status: TaskStatus): Task {
  return { ...task, status, spans: closed(task.spans, at, status) };
}

/** A task after it sent or printed something. */
export function withLine(task: Task, event: CustomData): Task {
  if (event.progress) return { ...task, progress: event.progress };
  const cut = task.lines.length >= LINES ? 1 : 0;
  return {
    ...task,
    lines: [...task.lines.slice(cut), event],
    linesCut: task.linesCut + cut,
  };
}

export interface TaskRow {
  readonly task: Task;
  readonly depth: number;
  /** How many tasks it called. */
  readonly children: number;
}

/** The tasks that each called; those of the run itself under null. */
export function childrenOf(tasks: Tasks): ReadonlyMap<string | null, readonly Task[]> {
  const children = new Map<string | null, Task[]>();
  for (const task of tasks.values()) {
    const parent = task.parent !== null && tasks.has(task.parent) ? task.parent : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(task);
    else children.set(parent, [task]);
  }
  return children;
}

/**
 * Tasks in the order they started, children under their parent.
 *
 * `folded` hides what these called; `shown`, where it is given, are the only ones to appear.
 */
export function taskRows(
  tasks: Tasks,
  folded: ReadonlySet<string> = new Set(),
  shown: ReadonlySet<string> | null = null,
): readonly TaskRow[] {
  const children = childrenOf(tasks);
  const rows: TaskRow[] = [];
  const path: { list: readonly Task[]; at: number }[] = [{ list: children.get(null) ?? [], at: 0 }];
  for (let here = path.at(-1); here; here = path.at(-1)) {
    const task = here.list[here.at];
    here.at += 1;
    if (task === undefined) {
      path.pop();
      continue;
    }
    if (shown !== null && !shown.has(task.id)) continue;
    const below = children.get(task.id) ?? [];
    rows.push({ task, depth: path.length - 1, children: below.length });
    if (below.length > 0 && !folded.has(task.id)) path.push({ list: below, at: 0 });
  }
  return rows;
}
