/**
 * The page's end of the wire for one start form, and for the runs that it began.
 *
 * Asks for the form when it starts, and for earlier inputs after each start. What a run says and
 * hears goes through the form's channel: each has a client of its own behind it.
 */

import type { LiveRun, StartActions, StartParts } from "../components/start/model";
import type { Json, Snapshot, ToBrowser, ToKernel } from "../protocol/messages";
import type {
  Earlier,
  StartForm,
  StartSnapshot,
  StartToBrowser,
  StartToKernel,
} from "../protocol/start";
import { RunClient, type Port as RunPort } from "./client";
import { type Port, Talk } from "./talk";

export type StartPort = Port<StartToBrowser, StartToKernel, StartSnapshot>;

const EMPTY: StartParts = { asked: null, error: null, earlier: [], earlierError: null, runs: [] };

/** One run's channel inside the form's. */
class Channel implements RunPort {
  readonly send: (message: ToKernel) => void;
  #snapshot: Snapshot;
  #onMessage: (message: ToBrowser) => void = () => {};
  #onSnapshot: () => void = () => {};

  constructor(snapshot: Snapshot, send: (message: ToKernel) => void) {
    this.#snapshot = snapshot;
    this.send = send;
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  onMessage(listener: (message: ToBrowser) => void): () => void {
    this.#onMessage = listener;
    return () => {
      this.#onMessage = () => {};
    };
  }

  onSnapshot(listener: () => void): () => void {
    this.#onSnapshot = listener;
    return () => {
      this.#onSnapshot = () => {};
    };
  }

  hear(message: ToBrowser): void {
    this.#onMessage(message);
  }

  show(snapshot: Snapshot): void {
    if (JSON.stringify(snapshot) === JSON.stringify(this.#snapshot)) return;
    this.#snapshot = snapshot;
    this.#onSnapshot();
  }
}

interface Embedded {
  readonly channel: Channel;
  readonly client: RunClient;
  readonly live: LiveRun;
}

export class StartClient
  extends Talk<StartToBrowser, StartToKernel, StartSnapshot, StartParts>
  implements StartActions
{
  readonly #runs = new Map<string, Embedded>();

  constructor(port: StartPort) {
    super(port, EMPTY);
  }

  override start(): void {
    super.start();
    this.snapshotChanged();
  }

  override stop(): void {
    super.stop();
    for (const { client } of this.#runs.values()) client.stop();
    this.#runs.clear();
  }

  readonly begin = (value: Json, thread: string): void => {
    const { asked } = this.shown;
    const reply = { value, thread };
    if (asked) this.submit(asked.form.interrupt_id, reply);
  };

  protected due(): boolean {
    return this.shown.asked === null;
  }

  protected sync(): void {
    this.expectAnswer();
    this.ask<StartForm>((request) => ({ type: "form", request })).then(
      (asked) => {
        this.change({ error: null, ...(this.shown.asked ? {} : { asked }) });
        if (asked.kept) this.#askEarlier();
      },
      (error: Error) => {
        const { asked, connection } = this.shown;
        if (!asked && connection === "open") this.change({ error: error.message });
      },
    );
  }

  #askEarlier(): void {
    this.ask<Earlier>((request) => ({ type: "earlier", request })).then(
      ({ inputs }) => this.change({ earlier: inputs, earlierError: null }),
      (error: Error) => this.change({ earlierError: error.message }),
    );
  }

  protected take(message: StartToBrowser): void {
    if (message.type === "run") this.#runs.get(message.run)?.channel.hear(message.message);
  }

  protected override receiptCame(): void {
    if (this.shown.asked?.kept) this.#askEarlier();
  }

  protected override failed(request: string, message: string): void {
    this.refuse(request, message);
  }

  protected snapshotChanged(): void {
    const { runs } = this.shown.snapshot;
    for (const { run, snapshot } of runs) {
      const known = this.#runs.get(run);
      if (known) known.channel.show(snapshot);
      else this.#runs.set(run, this.#embed(run, snapshot));
    }
    for (const [key, { client }] of this.#runs) {
      if (runs.some(({ run }) => run === key)) continue;
      client.stop();
      this.#runs.delete(key);
    }
    this.change({ runs: runs.flatMap(({ run }) => this.#runs.get(run)?.live ?? []) });
  }

  #embed(key: string, snapshot: Snapshot): Embedded {
    const channel = new Channel(snapshot, (message) =>
      this.port.send({ type: "run", run: key, message }),
    );
    const client = new RunClient(channel);
    client.start();
    const { subscribe, view } = client;
    return { channel, client, live: { key, actions: client, subscribe, view } };
  }
}
