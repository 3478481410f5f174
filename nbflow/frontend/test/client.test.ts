import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Events, Receipt, Snapshot, ToBrowser, ToKernel } from "../protocol/messages";
import { POLL_MS, RunClient, SILENCE_MS } from "../widgets/client";
import { batches, golden } from "./golden";
import { Wire } from "./wire";

/** A log that answers `sync`. */
class LogWire extends Wire<ToBrowser, ToKernel, Snapshot> {
  log = "log-essay";
  events = batches("essay").flatMap((batch) => batch.events);

  batch(since: number, head: number): Events {
    return { type: "events", log: this.log, since, head, events: this.events.slice(since, head) };
  }

  answer = (message: ToKernel): ToBrowser | null => {
    if (message.type !== "sync") return null;
    const since = message.log === this.log ? message.since : 0;
    return this.batch(since, this.events.length);
  };
}

const QUESTION = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1";
let wire: LogWire;
let client: RunClient;

function begin(events: number, status: Snapshot["status"] = "running"): void {
  wire = new LogWire({ ...golden("essay").snapshot, status, head: events });
  wire.events = wire.events.slice(0, events);
  client = new RunClient(wire);
  client.start();
}

const receiptFor = (status: Receipt["status"]): Receipt => ({
  type: "receipt",
  submission: wire.last("submit").submission,
  interrupt_id: QUESTION,
  status,
  message: "",
  errors: [],
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  client.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(wire.listening).toBe(false);
  vi.useRealTimers();
});

describe("keeping up with the log", () => {
  it("asks for everything when it starts", () => {
    begin(6);
    expect(wire.sent).toEqual([{ type: "sync", since: 0, log: "" }]);
    expect(client.view().log.next).toBe(6);
    expect(client.view().connection).toBe("open");
  });

  it("asks once for a gap, from where it is", () => {
    begin(4);
    wire.events = batches("essay").flatMap((batch) => batch.events);
    wire.alive = false;
    wire.say(wire.batch(6, 8));
    wire.say(wire.batch(8, 10));
    expect(wire.count("sync")).toBe(2);
    expect(wire.last("sync")).toEqual({ type: "sync", since: 4, log: "log-essay" });
    wire.say(wire.batch(4, 11));
    expect(client.view().log.status).toBe("done");
  });

  it("asks every few seconds while the run is live, and not after its end", () => {
    begin(6);
    vi.advanceTimersByTime(POLL_MS * 2);
    expect(wire.count("sync")).toBe(3);
    wire.events = batches("essay").flatMap((batch) => batch.events);
    vi.advanceTimersByTime(POLL_MS);
    expect(client.view().log.status).toBe("done");
    vi.advanceTimersByTime(POLL_MS * 4);
    expect(wire.count("sync")).toBe(4);
  });

  it("asks when the snapshot knows of events that never came", () => {
    begin(11);
    const before = wire.count("sync");
    wire.change({ head: 12 });
    vi.advanceTimersByTime(1000);
    expect(wire.count("sync")).toBe(before + 1);
  });

  it("starts over when the kernel keeps another log", () => {
    begin(6);
    client.submit(QUESTION, { value: true });
    wire.log = "log-new";
    wire.say(wire.batch(0, 3));
    expect(client.view().log).toMatchObject({ log: "log-new", next: 3 });
    expect(client.view().submissions.size).toBe(0);
  });
});

describe("a silent kernel", () => {
  it("is noticed, and forgiven when it answers", () => {
    begin(6);
    wire.alive = false;
    vi.advanceTimersByTime(POLL_MS + SILENCE_MS);
    expect(client.view().connection).toBe("lost");
    wire.alive = true;
    vi.advanceTimersByTime(POLL_MS);
    expect(client.view().connection).toBe("open");
  });

  it("is asked again even when the run is over", () => {
    begin(11, "done");
    wire.alive = false;
    client.submit(QUESTION, { value: true });
    vi.advanceTimersByTime(SILENCE_MS);
    expect(client.view().connection).toBe("lost");
    const before = wire.count("sync");
    vi.advanceTimersByTime(POLL_MS);
    expect(wire.count("sync")).toBe(before + 1);
  });

  it("gets the same submission again when it is back", () => {
    begin(6);
    wire.alive = false;
    client.submit(QUESTION, { value: false });
    const first = wire.last("submit");
    vi.advanceTimersByTime(SILENCE_MS + POLL_MS);
    wire.alive = true;
    vi.advanceTimersByTime(POLL_MS);
    expect(wire.count("submit")).toBe(2);
    expect(wire.last("submit")).toEqual(first);
  });
});

