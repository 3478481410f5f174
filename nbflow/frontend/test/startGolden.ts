/** The golden messages of a start form. */

import type { StartSnapshot, StartToBrowser, StartToKernel } from "../protocol/start";
import { messagesIn } from "./messages";

interface Golden {
  about: string;
  snapshot: StartSnapshot;
  to_browser: StartToBrowser[];
  to_kernel: StartToKernel[];
}

export const startGolden = (): Golden => messagesIn("start") as Golden;

export function told<Type extends StartToBrowser["type"]>(
  type: Type,
  index = 0,
): Extract<StartToBrowser, { type: Type }> {
  const found = startGolden().to_browser.filter(
    (message): message is Extract<StartToBrowser, { type: Type }> => message.type === type,
  )[index];
  if (!found) throw new Error(`start.json says no ${type} of place ${index}`);
  return found;
}

/** A form that has begun runs on these threads, the newest first. */
export function startedOn(...threads: (string | null)[]): StartSnapshot {
  const snapshot = startGolden().snapshot;
  const run = { protocol: snapshot.protocol, workflow: snapshot.workflow, head: 1, pending: 0 };
  const runs = threads.map((thread, at) => ({
    run: `run-${threads.length - at}`,
    snapshot: { ...run, run_id: `id-${at}`, thread_id: thread, status: "running" as const },
  }));
  return { ...snapshot, runs };
}
