/** Several questions answered alike: which go together, what that does, and each one's answer. */

import type { Bulk, QuestionRow } from "../../protocol/inbox";
import type { Reply } from "../model";
import { strings } from "../strings";

/** The kind with which a question can be let through together with others; null for none. */
export function kindOf(row: QuestionRow): Bulk["kind"] | null {
  return row.known && row.bulk ? row.bulk.kind : null;
}

/** Why a question cannot join those selected; empty when it can. */
export function barrier(row: QuestionRow, selected: readonly QuestionRow[]): string {
  const kind = kindOf(row);
  if (kind === null) return strings.inbox.notBulk;
  const theirs = selected[0] ? kindOf(selected[0]) : kind;
  return theirs === null || theirs === kind ? "" : strings.inbox.otherKind(theirs);
}

/** What answering will do: `Approve 12: 9 send_email, 3 delete_files`. */
export function consequences(rows: readonly QuestionRow[]): string {
  const counts = new Map<string, number>();
  for (const { bulk, workflow } of rows) {
    const names = bulk?.names.length ? bulk.names : [workflow];
    for (const name of names) {
      const known = name || strings.decision.nameless;
      counts.set(known, (counts.get(known) ?? 0) + 1);
    }
  }
  const what = [...counts].sort(([, a], [, b]) => b - a);
  const kind = rows[0]?.bulk?.kind ?? "";
  const said = what.map(([name, n]) => strings.inbox.bulkName(name, n)).join(", ");
  return strings.inbox.bulkLine(kind, rows.length, said);
}

export function replyTo({ bulk }: QuestionRow): Reply {
  if (!bulk || bulk.kind === "yes") return { value: true };
  return { decisions: bulk.names.map(() => ({ kind: bulk.kind })) };
}
