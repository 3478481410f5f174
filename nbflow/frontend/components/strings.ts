/** Every word the page shows, in one place. */

import type { RunStatus, TaskStatus } from "../protocol/messages";

const plural = (n: number, one: string, many: string): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

const TYPES: Record<string, string> = {
  array: "a list",
  boolean: "yes or no",
  integer: "a whole number",
  null: "nothing",
  number: "a number",
  object: "an object",
  string: "text",
};

function typeName(limit: unknown): string {
  const names = (Array.isArray(limit) ? limit : [limit])
    .filter((name) => name !== "null")
    .map((name) => TYPES[String(name)] ?? String(name));
  return names.join(" or ") || "another kind of value";
}

export const strings = {
  run: {
    label: (workflow: string) => `Run of ${workflow}`,
    thread: "Thread",
    noThread: "not kept",
    status: {
      running: "Running",
      interrupted: "Waiting for you",
      done: "Done",
      error: "Failed",
      cancelled: "Cancelled",
    } satisfies Record<RunStatus, string>,
    elapsed: "Time spent",
    cancel: "Cancel run",
    cancelling: "Cancelling…",
    tasks: "Tasks",
    history: "History",
    views: "Views of this run",
    needsYou: (title: string) => `Your input is needed: ${title}`,
    broken: "This view stopped because of an error in the page.",
    brokenHint: "Run the cell again. The run itself is not affected.",
  },
  connection: {
    lost: "The kernel has not answered.",
    lostForm:
      "It may be busy, restarting or gone. What you have entered is kept, and the form works again as soon as the kernel answers; after a restart, run the cell again.",
    lostView:
      "It may be busy, restarting or gone. This view goes on as soon as the kernel answers; after a restart, run the cell again.",
    protocol: (theirs: number, ours: number) =>
      `The kernel speaks version ${theirs} of the protocol, this page version ${ours}. Reload the page.`,
    waiting: "Waiting for the kernel…",
  },
  tasks: {
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
    row: (name: string, status: string, details: readonly string[]) =>
      [`Task ${name}`, status, ...details].join(", "),
    inside: (parent: string) => `inside ${parent}`,
    replayed: "replayed",
    replayedHint: "The result came from the record; the function did not run again.",
    attempt: (n: number) => `attempt ${n}`,
    input: "Input",
    result: "Result",
    error: "Error",
    failedAttempt: (n: number) => `Attempt ${n} failed`,
    nextIn: (wait: string) => `next attempt after ${wait}`,
    nothing: "Nothing to show yet.",
    count: (n: number) => plural(n, "task", "tasks"),
  },
  question: {
    asks: (task: string) => `Asked by ${task}`,
    context: "What this is about",
    form: (title: string) => `Answer to: ${title}`,
    submit: "Submit",
    submitting: "Sending…",
    answered: "Answered",
    accepted: "The answer was taken.",
    refused: "The answer was not taken.",
    slow: "Still waiting for the kernel to take this answer. It is sent again when the kernel answers; it counts once.",
    summary: (n: number) =>
      n === 1 ? "One thing needs another look" : `${n} things need another look`,
    whole: "The answer",
    rows: (shown: number, total: number) =>
      shown < total
        ? `Showing ${shown.toLocaleString("en")} of ${plural(total, "row", "rows")}`
        : plural(total, "row", "rows"),
    noRows: "No rows.",
    picture: "Picture",
    required: "required",
    optional: "optional",
    range: (low: number, high: number) => `From ${low} to ${high}.`,
    emptyIsNone: "Leave empty for none.",
    yes: "Yes",
    no: "No",
    none: "None",
    choose: "Choose…",
    clear: "Clear",
    kind: "Kind of answer",
    kinds: { text: "Text", number: "Number", boolean: "Yes / No", json: "JSON" },
    value: "Answer",
    notNumber: "Enter a number, such as 3 or 2.5.",
    notJson: "This is not valid JSON.",
    tooLarge: "This number is too large to be sent exactly.",
    types: (type: string) => TYPE_NAMES[type] ?? type,
    add: "Add",
    addTo: (name: string) => `Add to ${name}`,
    remove: (what: string) => `Remove ${what}`,
    item: (n: number) => `Item ${n}`,
    noItems: "Empty.",
    key: "Key",
    newKey: "Add a key",
    expand: (name: string) => `Show ${name}`,
    cannotDraw: "This form cannot be drawn; answer as JSON.",
  },
  decision: {
    label: (name: string) => (name === "" ? "Decision" : `Decision about ${name}`),
    names: (kind: string) => DECISIONS[kind]?.name ?? kind,
    done: (kind: string) => DECISIONS[kind]?.done ?? kind,
    place: (n: number, of: number, name: string) =>
      name === "" ? `${n} of ${of}` : `${n} of ${of}: ${name}`,
    list: "Actions",
    nameless: "the request",
    open: "open",
    choose: "Choose a decision.",
    first: "Choose a decision first",
    nextOpen: "Go to the open action",
    nextOfOpen: (n: number) => `Go to the first of ${n} open actions`,
    stillOpen: (n: number) =>
      `Nothing was sent: ${n === 1 ? "one action is" : `${n} actions are`} still open.`,
    /** What the primary button will do about one action. */
    act: (kind: string, name: string) => {
      const words = DECISIONS[kind];
      if (!words) return kind;
      return name === "" ? words.alone : words.act(name);
    },
    sendUnchanged: (name: string) => `Send ${name || "it"} unchanged`,
    /** The same in short, about several. */
    verb: (kind: string, n: number) =>
      `${(DECISIONS[kind]?.verb ?? kind).toLowerCase()} ${n.toLocaleString("en")}`,
    verbs: (kind: string) => DECISIONS[kind]?.verb ?? kind,
    times: (name: string, n: number) => (n === 1 ? name : `${name} (${n.toLocaleString("en")})`),
    count: (kind: string, n: number) =>
      `${n.toLocaleString("en")} ${DECISIONS[kind]?.done.toLowerCase() ?? kind}`,
    openCount: (n: number) => `${n.toLocaleString("en")} open`,
    tally: "What was decided",
    all: (kind: string, n: number) => `${DECISIONS[kind]?.name ?? kind} all open (${n})`,
    undo: (n: number) => `Undo for ${plural(n, "action", "actions")}`,
    unchanged: "Nothing is changed yet: this is what was proposed.",
    answeredUnchanged: "Sent as it was proposed.",
  },
  keys: {
    title: "Keys",
    close: "Close",
    choose: (name: string) => `Choose ${name}`,
    move: "Next and previous action",
    beside: "Next and previous decision",
    send: "Send",
    list: "Show or hide this list",
    escape: "Hide this list",
    names: {
      move: ["J", "K", "↓", "↑"],
      beside: ["→", "←"],
      send: ["Ctrl Enter"],
      sendMac: ["⌘ Enter"],
      list: ["?"],
      escape: ["Esc"],
    },
  },
  diff: {
    title: (n: number) => `${plural(n, "change", "changes")}`,
    old: "proposed",
    new: "edited",
    same: (n: number) => `${n.toLocaleString("en")} lines are the same`,
    empty: "(empty)",
    hidden: "A secret value was changed; it is not shown.",
  },
  preview: {
    copy: "Copy",
    copied: "Copied",
    copyFailed: "Press Ctrl+C to copy",
    cut: (n: number) => `${plural(n, "character", "characters")} left out`,
    empty: "(empty text)",
    result: "Result",
    error: "Error",
    traceback: "Traceback",
    notes: "Notes",
    cancelled: "The run was cancelled. What was finished is kept.",
  },
  messages: {
    title: (n: number) => `Messages (${n.toLocaleString("en")})`,
  },
  history: {
    list: "Checkpoints, newest first",
    none: "No checkpoint yet.",
    noneHint: "A run writes its first one when it starts; without a checkpointer it writes none.",
    loading: "Loading…",
    older: "Show older",
    retry: "Try again",
    step: (n: number) => `step ${n}`,
    questions: (n: number) => plural(n, "question", "questions"),
    next: (names: readonly string[]) => `next: ${names.join(", ")}`,
    values: "Values",
    source: (source: string) => SOURCES[source] ?? source,
    silent: "The kernel has not answered.",
  },
  errors: {
    required: "Fill this in.",
    type: (limit: unknown) => `This must be ${typeName(limit)}.`,
    enumeration: "Choose one of the given values.",
    minimum: (limit: unknown) => `This must be ${limit} or more.`,
    maximum: (limit: unknown) => `This must be ${limit} or less.`,
    above: (limit: unknown) => `This must be more than ${limit}.`,
    below: (limit: unknown) => `This must be less than ${limit}.`,
    multipleOf: (limit: unknown) => `This must be a multiple of ${limit}.`,
    minLength: (limit: unknown) =>
      limit === 1 ? "Fill this in." : `Use at least ${limit} characters.`,
    maxLength: (limit: unknown) => `Use at most ${limit} characters.`,
    pattern: (limit: unknown) => `This must match the pattern ${limit}.`,
    minItems: (limit: unknown) => `Add at least ${plural(Number(limit), "item", "items")}.`,
    maxItems: (limit: unknown) => `Keep at most ${plural(Number(limit), "item", "items")}.`,
    uniqueItems: "The same item is here twice.",
    choice: "This fits none of the possible forms.",
    notAllowed: "This is not allowed here.",
  },
} as const;

