/** What a row says of its task, to eyes and to ears alike. */

import type { Task, Tasks } from "../../protocol/tasks";
import { duration, ticking } from "../format";
import { strings } from "../strings";

export function timeOf(task: Task, now: number): string {
  if (waitsToRetry(task)) return "";
  if (task.durationS !== null) return duration(task.durationS);
  return task.status === "running" ? ticking(Math.max(0, now - task.startedAt)) : "";
}

/** Whether its last attempt failed and the next one has not begun. */
export function waitsToRetry(task: Task): boolean {
  return task.status === "running" && (task.retries.at(-1)?.attempt ?? 0) >= task.attempt;
}

/** Which attempt this is, or which one failed and when the next one comes. */
export function attemptOf(task: Task, now: number): string {
  const words = strings.tasks;
  const last = task.retries.at(-1);
  if (last && waitsToRetry(task)) {
    const left = last.at + last.waitS - now;
    const next = left > 0 ? words.next(ticking(Math.ceil(left))) : words.nextNow;
    return `${words.failedAttempt(last.attempt, task.limit)}, ${next}`;
  }
  return task.attempt > 1 ? words.attempt(task.attempt, task.limit) : "";
}

export function nameOf(task: Task, tasks: Tasks, now: number): string {
  const words = strings.tasks;
  const parent = task.parent === null ? undefined : tasks.get(task.parent);
  const details = [
    words.status[task.status],
    parent ? words.inside(parent.name) : "",
    task.replayed ? words.replayed : "",
    task.cached ? words.cached : "",
    attemptOf(task, now),
    task.status === "running" && task.progress ? words.progress(task.progress) : "",
    timeOf(task, now),
  ];
  return words.row(task.name, details.filter(Boolean));
}
