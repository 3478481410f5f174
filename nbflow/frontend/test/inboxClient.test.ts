import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InboxSnapshot, InboxToBrowser, InboxToKernel } from "../protocol/inbox";
import { InboxClient } from "../widgets/inboxClient";
import { POLL_MS, SILENCE_MS } from "../widgets/talk";
import { idOf, inboxGolden, listing, openedAs, said } from "./inboxGolden";
import { Wire } from "./wire";

/** A kernel that knows one listing. */
class ListWire extends Wire<InboxToBrowser, InboxToKernel, InboxSnapshot> {
  answer = (message: InboxToKernel): InboxToBrowser | null => {
    if (message.type !== "questions") return null;
    const [full, same] = said("questions");
    const found = message.mark === full?.mark ? same : full;
    return { ...(found as NonNullable<typeof full>), request: message.request };
  };

  news(): void {
    this.change({ news: this.state.news + 1 });
  }
}

let wire: ListWire;
let client: InboxClient;
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const accepted = (at: number): InboxToBrowser => {
  const { submission, interrupt_id } = wire.of("submit")[at] as { submission: string } & {
    interrupt_id: string;
  };
  return { ...(said("receipt")[0] as InboxToBrowser), submission, interrupt_id } as InboxToBrowser;
};

beforeEach(async () => {
  vi.useFakeTimers();
  wire = new ListWire(inboxGolden().snapshot);
  client = new InboxClient(wire);
  client.start();
  await settled();
});
afterEach(() => {
  client.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(wire.listening).toBe(false);
  vi.useRealTimers();
});

describe("the list", () => {
  it("is asked for at the start, and shown with the kernel's clock", () => {
    const [asked] = wire.of("questions");
    expect(asked).toEqual({
      type: "questions",
      request: asked?.request,
      workflow: null,
      text: "",
      older_than_s: 0,
      mine: false,
      mark: "",
    });
    expect(client.view().listing).toEqual(listing());
    expect(client.view().skewS).toBeCloseTo(1767261730.5 - Date.now() / 1000, 3);
  });

  it("is kept when the kernel says that it is the same", async () => {
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(wire.of("questions").at(-1)?.mark).toBe("0123456789abcdef");
    expect(client.view().listing).toEqual(listing());
  });

  it("is asked for once more, not ten times, when news comes while it is on its way", async () => {
    wire.alive = false;
    client.filter({ workflow: "assistant", text: "mail", older_than_s: 3600, mine: false });
    for (let n = 0; n < 10; n += 1) wire.news();
    expect(wire.of("questions").length).toBe(2);
    wire.alive = true;
    const { request } = wire.of("questions")[1] as { request: string };
    wire.say({ ...(said("questions")[0] as InboxToBrowser), request } as InboxToBrowser);
    await settled();
    const [, golden] = inboxGolden().to_kernel.filter(({ type }) => type === "questions");
    const last = wire.of("questions").at(-1);
    expect(wire.of("questions").length).toBe(3);
    expect(last).toEqual({ ...golden, request: last?.request });
  });

  it("is not asked for while nobody sees the page", async () => {
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(POLL_MS * 3);
    expect(wire.of("questions").length).toBe(1);
    hidden.mockReturnValue(false);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(wire.of("questions").length).toBe(2);
  });

  it("says why it could not be read, until it can", async () => {
    const { answer } = wire;
    const failed = said("failed")[0] as InboxToBrowser;
    wire.answer = (message) =>
      message.type === "questions"
        ? ({ ...failed, request: message.request } as InboxToBrowser)
        : null;
    wire.news();
    await settled();
    expect(client.view().error).toBe("The database file is not there any more.");
    expect(client.view().listing).toEqual(listing());
    wire.answer = answer;
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(client.view().error).toBeNull();
  });
});

describe("a silent kernel", () => {
  it("is noticed, and asked until it answers", async () => {
    wire.alive = false;
    await vi.advanceTimersByTimeAsync(POLL_MS + SILENCE_MS);
    expect(client.view().connection).toBe("lost");
    expect(client.view().error).toBeNull();
    wire.alive = true;
    await vi.advanceTimersByTimeAsync(POLL_MS * 2);
    expect(client.view().connection).toBe("open");
  });
});

describe("a question", () => {
  it("opens with its form", async () => {
    const five = openedAs("5");
    client.open(idOf("5"));
    expect(client.view().opened).toEqual({ id: idOf("5"), form: undefined, note: "" });
    const request = wire.of("open")[0]?.request ?? "";
    expect(wire.of("open")).toEqual([{ type: "open", request, interrupt_id: idOf("5") }]);
    wire.say({ ...five, request });
    await settled();
    expect(client.view().opened).toEqual({ id: idOf("5"), form: five.form, note: "" });
  });

  it("that was left meanwhile does not come back", async () => {
    client.open(idOf("5"));
    client.open(idOf("4"));
    const [first, second] = wire.of("open");
    wire.say({ ...openedAs("4"), request: second?.request ?? "" });
    wire.say({ ...openedAs("5"), request: first?.request ?? "" });
    await settled();
    expect(client.view().opened?.id).toBe(idOf("4"));
    expect(client.view().opened?.note).toContain("workflows=[");
  });
});

describe("several answers", () => {
  it("go a few at a time, each by itself", () => {
    const replies = Array.from({ length: 10 }, (_, at) => [`q${at}`, { value: true }] as const);
    client.submitAll(replies);
    expect(wire.of("submit").length).toBe(6);
    wire.say(accepted(0));
    wire.say(accepted(1));
    expect(wire.of("submit").length).toBe(8);
    for (let at = 2; at < 10; at += 1) wire.say(accepted(at));
    expect(wire.of("submit").map(({ interrupt_id }) => interrupt_id)).toEqual(
      replies.map(([id]) => id),
    );
    expect(new Set(wire.of("submit").map(({ submission }) => submission)).size).toBe(10);
  });
});

describe("taking an answer back", () => {
  it("tells what the kernel said, and looks at the list again", async () => {
    const [golden] = said("undone");
    const before = wire.of("questions").length;
    const undone = client.undo(idOf("5"));
    const request = wire.of("undo")[0]?.request ?? "";
    wire.say({ ...(golden as InboxToBrowser), request } as InboxToBrowser);
    expect((await undone).again).toBe(golden?.again);
    await settled();
    expect(wire.of("questions").length).toBe(before + 1);
  });
});
