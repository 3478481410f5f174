import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PanelSnapshot, PanelToBrowser, PanelToKernel } from "../protocol/panel";
import { PanelClient } from "../widgets/panelClient";
import { POLL_MS, SILENCE_MS } from "../widgets/talk";
import { panelGolden, panelList, toldRuns } from "./panelGolden";
import { Wire } from "./wire";

class ListWire extends Wire<PanelToBrowser, PanelToKernel, PanelSnapshot> {
  broken = false;

  answer = (message: PanelToKernel): PanelToBrowser | null => {
    if (message.type !== "runs") return null;
    const { request } = message;
    if (this.broken) return { type: "failed", request, message: "It is locked." };
    const [full, same] = toldRuns();
    const found = message.mark === full?.mark ? same : full;
    return { ...(found as NonNullable<typeof full>), request };
  };
}

let wire: ListWire;
let client: PanelClient;
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  wire = new ListWire(panelGolden().snapshot);
  client = new PanelClient(wire);
  client.start();
  await settled();
});
afterEach(() => {
  client.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(wire.listening).toBe(false);
  vi.useRealTimers();
});

it("asks at the start, every few seconds, and when there is news", async () => {
  expect(client.view().list).toEqual(panelList());
  await vi.advanceTimersByTimeAsync(POLL_MS);
  expect(wire.last("runs").mark).toBe("0123456789abcdef");
  expect(client.view().list).toEqual(panelList());
  const before = wire.count("runs");
  wire.change({ news: 4 });
  await settled();
  expect(wire.count("runs")).toBe(before + 1);
});

it("asks once more, not ten times, when news comes while an answer is on its way", async () => {
  wire.alive = false;
  client.refresh();
  const before = wire.count("runs");
  for (let news = 0; news < 10; news++) wire.change({ news });
  expect(wire.count("runs")).toBe(before);
  wire.alive = true;
  const { request } = wire.last("runs");
  wire.say({ ...(toldRuns()[1] as PanelToBrowser), request } as PanelToBrowser);
  await settled();
  expect(wire.count("runs")).toBe(before + 1);
});

it("keeps the list and says why it could not be read", async () => {
  wire.broken = true;
  client.refresh();
  await settled();
  expect(client.view().error).toBe("It is locked.");
  expect(client.view().list).toEqual(panelList());
  wire.broken = false;
  client.refresh();
  await settled();
  expect(client.view().error).toBeNull();
});

it("says that nobody answers, and goes on when somebody does", async () => {
  wire.alive = false;
  client.refresh();
  await vi.advanceTimersByTimeAsync(SILENCE_MS);
  expect(client.view().connection).toBe("lost");
  wire.alive = true;
  await vi.advanceTimersByTimeAsync(2 * POLL_MS);
  expect(client.view().connection).toBe("open");
});
