/** What the views are given: state to draw, and what a person can do. No Jupyter in here. */

import type { RunLog } from "../protocol/log";
import type { History, Json, Receipt, Snapshot } from "../protocol/messages";

export interface Submission {
  /** Made for one press; sent again, it counts once. */
  readonly id: string;
  readonly value: Json;
  /** null while the kernel has not said. */
  readonly receipt: Receipt | null;
}

export interface RunView {
  readonly snapshot: Snapshot;
  readonly log: RunLog;
  /** lost: the kernel left a question of this page unanswered. */
  readonly connection: "waiting" | "open" | "lost";
  /** The last press for each question, by interrupt id. */
  readonly submissions: ReadonlyMap<string, Submission>;
  readonly cancelling: boolean;
}

export interface RunActions {
  submit(interruptId: string, value: Json): void;
  /** Rejects with an Error whose message is for people. */
  history(before: string | null): Promise<History>;
  cancel(): void;
}
