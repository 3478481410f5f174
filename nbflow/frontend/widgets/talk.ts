/**
 * The page's end of the wire for one view, whatever it shows.
 *
 * Knows whether the kernel answers. Sends each press once, and the same submission again when the
 * kernel was away: the kernel counts an id once. Every request gets an answer or an error.
 */

import { freshId } from "../components/format";
import type { Reply, Submission, Talked } from "../components/model";
import { strings } from "../components/strings";
import type { Receipt, Submit } from "../protocol/messages";

/** What a client needs of a widget model. */
export interface Port<Hears, Says, State> {
  send(message: Says): void;
  snapshot(): State;
  /** Both return how to stop listening. */
  onMessage(listener: (message: Hears) => void): () => void;
  onSnapshot(listener: () => void): () => void;
}

export const POLL_MS = 5000;
export const SILENCE_MS = 6000;
export const REQUEST_MS = 8000;

interface Request {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
  timer: number;
}

interface Message {
  type: string;
  request?: string;
}

type Heard<Hears> = Hears | Receipt | { type: "failed"; request: string; message: string };

export abstract class Talk<Hears extends Message, Says extends Message, State, View> {
  protected readonly port: Port<Hears, Says | Submit, State>;
  protected shown: View & Talked<State>;
  readonly #listeners = new Set<() => void>();
  readonly #requests = new Map<string, Request>();
  #stops: (() => void)[] = [];
  #poll: number | undefined;
  #silence: number | undefined;

  constructor(port: Port<Hears, Says | Submit, State>, view: View) {
    this.port = port;
    this.shown = {
      ...view,
      snapshot: port.snapshot(),
      connection: "waiting",
      submissions: new Map(),
    };
  }

  /** Asks for what is new. */
  protected abstract sync(): void;
  /** Whether there may be news that nobody tells. */
  protected abstract due(): boolean;
  /** Takes what is neither a receipt nor the answer to a request. */
  protected abstract take(message: Hears): void;
  protected abstract snapshotChanged(): void;
  protected failed(_request: string, _message: string): void {}
  protected receiptCame(): void {}

  start(): void {
    this.#stops = [
      this.port.onMessage((message) => this.#hear(message)),
      this.port.onSnapshot(() => {
        this.change({ snapshot: this.port.snapshot() } as Partial<View & Talked<State>>);
        this.snapshotChanged();
      }),
    ];
    this.sync();
    this.#poll = window.setInterval(() => {
      if (this.due() || this.shown.connection !== "open") this.sync();
    }, POLL_MS);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    window.clearInterval(this.#poll);
    window.clearTimeout(this.#silence);
    for (const { timer } of this.#requests.values()) window.clearTimeout(timer);
    this.#requests.clear();
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): View & Talked<State> => this.shown;

  readonly submit = (interruptId: string, reply: Reply): void => {
    const known = this.shown.submissions.get(interruptId);
    if (known && known.receipt === null) return;
    const submission: Submission = { id: freshId(), reply, receipt: null };
    this.#setSubmission(interruptId, submission);
    this.#sendSubmission(interruptId, submission);
  };

  protected change(part: Partial<View & Talked<State>>): void {
    this.shown = { ...this.shown, ...part };
    for (const listener of this.#listeners) listener();
  }

  /** Sends a request; rejects with an Error whose message is for people. */
  protected ask<Answer extends Hears>(message: (request: string) => Says): Promise<Answer> {
    const request = freshId();
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#requests.delete(request);
        reject(new Error(strings.history.silent));
      }, REQUEST_MS);
      this.#requests.set(request, { resolve, reject, timer });
      this.port.send(message(request));
    });
  }

  /** Anything that comes from the kernel is an answer; silence for long means it is lost. */
  protected expectAnswer(): void {
    this.#silence ??= window.setTimeout(() => {
      this.#silence = undefined;
      this.change({ connection: "lost" } as Partial<View & Talked<State>>);
    }, SILENCE_MS);
  }

  #hear(heard: Hears): void {
    const message = heard as Heard<Hears>;
    window.clearTimeout(this.#silence);
    this.#silence = undefined;
    const back = this.shown.connection === "lost";
    if (this.shown.connection !== "open") {
      this.change({ connection: "open" } as Partial<View & Talked<State>>);
    }
    if (message.type === "receipt") this.#receipt(message as Receipt);
    else if (message.type === "failed") {
      const { request, message: text } = message as Extract<Heard<never>, { type: "failed" }>;
      this.failed(request, text);
      this.#settle(request, ({ reject }) => reject(new Error(text)));
    } else {
      this.take(heard);
      this.#settle(heard.request ?? "", ({ resolve }) => resolve(heard as never));
    }
    if (back) this.#resend();
  }

  #receipt(receipt: Receipt): void {
    const submission = this.shown.submissions.get(receipt.interrupt_id);
    if (submission?.id !== receipt.submission) return;
    this.#setSubmission(receipt.interrupt_id, { ...submission, receipt });
    this.receiptCame();
  }

  /** Ends a press that the kernel could not serve. */
  protected refuse(submission: string, message: string): void {
    for (const [interruptId, { id, receipt }] of this.shown.submissions) {
      if (id !== submission || receipt !== null) continue;
      const parts = { interrupt_id: interruptId, message, errors: [] };
      this.#receipt({ type: "receipt", submission, status: "refused", ...parts });
    }
  }

  #setSubmission(interruptId: string, submission: Submission): void {
    const submissions = new Map(this.shown.submissions).set(interruptId, submission);
    this.change({ submissions } as unknown as Partial<View & Talked<State>>);
  }

  #sendSubmission(interruptId: string, { id, reply }: Submission): void {
    this.expectAnswer();
    this.port.send({ type: "submit", submission: id, interrupt_id: interruptId, ...reply });
  }

  #resend(): void {
    for (const [interruptId, submission] of this.shown.submissions) {
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
}
