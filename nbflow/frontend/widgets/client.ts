/**
 * The page's end of the wire for one view of a run.
 *
 * Keeps the log whole: it asks for what is missing when it starts, on a gap, and every few seconds
 * while the run is live.
 */

import { freshId } from "../components/format";
import type { PastActions, RunActions, RunParts } from "../components/model";
import type { PastToBrowser, PastToKernel } from "../protocol/history";
import { EMPTY_LOG, leavesGap, reduce, statusOf } from "../protocol/log";
import type * as messages from "../protocol/messages";
import type { Events, History, Snapshot } from "../protocol/messages";
import * as talk from "./talk";

export { POLL_MS, SILENCE_MS } from "./talk";

type ToBrowser = messages.ToBrowser | PastToBrowser;
type ToKernel = messages.ToKernel | PastToKernel;

export type Port = talk.Port<ToBrowser, ToKernel, Snapshot>;

const LAG_MS = 300;
const PAGE_SIZE = 20;

export class RunClient
  extends talk.Talk<ToBrowser, ToKernel, Snapshot, RunParts>
  implements RunActions
{
  #lag: number | undefined;
  #cancel: { request: string; timer: number } | null = null;
  /** Where the last gap was reported, so that a burst of batches asks once. */
  #gapAt = -1;

  constructor(port: Port) {
    super(port, { log: EMPTY_LOG, cancelling: false });
  }

  override stop(): void {
    super.stop();
    window.clearTimeout(this.#lag);
    window.clearTimeout(this.#cancel?.timer);
  }

  readonly history = (before: string | null): Promise<History> =>
    this.ask((request) => ({ type: "history", request, limit: PAGE_SIZE, before }));

  readonly past: PastActions = {
    checkpoint: (checkpoint_id) =>
      this.ask((request) => ({ type: "checkpoint", request, checkpoint_id })),
    compare: (left, right) => this.ask((request) => ({ type: "comparison", request, left, right })),
    code: (action, checkpoint_id, value) =>
      this.ask((request) => ({ type: "code", request, action, checkpoint_id, value })),
    go: (step) => this.ask((request) => ({ type: "go", request, ...step })),
  };

  readonly cancel = (): void => {
    const request = freshId();
    const timer = window.setTimeout(() => this.#cancelOver(), talk.REQUEST_MS);
    this.#cancel = { request, timer };
    this.change({ cancelling: true });
    this.port.send({ type: "cancel", request });
  };

  protected due(): boolean {
    const status = statusOf(this.shown.log, this.shown.snapshot);
    return status === "running" || status === "interrupted";
  }

  protected sync(): void {
    const { log } = this.shown;
    this.expectAnswer();
    this.port.send({ type: "sync", since: log.next, log: log.log });
  }

  protected take(message: ToBrowser): void {
    if (message.type === "events") this.#events(message);
  }

  protected override failed(request: string): void {
    if (request === this.#cancel?.request) this.#cancelOver();
  }

  #events(batch: Events): void {
    const before = this.shown.log;
    const log = reduce(before, batch);
    if (log !== before) {
      const another = before.log !== "" && before.log !== log.log;
      this.change(another ? { log, submissions: new Map() } : { log });
      if (!this.due()) this.#cancelOver();
    }
    if (leavesGap(log, batch) && this.#gapAt !== log.next) {
      this.#gapAt = log.next;
      this.sync();
    }
  }

  /** Batches come every few milliseconds, so only a lag that lasts means something was lost. */
  protected snapshotChanged(): void {
    window.clearTimeout(this.#lag);
    this.#lag = window.setTimeout(() => {
      if (this.shown.snapshot.head > this.shown.log.next) this.sync();
    }, LAG_MS);
  }

  #cancelOver(): void {
    if (!this.#cancel) return;
    window.clearTimeout(this.#cancel.timer);
    this.#cancel = null;
    this.change({ cancelling: false });
  }
}
