/** What a page knows of the past of a thread, and what a person has unfolded and chosen in it. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { CheckpointDetail } from "../../protocol/history";
import type { BranchItem, CheckpointItem, History } from "../../protocol/messages";
import type { PastActions } from "../model";
import { branchKey, mergedBranches, opens, type Row, rowsOf } from "./model";

interface List {
  readonly items: readonly CheckpointItem[];
  readonly branches: readonly BranchItem[];
  readonly more: boolean;
  readonly phase: "loading" | "ready" | "failed";
  readonly problem: string;
}

export interface Past extends List {
  readonly rows: readonly Row[];
  readonly details: ReadonlyMap<string, CheckpointDetail>;
  /** Why a checkpoint could not be read, by its id. */
  readonly problems: ReadonlyMap<string, string>;
  readonly selected: Row | null;
  /** Reads the page after a checkpoint, or from the newest one. */
  read(before: string | null): void;
  /** Reads a checkpoint, unless it is known. */
  look(id: string): void;
  unfold(row: Row, open: boolean): void;
  select(key: string): void;
}

const EMPTY: List = { items: [], branches: [], more: false, phase: "loading", problem: "" };

export function usePast(
  load: (before: string | null) => Promise<History>,
  actions: PastActions,
  mark: string,
): Past {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const { list, read } = useList(load, mark);
  const { details, problems, look } = useDetails(actions, list);
  const shown = useMemo(() => withNewest(unfolded, list), [unfolded, list]);
  const rows = useMemo(() => rowsOf({ ...list, details, unfolded: shown }), [list, details, shown]);
  const newest = list.items[0]?.checkpoint_id ?? null;
  const selected = rows.find(({ key }) => key === (chosen ?? newest)) ?? null;
  const wanted = selected && selected.kind !== "branch" ? selected.item.checkpoint_id : null;
  useEffect(() => {
    if (wanted !== null) look(wanted);
  }, [wanted, look]);
  const unfold = (row: Row, open: boolean): void => {
    if (row.open === null || row.open === open) return;
    if (open && row.kind === "checkpoint") look(row.key);
    const next = new Set(unfolded);
    next.delete(open ? folded(row.key) : row.key);
    setUnfolded(next.add(open ? row.key : folded(row.key)));
  };
  return { ...list, rows, details, problems, selected, read, look, unfold, select: setChosen };
}

const folded = (key: string): string => `-${key}`;

/** The newest branch, and in it the newest run, are unfolded until somebody folds them. */
function withNewest(unfolded: ReadonlySet<string>, { items, branches }: List): Set<string> {
  const all = new Set(unfolded);
  const newest = branches[0]?.number;
  if (newest === undefined) return all;
  const run = items.find((item) => item.branch === newest && opens(item))?.checkpoint_id;
  for (const key of [branchKey(newest), ...(run === undefined ? [] : [run])]) {
    if (!all.has(folded(key))) all.add(key);
  }
  return all;
}

function useList(
  load: (before: string | null) => Promise<History>,
  mark: string,
): { list: List; read: (before: string | null) => void } {
  const [list, setList] = useState<List>(EMPTY);
  const round = useRef(0);
  const read = useCallback(
    (before: string | null) => {
      round.current += 1;
      const mine = round.current;
      setList((known) => ({ ...known, phase: "loading" }));
      load(before).then(
        (page) => {
          if (mine !== round.current) return;
          setList((known) => ({
            items: before === null ? page.items : [...known.items, ...page.items],
            branches:
              before === null ? page.branches : mergedBranches(known.branches, page.branches),
            more: page.more,
            phase: "ready",
            problem: "",
          }));
        },
        (error: Error) => {
          if (mine !== round.current) return;
          setList((known) => ({ ...known, phase: "failed", problem: error.message }));
        },
      );
    },
    [load],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new mark is what asks for a new read
  useEffect(() => {
    read(null);
    return () => {
      round.current += 1;
    };
  }, [read, mark]);
  return { list, read };
}

type Details = Pick<Past, "details" | "problems" | "look">;

/** Checkpoints that were read; all are read again when the list was. */
function useDetails(actions: PastActions, { items, branches }: List): Details {
  const [details, setDetails] = useState<ReadonlyMap<string, CheckpointDetail>>(new Map());
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const asked = useRef(new Set<string>());
  const look = useCallback(
    (id: string) => {
      if (asked.current.has(id)) return;
      asked.current.add(id);
      actions.checkpoint(id).then(
        (detail) => {
          setDetails((known) => new Map(known).set(id, detail));
          setProblems((known) => without(known, id));
        },
        (error: Error) => {
          asked.current.delete(id);
          setProblems((known) => new Map(known).set(id, error.message));
        },
      );
    },
    [actions],
  );
  const newest = items[0];
  const stamp = `${newest?.checkpoint_id} ${newest?.status} ${newest?.questions}`;
  const run = items.find((item) => item.branch === branches[0]?.number && opens(item));
  const runId = run?.checkpoint_id ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new stamp is what makes them old
  useEffect(() => {
    const before = [...asked.current];
    asked.current.clear();
    for (const id of before) look(id);
    if (runId !== null) look(runId);
  }, [stamp, runId, look]);
  return { details, problems, look };
}

function without(known: ReadonlyMap<string, string>, id: string): ReadonlyMap<string, string> {
  if (!known.has(id)) return known;
  const rest = new Map(known);
  rest.delete(id);
  return rest;
}
