/** The words of the side panel and its commands; `strings` has them with all others. */

import { numbersIn } from "../numbers";

const { plural } = numbersIn("en");

export const panel = {
  title: "nbflow",
  tab: (waiting: number) =>
    waiting === 0
      ? "nbflow: runs and questions"
      : `nbflow: ${plural(waiting, "question waits", "questions wait")}`,
  kernel: "Active kernel",
  databases: "Databases",
  add: "Add a database…",
  addShort: "Add a database",
  addTitle: "Add a database",
  addLabel: "Path under the server's root folder, such as data/runs.sqlite",
  addGo: "Add",
  pickTitle: "Open the inbox of which database?",
  refresh: "Refresh",
  remove: (name: string) => `Remove ${name} from this list; the file stays`,
  openInbox: (name: string) => `Open the inbox of ${name}`,
  run: (workflow: string, thread: string | null, status: string) =>
    `${workflow}${thread === null ? "" : `, thread ${thread}`}: ${status}`,
  more: (n: number) => `${plural(n, "more run is", "more runs are")} not listed.`,
  none: "Nothing runs and nothing waits.",
  loading: "Loading…",
  unread: "It could not be read.",
  busy: "The kernel has not answered. It may be busy; the list goes on as soon as it answers.",
  lost: "The server has not answered. The list goes on as soon as it answers.",
  noKernel: "No kernel",
  noKernelHint: "Open a notebook or a console to see its runs.",
  noNbflow: "No nbflow in this kernel yet",
  noNbflowHint: "Run this in a cell, and its runs appear here:",
  dead: "The kernel has ended",
  deadHint: "Restart it to go on. What was stored is kept.",
  noDatabase: "No database is named",
  noDatabaseHint: "Name one, and its questions can be answered here with no kernel at all.",
  stored: (name: string) =>
    `Answers are stored in ${name}. A run goes on where its code is: by itself where a notebook shows it.`,
  connecting: "Connecting…",
  gone: "This run is not in the kernel any more.",
  noServer:
    "This server has no nbflow extension, so databases cannot be read. Install nbflow where the server runs, and start it again.",
  commands: {
    category: "nbflow",
    show: "Show the panel",
    add: "Add a database…",
    refresh: "Refresh the panel",
    inbox: "Open the inbox",
  },
} as const;
