import { describe, expect, it } from "vitest";
import { EMPTY_LOG, leavesGap, reduce, statusOf } from "../protocol/log";
import type { Events } from "../protocol/messages";
import { taskRows } from "../protocol/tasks";
import { batches, golden, logOf } from "./golden";

const whole = (name: string): Events => {
  const parts = batches(name);
  const events = parts.flatMap((part) => part.events);
  return { type: "events", log: parts[0]?.log ?? "", since: 0, head: events.length, events };
};

describe("the event log", () => {
  it("follows a run from start to result", () => {
    const log = logOf("essay");
    expect(log.status).toBe("done");
    expect(log.next).toBe(11);
    expect(log.value?.text).toContain('"is_approved": true');
    expect(log.questions.map((question) => question.answer?.text)).toEqual(["true"]);
    expect(log.checkpoints.map((checkpoint) => checkpoint.source)).toEqual(["input", "loop"]);
    expect(log.spentS).toBeCloseTo(1.215);
  });

  it("keeps the time of a task that is replayed later", () => {
    const [task] = logOf("essay").tasks.values();
    expect(task).toMatchObject({ status: "done", replayed: true, durationS: 1.204 });
  });

  it("learns from a replay what a task was given", () => {
    const preview = (text: string) => ({ text, kind: "json" as const, cut: 0 });
    const call = { id: "a", name: "read", parent: null };
    const events = [
      { type: "task_started" as const, seq: 0, ts: 0, ...call, input: preview(""), attempt: 1 },
      {
        ...{ type: "task_finished" as const, seq: 1, ts: 9, ...call, result: preview("1") },
        ...{ duration_s: 1, replayed: true, input: preview("books") },
      },
    ];
    const [task] = reduce(EMPTY_LOG, {
      type: "events",
      log: "l",
      since: 0,
      head: 2,
      events,
    }).tasks.values();
    expect(task?.input?.text).toBe("books");
  });

  it("gives the same state for one batch, many batches and repeated batches", () => {
    const once = reduce(EMPTY_LOG, whole("essay"));
    expect(logOf("essay")).toEqual(once);
    const twice = [...batches("essay"), ...batches("essay"), whole("essay")];
    expect(twice.reduce(reduce, EMPTY_LOG)).toEqual(once);
  });

  it("returns the same object when a batch says nothing new", () => {
    const log = logOf("essay");
    expect(reduce(log, whole("essay"))).toBe(log);
    expect(reduce(log, { type: "events", log: log.log, since: 11, head: 11, events: [] })).toBe(
      log,
    );
  });

  it("applies nothing beyond a gap, and says that there is one", () => {
    const [first, , third] = batches("essay");
    if (!first || !third) throw new Error("essay.json has three batches");
    const log = reduce(EMPTY_LOG, first);
    expect(leavesGap(log, third)).toBe(true);
    const after = reduce(log, third);
    expect(after.next).toBe(6);
    expect(after.head).toBe(11);
    expect(reduce(after, whole("essay"))).toEqual(logOf("essay"));
  });

  it("starts over with another log", () => {
    const after = reduce(logOf("essay"), whole("failure"));
    expect(after).toEqual(reduce(EMPTY_LOG, whole("failure")));
  });

  it("marks what the end of the run left open", () => {
    const waiting = [...logOf("table").tasks.values()].map((task) => task.status);
    expect(waiting).toEqual(["done", "done", "interrupted"]);
  });

  it("counts attempts and keeps the errors of the failed ones", () => {
    const fetch = [...logOf("failure").tasks.values()].find((task) => task.name === "fetch");
    expect(fetch).toMatchObject({ status: "failed", attempt: 2 });
    expect(fetch?.retries.map((retry) => [retry.attempt, retry.error.type])).toEqual([
      [1, "ConnectionError"],
    ]);
  });

  it("keeps what was decided with an answer, and nothing with a plain one", () => {
    const decided = golden("decisions").to_kernel[1];
    const [first, second] = logOf("decisions").questions;
    expect(first?.decisions).toEqual(decided?.type === "submit" && decided.decisions);
    expect(second).toMatchObject({ answer: null, decisions: [] });
    expect(logOf("essay").questions.map((question) => question.decisions)).toEqual([[]]);
  });

  it("puts children under their parents", () => {
    const rows = taskRows(logOf("running").tasks).map(({ task, depth }) => [task.name, depth]);
    expect(rows.slice(0, 3)).toEqual([
      ["prepare", 0],
      ["analyse", 0],
      ["load", 1],
    ]);
  });

  it("believes the snapshot until the log has spoken", () => {
    const { snapshot } = golden("essay");
    expect(statusOf(EMPTY_LOG, { ...snapshot, status: "interrupted" })).toBe("interrupted");
    expect(statusOf(logOf("essay"), { ...snapshot, status: "running" })).toBe("done");
  });
});
