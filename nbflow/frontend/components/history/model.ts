/** The rows of the tree, from what the kernel has told so far. Pure. */

import type { CheckpointDetail, OpItem } from "../../protocol/history";
import type { BranchItem, CheckpointItem } from "../../protocol/messages";

export interface Known {
  readonly items: readonly CheckpointItem[];
  readonly branches: readonly BranchItem[];
  readonly details: ReadonlyMap<string, CheckpointDetail>;
  /** Keys of the rows that are unfolded. */
  readonly unfolded: ReadonlySet<string>;
}

interface Place {
  readonly key: string;
  readonly level: 1 | 2 | 3;
  /** null where there is nothing to unfold. */
  readonly open: boolean | null;
  readonly at: number;
  readonly of: number;
}

export type Row = Place &
  (
    | { readonly kind: "branch"; readonly branch: BranchItem; readonly current: boolean }
    | { readonly kind: "checkpoint"; readonly item: CheckpointItem }
    | { readonly kind: "op"; readonly item: CheckpointItem; readonly op: OpItem }
  );

export const branchKey = (branch: number): string => `b${branch}`;

/** Whether a checkpoint lies between two steps of a run, as those of an adopted graph do. */
export const isMidway = (item: CheckpointItem): boolean =>
  item.source === "loop" && item.next.length > 0;

/** Whether something ran from a checkpoint on that can be looked at: not in a record. */
export const opens = (item: CheckpointItem): boolean =>
  item.status !== undefined &&
  (item.source === "input" || item.source === "fork" || isMidway(item));

export function rowsOf({ items, branches, details, unfolded }: Known): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, branch] of branches.entries()) {
    const key = branchKey(branch.number);
    const open = unfolded.has(key);
    const place = { key, level: 1, open, at: index + 1, of: branches.length } as const;
    rows.push({ kind: "branch", branch, current: index === 0, ...place });
    if (!open) continue;
    const own = items.filter((item) => item.branch === branch.number);
    for (const [at, item] of own.entries()) rows.push(...checkpointRows(item, at, own.length));
  }
  return rows;

  function checkpointRows(item: CheckpointItem, at: number, of: number): Row[] {
    const key = item.checkpoint_id;
    const open = opens(item) ? unfolded.has(key) : null;
    const ops = open ? (details.get(key)?.ops ?? []) : [];
    return [
      { kind: "checkpoint", item, key, level: 2, open, at: at + 1, of },
      ...ops.map((op, index): Row => {
        const place = { level: 3, open: null, at: index + 1, of: ops.length } as const;
        return { kind: "op", item, op, key: `${key}/${op.id}`, ...place };
      }),
    ];
  }
}

/** Branches in the order of their newest checkpoint, whichever page told of them. */
export function mergedBranches(
  known: readonly BranchItem[],
  told: readonly BranchItem[],
): readonly BranchItem[] {
  const numbers = new Set(told.map(({ number }) => number));
  const before = known.map((one) => told.find(({ number }) => number === one.number) ?? one);
  const seen = new Set(known.map(({ number }) => number));
  return [...before, ...told.filter(({ number }) => numbers.has(number) && !seen.has(number))];
}

/** Where a key leads in the tree; null for a key that moves nothing. */
export function moved(rows: readonly Row[], at: number, key: string): number | null {
  const row = rows[at];
  if (!row) return null;
  const parent = (): number => {
    for (let above = at - 1; above >= 0; above -= 1) {
      if ((rows[above]?.level ?? 9) < row.level) return above;
    }
    return at;
  };
  const child = (rows[at + 1]?.level ?? 0) > row.level ? at + 1 : at;
  const places: Record<string, number> = {
    ArrowDown: Math.min(at + 1, rows.length - 1),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: rows.length - 1,
    ArrowRight: child,
    ArrowLeft: parent(),
  };
  return places[key] ?? null;
}
