/** The kernel's part in the history, from the golden messages. */

import type { PastActions, RunActions } from "../components/model";
import type {
  CheckpointDetail,
  Comparison,
  Outcome,
  PastToBrowser,
  PastToKernel,
} from "../protocol/history";
import type { AskHistory, History, Snapshot } from "../protocol/messages";
import { messagesIn } from "./messages";

export interface PastGolden {
  snapshot: Snapshot;
  to_browser: (PastToBrowser | History)[];
  to_kernel: (PastToKernel | AskHistory)[];
}

export const pastGolden = (): PastGolden => messagesIn("past") as PastGolden;

type Told = PastGolden["to_browser"][number];

export function told<Type extends Told["type"]>(type: Type): Extract<Told, { type: Type }>[] {
  return pastGolden().to_browser.filter(
    (message): message is Extract<Told, { type: Type }> => message.type === type,
  );
}

export type Step = Parameters<PastActions["go"]>[0];

export interface Kernel extends Pick<RunActions, "history" | "past"> {
  readonly asked: [string, ...unknown[]][];
  /** What the next actions come to; the golden acceptance when there is none left. */
  readonly outcomes: (Outcome | Error)[];
}

/** Answers as the golden kernel did; a checkpoint that it was not asked for is like another one. */
export function kernel(page: History = told("history")[0] as History): Kernel {
  const asked: Kernel["asked"] = [];
  const outcomes: Kernel["outcomes"] = [];
  const details = told("checkpoint");
  const [apart, sameRun] = told("comparison") as [Comparison, Comparison];
  const like = (id: string): CheckpointDetail => {
    const exact = details.find(({ checkpoint_id }) => checkpoint_id === id);
    const source = page.items.find(({ checkpoint_id }) => checkpoint_id === id)?.source;
    const other = details[source === "loop" ? 1 : 0] as CheckpointDetail;
    return exact ?? { ...other, checkpoint_id: id };
  };
  return {
    asked,
    outcomes,
    history: async (before) => {
      asked.push(["history", before]);
      return page;
    },
    past: {
      checkpoint: async (id) => {
        asked.push(["checkpoint", id]);
        return like(id);
      },
      compare: async (left, right) => {
        asked.push(["compare", left, right]);
        return left === sameRunOf(sameRun) || right === sameRunOf(sameRun) ? sameRun : apart;
      },
      code: async (action, id, value) => {
        asked.push(["code", action, id, value]);
        return told("code")[0] as ReturnType<typeof told<"code">>[number];
      },
      go: async (step: Step) => {
        asked.push(["go", step]);
        const outcome = outcomes.shift() ?? (told("outcome")[0] as Outcome);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    },
  };
}

/** The opening checkpoint that the golden comparison within one run was asked with. */
const sameRunOf = (found: Comparison): string =>
  /"checkpoint_id": "([^"]+)"}}\)\.values\)$/.exec(found.code)?.[1] ?? "";
