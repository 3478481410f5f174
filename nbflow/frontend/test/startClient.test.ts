import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../protocol/messages";
import type { StartSnapshot, StartToBrowser, StartToKernel } from "../protocol/start";
import { StartClient } from "../widgets/startClient";
import { POLL_MS, REQUEST_MS, SILENCE_MS } from "../widgets/talk";
import { startedOn, startGolden, told } from "./startGolden";
import { Wire } from "./wire";

/** A kernel that has one form and what was given before. */
class FormWire extends Wire<StartToBrowser, StartToKernel, StartSnapshot> {
  answer: (message: StartToKernel) => StartToBrowser | null = (message) => {
    if (message.type === "form") return { ...told("form"), request: message.request };
    if (message.type === "earlier") return { ...told("earlier"), request: message.request };
    return null;
  };
}

let wire: FormWire;
let client: StartClient;
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const formId = told("form").form.interrupt_id;
const receipt = (part: Partial<Receipt> = {}): Receipt => ({
  ...told("receipt", 2),
  submission: wire.of("submit").at(-1)?.submission ?? "",
  ...part,
});
const press = (): Receipt | null | undefined => client.view().submissions.get(formId)?.receipt;

beforeEach(() => {
  vi.useFakeTimers();
  wire = new FormWire(startGolden().snapshot);
  client = new StartClient(wire);
});
afterEach(() => {
  client.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("the form", () => {
  it("is asked for once, and earlier inputs with it", async () => {
    client.start();
    await settled();

    expect(wire.sent.map(({ type }) => type)).toEqual(["form", "earlier"]);
    expect(client.view().asked?.form).toEqual(told("form").form);
    expect(client.view().earlier).toEqual(told("earlier").inputs);
    await vi.advanceTimersByTimeAsync(POLL_MS * 3);
    expect(wire.sent).toHaveLength(2);
  });

  it("has no earlier inputs where nothing is kept", async () => {
    wire.answer = (message) =>
      message.type === "form" ? { ...told("form"), request: message.request, kept: false } : null;
    client.start();
    await settled();

    expect(wire.of("earlier")).toEqual([]);
  });

  it("says why earlier inputs cannot be read, and is there all the same", async () => {
    const { answer } = wire;
    wire.answer = (message) =>
      message.type === "earlier"
        ? { type: "failed", request: message.request, message: "The file is not a database." }
        : answer(message);
    client.start();
    await settled();

    expect(client.view().earlierError).toBe("The file is not a database.");
    expect(client.view().asked).not.toBeNull();
  });

  it("is asked for again until the kernel answers", async () => {
    wire.alive = false;
    client.start();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(client.view().connection).toBe("lost");

    wire.alive = true;
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(client.view().connection).toBe("open");
    expect(client.view().asked).not.toBeNull();
    await vi.advanceTimersByTimeAsync(REQUEST_MS);
    expect(client.view().error).toBeNull();
  });
});

describe("a start", () => {
  beforeEach(async () => {
    client.start();
    await settled();
  });

  it("is sent once for a double press, in the words of the protocol", () => {
    const [, , , , , last] = startGolden().to_kernel;
    if (last?.type !== "submit") throw new Error("start.json ends its starts with a good one");
    client.begin(last.value, last.thread);
    client.begin(last.value, last.thread);

    const { submission } = last;
    expect(wire.of("submit").map((sent) => ({ ...sent, submission }))).toEqual([last]);
  });

  it("renews the earlier inputs when it was taken", async () => {
    client.begin("x", "");
    wire.say(receipt());
    await settled();

    expect(press()?.status).toBe("accepted");
    expect(wire.of("earlier")).toHaveLength(2);
  });

  it("is over when the kernel could not serve it", async () => {
    client.begin("x", "");
    const { submission } = wire.of("submit")[0] as { submission: string };
    wire.say({ type: "failed", request: submission, message: "KeyError: 'site'" });
    await settled();

    expect(press()).toMatchObject({ status: "refused", message: "KeyError: 'site'" });
    client.begin("x", "");
    expect(wire.of("submit")).toHaveLength(2);
  });

  it("is sent again under its id when the kernel was away", async () => {
    wire.alive = false;
    client.begin("x", "");
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    wire.alive = true;
    await vi.advanceTimersByTimeAsync(POLL_MS);

    const ids = wire.of("submit").map(({ submission }) => submission);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });
});

describe("the runs", () => {
  it("that were begun before the page came are followed again", async () => {
    wire.state = startedOn("b", "a");
    client = new StartClient(wire);
    client.start();
    await settled();

    expect(client.view().runs.map(({ key }) => key)).toEqual(["run-2", "run-1"]);
    expect(wire.of("run")).toEqual(
      ["run-2", "run-1"].map((run) => ({
        type: "run",
        run,
        message: { type: "sync", since: 0, log: "" },
      })),
    );
  });

  it("hear what is theirs alone", async () => {
    client.start();
    wire.change(startedOn("b", "a"));
    await settled();
    wire.say(told("run"));

    const [second, first] = client.view().runs.map((run) => run.view().log.next);
    expect([first, second]).toEqual([1, 0]);
  });

  it("show how they stand, and stay the same while others come", async () => {
    client.start();
    wire.change(startedOn("a"));
    await settled();
    const [first] = client.view().runs;
    const heard = vi.fn();
    first?.subscribe(heard);

    const two = startedOn("b", "a");
    const [newest, oldest] = two.runs;
    if (!newest || !oldest) throw new Error("there are two");
    wire.change({
      ...two,
      runs: [newest, { ...oldest, snapshot: { ...oldest.snapshot, status: "done" } }],
    });

    expect(client.view().runs[1]).toBe(first);
    expect(first?.view().snapshot.status).toBe("done");
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("that leave the form are let go", async () => {
    client.start();
    wire.change(startedOn("b", "a"));
    await settled();
    wire.change({ ...startedOn("b", "a"), runs: startedOn("b", "a").runs.slice(0, 1) });
    wire.sent.length = 0;
    await vi.advanceTimersByTimeAsync(POLL_MS * 2);

    expect(client.view().runs.map(({ key }) => key)).toEqual(["run-2"]);
    expect(new Set(wire.of("run").map(({ run }) => run))).toEqual(new Set(["run-2"]));
  });
});