interface DecisionWords {
  /** On the button that chooses it. */
  readonly name: string;
  /** About one that was made. */
  readonly done: string;
  /** Of the names of tools, or of their number. */
  readonly verb: string;
  /** On the button that sends it, about a tool, and about the question itself. */
  readonly act: (name: string) => string;
  readonly alone: string;
}

const DECISIONS: Record<string, DecisionWords> = {
  approve: {
    name: "Approve",
    done: "Approved",
    verb: "Approve",
    act: (name) => `Approve ${name}`,
    alone: "Approve",
  },
  accept: {
    name: "Accept",
    done: "Accepted",
    verb: "Accept",
    act: (name) => `Accept ${name}`,
    alone: "Accept and send",
  },
  edit: {
    name: "Edit",
    done: "Edited",
    verb: "Send edited",
    act: (name) => `Send edited ${name}`,
    alone: "Send edited",
  },
  reject: {
    name: "Reject",
    done: "Rejected",
    verb: "Reject",
    act: (name) => `Reject ${name}`,
    alone: "Reject",
  },
  respond: {
    name: "Respond",
    done: "Responded",
    verb: "Respond to",
    act: (name) => `Respond to ${name}`,
    alone: "Send response",
  },
  ignore: {
    name: "Ignore",
    done: "Ignored",
    verb: "Ignore",
    act: (name) => `Ignore ${name}`,
    alone: "Ignore the request",
  },
  resolve: {
    name: "Resolve",
    done: "Resolved",
    verb: "Resolve",
    act: (name) => `Resolve ${name}`,
    alone: "Mark as resolved",
  },
  decline: {
    name: "Decline",
    done: "Declined",
    verb: "Decline",
    act: (name) => `Decline ${name}`,
    alone: "Decline the request",
  },
  cancel: {
    name: "Cancel",
    done: "Cancelled",
    verb: "Cancel",
    act: (name) => `Cancel ${name}`,
    alone: "Cancel the request",
  },
};

const SOURCES: Record<string, string> = {
  input: "Input",
  loop: "Run",
  update: "Update",
  fork: "Fork",
};

const TYPE_NAMES: Record<string, string> = {
  array: "List",
  boolean: "Yes / No",
  integer: "Whole number",
  number: "Number",
  object: "Object",
  string: "Text",
};
