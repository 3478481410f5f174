/** What the side panel is given: state to draw, and what a person can do. No Jupyter in here. */

import type { PanelList, PanelRow } from "../../protocol/panel";

export interface PanelParts {
  /** null until it was told. */
  readonly list: PanelList | null;
  /** Why the list could not be read. */
  readonly error: string | null;
  /** Seconds that the clock of who tells is ahead of the page's. */
  readonly skewS: number;
}

export type SourceState =
  /** What is listed is there. */
  | "open"
  | "loading"
  /** It has not answered for a while. */
  | "lost"
  /** Nothing is open that has a kernel. */
  | "no_kernel"
  /** The kernel does not have nbflow loaded. */
  | "no_nbflow"
  /** The kernel has ended. */
  | "dead"
  /** A database that cannot be read; `error` says why. */
  | "refused";

/** One kernel or database. */
export interface Source extends PanelParts {
  readonly id: string;
  readonly kind: "kernel" | "database";
  /** Of the notebook, or the path of the database; empty for no kernel. */
  readonly name: string;
  readonly state: SourceState;
}

export interface PanelView {
  readonly sources: readonly Source[];
  /** Why the named databases could not be told or changed; empty when nothing is wrong. */
  readonly problem: string;
}

export interface PanelActions {
  /** Opens a run, at one of its questions or at none. */
  open(source: Source, row: PanelRow, interruptId: string | null): void;
  openInbox(source: Source): void;
  add(): void;
  remove(source: Source): void;
  refresh(): void;
}

/** Open questions of all that is listed; one that two sources list counts once. */
export function waitingIn(sources: readonly Source[]): number {
  const seen = new Set<string>();
  let beyond = 0;
  for (const { list } of sources) {
    if (!list) continue;
    let listed = 0;
    for (const { questions } of list.rows) {
      for (const { interrupt_id } of questions) seen.add(interrupt_id);
      listed += questions.length;
    }
    beyond += list.waiting - listed;
  }
  return seen.size + beyond;
}
