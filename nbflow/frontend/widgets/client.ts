/**
 * The page's end of the wire for one view of a run.
 *
 * Keeps the log whole: it asks for what is missing when it starts, on a gap, and every few seconds
 * while the run is live. Knows whether the kernel answers. Sends each press once, and the same
 * submission again when the kernel was away: the kernel counts an id once.
 */

import { freshId } from "../components/format";
import type { Reply, RunActions, RunView, Submission } from "../components/model";
import { strings } from "../components/strings";
import { EMPTY_LOG, leavesGap, reduce, statusOf } from "../protocol/log";
import type { Events, History, Receipt, Snapshot, ToBrowser, ToKernel } from "../protocol/messages";

/** What the client needs of a widget model. */
export interface Port {
  send(message: ToKernel): void;
  snapshot(): Snapshot;
  /** Both return how to stop listening. */
  onMessage(listener: (message: ToBrowser) => void): () => void;
  onSnapshot(listener: () => void): () => void;
}

export const POLL_MS = 5000;
export const SILENCE_MS = 6000;
const LAG_MS = 300;
const REQUEST_MS = 8000;
const PAGE_SIZE = 20;

interface Request {
  resolve: (page: History) => void;
  reject: (error: Error) => void;
  timer: number;
}

export class RunClient implements RunActions {
  readonly #port: Port;
  readonly #listeners = new Set<() => void>();
  readonly #requests = new Map<string, Request>();
  #view: RunView;
  #stops: (() => void)[] = [];
  #poll: number | undefined;
  #silence: number | undefined;
  #lag: number | undefined;
  #cancel: { request: string; timer: number } | null = null;
  /** Where the last gap was reported, so that a burst of batches asks once. */
  #gapAt = -1;

  constructor(port: Port) {
    this.#port = port;
    this.#view = {
      snapshot: port.snapshot(),
      log: EMPTY_LOG,
      connection: "waiting",
      submissions: new Map(),
      cancelling: false,
    };
  }

  start(): void {
    this.#stops = [
      this.#port.onMessage((message) => this.#hear(message)),
      this.#port.onSnapshot(() => this.#snapshotChanged()),
    ];
    this.#sync();
    this.#poll = window.setInterval(() => {
      if (this.#live() || this.#view.connection !== "open") this.#sync();
    }, POLL_MS);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    window.clearInterval(this.#poll);
    window.clearTimeout(this.#silence);
    window.clearTimeout(this.#lag);
    window.clearTimeout(this.#cancel?.timer);
    for (const { timer } of this.#requests.values()) window.clearTimeout(timer);
    this.#requests.clear();
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): RunView => this.#view;

  readonly submit = (interruptId: string, reply: Reply): void => {
    const known = this.#view.submissions.get(interruptId);
    if (known && known.receipt === null) return;
    const submission: Submission = { id: freshId(), reply, receipt: null };
    this.#setSubmission(interruptId, submission);
    this.#sendSubmission(interruptId, submission);
  };

  readonly history = (before: string | null): Promise<History> => {
    const request = freshId();
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#requests.delete(request);
        reject(new Error(strings.history.silent));
      }, REQUEST_MS);
      this.#requests.set(request, { resolve, reject, timer });
      this.#port.send({ type: "history", request, limit: PAGE_SIZE, before });
    });
  };

  readonly cancel = (): void => {
    const request = freshId();
    const timer = window.setTimeout(() => this.#cancelOver(), REQUEST_MS);
    this.#cancel = { request, timer };
    this.#change({ cancelling: true });
    this.#port.send({ type: "cancel", request });
  };

  #change(part: Partial<RunView>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#listeners) listener();
  }

  #live(): boolean {
    const status = statusOf(this.#view.log, this.#view.snapshot);
    return status === "running" || status === "interrupted";
  }

  #sync(): void {
    const { log } = this.#view;
    this.#expectAnswer();
    this.#port.send({ type: "sync", since: log.next, log: log.log });
  }

  #hear(message: ToBrowser): void {
    window.clearTimeout(this.#silence);
    this.#silence = undefined;
    const back = this.#view.connection === "lost";
    if (this.#view.connection !== "open") this.#change({ connection: "open" });
    switch (message.type) {
      case "events":
        this.#events(message);
        break;
      case "receipt":
        this.#receipt(message);
        break;
      case "history":
        this.#settle(message.request, (request) => request.resolve(message));
        break;
      case "failed":
        if (message.request === this.#cancel?.request) this.#cancelOver();
        this.#settle(message.request, (request) => request.reject(new Error(message.message)));
        break;
      case "bundle":
        break;
    }
    if (back) this.#resend();
  }

  #events(batch: Events): void {
    const before = this.#view.log;
    const log = reduce(before, batch);
    if (log !== before) {
      const another = before.log !== "" && before.log !== log.log;
      this.#change(another ? { log, submissions: new Map() } : { log });
      if (!this.#live()) this.#cancelOver();
    }
    if (leavesGap(log, batch) && this.#gapAt !== log.next) {
      this.#gapAt = log.next;
      this.#sync();
    }
  }

  /** Batches come every few milliseconds, so only a lag that lasts means something was lost. */
  #snapshotChanged(): void {
    this.#change({ snapshot: this.#port.snapshot() });
    window.clearTimeout(this.#lag);
    this.#lag = window.setTimeout(() => {
      if (this.#view.snapshot.head > this.#view.log.next) this.#sync();
    }, LAG_MS);
  }

  #receipt(receipt: Receipt): void {
    const submission = this.#view.submissions.get(receipt.interrupt_id);
    if (submission?.id !== receipt.submission) return;
    this.#setSubmission(receipt.interrupt_id, { ...submission, receipt });
  }

  #setSubmission(interruptId: string, submission: Submission): void {
    const submissions = new Map(this.#view.submissions).set(interruptId, submission);
    this.#change({ submissions });
  }

  #sendSubmission(interruptId: string, { id, reply }: Submission): void {
    this.#expectAnswer();
    this.#port.send({ type: "submit", submission: id, interrupt_id: interruptId, ...reply });
  }

  /** Anything that comes from the kernel is an answer; silence for long means it is lost. */
  #expectAnswer(): void {
    this.#silence ??= window.setTimeout(() => {
      this.#silence = undefined;
      this.#change({ connection: "lost" });
    }, SILENCE_MS);
  }

  #resend(): void {
    for (const [interruptId, submission] of this.#view.submissions) {
      if (submission.receipt === null) this.#sendSubmission(interruptId, submission);
    }
  }

  #settle(id: string, how: (request: Request) => void): void {
    const request = this.#requests.get(id);
    if (!request) return;
    window.clearTimeout(request.timer);
    this.#requests.delete(id);
    how(request);
  }

  #cancelOver(): void {
    if (!this.#cancel) return;
    window.clearTimeout(this.#cancel.timer);
    this.#cancel = null;
    this.#change({ cancelling: false });
  }
}
