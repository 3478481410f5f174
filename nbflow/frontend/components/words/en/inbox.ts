/** The words of the inbox; `strings` has them with all others. */

import { numbersIn } from "../numbers";

const { number, plural } = numbersIn("en");

const BULK: Record<string, string> = {
  approve: "Approve",
  accept: "Accept",
  yes: "Say yes to",
};

export const inbox = {
  title: "Inbox",
  list: "Open questions",
  count: (shown: number, all: number) =>
    shown === all ? `${number(all)} waiting` : `${number(shown)} of ${number(all)} waiting`,
  cut: (shown: number) => `The first ${number(shown)} are listed; answer or filter for the others.`,
  search: "Search questions",
  workflow: "Workflow",
  allWorkflows: "All workflows",
  workflowCount: (name: string, n: number) => `${name} (${number(n)})`,
  age: "Age",
  ages: [
    [0, "Any age"],
    [3_600, "Over 1 hour"],
    [86_400, "Over 1 day"],
    [604_800, "Over 1 week"],
  ] as const,
  thread: (id: string) => `thread ${id}`,
  waits: (age: string) => `waits ${age}`,
  unknown: "no code here",
  forOthers: "for others",
  mine: "Only mine",
  due: (left: string) => `due in ${left}`,
  overdue: "time is up",
  draft: "draft",
  loading: "Loading…",
  none: "Nothing waits for an answer.",
  noneMatch: "No open question matches.",
  showAll: "Show all",
  unread: "The list could not be read.",
  retry: "It is tried again every few seconds.",
  pick: "Choose a question.",
  pickHint: "J and K move in the list, Enter opens, ? lists all keys.",
  allDone: "Done: nothing is left here.",
  gone: "This question is not open any more. It was answered elsewhere, or its run has gone another way.",
  back: "Back to the list",
  selected: (n: number) => `${number(n)} selected`,
  selectAll: (n: number) => `Select all ${number(n)} like it`,
  clear: "Clear",
  notBulk: "This question wants an answer of its own.",
  otherKind: (kind: string) => `Only questions to ${kind} can be answered with those selected.`,
  bulk: (kind: string, n: number) => `${BULK[kind] ?? kind} ${number(n)}`,
  bulkLine: (kind: string, n: number, what: string) =>
    `${BULK[kind] ?? kind} ${number(n)}${what && `: ${what}`}`,
  bulkName: (name: string, n: number) => `${number(n)} ${name}`,
  bulkGoing: (done: number, of: number) => `Sending: ${number(done)} of ${number(of)} answered`,
  bulkDone: (taken: number, of: number) =>
    taken === of
      ? `${number(of)} answered.`
      : `${number(taken)} of ${number(of)} answered. ${plural(of - taken, "question was", "questions were")} not: the list says why.`,
  answered: (title: string) => `Answered: ${title}`,
  undo: (n: number) => (n === 1 ? "Undo: ask it again" : `Undo: ask these ${number(n)} again`),
  undoOf: (title: string) => `Undo: ask it again: ${title}`,
  undoHint: "What ran meanwhile stays in the history.",
  undone: (n: number) => `${plural(n, "question is", "questions are")} asked again.`,
  undoRefused: "Not undone.",
  answeredHere: (n: number) => `Answered here (${number(n)})`,
  wasUndone: "asked again",
  dismiss: "Dismiss",
  keyList: "Keys of the list",
  keys: [
    [["J", "K", "↓", "↑"], "Next and previous question in the list"],
    [["Enter"], "Open the question"],
    [["X"], "Select it, to answer several at once"],
    [["A"], "Go to the button that answers those selected"],
    [["U"], "Undo the last answer"],
    [["/"], "Search"],
    [["Esc"], "Back to the list"],
    [["?"], "Show or hide this list"],
  ] as const,
} as const;
