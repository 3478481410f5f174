/**
 * A widget's channel where there is no widget: the same messages and the same small state, over a
 * comm of a kernel or a socket of the server. The views take it for an anywidget model.
 */

import type { Model } from "../widgets/model";

/** What came over the wire. */
export interface Frame {
  readonly message?: unknown;
  readonly snapshot?: unknown;
  /** It was not opened, and will not be. */
  readonly refused?: { readonly reason: string; readonly message: string };
}

export class Channel implements Model {
  /** The small state; undefined until it came. */
  #snapshot: unknown;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  readonly #send: (content: unknown) => void;

  constructor(send: (content: unknown) => void) {
    this.#send = send;
  }

  get ready(): boolean {
    return this.#snapshot !== undefined;
  }

  get(name: string): unknown {
    return name === "snapshot" ? this.#snapshot : undefined;
  }

  send(content: unknown): void {
    this.#send(content);
  }

  on(name: string, callback: (...args: never[]) => void): void {
    const known = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, known.add(callback));
  }

  off(name: string, callback: (...args: never[]) => void): void {
    this.#listeners.get(name)?.delete(callback);
  }

  /** Takes what came over the wire. */
  hear(frame: Frame): void {
    if (frame.snapshot !== undefined) {
      this.#snapshot = frame.snapshot;
      this.#tell("change:snapshot", frame.snapshot);
    }
    if (frame.message !== undefined) this.#tell("msg:custom", frame.message);
    if (frame.refused !== undefined) this.#tell("refused", frame.refused);
  }

  #tell(name: string, value: unknown): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(value as never);
  }
}

/** A channel that can be ended. */
export interface Line {
  readonly channel: Channel;
  close(): void;
}

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/** Opens a channel over a socket, again and again while it breaks. */
export function overSocket(open: () => WebSocket): Line {
  let socket: WebSocket | null = null;
  let tries = 0;
  let timer: number | undefined;
  let over = false;
  const channel = new Channel((content) => {
    // What is not sent is sent again by whoever waits for the answer.
    if (socket?.readyState === 1) socket.send(JSON.stringify(content));
  });
  const connect = (): void => {
    const fresh = open();
    socket = fresh;
    fresh.onmessage = ({ data }) => {
      tries = 0;
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.refused) over = true;
      channel.hear(frame);
    };
    fresh.onclose = () => {
      if (over) return;
      timer = window.setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    };
  };
  connect();
  return {
    channel,
    close() {
      over = true;
      window.clearTimeout(timer);
      socket?.close();
    },
  };
}
