/** The words of the timeline; `strings` has them with all others. */

import type { ProgressData, TaskStatus } from "../../../protocol/messages";
import { numbersIn } from "../numbers";

const { number, plural } = numbersIn("en");

export const tasks = {
  list: "Tasks",
  none: "No task has started yet.",
  noneRan: "This run called no task.",
  status: {
    running: "running",
    done: "done",
    failed: "failed",
    cancelled: "cancelled",
    interrupted: "waiting",
  } satisfies Record<TaskStatus, string>,
  row: (name: string, details: readonly string[]) => `Task ${name}: ${details.join(", ")}`,
  inside: (parent: string) => `inside ${parent}`,
  replayed: "replayed",
  replayedHint: "The result came from the record; the function did not run again.",
  cached: "cached",
  cachedHint: "The result came from the cache; the function did not run.",
  attempt: (n: number, limit: number | null) =>
    limit === null || limit < n ? `attempt ${n}` : `attempt ${n} of ${limit}`,
  failedAttempt: (n: number, limit: number | null) =>
    limit === null || limit < n ? `Attempt ${n} failed` : `Attempt ${n} of ${limit} failed`,
  next: (wait: string) => `next in ${wait}`,
  nextNow: "next attempt begins",
  nextIn: (wait: string) => `next attempt after ${wait}`,
  progress: (said: ProgressData) =>
    [amount(said), said.text.length > 60 ? `${said.text.slice(0, 60)}…` : said.text]
      .filter(Boolean)
      .join(" "),
  progressOf: (name: string, percent: number) => `${name}: ${percent} %`,
  runProgress: "Progress",
  input: "Input",
  result: "Result",
  error: "Error",
  log: "Sent and printed",
  logCut: (n: number) => `${plural(n, "earlier line is", "earlier lines are")} not kept here.`,
  stderr: "error output",
  began: "Began",
  ended: "ended",
  nothing: "Nothing to show yet.",
  count: (n: number) => plural(n, "task", "tasks"),
  countOf: (shown: number, all: number) => `${number(shown)} of ${plural(all, "task", "tasks")}`,
  counts: (n: number, status: "failed" | "running" | "interrupted") =>
    `${number(n)} ${tasks.status[status]}`,
  fold: (name: string, n: number) => `Hide the ${plural(n, "task", "tasks")} that ${name} called`,
  unfold: (name: string, n: number) => `Show the ${plural(n, "task", "tasks")} that ${name} called`,
  folded: (n: number) => `+${number(n)}`,
  foldedHint: (n: number) => `${plural(n, "task", "tasks")} hidden`,
  views: "Show the tasks as",
  asList: "List",
  asWaterfall: "Waterfall",
  failedOnly: "Failed only",
  find: "Find",
  search: "Find tasks by name or text",
  searchHint: "Name, text or /regex/",
  badRegex: (why: string) => `Not a regular expression: ${why}`,
  anyStatus: "Any status",
  byStatus: "Status",
  statuses: [
    ["running", "Running"],
    ["interrupted", "Waiting"],
    ["failed", "Failed"],
    ["cancelled", "Cancelled"],
    ["done", "Done"],
    ["retried", "Retried"],
    ["replayed", "Replayed"],
    ["cached", "Cached"],
  ] as const,
  noneMatch: "No task matches.",
  showAll: "Show all tasks",
  keyList: "Keys of the timeline",
  keysButton: "Keys",
  keys: [
    [["↑", "↓"], "previous, next task"],
    [["←", "→"], "fold, unfold what a task called"],
    [["Enter"], "input, output, log and error of a task"],
    [["N", "P"], "next, previous failed task"],
    [["F"], "failed tasks only"],
    [["/"], "find"],
    [["W"], "list or waterfall"],
    [["?"], "these keys"],
  ] as const,
  waitNote: (time: string, n: number) =>
    n === 1
      ? `Waiting for people is drawn short: ${time}.`
      : `Waiting for people is drawn short: ${time}, in ${number(n)} places.`,
  pauseNote: "Pauses between executions are drawn short.",
  waited: (time: string) => `waited ${time}`,
  stopped: (time: string) => `stopped for ${time}`,
  bar: (attempt: number, status: string, time: string) => `attempt ${attempt}: ${status}, ${time}`,
};

function amount({ share, done, total }: ProgressData): string {
  if (done !== null && total !== null) return `${number(done)} of ${number(total)}`;
  if (done !== null) return number(done);
  return share === null ? "" : `${Math.round(share * 100)} %`;
}
