import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunCard } from "../components/RunCard";
import { axisOf } from "../components/timeline/axis";
import { find, NO_FILTER } from "../components/timeline/filter";
import { Timeline } from "../components/timeline/Timeline";
import { EMPTY_LOG, MESSAGES, type RunLog, reduce, waitedS } from "../protocol/log";
import type { EventData, Events } from "../protocol/messages";
import { LINES, type Task, taskRows } from "../protocol/tasks";
import { axeIds } from "./axe";
import { batches, golden, logOf } from "./golden";
import { kernel } from "./pastGolden";

const BEGAN = 1767261600;
const RESUMED = BEGAN + 7805.64;

const shown = (log = logOf("timeline"), live = true) => (
  <Timeline log={log} live={live} empty="none" />
);

const head = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name });

const heads = (): string[] =>
  [...document.querySelectorAll(".nbf-task-head .nbf-task-name")].map(
    (one) => one.textContent ?? "",
  );

const press = (key: string): boolean =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key });

const focused = (): string =>
  document.activeElement?.querySelector(".nbf-hidden")?.textContent ?? "";

/** The first events of a golden run, and then whatever follows. */
function logUpto(stop: (event: EventData) => boolean): RunLog {
  const events = batches("timeline").flatMap((batch) => batch.events);
  const end = events.findIndex(stop) + 1;
  const batch: Events = {
    type: "events",
    log: "part",
    since: 0,
    head: end,
    events: events.slice(0, end),
  };
  return reduce(EMPTY_LOG, batch);
}

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ now: (RESUMED + 14) * 1000 });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("the list", () => {
  it("nests tasks, and names each row by all that its eyes see", () => {
    render(shown());
    expect(heads()).toEqual([
      ...["plan", "collect", "fetch", "fetch", "fetch", "fetch", "clean", "drop_empty"],
      ...["check_units", "review", "summarise", "train", "render", "chart", "chart"],
    ]);
    const names = [...document.querySelectorAll(".nbf-task-head > .nbf-hidden")].map(
      (one) => one.textContent,
    );
    expect(names).toEqual([
      "Task plan: done, replayed, 410 ms",
      "Task collect: done, replayed, 4.8 s",
      "Task fetch: done, inside collect, 2.1 s",
      "Task fetch: done, inside collect, attempt 3 of 3, 900 ms",
      "Task fetch: failed, inside collect, 2.5 s",
      "Task fetch: done, inside collect, cached, <1 ms",
      "Task clean: done, inside collect, 900 ms",
      "Task drop_empty: done, inside clean, 260 ms",
      "Task check_units: done, inside clean, 590 ms",
      "Task review: done, 10 ms",
      "Task summarise: running, 12 of 40 paragraphs, 13 s",
      "Task train: running, Attempt 1 of 4 failed, next in 35 s",
      "Task render: running, 13 s",
      "Task chart: done, inside render, 3.3 s",
      "Task chart: running, inside render, 62 %, 10 s",
    ]);
  });

  it("counts down to the next attempt by the page's own clock", () => {
    render(shown());
    act(() => vi.advanceTimersByTime(10_000));
    head("Task train: running, Attempt 1 of 4 failed, next in 25 s");
    act(() => vi.advanceTimersByTime(30_000));
    head("Task train: running, Attempt 1 of 4 failed, next attempt begins");
  });

  it("draws progress of tasks and of the run, and says each quarter once", () => {
    const { container } = render(shown());
    const bars = [...container.querySelectorAll<HTMLElement>(".nbf-progress-bar > span")];
    expect(bars.map((bar) => bar.style.width)).toEqual(["55%", "30%", "62%"]);
    expect(container.querySelector("[aria-live=polite]")?.textContent).toBe("summarise: 25 %");
  });

  it("shows what a task sent and printed, its attempts and its error on demand", () => {
    render(shown());
    expect(screen.queryByText(/torgersen did not answer/)).toBeNull();
    fireEvent.click(head(/attempt 3 of 3/));
    const lines = screen.getByRole("group", { name: "Sent and printed: fetch" });
    expect(lines.textContent).toContain("error outputtorgersen did not answer, once more");
    screen.getByText("Attempt 1 of 3 failed, next attempt after 600 ms");
    screen.getByText("Attempt 2 of 3 failed, next attempt after 1.2 s");
    fireEvent.click(head(/^Task fetch: failed/));
    const error = screen.getAllByRole("group", { name: "Traceback" }).at(-1);
    expect(error?.textContent).toContain("Cell In[4], line 21");
    const began = screen.getAllByText(/^Began/)[0]?.querySelector("time");
    expect(began?.title).toBe("2026-01-01 10:00:00 UTC");
  });

  it("folds what a task called, and says how much that is", () => {
    render(shown());
    fireEvent.click(head("Hide the 5 tasks that collect called"));
    expect(heads()).toEqual([
      ...["plan", "collect", "review", "summarise", "train", "render", "chart", "chart"],
    ]);
    expect(screen.getByTitle("5 tasks hidden").textContent).toBe("+5");
    fireEvent.click(head("Show the 5 tasks that collect called"));
    expect(heads().length).toBe(15);
  });
});

