/** The kernel's end of the wire to a client: it answers while it is alive, and keeps what it was sent. */

import type { Port } from "../widgets/talk";

interface Typed {
  type: string;
}

export abstract class Wire<Hears, Says extends Typed, State> implements Port<Hears, Says, State> {
  readonly sent: Says[] = [];
  alive = true;
  state: State;
  #message: ((message: Hears) => void) | null = null;
  #snapshot: (() => void) | null = null;

  constructor(state: State) {
    this.state = state;
  }

  /** What a living kernel says to a message; null for nothing. */
  abstract answer: (message: Says) => Hears | null;

  snapshot(): State {
    return this.state;
  }

  onMessage(listener: (message: Hears) => void): () => void {
    this.#message = listener;
    return () => {
      this.#message = null;
    };
  }

  onSnapshot(listener: () => void): () => void {
    this.#snapshot = listener;
    return () => {
      this.#snapshot = null;
    };
  }

  get listening(): boolean {
    return this.#message !== null || this.#snapshot !== null;
  }

  send(message: Says): void {
    this.sent.push(message);
    const answer = this.alive ? this.answer(message) : null;
    if (answer !== null) this.say(answer);
  }

  say(message: Hears): void {
    this.#message?.(message);
  }

  change(part: Partial<State>): void {
    this.state = { ...this.state, ...part };
    this.#snapshot?.();
  }

  of<Type extends Says["type"]>(type: Type): Extract<Says, { type: Type }>[] {
    return this.sent.filter(
      (message): message is Extract<Says, { type: Type }> => message.type === type,
    );
  }

  last<Type extends Says["type"]>(type: Type): Extract<Says, { type: Type }> {
    const found = this.of(type).at(-1);
    if (!found) throw new Error(`nothing of type ${type} was sent`);
    return found;
  }

  count(type: Says["type"]): number {
    return this.of(type as never).length;
  }
}
