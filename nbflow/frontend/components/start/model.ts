/** What a start form is given: state to draw, and what a person can do. No Jupyter in here. */

import type { Json } from "../../protocol/messages";
import type { EarlierItem, StartForm, StartSnapshot } from "../../protocol/start";
import type { RunActions, RunView, Talked } from "../model";

/** A run that the form began; it changes by itself. */
export interface LiveRun {
  readonly key: string;
  readonly actions: RunActions;
  /** Both for `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void;
  view(): RunView;
}

export interface StartParts {
  /** null until the kernel has said. */
  readonly asked: StartForm | null;
  /** Why there is no form. */
  readonly error: string | null;
  readonly earlier: readonly EarlierItem[];
  /** Why earlier inputs could not be read. */
  readonly earlierError: string | null;
  /** Newest first. */
  readonly runs: readonly LiveRun[];
}

export type StartView = Talked<StartSnapshot> & StartParts;

export interface StartActions {
  /** The thread is "" for a new name. */
  begin(value: Json, thread: string): void;
}
