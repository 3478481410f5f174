/** What the views are given: state to draw, and what a person can do. No Jupyter in here. */

import type { CheckpointDetail, Code, Comparison, Go, Outcome } from "../protocol/history";
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

/** What is done with the past of a run's thread; each rejects with an Error for people. */
export interface PastActions {
  checkpoint(id: string): Promise<CheckpointDetail>;
  compare(left: string, right: string): Promise<Comparison>;
  /** The Python that stores an edited state, or runs the same input on it. */
  code(action: "update" | "rerun", id: string, value: Json): Promise<Code>;
  go(step: Omit<Go, "type" | "request">): Promise<Outcome>;
}

export interface RunActions {
  submit(interruptId: string, reply: Reply): void;
  /** Rejects with an Error whose message is for people. */
  history(before: string | null): Promise<History>;
  readonly past: PastActions;
  cancel(): void;
}
