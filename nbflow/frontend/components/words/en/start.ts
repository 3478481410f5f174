/** The words of a start form; `strings` has them with all others. */

import { numbersIn } from "../numbers";

const { number } = numbersIn("en");

export const start = {
  label: (workflow: string) => `Start ${workflow}`,
  form: (workflow: string) => `Input of ${workflow}`,
  start: "Start",
  starting: "Starting…",
  refused: "Nothing was started.",
  unread: "The form could not be read.",
  slow: "Still waiting for the kernel to start this. It is sent again when the kernel answers; it counts once.",
  whole: "The input",
  raw: { open: "Edit the whole input as JSON", label: "The whole input as JSON" },
  noInput: "This workflow takes no input.",
  thread: "Thread name",
  threadNote: "Left empty, the thread gets a new name.",
  started: "Started thread",
  startedUnkept: "Started",
  another: "Start another",
  fold: "Hide the form",
  runs: "Runs started here, newest first",
  run: (thread: string) => `Run on thread ${thread}`,
  runUnkept: "Run",
  earlier: (n: number) => `Earlier inputs (${number(n)})`,
  earlierUnread: "Earlier inputs could not be read.",
  fill: "Fill the form with this input:",
  on: (thread: string) => `thread ${thread}`,
  filled: (thread: string) => `Filled with the input of thread ${thread}.`,
  filledSecrets: "Secrets are not kept: enter them again.",
} as const;
