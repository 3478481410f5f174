/** What the views are given: state to draw, and what a person can do. No Jupyter in here. */

import type { RunLog } from "../protocol/log";
import type { Decided, History, Json, Receipt, Snapshot } from "../protocol/messages";

/** An answer: a value, or a decision about each action of the form. */
export type Reply = { readonly value: Json } | { readonly decisions: Decided[] };

export interface Submission {
  /** Made for one press; sent again, it counts once. */
  readonly id: string;
  readonly reply: Reply;
  /** null while the kernel has not said. */
  readonly receipt: Receipt | null;
}

/** What every view that talks to the kernel is given. */
export interface Talked<State> {
  readonly snapshot: State;
  /** lost: the kernel left a question of this page unanswered. */
  readonly connection: "waiting" | "open" | "lost";
  /** The last press for each question, by interrupt id. */
  readonly submissions: ReadonlyMap<string, Submission>;
}

export interface RunParts {
  readonly log: RunLog;
  readonly cancelling: boolean;
}

export type RunView = Talked<Snapshot> & RunParts;

export interface RunActions {
  submit(interruptId: string, reply: Reply): void;
  /** Rejects with an Error whose message is for people. */
  history(before: string | null): Promise<History>;
  cancel(): void;
}
