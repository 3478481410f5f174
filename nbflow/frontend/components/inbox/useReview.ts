/**
 * The state of a review: which row the keys act on, what is selected, what was just answered.
 *
 * A row that was answered here leaves at once; the kernel's next list only confirms it. What came
 * of several answers at once is told when each has its receipt.
 */

import { type RefObject, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { QuestionRow } from "../../protocol/inbox";
import type { Receipt } from "../../protocol/messages";
import { strings } from "../strings";
import { barrier, kindOf, replyTo } from "./bulk";
import type { InboxActions, InboxView, OpenedQuestion } from "./model";

const UNDO_MS = 10_000;

export interface Notice {
  readonly text: string;
  /** Questions whose answers can be taken back. */
  readonly ids: readonly string[];
  /** Stays until it is dismissed. */
  readonly warn: boolean;
}

export interface Review {
  readonly rows: readonly QuestionRow[];
  /** Place of the row that the keys act on; -1 when there is none. */
  readonly at: number;
  readonly selected: readonly QuestionRow[];
  /** Why a question could not be selected. */
  readonly barrier: string;
  /** How far several answers have come; empty when none are under way. */
  readonly going: string;
  readonly notice: Notice | null;
  readonly busy: boolean;
  /** Whether a person opened what is open: else it came by itself, after an answer. */
  readonly byHand: RefObject<boolean>;
  moveTo(index: number): void;
  open(index: number): void;
  select(index: number): void;
  selectAlike(): void;
  clear(): void;
  answerSelected(): void;
  undo(ids: readonly string[]): void;
  dismiss(): void;
}

export function useReview(view: InboxView, actions: InboxActions): Review {
  const { submissions, listing, opened } = view;
  const rows = useMemo(
    () =>
      (listing?.rows ?? []).filter(
        ({ interrupt_id: id }) => submissions.get(id)?.receipt?.status !== "accepted",
      ),
    [listing, submissions],
  );
  const place = usePlace(rows);
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [said, setSaid] = useState("");
  const byHand = useRef(true);
  const { notice, setNotice, busy, undo } = useUndo(actions, (id) => {
    byHand.current = true;
    place.goTo(id);
  });
  const selected = useMemo(() => rows.filter((row) => ids.has(row.interrupt_id)), [rows, ids]);
  const batch = useBatch(view, setNotice);

  const openRow = (row: QuestionRow | undefined, hand: boolean): void => {
    byHand.current = hand;
    if (row) place.goTo(row.interrupt_id);
    actions.open(row?.interrupt_id ?? null);
  };
  const taken =
    opened !== null && submissions.get(opened.id)?.receipt?.status === "accepted" ? opened : null;
  const onTaken = useEffectEvent(({ id, form }: OpenedQuestion) => {
    if (!batch.has(id)) {
      const text = strings.inbox.answered(form?.title ?? "");
      setNotice({ text, ids: [id], warn: false });
    }
    openRow(
      [...rows.slice(place.at), ...rows.slice(0, place.at)].find((row) => row.known),
      false,
    );
  });
  useEffect(() => {
    if (taken) onTaken(taken);
  }, [taken]);

  const choose = (next: readonly QuestionRow[]): void => {
    setSaid("");
    setIds(new Set(next.map((row) => row.interrupt_id)));
  };
  return {
    rows,
    at: place.at,
    selected,
    barrier: said,
    going: batch.going,
    notice,
    busy,
    byHand,
    moveTo(index) {
      const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
      if (row) place.goTo(row.interrupt_id);
    },
    open: (index) => openRow(rows[index], true),
    select(index) {
      const row = rows[index];
      if (!row) return;
      if (selected.includes(row)) choose(selected.filter((one) => one !== row));
      else if (barrier(row, selected)) setSaid(barrier(row, selected));
      else choose([...selected, row]);
    },
    selectAlike() {
      const kind = selected[0] && kindOf(selected[0]);
      choose(rows.filter((row) => kindOf(row) === kind));
    },
    clear: () => choose([]),
    answerSelected() {
      batch.begin(selected);
      actions.submitAll(selected.map((row) => [row.interrupt_id, replyTo(row)]));
      choose([]);
    },
    undo,
    dismiss: () => setNotice(null),
  };
}

/** The row that the keys act on; when it leaves, the one that takes its place, or the first. */
function usePlace(rows: readonly QuestionRow[]): { at: number; goTo: (id: string) => void } {
  const [place, setPlace] = useState({ id: "", index: 0 });
  const found = rows.findIndex((row) => row.interrupt_id === place.id);
  const there = place.index < rows.length ? place.index : Math.min(0, rows.length - 1);
  const at = found >= 0 ? found : there;
  if (found >= 0 && found !== place.index) setPlace({ id: place.id, index: found });
  return { at, goTo: (id) => setPlace((before) => ({ ...before, id })) };
}

interface Undoing {
  notice: Notice | null;
  setNotice: (notice: Notice | null) => void;
  busy: boolean;
  undo: (ids: readonly string[]) => void;
}

function useUndo(actions: InboxActions, goTo: (id: string) => void): Undoing {
  const [notice, setNotice] = useState<Notice | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!notice || notice.warn || busy) return;
    const timer = window.setTimeout(() => setNotice(null), UNDO_MS);
    return () => window.clearTimeout(timer);
  }, [notice, busy]);
  const undo = async (ids: readonly string[]): Promise<void> => {
    setBusy(true);
    const refused: string[] = [];
    let why = "";
    let again: string | null = null;
    for (const id of ids) {
      try {
        const undone = await actions.undo(id);
        again = undone.again;
        if (undone.status === "refused") throw new Error(undone.message);
      } catch (error) {
        refused.push(id);
        why = (error as Error).message;
      }
    }
    setBusy(false);
    const text = why ? `${strings.inbox.undoRefused} ${why}` : strings.inbox.undone(ids.length);
    setNotice({ text, ids: refused, warn: why !== "" });
    if (again !== null && ids.length === 1) {
      goTo(again);
      actions.open(again);
    }
  };
  return {
    notice,
    setNotice,
    busy,
    undo: (ids) => {
      if (!busy && ids.length > 0) void undo(ids);
    },
  };
}

interface Batch {
  going: string;
  has: (id: string) => boolean;
  begin: (rows: readonly QuestionRow[]) => void;
}

/** Follows several answers until each has its receipt; one of an earlier press does not count. */
function useBatch({ submissions }: InboxView, tell: (notice: Notice) => void): Batch {
  const [batch, setBatch] = useState<ReadonlyMap<string, Receipt | null>>(new Map());
  const receipts = [...batch].flatMap(([id, before]) => {
    const receipt = submissions.get(id)?.receipt ?? null;
    return receipt && receipt !== before ? [receipt] : [];
  });
  const over = batch.size > 0 && receipts.length === batch.size;
  const onOver = useEffectEvent(() => {
    const taken = receipts.filter((receipt) => receipt.status === "accepted");
    tell({
      text: strings.inbox.bulkDone(taken.length, batch.size),
      ids: taken.map((receipt) => receipt.interrupt_id),
      warn: taken.length < batch.size,
    });
    setBatch(new Map());
  });
  useEffect(() => {
    if (over) onOver();
  }, [over]);
  return {
    going: batch.size > 0 && !over ? strings.inbox.bulkGoing(receipts.length, batch.size) : "",
    has: (id) => batch.has(id),
    begin: (rows) =>
      setBatch(
        new Map(
          rows.map(({ interrupt_id: id }) => [id, submissions.get(id)?.receipt ?? null] as const),
        ),
      ),
  };
}