describe("the keys", () => {
  it("go through the tree with one stop of Tab", () => {
    const { container } = render(shown());
    const stops = [...container.querySelectorAll<HTMLElement>(".nbf-tasks button")].filter(
      (one) => one.tabIndex === 0,
    );
    expect(stops.length).toBe(1);
    stops[0]?.focus();
    const seen = ["ArrowDown", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowDown", "End"].map(
      (key) => {
        press(key);
        return focused().split(":")[0];
      },
    );
    expect(seen).toEqual([
      ...["Task collect", "Task fetch", "Task collect", "Task collect", "Task review"],
      "Task chart",
    ]);
    expect(heads().length).toBe(8);
  });

  it("find failed tasks, switch the view and list themselves", () => {
    render(shown());
    head(/^Task plan/).focus();
    press("n");
    expect(focused()).toContain("Task fetch: failed");
    press("w");
    expect(document.querySelectorAll(".nbf-waterfall").length).toBe(1);
    press("f");
    expect(heads()).toEqual(["collect", "fetch"]);
    press("Escape");
    expect(heads().length).toBe(15);
    press("?");
    expect(screen.getByRole("group", { name: "Keys of the timeline" })).toBe(
      document.activeElement,
    );
    press("Escape");
    expect(screen.queryByRole("group", { name: "Keys of the timeline" })).toBeNull();
    expect(focused()).toContain("Task fetch: failed");
  });

  it("never take the focus later to a row that was not there", () => {
    const orphan = (log: RunLog): RunLog => {
      const tasks = log.tasks.write();
      for (const task of log.tasks.values()) {
        if (task.name === "plan") tasks.set({ ...task, parent: "late" });
      }
      return { ...log, tasks: tasks.done() };
    };
    const log = orphan(logOf("timeline"));
    const { rerender } = render(shown(log));
    head(/^Task plan/).focus();
    press("ArrowLeft");
    head(/^Task collect/).focus();
    const late = log.tasks.write();
    const [plan] = log.tasks.values();
    late.set({ ...(plan as Task), id: "late", name: "late", parent: null });
    rerender(shown({ ...log, tasks: late.done() }));
    expect(heads()).toContain("late");
    expect(focused()).toContain("Task collect");
  });

  it("leave letters to what is typed, and Escape goes back to the rows", () => {
    render(shown());
    head(/^Task plan/).focus();
    press("/");
    const box = screen.getByRole("searchbox");
    expect(box).toBe(document.activeElement);
    for (const key of ["f", "w", "n", "?", "ArrowDown"]) expect(press(key)).toBe(true);
    expect(heads().length).toBe(15);
    press("Escape");
    expect(focused()).toContain("Task plan");
    expect(screen.queryByRole("searchbox")).toBeNull();
  });

  it("are the notebook's with Ctrl, Alt or Cmd", () => {
    render(shown());
    head(/^Task plan/).focus();
    for (const part of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) {
      const { activeElement } = document;
      expect(fireEvent.keyDown(activeElement as Element, { key: "f", ...part })).toBe(true);
    }
    expect(heads().length).toBe(15);
  });
});

describe("the search", () => {
  const names = (text: string, status = ""): string[] => {
    const { tasks } = logOf("timeline");
    return [...find(tasks, { text, status }).matches].map((id) => {
      const task = tasks.get(id) as Task;
      return `${task.name} ${task.attempt}`;
    });
  };

  it.each([
    ["DROP", ["drop_empty 1"]],
    ["waiting", []],
    ["once more", ["fetch 3"]],
    ["17 were expected", ["fetch 1"]],
    ["millimetres", ["check_units 1"]],
    ["/answered \\d{3}/", ["fetch 3"]],
    ["/^DREAM$/im", ["fetch 1"]],
    ["/^DREAM$/m", []],
  ])("finds %s in names, values, errors and lines", (text, found) => {
    expect(names(text)).toEqual(found);
  });

  it.each([
    ["failed", ["fetch 1"]],
    ["cached", ["fetch 1"]],
    ["retried", ["fetch 3", "train 1"]],
    ["replayed", ["plan 1", "collect 1"]],
    ["running", ["summarise 1", "train 1", "render 1", "chart 1"]],
  ])("finds tasks that are %s", (status, found) => {
    expect(names("", status)).toEqual(found);
  });

  it("shows where a match was called, and what matches, even when it is folded away", () => {
    render(shown());
    fireEvent.click(head("Hide the 5 tasks that collect called"));
    fireEvent.click(head("Find"));
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "drop_empty" } });
    expect(heads()).toEqual(["collect", "clean", "drop_empty"]);
    screen.getByText("1 of 15 tasks");
    expect(document.querySelectorAll(".nbf-aside").length).toBe(2);
  });

  it("hides nothing once it is closed", () => {
    render(shown());
    fireEvent.click(head("Find"));
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "drop_empty" } });
    fireEvent.click(head("Find"));
    expect(screen.queryByRole("searchbox")).toBeNull();
    expect(heads().length).toBe(15);
  });

  it("says why a text is no regular expression, and then shows all", () => {
    render(shown());
    fireEvent.click(head("Find"));
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "/fetch(/" } });
    expect(screen.getByRole("alert").textContent).toContain("Not a regular expression");
    expect(heads().length).toBe(15);
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "penguin" } });
    fireEvent.click(head("Show all tasks"));
    expect(heads().length).toBe(15);
  });

  it("gives back one and the same when nothing is looked for", () => {
    const { tasks } = logOf("timeline");
    expect(find(tasks, NO_FILTER)).toBe(find(tasks, { text: "  ", status: "" }));
  });
});

