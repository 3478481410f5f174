/** What JupyterLab gets: the container, a channel over a socket, and the desk over both. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overSocket } from "../labextension/channel";
import { Desk } from "../labextension/desk";
import type { Given, Message, SessionContext } from "../labextension/host";
import { ActiveKernel, TARGET } from "../labextension/kernel";
import { panelGolden, panelList, toldRuns } from "./panelGolden";

/** A signal as Lumino has it. */
class Signal<Args> {
  readonly #slots = new Set<(sender: never, args: Args) => void>();
  connect(slot: (sender: never, args: Args) => void): boolean {
    this.#slots.add(slot);
    return true;
  }
  disconnect(slot: (sender: never, args: Args) => void): boolean {
    return this.#slots.delete(slot);
  }
  emit(args: Args): void {
    for (const slot of [...this.#slots]) slot(null as never, args);
  }
}

/** A server's end of the sockets: it answers what a panel asks. */
class Socket {
  static all: Socket[] = [];
  static refuses: string | null = null;
  readyState = 0;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    Socket.all.push(this);
  }
  open(): void {
    this.readyState = 1;
    if (Socket.refuses === null) this.say({ snapshot: panelGolden().snapshot });
    else {
      this.say({ refused: { reason: "missing", message: Socket.refuses } });
      this.close();
    }
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  send(text: string): void {
    const { request } = JSON.parse(text) as { request: string };
    this.say({ message: { ...toldRuns()[0], request } });
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

class FakeKernel {
  readonly id = "k1";
  status = "idle";
  isDisposed = false;
  readonly iopubMessage = new Signal<Message>();
  readonly statusChanged = new Signal<string>();
  comms: object = {};
  asked = 0;
  opened: unknown[] = [];
  requestCommInfo = async (): Promise<Message> => {
    this.asked += 1;
    return { content: { comms: this.comms } } as unknown as Message;
  };
  createComm = (target: string) => {
    expect(target).toBe(TARGET);
    const comm = {
      isDisposed: false,
      onMsg: (_message: Message) => {},
      onClose: (_message: Message) => {},
      open: (data: unknown) => {
        this.opened.push(data);
        const content = { data: { snapshot: panelGolden().snapshot } };
        comm.onMsg({ content } as unknown as Message);
      },
      send: ({ request }: { request: string }) => {
        const content = { data: { message: { ...toldRuns()[0], request } } };
        comm.onMsg({ content } as unknown as Message);
      },
      close: () => {
        comm.isDisposed = true;
      },
    };
    return comm;
  };
  ran(): void {
    const content = { execution_state: "idle" };
    const parent_header = { msg_type: "execute_request" };
    this.iopubMessage.emit({ header: { msg_type: "status" }, parent_header, content });
  }
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const WebSocketOfTest = Socket as unknown as new (url: string) => WebSocket;
let kernel: FakeKernel;
let context: {
  name: string;
  session: { kernel: FakeKernel | null } | null;
  kernelChanged: Signal<unknown>;
};
let names: string[];
let unserved: boolean;
let given: Given;

beforeEach(() => {
  vi.useFakeTimers();
  Socket.all = [];
  Socket.refuses = null;
  kernel = new FakeKernel();
  context = { name: "a.ipynb", session: { kernel }, kernelChanged: new Signal() };
  names = ["data/runs.sqlite"];
  unserved = false;
  const currentChanged = new Signal<unknown>();
  const makeRequest = async (url: string, init: RequestInit): Promise<Response> => {
    expect(url).toBe("http://here/base/nbflow/databases");
    if (unserved) return new Response("<h1>404</h1>", { status: 404 });
    const { path } = JSON.parse(String(init.body ?? "{}")) as { path?: string };
    if (path === "gone.sqlite") {
      return new Response(JSON.stringify({ reason: "missing", message: "No file." }), {
        status: 404,
      });
    }
    if (init.method === "POST" && path) names = [...names, path];
    if (init.method === "DELETE") names = names.filter((name) => name !== path);
    return new Response(JSON.stringify({ databases: names }));
  };
  given = {
    app: {
      shell: {
        currentWidget: { sessionContext: context as unknown as SessionContext },
        currentChanged,
      },
      serviceManager: {
        serverSettings: {
          baseUrl: "http://here/base/",
          wsUrl: "ws://here/base/",
          token: "t",
          appendToken: true,
          WebSocket: WebSocketOfTest,
        },
      },
      restored: Promise.resolve(),
    },
    host: { "@jupyterlab/services": { ServerConnection: { makeRequest } } },
  } as unknown as Given;
});
afterEach(() => vi.useRealTimers());

describe("the active kernel", () => {
  it("is asked again after each cell, until it has nbflow", async () => {
    const changed = vi.fn();
    const active = new ActiveKernel(given.app, changed);
    await settled();
    expect([active.state, active.name, kernel.asked]).toEqual(["no_nbflow", "a.ipynb", 1]);
    kernel.comms = { "nbflow.panel": { target_name: TARGET } };
    kernel.ran();
    await settled();
    expect([active.state, kernel.asked]).toEqual(["there", 2]);
    kernel.ran();
    await settled();
    expect(kernel.asked).toBe(2);
  });

  it("is followed when it restarts, ends and is replaced", async () => {
    kernel.comms = { "nbflow.panel": { target_name: TARGET } };
    const active = new ActiveKernel(given.app, () => {});
    await settled();
    kernel.statusChanged.emit("autorestarting");
    expect(active.state).toBe("no_nbflow");
    kernel.statusChanged.emit("dead");
    expect(active.state).toBe("dead");
    context.session = null;
    context.kernelChanged.emit(null);
    expect([active.state, active.name]).toEqual(["no_kernel", ""]);
  });
});

describe("the desk", () => {
  it("lists the kernel and the databases that the server knows", async () => {
    kernel.comms = { "nbflow.panel": { target_name: TARGET } };
    const desk = new Desk(given);
    desk.refresh();
    await settled();
    for (const socket of Socket.all) socket.open();
    await settled();
    expect(kernel.opened).toEqual([{ shows: "panel" }]);
    expect(Socket.all.map(({ url }) => url)).toEqual([
      "ws://here/base/nbflow/channel?database=data%2Fruns.sqlite&shows=panel&token=t",
    ]);
    const seen = desk
      .view()
      .sources.map(({ kind, name, state, list }) => [kind, name, state, list]);
    expect(seen).toEqual([
      ["kernel", "a.ipynb", "open", panelList()],
      ["database", "data/runs.sqlite", "open", panelList()],
    ]);
    expect(desk.waiting).toBe(3);
  });

  it("adds a database, says why it may not, and takes one off", async () => {
    const desk = new Desk(given);
    desk.refresh();
    await settled();
    await desk.add("b.sqlite");
    expect(desk.view().sources.map(({ name }) => name)).toContain("b.sqlite");
    await expect(desk.add("gone.sqlite")).rejects.toThrow("No file.");
    await desk.remove("data/runs.sqlite");
    const left = desk.view().sources.filter(({ kind }) => kind === "database");
    expect(left.map(({ name }) => name)).toEqual(["b.sqlite"]);
    expect(Socket.all[0]?.readyState).toBe(3);
  });

  it("says so where the server does not know nbflow", async () => {
    unserved = true;
    const desk = new Desk(given);
    desk.refresh();
    await settled();
    expect(desk.view().problem).toContain("no nbflow extension");
  });

  it("shows why a database was refused, and asks for it anew at a refresh", async () => {
    Socket.refuses = "There is no file.";
    const desk = new Desk(given);
    desk.refresh();
    await settled();
    Socket.all[0]?.open();
    const refused = desk.view().sources[1];
    expect([refused?.state, refused?.error]).toEqual(["refused", "There is no file."]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Socket.all.length).toBe(1);
    Socket.refuses = null;
    desk.refresh();
    Socket.all[1]?.open();
    await settled();
    expect(desk.view().sources[1]?.state).toBe("open");
  });
});

it("opens a socket again when it breaks, and not when it was closed", async () => {
  const line = overSocket(() => new WebSocketOfTest("ws://here"));
  Socket.all[0]?.open();
  Socket.all[0]?.close();
  await vi.advanceTimersByTimeAsync(500);
  expect(Socket.all.length).toBe(2);
  line.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Socket.all.length).toBe(2);
});

describe("the container", () => {
  const source = readFileSync(join(import.meta.dirname, "../labextension/container.ts"), "utf8");

  it("hands over a plugin made of the host's newest modules", async () => {
    await import("../labextension/container");
    const { _JUPYTERLAB } = window as unknown as {
      _JUPYTERLAB: {
        nbflow: {
          init(scope: unknown): void;
          get(name: string): Promise<() => { __esModule: boolean; default: { optional: unknown } }>;
        };
      };
    };
    const { nbflow } = _JUPYTERLAB;
    await expect(nbflow.get("./style")).rejects.toThrow("no module ./style");
    nbflow.init({});
    await expect(nbflow.get("./extension")).rejects.toThrow("@jupyterlab/application");
    const names = [...source.matchAll(/^ {2}"(@[^"]+)",$/gm)].map(([, name]) => name);
    expect(names.length).toBe(6);
    const module = {
      ILabShell: "lab",
      ILayoutRestorer: "restorer",
      ICommandPalette: "palette",
      ITranslator: "translator",
    };
    const shared = (value: unknown) => ({ get: async () => () => value });
    const versions = { "4.9.0": shared({}), "4.10.0": shared(module) };
    nbflow.init(Object.fromEntries(names.map((name) => [name, versions])));
    const { __esModule, default: plugin } = (await nbflow.get("./extension"))();
    expect(__esModule).toBe(true);
    expect(plugin.optional).toEqual(["palette", "restorer", "translator", "lab"]);
  });
});
