/** What the inbox is given: state to draw, and what a person can do. No Jupyter in here. */

import type { Filters, InboxSnapshot, Listing, Undone } from "../../protocol/inbox";
import type { Form } from "../../protocol/messages";
import type { Reply, Talked } from "../model";

export interface OpenedQuestion {
  readonly id: string;
  /** undefined while it comes; null when the question is not open any more. */
  readonly form: Form | null | undefined;
  /** Why it cannot be answered here; empty when it can. */
  readonly note: string;
}

export interface InboxParts {
  readonly filters: Filters;
  /** null until the kernel has said. */
  readonly listing: Listing | null;
  /** Why the list could not be read. */
  readonly error: string | null;
  /** Seconds that the kernel's clock is ahead of the page's. */
  readonly skewS: number;
  readonly opened: OpenedQuestion | null;
}

export type InboxView = Talked<InboxSnapshot> & InboxParts;

export interface InboxActions {
  filter(filters: Filters): void;
  /** null closes what is open. */
  open(id: string | null): void;
  submit(interruptId: string, reply: Reply): void;
  submitAll(replies: readonly (readonly [string, Reply])[]): void;
  /** Rejects with an Error whose message is for people. */
  undo(id: string): Promise<Undone>;
}
