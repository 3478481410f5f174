/** Every word the page shows, in English. */

import type { RunStatus } from "../../../protocol/messages";
import { numbersIn, sizesIn } from "../numbers";
import { inbox } from "./inbox";
import { panel } from "./panel";
import { past } from "./past";
import { start } from "./start";
import { tasks } from "./tasks";

const numbers = numbersIn("en");
const { number, plural } = numbers;
const sizeOf = sizesIn(numbers, "byte", "bytes");

const VIA: Record<string, string> = {
  form: "Answered in the form,",
  inbox: "Answered in an inbox,",
  code: "Answered by code,",
  "answers file": "Answered from a file,",
};

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
  language: "en",
  direction: "ltr",
  decimal: numbers.decimal,
  days: (n: number) => `${number(n)} d`,
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
      crashed: "Kernel stopped",
      ready: "Ready to go on",
    } satisfies Record<RunStatus, string>,
    elapsed: "Time at work; waiting for people is not in it",
    waited: (time: string) => `waited ${time}`,
    waitedHint: "Time spent waiting for people",
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
  tasks,
  terms: {
    assignees: (names: readonly string[]) => `For ${names.join(", ")}.`,
    notYou: (you: string) => `Here ${you} answers, so an answer will be refused.`,
    within: (left: string) => `To be answered within ${left}.`,
    by: (time: string) => `To be answered by ${time}.`,
    up: "The time is up:",
    soon: "Less than a minute is left to answer.",
    after: (what: string) => `After that ${what}`,
    error: "the code gets an error.",
    counts: (value: string) => `this counts as the answer: ${value}`,
  },
  question: {
    asks: (task: string) => `Asked by ${task}`,
    context: "What this is about",
    form: (title: string) => `Answer to: ${title}`,
    submit: "Submit",
    submitting: "Sending…",
    answered: "Answered",
    answeredBy: (who: string | null) => (who === null ? "Answered" : `Answered by ${who}`),
    timeUp: "Time was up",
    noAnswer: (failed: boolean) =>
      failed
        ? "Nobody answered in time, so the code got an error."
        : "Nobody answered in time, so the default counts.",
    via: (how: string) => VIA[how] ?? `Answered by ${how},`,
    accepted: "The answer was taken.",
    refused: "The answer was not taken.",
    slow: "Still waiting for the kernel to take this answer. It is sent again when the kernel answers; it counts once.",
    summary: (n: number) =>
      n === 1 ? "One thing needs another look" : `${n} things need another look`,
    whole: "The answer",
    rows: (shown: number, total: number) =>
      shown < total
        ? `Showing ${number(shown)} of ${plural(total, "row", "rows")}`
        : plural(total, "row", "rows"),
    noRows: "No rows.",
    picture: "Picture",
    required: "required",
    optional: "optional",
    emptyIsNone: "Leave empty for none.",
    yes: "Yes",
    no: "No",
    none: "None",
    choose: "Choose…",
    clear: "Clear",
    kindOf: (name: string) => `${name}: kind of value`,
    kinds: { text: "Text", number: "Number", boolean: "Yes / No", none: "None", json: "JSON" },
    value: "Answer",
    notNumber: "Enter a number, such as 3 or 2.5.",
    notJson: "This is not valid JSON.",
    tooLarge: "This number is too large to be sent exactly.",
    types: (type: string) => TYPE_NAMES[type] ?? type,
    add: "Add",
    addTo: (name: string) => `Add to ${name}`,
    remove: (what: string) => `Remove ${what}`,
    moveUp: (what: string) => `Move ${what} up`,
    moveDown: (what: string) => `Move ${what} down`,
    item: (n: number) => `Item ${n}`,
    noItems: "Empty.",
    key: "Key",
    freshKey: (n: number) => (n === 1 ? "new key" : `new key ${n}`),
    keyTaken: "This key is there already.",
    newKey: "Add a key",
    expand: (name: string) => `Add ${name}`,
    fixed: (value: string) => `This answer is always ${value}.`,
    notListed: (value: string) => `${value} (not in the list)`,
    notSet: "Not set",
    readOnly: "read only",
    offset: "Offset from UTC",
    unknown: (keywords: readonly string[]) =>
      `The page does not know ${keywords.map((word) => `“${word}”`).join(", ")}: check the value as JSON.`,
  },
  tools: {
    leaveOut: (_: string) => "Leave out",
    reset: (_: string) => "Reset",
    useDefault: (value: string) => `Use default (${value})`,
    asField: (_: string) => "Edit as a field",
    asJson: (_: string) => "Edit as JSON",
  },
  raw: {
    open: "Edit the whole answer as JSON",
    openPart: "Edit this as JSON",
    close: "Back to the form",
    reset: "Reset to what was given",
    empty: "Empty the form",
    label: "The whole answer as JSON",
    labelPart: "This part of the answer as JSON",
    note: "What is written here is what will be sent.",
    secretNote: "What is written here is what will be sent. Secrets are shown in clear.",
  },
  /** Why a value is drawn as JSON. */
  whyJson: {
    asked: "Written as JSON.",
    branch: "The value fits none of these: choose one, or mend it as JSON.",
    deep: "This lies too deep to be drawn: write it as JSON.",
    dynamic:
      "Its form depends on where it is used, which the page does not follow: write it as JSON.",
    endless: "It is made of more parts than the page can put together: write it as JSON.",
    nothing: "No value fits here.",
    reference: "Its form is described elsewhere, where the page cannot look: write it as JSON.",
    unions: "Several choices apply at once: write it as JSON.",
    value: "The given value does not fit the field made for it, so it is shown as JSON.",
    wide: "There are too many forms to choose from: write it as JSON.",
  },
  file: {
    none: "No file is chosen.",
    stored: (bytes: number) => `A stored file is kept: ${sizeOf(bytes)}.`,
    chosen: (name: string, bytes: number) => `${name}, ${sizeOf(bytes)}.`,
    failed: "The file could not be read.",
  },
  formats: {
    date: { note: "", example: "2026-01-31", problem: "Write a day, such as 2026-01-31." },
    "date-time": {
      note: "",
      example: "2026-01-31T12:00:00Z",
      problem: "Write a day and a time, such as 2026-01-31T12:00:00Z.",
    },
    time: {
      note: "",
      example: "12:00:00",
      problem: "Write a time, such as 12:00:00 or 12:00:00Z.",
    },
    duration: {
      note: "P1DT2H30M means 1 day, 2 hours and 30 minutes.",
      example: "P1DT2H30M",
      problem: "Write a duration, such as P1DT2H30M for a day, two hours and 30 minutes.",
    },
    email: {
      note: "",
      example: "name@example.org",
      problem: "Write an e-mail address, such as name@example.org.",
    },
    uri: {
      note: "",
      example: "https://…",
      problem: "Write an address with its scheme, as in https://…",
    },
    uuid: {
      note: "",
      example: "123e4567-e89b-12d3-a456-426614174000",
      problem: "Write a UUID: 32 digits 0–9 and a–f in five groups.",
    },
  },
  limits: {
    range: (low: number, high: number) => `From ${low} to ${high}.`,
    least: (low: number) => `${low} or more.`,
    most: (high: number) => `${high} or less.`,
    above: (low: number) => `More than ${low}.`,
    below: (high: number) => `Less than ${high}.`,
    multipleOf: (step: number) => `In steps of ${step}.`,
    lengths: (least: number, most: number) =>
      least === most
        ? `${plural(least, "character", "characters")}.`
        : `${least} to ${plural(most, "character", "characters")}.`,
    shortest: (least: number) => `At least ${plural(least, "character", "characters")}.`,
    longest: (most: number) => `At most ${plural(most, "character", "characters")}.`,
    items: (least: number, most: number) =>
      least === most
        ? `${plural(least, "item", "items")}.`
        : least > 0
          ? `${least} to ${plural(most, "item", "items")}.`
          : `At most ${plural(most, "item", "items")}.`,
    fewestItems: (least: number) => `At least ${plural(least, "item", "items")}.`,
    unique: "No item twice.",
    example: (text: string) => `For example ${text}.`,
    pattern: "It has to have a certain form.",
    characters: {
      digits: ["digit", "digits"],
      capitals: ["capital letter", "capital letters"],
      smalls: ["small letter", "small letters"],
      letters: ["letter", "letters"],
      capitalsDigits: ["capital letter or digit", "capital letters or digits"],
      smallsDigits: ["small letter or digit", "small letters or digits"],
      lettersDigits: ["letter or digit", "letters or digits"],
    },
    literal: (text: string) => `“${text}”`,
    some: ([one, many]: readonly [string, string], least: number, most: number | undefined) => {
      if (least === most) return plural(least, one, many);
      if (most !== undefined) return `${least} to ${plural(most, one, many)}`;
      return least === 0
        ? `any number of ${many}`
        : least === 1
          ? many
          : `${least} or more ${many}`;
    },
    row: (parts: readonly string[]) => `Write ${parts.join(", then ")}.`,
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
      `${(DECISIONS[kind]?.verb ?? kind).toLowerCase()} ${number(n)}`,
    verbs: (kind: string) => DECISIONS[kind]?.verb ?? kind,
    times: (name: string, n: number) => (n === 1 ? name : `${name} (${number(n)})`),
    count: (kind: string, n: number) =>
      `${number(n)} ${DECISIONS[kind]?.done.toLowerCase() ?? kind}`,
    openCount: (n: number) => `${number(n)} open`,
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
  /** What a reload leaves of an answer that is not sent. */
  draft: {
    kept: "Draft kept in this tab.",
    partly: "Draft kept in this tab, but not its secrets: enter those again after a reload.",
    lost: "Draft not kept: the browser stores nothing more for this page. It is gone once the page is closed or reloaded.",
  },
  diff: {
    title: (n: number) => `${plural(n, "change", "changes")}`,
    old: "proposed",
    new: "edited",
    same: (n: number) => `${number(n)} lines are the same`,
    empty: "(empty)",
    hidden: "A secret value was changed; it is not shown.",
  },
  inbox,
  panel,
  start,
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
    ready: "It waits for nobody. It goes on by Resume in the History tab, or by run.resume().",
  },
  messages: {
    title: (n: number) => `Messages (${number(n)})`,
  },
  past,
  history: { silent: "The kernel has not answered." },
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
    contains: "An item that has to be in the list is missing.",
    maxContains: "Too many items of one kind are in the list.",
    minProperties: (limit: unknown) =>
      `Fill in at least ${plural(Number(limit), "entry", "entries")}.`,
    maxProperties: (limit: unknown) => `Keep at most ${plural(Number(limit), "entry", "entries")}.`,
    propertyNames: "A key has a name that is not allowed.",
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

const TYPE_NAMES: Record<string, string> = {
  array: "List",
  boolean: "Yes / No",
  integer: "Whole number",
  number: "Number",
  object: "Object",
  string: "Text",
};
