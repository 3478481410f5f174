import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Questions } from "../components/Questions";
import { RunCard } from "../components/RunCard";
import { TermsOf } from "../components/Terms";
import { EMPTY_LOG, reduce } from "../protocol/log";
import type { Events, Terms } from "../protocol/messages";
import { axeIds } from "./axe";
import { golden, logOf } from "./golden";
import { kernel } from "./pastGolden";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const view = {
  snapshot: golden("terms").snapshot,
  log: logOf("terms"),
  connection: "open",
  submissions: new Map(),
  cancelling: false,
} as const;

const terms = (part: Partial<Terms>): Terms => ({
  deadline: null,
  otherwise: null,
  assignees: [],
  you: "ada",
  ...part,
});

it("says who answered, how, and when nobody did", async () => {
  const { container } = render(<Questions view={view} open onSubmit={() => {}} />);
  const [late, taken] = [...container.querySelectorAll(".nbf-answered")];
  expect(late?.querySelector(".nbf-tag")?.textContent).toBe("Time was up");
  expect(late?.querySelector(".nbf-answered-brief")?.textContent).toBe("");
  expect(late?.textContent).toContain("the code got an error");
  expect(taken?.querySelector(".nbf-tag")?.textContent).toBe("Answered by ada");
  expect(taken?.querySelector(".nbf-answered-how")?.textContent).toContain("in an inbox");
  expect(await axeIds(container)).toEqual([]);
});

it("says whom a question is for, and warns others", () => {
  render(<TermsOf terms={terms({ assignees: ["grace", "eve"] })} />);
  expect(screen.getByText(/For grace, eve\./).textContent).toContain("Here ada answers");
  cleanup();
  render(<TermsOf terms={terms({ assignees: ["ada"] })} />);
  expect(screen.getByText("For ada.").textContent).not.toContain("refused");
});

it("counts down, and says what happens then", () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const otherwise = { text: "2.5", kind: "json", cut: 0 } as const;
  const { container, rerender } = render(
    <TermsOf terms={terms({ deadline: 1000 + 150, otherwise })} />,
  );
  expect(container.textContent).toBe(
    "To be answered within 2 min. After that this counts as the answer: 2.5",
  );
  rerender(<TermsOf terms={terms({ deadline: 1000 + 59 })} />);
  expect(screen.getByRole("status").textContent).toContain("Less than a minute");
  expect(container.textContent).toContain("within 59 s. After that the code gets an error.");
  rerender(<TermsOf terms={terms({ deadline: 999 })} />);
  expect(container.textContent).toBe("The time is up: the code gets an error.");
});

it("keeps a question that the code asks again when it takes an answer back", () => {
  const [batch] = golden("terms").to_browser as [Events];
  const failed = { ...batch.events.at(-1), seq: 7, status: "error" } as Events["events"][number];
  const answer = { ...batch.events[4], seq: 7, interrupt_id: "d".repeat(32) };
  const events = [...batch.events.slice(0, -1), answer, { ...failed, seq: 8 }] as Events["events"];
  const log = reduce(EMPTY_LOG, { ...batch, head: 9, events });
  render(
    <RunCard
      view={{ ...view, log, snapshot: { ...view.snapshot, status: "error" } }}
      actions={{ submit: () => {}, cancel: () => {}, ...kernel() }}
    />,
  );
  expect(screen.getAllByRole("form")).toHaveLength(2);
});

it("takes a question away that edited code asks no more", () => {
  const [batch] = golden("terms").to_browser as [Events];
  const waits = reduce(EMPTY_LOG, batch);
  expect(waits.questions).toHaveLength(4);
  const paused = batch.events.at(-1) as Extract<Events["events"][number], { type: "run_ended" }>;
  const edited = { ...paused, seq: 8, open: paused.open.slice(1) };
  const after = reduce(waits, { ...batch, since: 8, head: 9, events: [edited] });
  expect(after.questions.map((question) => question.form.title)).toEqual([
    "Who checks the prices?",
    "Publish the list?",
    "Send it to the printer?",
  ]);
});

it("opens a question again that is asked anew", () => {
  const [batch] = golden("terms").to_browser as [Events];
  const again = batch.events.slice(3, 5).concat({ ...batch.events[3], seq: 5 } as never);
  const log = reduce(EMPTY_LOG, {
    ...batch,
    head: 3,
    events: again.map((event, seq) => ({ ...event, seq })),
  });
  expect(log.questions.map((question) => question.answer)).toEqual([null]);
});
