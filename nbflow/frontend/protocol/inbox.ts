/**
 * Every message between the kernel and a page that shows an inbox: the twin of
 * `nbflow/widgets/inbox_protocol.py`. Answers go and come back as everywhere.
 *
 * The golden messages are in `tests/messages/inbox.json`. Times are seconds since the epoch, by
 * the kernel's clock.
 */

import type { AskBundle, Bundle, Failed, Form, Preview, Receipt, Submit } from "./messages";

export interface InboxSnapshot {
  protocol: number;
  /** Grows when a run of the kernel's process asked, was answered or ended. */
  news: number;
}

/** How a question can be answered together with others. */
export interface Bulk {
  /** A decision about every action of the question, or `true` to a yes-or-no question. */
  kind: "approve" | "accept" | "yes";
  /** Of the actions, one each; empty for a yes-or-no question. */
  names: string[];
}

export interface QuestionRow {
  interrupt_id: string;
  thread_id: string;
  workflow: string;
  task: string | null;
  title: string;
  asked_at: number;
  /** Whether the workflow's code is at hand, so that it can be answered here. */
  known: boolean;
  /** null when it wants an answer of its own. */
  bulk: Bulk | null;
  /** Until when it can be answered; null for any time. */
  deadline: number | null;
  /** Whether an answer from here is taken; else it is for others. */
  yours: boolean;
}

export interface AnsweredQuestion {
  interrupt_id: string;
  thread_id: string;
  workflow: string;
  title: string;
  answered_at: number;
  /** Kinds of the decisions about its actions; empty for a plain answer. */
  decided: string[];
  answer: Preview;
  undone: boolean;
}

export interface Listing {
  /** Those that have waited longest first. */
  rows: QuestionRow[];
  /** Questions that the filters let through; `rows` may hold fewer. */
  total: number;
  /** Open questions, whatever the filters. */
  waiting: number;
  /** How many of them are for others. */
  others: number;
  workflows: { name: string; waiting: number }[];
  /** Newest first. */
  answered: AnsweredQuestion[];
}

export interface Questions {
  type: "questions";
  request: string;
  /** Digest of the listing. */
  mark: string;
  /** The kernel's time, by which the ages are told. */
  now: number;
  /** null when it is the one that the page has. */
  listing: Listing | null;
}

export interface Opened {
  type: "opened";
  request: string;
  interrupt_id: string;
  /** null when the question is not open any more. */
  form: Form | null;
  /** Why it cannot be answered here; empty when it can. */
  note: string;
}

export interface Undone {
  type: "undone";
  request: string;
  interrupt_id: string;
  status: "undone" | "refused";
  message: string;
  /** Id under which the question is asked again. */
  again: string | null;
}

export type InboxToBrowser = Bundle | Questions | Opened | Receipt | Undone | Failed;

export interface Filters {
  /** null for all. */
  workflow: string | null;
  text: string;
  /** 0 for all. */
  older_than_s: number;
  /** Only those that may be answered from here. */
  mine: boolean;
}

export interface AskQuestions extends Filters {
  type: "questions";
  request: string;
  /** Of the listing that the page has; "" for none. */
  mark: string;
}

export interface OpenQuestion {
  type: "open";
  request: string;
  interrupt_id: string;
}

export interface Undo {
  type: "undo";
  request: string;
  interrupt_id: string;
}

export type InboxToKernel = AskBundle | AskQuestions | OpenQuestion | Submit | Undo;