describe("submitting", () => {
  it("counts a double press once", () => {
    begin(6);
    client.submit(QUESTION, { value: false });
    client.submit(QUESTION, { value: false });
    expect(wire.count("submit")).toBe(1);
    expect(wire.last("submit")).toMatchObject({ interrupt_id: QUESTION, value: false });
  });

  it("takes the receipt of the last press alone, and presses anew after a no", () => {
    begin(6);
    client.submit(QUESTION, { value: 1 });
    const refused = receiptFor("invalid");
    wire.say({ ...refused, submission: "of another page" });
    expect(client.view().submissions.get(QUESTION)?.receipt).toBeNull();
    wire.say(refused);
    expect(client.view().submissions.get(QUESTION)?.receipt?.status).toBe("invalid");
    client.submit(QUESTION, { value: 2 });
    expect(wire.count("submit")).toBe(2);
    expect(wire.last("submit").submission).not.toBe(refused.submission);
    wire.say(receiptFor("accepted"));
    expect(client.view().submissions.get(QUESTION)?.receipt?.status).toBe("accepted");
  });
});

describe("decisions", () => {
  const [, edited] = golden("decisions").to_kernel;
  if (edited?.type !== "submit" || !edited.decisions) throw new Error("decisions.json decides");
  const decisions = edited.decisions;

  it("go in place of a value, and again as they were when the kernel is back", () => {
    begin(6);
    wire.alive = false;
    client.submit(QUESTION, { decisions });
    const first = wire.last("submit");
    expect(first).toEqual({
      type: "submit",
      submission: first.submission,
      interrupt_id: QUESTION,
      decisions,
    });
    vi.advanceTimersByTime(SILENCE_MS + POLL_MS);
    wire.alive = true;
    vi.advanceTimersByTime(POLL_MS);
    expect(wire.count("submit")).toBe(2);
    expect(wire.last("submit")).toEqual(first);
  });
});

describe("requests", () => {
  it("get their own page of history", async () => {
    begin(11);
    const [first, second] = golden("history").to_browser;
    if (first?.type !== "history" || second?.type !== "history") throw new Error("two pages");
    const one = client.history(null);
    const two = client.history("some checkpoint");
    const requests = wire.sent.filter((message) => message.type === "history");
    wire.say({ ...second, request: requests[1]?.request ?? "" });
    wire.say({ ...first, request: requests[0]?.request ?? "" });
    expect((await one).items).toEqual(first.items);
    expect((await two).items).toEqual(second.items);
    expect(requests.map(({ limit, before }) => [limit, before])).toEqual([
      [20, null],
      [20, "some checkpoint"],
    ]);
  });

  it("fail with the kernel's words, or after a while with ours", async () => {
    begin(11);
    const told = client.history(null);
    const { request } = wire.last("history");
    wire.say({ type: "failed", request, message: "The thread is gone." });
    await expect(told).rejects.toThrow("The thread is gone.");
    const silent = expect(client.history(null)).rejects.toThrow("The kernel has not answered.");
    vi.advanceTimersByTime(10_000);
    await silent;
  });

  it("to cancel last until the run has ended or the kernel says no", () => {
    begin(6);
    client.cancel();
    expect(client.view().cancelling).toBe(true);
    wire.say({ type: "failed", request: wire.last("cancel").request, message: "no" });
    expect(client.view().cancelling).toBe(false);
    client.cancel();
    wire.events = batches("essay").flatMap((batch) => batch.events);
    wire.say(wire.batch(6, 11));
    expect(client.view().cancelling).toBe(false);
  });
});
