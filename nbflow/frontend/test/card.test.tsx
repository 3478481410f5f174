import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { duration } from "../components/format";
import { safeHtml } from "../components/Markdown";
import type { Reply, RunActions, RunView } from "../components/model";
import { RunCard } from "../components/RunCard";
import { EMPTY_LOG } from "../protocol/log";
import { PROTOCOL, type Receipt } from "../protocol/messages";
import { axeIds } from "./axe";
import { golden, logOf } from "./golden";
import { kernel } from "./pastGolden";

let submitted: [string, Reply][] = [];

const actions: RunActions = {
  submit: (id, reply) => submitted.push([id, reply]),
  cancel: () => {},
  ...kernel(),
};

function viewOf(name: string, part: Partial<RunView> = {}): RunView {
  const { snapshot } = golden(name);
  return {
    snapshot,
    log: logOf(name),
    connection: "open",
    submissions: new Map(),
    cancelling: false,
    ...part,
  };
}

const card = (view: RunView) => <RunCard view={view} actions={actions} />;

beforeEach(() => {
  submitted = [];
  sessionStorage.clear();
});
afterEach(cleanup);

describe("how a run stands", () => {
  it.each([
    ["ready", "Ready to go on"],
    ["crashed", "Kernel stopped"],
  ] as const)("%s has its words and its icon", (status, words) => {
    const view = viewOf("running", { log: EMPTY_LOG });
    render(card({ ...view, snapshot: { ...view.snapshot, status } }));
    const pill = screen.getByText(words);
    expect(pill.classList.contains("nbf-pill")).toBe(true);
    expect(pill.querySelector("svg path")).toBeTruthy();
  });
});

