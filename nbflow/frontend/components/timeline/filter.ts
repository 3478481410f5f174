/** Which tasks are looked for: by status, and by text in all that is known of them. */

import type { Task, Tasks } from "../../protocol/tasks";
import { strings } from "../strings";

export interface Filter {
  readonly text: string;
  /** A status, or `retried`, `replayed`, `cached`; "" for any. */
  readonly status: string;
}

export const NO_FILTER: Filter = { text: "", status: "" };

export interface Found {
  /** The tasks that match, and those that called them; null when nothing is looked for. */
  readonly shown: ReadonlySet<string> | null;
  readonly matches: ReadonlySet<string>;
  /** Why the text is no regular expression; "" when it is one, or plain. */
  readonly problem: string;
}

const ALL: Found = { shown: null, matches: new Set(), problem: "" };

type Test = (task: Task) => boolean;

export function find(tasks: Tasks, { text, status }: Filter): Found {
  let byText: Test | null;
  try {
    byText = textTest(text.trim());
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ...ALL, problem: problem.replace(/^.*: /, "") };
  }
  if (byText === null && status === "") return ALL;
  const shown = new Set<string>();
  const matches = new Set<string>();
  for (const task of tasks.values()) {
    if ((status !== "" && !hasStatus(task, status)) || (byText && !byText(task))) continue;
    matches.add(task.id);
    let at: Task | undefined = task;
    while (at && !shown.has(at.id)) {
      shown.add(at.id);
      at = at.parent === null ? undefined : tasks.get(at.parent);
    }
  }
  return { shown, matches, problem: "" };
}

function hasStatus(task: Task, status: string): boolean {
  if (status === "retried") return task.retries.length > 0;
  if (status === "replayed") return task.replayed;
  return status === "cached" ? task.cached : task.status === status;
}

/** `/regex/flags`, or plain text in whatever case; throws for a regex that is none. */
function textTest(text: string): Test | null {
  if (text === "") return null;
  const written = /^\/(.+)\/([imsu]*)$/s.exec(text);
  if (written) {
    const pattern = new RegExp(written[1] ?? "", written[2]);
    return (task) => pattern.test(textOf(task));
  }
  const wanted = text.toLowerCase();
  return (task) => lowerOf(task).includes(wanted);
}

/** A task never changes, so neither does its text. */
const lower = new WeakMap<Task, string>();

function lowerOf(task: Task): string {
  const known = lower.get(task);
  if (known !== undefined) return known;
  const text = textOf(task).toLowerCase();
  lower.set(task, text);
  return text;
}

function textOf(task: Task): string {
  const parts = [task.name, strings.tasks.status[task.status]];
  if (task.input) parts.push(task.input.text);
  if (task.result) parts.push(task.result.text);
  for (const { error } of task.retries) parts.push(`${error.type}: ${error.message}`);
  if (task.error) {
    parts.push(`${task.error.type}: ${task.error.message}`, task.error.traceback);
    parts.push(...task.error.notes);
  }
  if (task.progress) parts.push(task.progress.text);
  for (const line of task.lines) parts.push(line.data.text);
  return parts.join("\n");
}
