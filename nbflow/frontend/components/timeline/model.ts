/** What the parts of the timeline are given. */

import type { Tasks } from "../../protocol/tasks";
import type { Axis } from "./axis";

export type View = "list" | "waterfall";

export interface RowState {
  readonly tasks: Tasks;
  /** Tasks whose details are shown. */
  readonly open: ReadonlySet<string>;
  /** Tasks that hide what they called. */
  readonly folded: ReadonlySet<string>;
  /** What is looked for; null when nothing is. The others are shown as those that called it. */
  readonly matches: ReadonlySet<string> | null;
  /** The row that holds the focus, or would: the keys act on it. */
  readonly at: string;
  /** null in the list. */
  readonly axis: Axis | null;
  /** Seconds since the epoch. */
  readonly now: number;
  toggle(id: string): void;
  fold(id: string): void;
  goTo(id: string): void;
}