describe("the waterfall", () => {
  const bars = (name: RegExp): [string, string][] =>
    [...head(name).querySelectorAll<HTMLElement>(".nbf-bar")].map((bar) => [
      bar.className.split("-").at(-1) ?? "",
      bar.title,
    ]);

  it("is remembered", () => {
    const first = render(shown());
    fireEvent.click(head("Waterfall"));
    first.unmount();
    render(shown());
    expect(head("Waterfall").getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(head("List"));
    expect(localStorage.getItem("nbflow:timeline")).toBe("list");
  });

  it("draws each attempt, and each going on, as a bar of its own", () => {
    render(shown());
    fireEvent.click(head("Waterfall"));
    expect(bars(/attempt 3 of 3/)).toEqual([
      ["failed", "attempt 1: failed, 620 ms"],
      ["failed", "attempt 2: failed, 500 ms"],
      ["done", "attempt 3: done, 900 ms"],
    ]);
    expect(bars(/^Task review/).map(([status]) => status)).toEqual(["interrupted", "done"]);
    expect(bars(/cached/)).toEqual([]);
    expect(head(/cached/).querySelectorAll(".nbf-mark-at").length).toBe(1);
    screen.getByText("Waiting for people is drawn short: 2 h 10 min.");
  });

  it("gives time at work its scale, and a wait a narrow gap", () => {
    const turns = [
      { from: 100, to: 110, asks: true },
      { from: 8000, to: 8005, asks: false },
      { from: 9000, to: null, asks: false },
    ];
    const axis = axisOf(turns, 9005);
    expect(axis.total).toBe(20);
    expect(axis.gaps.map((gap) => [gap.seconds, gap.asks])).toEqual([
      [7890, true],
      [995, false],
    ]);
    const scale = (1 - 2 * 0.03) / 20;
    const at = [100, 105, 4000, 8000, 9005, 9999].map((moment) => axis.at(moment));
    const wanted = [0, 5 * scale, 10 * scale, 10 * scale + 0.03, 1, 1];
    at.forEach((one, index) => {
      expect(one).toBeCloseTo(wanted[index] as number);
    });
    expect(axis.ticks.map(({ seconds }) => seconds)).toEqual([0, 5, 10, 15, 20]);
  });

  it("has room for a thousand waits, for none, and for no time at all", () => {
    const turns = Array.from({ length: 1001 }, (_, n) => ({
      from: n * 100,
      to: n * 100 + 1,
      asks: true,
    }));
    const { gaps, at } = axisOf(turns, 200_000);
    expect(gaps.reduce((sum, { from, to }) => sum + to - from, 0)).toBeCloseTo(0.3);
    expect(at(100_001)).toBeLessThan(1);
    expect(axisOf([], 5).at(5)).toBe(0);
    expect(axisOf([{ from: 5, to: 5, asks: false }], 9).at(5)).toBe(0);
  });
});

describe("time", () => {
  it("that people were waited for is counted apart from time at work", () => {
    const log = logOf("timeline");
    expect(waitedS(log, RESUMED)).toBeCloseTo(7800.02);
    expect(log.spentS).toBeCloseTo(5.62);
    const asking = logUpto((event) => event.type === "run_ended");
    expect(waitedS(asking, BEGAN + 65.62)).toBeCloseTo(60);
    expect(waitedS(logOf("failure"), BEGAN + 9999)).toBe(0);
  });

  it("is told in the header, and ticks while the run waits", () => {
    vi.setSystemTime((BEGAN + 35.62) * 1000);
    const log = logUpto((event) => event.type === "run_ended");
    const snapshot = { ...golden("timeline").snapshot, status: "interrupted" as const };
    const actions = { submit: () => {}, cancel: () => {}, ...kernel() };
    const view = { connection: "open", submissions: new Map(), cancelling: false } as const;
    render(<RunCard view={{ ...view, snapshot, log }} actions={actions} />);
    const waited = screen.getByTitle("Time spent waiting for people");
    expect(waited.textContent).toBe("waited 30 s");
    act(() => vi.advanceTimersByTime(12_000));
    expect(waited.textContent).toBe("waited 42 s");
  });
});

describe("a large run", () => {
  const preview = { text: "1", kind: "json", cut: 0 } as const;

  function many(tasks: number): EventData[] {
    const events: EventData[] = [
      { ...(batches("timeline")[0]?.events[0] as EventData), seq: 0, ts: BEGAN },
    ];
    for (let n = 0; n < tasks; n += 1) {
      const part = { id: `${n}`, name: `t${n % 7}`, parent: n % 10 ? `${n - (n % 10)}` : null };
      const ts = BEGAN + n / 100;
      const begin = { ...part, ts, input: preview, attempt: 1 };
      const end = { ...part, ts: ts + 0.01, result: preview, duration_s: 0.01, replayed: false };
      events.push({ type: "task_started", seq: 2 * n + 1, ...begin });
      events.push({ type: "task_finished", seq: 2 * n + 2, ...end });
    }
    return events;
  }

  const inBatches = (events: EventData[], size: number): RunLog => {
    let log = EMPTY_LOG;
    for (let since = 0; since < events.length; since += size) {
      const part = { since, head: events.length, events: events.slice(since, since + size) };
      log = reduce(log, { type: "events", log: "many", ...part });
    }
    return log;
  };

  it("is the same in one batch and in many, and earlier states stay as they were", () => {
    const events = many(600);
    const once = inBatches(events, events.length);
    const half = inBatches(events.slice(0, 601), 7);
    const before = taskRows(half.tasks);
    const whole = reduce(half, { type: "events", log: "many", since: 601, head: 1201, events });
    expect(inBatches(events, 10).tasks).toEqual(once.tasks);
    expect([...whole.tasks.values()]).toEqual([...once.tasks.values()]);
    expect(taskRows(half.tasks)).toEqual(before);
    expect([half.tasks.size, half.tasks.has("599"), whole.tasks.has("599")]).toEqual([
      300,
      false,
      true,
    ]);
  });

  it("shares with the state before what a batch leaves alone", () => {
    const events = many(5_000);
    const log = inBatches(events, 200);
    const seq = events.length;
    const line: EventData = { type: "custom", seq, ts: BEGAN, task: "4999", data: preview };
    const after = reduce(log, {
      type: "events",
      log: "many",
      since: seq,
      head: seq,
      events: [line],
    });
    let copied = 0;
    for (const task of log.tasks.values()) if (after.tasks.get(task.id) !== task) copied += 1;
    expect(copied).toBe(1);
    expect(after.tasks.get("4999")?.lines).toEqual([line]);
  });

  it("keeps few rows in the page", () => {
    render(shown(inBatches(many(10_000), 20_001), false));
    screen.getByText("10,000 tasks");
    expect(document.querySelectorAll("li").length).toBeLessThan(100);
  });

  it("keeps a bounded number of lines, and counts the others", () => {
    const events = many(1);
    for (let n = 0; n < 2_000; n += 1) {
      events.push({ type: "custom", seq: n + 3, ts: BEGAN, task: "0", data: preview });
    }
    const log = inBatches(events, 300);
    const task = log.tasks.get("0");
    expect([task?.lines.length, task?.linesCut]).toEqual([LINES, 2_000 - LINES]);
    expect([log.messages.length, log.messagesCut]).toEqual([MESSAGES, 2_000 - MESSAGES]);
    expect(task?.lines.at(-1)?.seq).toBe(2_002);
  });

  it("draws ten thousand levels without end of stack", () => {
    const events = many(10_000).map((event) =>
      "parent" in event
        ? { ...event, parent: event.id === "0" ? null : String(Number(event.id) - 1) }
        : event,
    );
    const rows = taskRows(inBatches(events, 20_001).tasks);
    expect([rows.length, rows.at(-1)?.depth]).toEqual([10_000, 9_999]);
  });
});

it("has no fault that axe finds, in the list and in the waterfall", async () => {
  vi.useRealTimers();
  const { container } = render(shown());
  fireEvent.click(head(/^Task fetch: failed/));
  fireEvent.click(head("Find"));
  expect(await axeIds(container)).toEqual([]);
  fireEvent.click(head("Waterfall"));
  expect(await axeIds(container)).toEqual([]);
  expect(within(container).getAllByRole("listitem").length).toBe(15);
});
