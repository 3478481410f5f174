/** What the side panel lists: one kernel and the named databases, each by a client of its own. */

import type { PanelParts, PanelView, Source, SourceState } from "../components/panel/model";
import { waitingIn } from "../components/panel/model";
import { strings } from "../components/strings";
import { PanelClient } from "../widgets/panelClient";
import { portOf } from "../widgets/port";
import type { Line } from "./channel";
import type { Given, Kernel } from "./host";
import { ActiveKernel, overComm } from "./kernel";
import { RefusedError, Server } from "./server";

const NOTHING: PanelParts = { list: null, error: null, skewS: 0 };

/** One channel of the panel, from when it is opened until it is closed. */
class Listed {
  client: PanelClient | null = null;
  refused: string | null = null;
  readonly #line: Line;
  readonly #changed: () => void;

  constructor(line: Line, changed: () => void) {
    this.#line = line;
    this.#changed = changed;
    line.channel.on("change:snapshot", this.#begin);
    line.channel.on("refused", this.#refuse);
    if (line.channel.ready) this.#begin();
  }

  readonly #begin = (): void => {
    if (this.client) return;
    this.client = new PanelClient(portOf(this.#line.channel));
    this.client.subscribe(this.#changed);
    this.client.start();
    this.#changed();
  };

  readonly #refuse = ({ message }: { message: string }): void => {
    this.refused = message;
    this.client?.stop();
    this.client = null;
    this.#changed();
  };

  get state(): SourceState {
    if (this.refused !== null) return "refused";
    const { connection = "waiting" } = this.client?.view() ?? {};
    return connection === "open" ? "open" : connection === "lost" ? "lost" : "loading";
  }

  get parts(): PanelParts {
    if (this.refused !== null) return { ...NOTHING, error: this.refused };
    return this.client?.view() ?? NOTHING;
  }

  close(): void {
    this.client?.stop();
    this.#line.close();
  }
}

export class Desk {
  readonly server: Server;
  readonly active: ActiveKernel;
  #databases = new Map<string, Listed>();
  #kernel: { of: Kernel; listed: Listed } | null = null;
  #problem = "";
  #view: PanelView = { sources: [], problem: "" };
  readonly #listeners = new Set<() => void>();

  constructor(given: Given) {
    this.server = new Server(given);
    this.active = new ActiveKernel(given.app, () => this.#kernelChanged());
    this.#changed();
  }

  // A client, as `mountClient` takes one; it lives as long as the page.
  readonly start = (): void => {};
  readonly stop = (): void => {};
  readonly view = (): PanelView => this.#view;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get waiting(): number {
    return waitingIn(this.#view.sources);
  }

  /** Asks everybody anew. */
  readonly refresh = (): void => {
    this.active.ask();
    this.#kernel?.listed.client?.refresh();
    for (const [name, listed] of this.#databases) {
      if (listed.refused === null) listed.client?.refresh();
      else this.#reopen(name, listed);
    }
    void this.#named(this.server.databases());
  };

  /** Names a database; rejects with an Error whose message is for people. */
  async add(path: string): Promise<void> {
    this.#take(await this.server.add(path));
  }

  async remove(path: string): Promise<void> {
    await this.#named(this.server.remove(path));
  }

  async #named(names: Promise<string[]>): Promise<void> {
    try {
      this.#take(await names);
    } catch (error) {
      const unserved = error instanceof RefusedError;
      this.#problem = unserved ? strings.panel.noServer : (error as Error).message;
      this.#changed();
    }
  }

  #take(names: readonly string[]): void {
    this.#problem = "";
    const before = this.#databases;
    this.#databases = new Map(
      names.map((name) => [name, before.get(name) ?? this.#open(name)] as const),
    );
    for (const [name, listed] of before) if (!this.#databases.has(name)) listed.close();
    this.#changed();
  }

  #open(name: string): Listed {
    return new Listed(this.server.channel(name, "panel"), this.#changed);
  }

  #reopen(name: string, listed: Listed): void {
    listed.close();
    this.#databases.set(name, this.#open(name));
  }

  #kernelChanged(): void {
    const { kernel, state } = this.active;
    if (this.#kernel && (state !== "there" || this.#kernel.of !== kernel)) {
      this.#kernel.listed.close();
      this.#kernel = null;
    }
    if (kernel && state === "there" && !this.#kernel) {
      const listed = new Listed(overComm(kernel, { shows: "panel" }), this.#changed);
      this.#kernel = { of: kernel, listed };
    }
    this.#changed();
  }

  readonly #changed = (): void => {
    const { state, name } = this.active;
    const listed = this.#kernel?.listed;
    const kernel: Source = {
      id: "kernel",
      kind: "kernel",
      name,
      state: state === "there" ? (listed?.state ?? "loading") : state,
      ...(listed?.parts ?? NOTHING),
    };
    const databases = [...this.#databases].map(
      ([path, one]): Source => ({
        id: `database:${path}`,
        kind: "database",
        name: path,
        state: one.state,
        ...one.parts,
      }),
    );
    this.#view = { sources: [kernel, ...databases], problem: this.#problem };
    for (const listener of this.#listeners) listener();
  };
}