describe("the card", () => {
  it("keeps the focus when the question that held it is answered", () => {
    const asking = viewOf("table");
    const { rerender } = render(card(asking));
    const id = asking.log.questions.find(({ answer }) => answer === null)?.form.interrupt_id ?? "";
    const group = screen.getByRole("group", { name: /^Run of/ });
    const form = within(group).getAllByRole("form")[0];
    const control = form?.querySelector<HTMLElement>("input, textarea");
    expect(control).toBe(document.activeElement);
    const receipt: Receipt = {
      type: "receipt",
      submission: "s",
      interrupt_id: id,
      status: "accepted",
      message: "",
      errors: [],
    };
    const taken = { id: "s", reply: { value: null }, receipt };
    rerender(card({ ...asking, submissions: new Map([[id, taken]]) }));
    expect(control?.isConnected).toBe(false);
    expect(document.activeElement).toBe(group);
  });

  it("is no page of its own: its head is no banner of the page around it", () => {
    render(card(viewOf("table")));
    expect(screen.queryByRole("banner")).toBeNull();
  });

  it("shows a finished run: status in words, tasks, answer and result", () => {
    render(card(viewOf("essay")));
    expect(screen.getByText("Done")).toBeTruthy();
    expect(
      screen.getByRole("button", { name: "Task write_essay: done, replayed, 1.2 s" }),
    ).toBeTruthy();
    expect(screen.getByRole("group", { name: "Result" }).textContent).toContain("is_approved");
    expect(screen.queryByRole("button", { name: "Cancel run" })).toBeNull();
  });

  it("says of a run whose answers came from elsewhere how it goes on", () => {
    const log = { ...logOf("essay"), status: "ready" as const, value: null };
    render(card(viewOf("essay", { log })));
    expect(screen.getByText("Ready to go on")).toBeTruthy();
    expect(screen.getByText(/by Resume in the History tab/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Cancel run" })).toBeNull();
  });

  it("shows an answer on the line of its question", () => {
    const { container } = render(card(viewOf("essay")));
    const brief = container.querySelector(".nbf-answered-brief");
    expect(brief?.textContent).not.toBe("");
    expect(brief?.textContent).not.toContain("\n");
  });

  it("shows what was decided about each action, and what an edit changed", async () => {
    const { container } = render(card(viewOf("decisions")));
    const answered = container.querySelector<HTMLElement>(".nbf-answered");
    expect(answered?.querySelector("summary")?.textContent).toContain(
      "send_email: edited, delete_files: rejected",
    );
    const [edited, rejected] = within(answered as HTMLElement).getAllByRole("listitem");
    expect(edited?.textContent).toContain("Edited");
    expect(edited?.querySelector("del")?.textContent).toBe("proposed: Friday");
    expect(edited?.querySelector("ins")?.textContent).toBe("edited: Friday, 10:00");
    expect(rejected?.textContent).toContain("ReasonKeep /tmp/b.");
    answered?.setAttribute("open", "");
    expect(await axeIds(container)).toEqual([]);
  });

  it("shows an answer whose decisions are not known as it was given", () => {
    const log = logOf("decisions");
    const questions = log.questions.map((question) => ({ ...question, decisions: [] }));
    render(card(viewOf("decisions", { log: { ...log, questions } })));
    expect(screen.getByRole("group", { name: "Answer" }).textContent).toContain("edited_action");
  });

  it("opens a failed task with its attempts and its traceback", () => {
    render(card(viewOf("failure")));
    const row = screen.getByRole("button", {
      name: "Task fetch: failed, inside collect, attempt 2, 400 ms",
    });
    fireEvent.click(row);
    expect(row.getAttribute("aria-expanded")).toBe("true");
    const details = document.getElementById(row.getAttribute("aria-controls") ?? "");
    expect(details?.textContent).toContain("Attempt 1 failed");
    expect(details?.textContent).toContain("raise ConnectionError");
  });

  it("asks every open question in order and focuses the first", () => {
    render(card(viewOf("questions")));
    const forms = screen.getAllByRole("form").map((form) => form.getAttribute("aria-label"));
    expect(forms).toEqual([
      "Answer to: May send_mail run?",
      "Answer to: What should the subject be?",
      "Answer to: How many copies?",
    ]);
    const [first] = screen.getAllByRole("form");
    expect(first?.contains(document.activeElement)).toBe(true);
  });

  it("leaves the focus where a person is typing", () => {
    const elsewhere = document.createElement("input");
    document.body.append(elsewhere);
    elsewhere.focus();
    render(card(viewOf("questions")));
    expect(document.activeElement).toBe(elsewhere);
    elsewhere.remove();
  });

  it("sends an answer under its question's id", () => {
    render(card(viewOf("questions")));
    const [, , last] = screen.getAllByRole("form");
    fireEvent.click(within(last as HTMLElement).getByRole("button", { name: /^Submit/ }));
    expect(submitted).toEqual([["ccccccccccccccccccccccccccccccc5", { value: 2 }]]);
  });

  it("shows what became of a submission", () => {
    const id = logOf("table").questions[0]?.form.interrupt_id ?? "";
    const receipts = golden("receipts").to_browser as Receipt[];
    const withReceipt = (receipt: Receipt | undefined): RunView =>
      viewOf("table", {
        submissions: new Map([[id, { id: "s", reply: { value: null }, receipt: receipt ?? null }]]),
      });
    sessionStorage.setItem(`nbflow:draft:${id}`, '{"value":{},"texts":{}}');
    const page = render(card(withReceipt(undefined)));
    expect(screen.getByRole("button", { name: "Sending…" })).toBeTruthy();
    page.rerender(card(withReceipt(receipts[1])));
    expect(screen.getByRole("alert").textContent).toContain("answered elsewhere");
    page.rerender(card(withReceipt(receipts[2])));
    expect(screen.queryByRole("form")).toBeNull();
    expect(screen.getByText(/The answer was taken/)).toBeTruthy();
    expect(sessionStorage.getItem(`nbflow:draft:${id}`)).toBeNull();
  });

  it("says when the kernel is silent, and holds the form", () => {
    render(card(viewOf("table", { connection: "lost" })));
    expect(screen.getByRole("alert").textContent).toContain("The kernel has not answered.");
    expect(screen.getByRole("button", { name: /^Submit/ })).toHaveProperty("disabled", true);
    expect(screen.getByLabelText("Reviewer")).toHaveProperty("disabled", true);
  });

  it("says when the kernel speaks another protocol", () => {
    const { snapshot } = golden("essay");
    render(
      card(viewOf("essay", { snapshot: { ...snapshot, protocol: PROTOCOL + 1 }, log: EMPTY_LOG })),
    );
    expect(screen.getByRole("alert").textContent).toContain("Reload the page");
  });

  it("shows the history, and the tasks again when it follows a fork", async () => {
    render(card(viewOf("essay")));
    fireEvent.click(screen.getByRole("tab", { name: "History" }));
    const tree = await screen.findByRole("tree", { name: /^Branches/ });
    expect(within(tree).getAllByRole("treeitem", { name: /^Branch/ }).length).toBe(3);
    fireEvent.click(await screen.findByRole("button", { name: "Fork" }));
    const tasks = screen.getByRole("tab", { name: "Tasks" });
    await waitFor(() => expect(tasks.getAttribute("aria-selected")).toBe("true"));
    expect(document.activeElement).toBe(tasks);
  });

  it("shows tables with their row count and text with its line breaks", () => {
    render(card(viewOf("table")));
    expect(screen.getByText("Showing 5 of 344 rows")).toBeTruthy();
    expect(screen.getAllByRole("columnheader").length).toBe(10);
    expect(screen.getByText(/table: penguins_raw/).textContent).toContain("\nrow:");
  });
});

describe("markdown from a payload", () => {
  const drawn = (source: string): HTMLElement => {
    const box = document.createElement("div");
    box.innerHTML = safeHtml(source);
    return box;
  };

  it.each([
    ["a script", "x<script>alert(1)</script>", "script"],
    ["a handler", '<img src="data:image/png;base64,AA" onerror="alert(1)">', "[onerror]"],
    ["a script link", "[x](javascript:alert(1))", "[href]"],
    ["a remote picture", "![seen](https://example.org/a.png)", "img"],
    ["a style", '<p style="position:fixed">x</p><style>*{}</style>', "style, [style]"],
    ["a form", '<form action="/x"><input name="y"></form>', "form, input"],
    ["a frame", '<iframe src="https://example.org"></iframe>', "iframe"],
    ["an id", '<p id="submit" class="nbf-hidden">x</p>', "[id], [class]"],
  ])("loses %s", (_what, source, gone) => {
    expect(drawn(source).querySelectorAll(gone)).toHaveLength(0);
  });

  it.each([
    "x<script>alert(1)</script>",
    "<style>*{}</style>",
    '<form action="/x"><input name="y"></form>',
    "<!-- nobody would see this -->",
    "a <svg onload=alert(1)> b",
    "<img src=x onerror=alert(1)>",
  ])("shows as text what it does not draw: %s", (source) => {
    expect(drawn(source).textContent?.trim()).toBe(source);
  });

  it("draws the elements that it knows", () => {
    expect(drawn("a<sub>2</sub> <kbd>x</kbd>").querySelectorAll("sub, kbd")).toHaveLength(2);
  });

  it("opens links apart and keeps pictures that are in the text", () => {
    expect(safeHtml("[a](https://example.org)")).toContain('rel="noopener noreferrer"');
    expect(safeHtml("[a](https://example.org)")).toContain('target="_blank"');
    expect(safeHtml("![dot](data:image/gif;base64,R0lGOD)")).toContain('alt="dot"');
  });

  it("keeps headings in order below the card's own", () => {
    expect(safeHtml("# a\n\n### b")).toMatch(/<h4>a<\/h4>\s*<h5>b<\/h5>/);
  });
});

it("writes durations for people", () => {
  expect([0.0121, 1.2, 59.96, 125.4, 7800].map(duration)).toEqual([
    "12 ms",
    "1.2 s",
    "1 min 00 s",
    "2 min 05 s",
    "2 h 10 min",
  ]);
});
