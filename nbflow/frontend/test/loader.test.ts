import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Model } from "../widgets/model";

/** An anywidget model whose kernel is this test. */
class TestModel implements Model {
  sent: unknown[] = [];
  #listeners = new Set<(...args: never[]) => void>();

  get(name: string): unknown {
    return name === "bundle_version" ? "v1" : undefined;
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(_name: string, callback: (...args: never[]) => void): void {
    this.#listeners.add(callback);
  }

  off(_name: string, callback: (...args: never[]) => void): void {
    this.#listeners.delete(callback);
  }

  async hear(message: object, buffers: DataView[] = []): Promise<void> {
    await Promise.all(
      [...this.#listeners].map((listener) => listener(...([message, buffers] as never[]))),
    );
  }
}

type Loader = typeof import("../widgets/loader").default;
let loader: Loader;
let stops: (() => void)[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.resetModules();
  Reflect.deleteProperty(globalThis, Symbol.for("nbflow"));
  loader = (await import("../widgets/loader")).default;
});
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
  vi.useRealTimers();
});

function arrive(): TestModel {
  const model = new TestModel();
  stops.push(loader.initialize({ model }));
  return model;
}

describe("the loader", () => {
  it("asks at once, with one id for the page, and again with growing patience", () => {
    const [one, two] = [arrive(), arrive()];
    expect(one.sent).toEqual(two.sent);
    vi.advanceTimersByTime(1000 + 2000);
    expect(one.sent.length).toBe(3);
    vi.advanceTimersByTime(3999);
    expect(one.sent.length).toBe(3);
    vi.advanceTimersByTime(1);
    expect(one.sent.length).toBe(4);
  });

  it("asks for the words of the page's language", async () => {
    vi.resetModules();
    document.documentElement.lang = "de-CH";
    loader = (await import("../widgets/loader")).default;
    expect(arrive().sent).toEqual([expect.objectContaining({ language: "de-CH" })]);
    vi.resetModules();
    document.documentElement.lang = "";
    loader = (await import("../widgets/loader")).default;
    expect(arrive().sent).toEqual([expect.objectContaining({ language: navigator.language })]);
  });

  it("says what to do when nothing comes, and shows the kernel's reason when there is one", async () => {
    const model = arrive();
    const el = document.createElement("div");
    void loader.render({ model, el });
    vi.advanceTimersByTime(4000);
    expect(el.textContent).toBe("The kernel has not answered. Run the cell again.");
    await model.hear({ type: "bundle", request: "", version: "", error: "Run: make build" });
    expect(el.textContent).toBe("Run: make build");
  });

  it("does not take a bundle that is no bundle, and goes on asking", async () => {
    const model = arrive();
    const el = document.createElement("div");
    void loader.render({ model, el });
    const garbage = new DataView(new Uint8Array(gzipSync("not a module (")).buffer);
    await model.hear({ type: "bundle", request: "", version: "v1" }, [garbage]);
    expect(el.textContent).not.toBe("");
    const before = model.sent.length;
    vi.advanceTimersByTime(60_000);
    expect(model.sent.length).toBeGreaterThan(before);
  });

  it("ignores a bundle of another version", async () => {
    const model = arrive();
    const el = document.createElement("div");
    void loader.render({ model, el });
    await model.hear({ type: "bundle", request: "", version: "v2" }, []);
    expect(el.textContent).toBe("");
  });

  it("stops waiting when the view goes away", async () => {
    const model = arrive();
    const gone = new AbortController();
    const el = document.createElement("div");
    const view = loader.render({ model, el, signal: gone.signal });
    gone.abort();
    expect(await view).toBeUndefined();
  });
});
