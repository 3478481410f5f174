import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  isMidway,
  mergedBranches,
  moved,
  opens,
  type Row,
  rowsOf,
} from "../components/history/model";
import { PastView } from "../components/history/PastView";
import { whatIs } from "../components/history/Tree";
import type { Comparison, Outcome } from "../protocol/history";
import type { BranchItem, CheckpointItem, History } from "../protocol/messages";
import { axeIds } from "./axe";
import { type Kernel, kernel, told } from "./pastGolden";

let copied: string[] = [];
let follows = 0;

beforeEach(() => {
  copied = [];
  follows = 0;
  sessionStorage.clear();
  vi.stubGlobal("navigator", {
    clipboard: { writeText: async (text: string) => void copied.push(text) },
    platform: "Linux",
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const view = (its: Kernel, mark = "1") => (
  <PastView
    actions={its}
    mark={mark}
    disabled={false}
    onFollow={() => {
      follows += 1;
    }}
  />
);

async function shown(its: Kernel): Promise<HTMLElement> {
  render(view(its));
  const tree = await screen.findByRole("tree");
  await within(tree).findByRole("treeitem", { name: /^search/ });
  return tree;
}

const names = (tree: HTMLElement): string[] =>
  within(tree)
    .getAllByRole("treeitem")
    .map(
      (row) =>
        `${row.getAttribute("aria-level")} ${row.querySelector(".nbf-past-name")?.textContent}`,
    );

const item = (tree: HTMLElement, name: RegExp): HTMLElement =>
  within(tree).getByRole("treeitem", { name });

const pane = (): HTMLElement => screen.getByRole("group", { name: "What was chosen" });

describe("a checkpoint between two steps", () => {
  const midway: CheckpointItem = {
    checkpoint_id: "c1",
    parent_id: null,
    source: "loop",
    step: 1,
    created_at: "2026-11-27T12:00:00+00:00",
    values: { text: "8", kind: "json", cut: 0 },
    next: ["review", "price"],
    questions: 0,
    status: "done",
    branch: 1,
  };

  it("is named by what comes next, and opens to what ran then", () => {
    expect(whatIs(midway)).toBe("Before review, price");
    expect(opens(midway)).toBe(true);
  });

  it("is none where nothing comes next", () => {
    const end = { ...midway, next: [] };
    expect([isMidway(end), opens(end), whatIs(end)]).toEqual([false, false, "Result"]);
  });
});

describe("the tree", () => {
  it("unfolds the newest branch and what its run did", async () => {
    const tree = await shown(kernel());
    expect(names(tree)).toEqual([
      "1 Branch 3",
      "2 Fork",
      "3 search",
      "3 Question",
      "3 write",
      "1 Branch 2",
      "1 Branch 1",
    ]);
    expect(item(tree, /^Branch 3/).textContent).toContain("current");
    expect(item(tree, /^Branch 3/).textContent).toContain("from branch 1");
    expect(await axeIds(document.body)).toEqual([]);
  });

  it("is one stop for Tab, and the arrows go through it", async () => {
    const tree = await shown(kernel());
    const stops = () =>
      within(tree)
        .getAllByRole("treeitem")
        .filter(({ tabIndex }) => tabIndex === 0);
    const press = (key: string): boolean =>
      fireEvent.keyDown(document.activeElement as Element, { key });
    expect(stops().length).toBe(1);
    stops()[0]?.focus();
    press("End");
    expect(document.activeElement).toBe(item(tree, /^Branch 1/));
    press("ArrowRight");
    expect(item(tree, /^Branch 1/).getAttribute("aria-expanded")).toBe("true");
    press("ArrowRight");
    expect(document.activeElement?.textContent).toContain("Result");
    press("ArrowLeft");
    expect(document.activeElement).toBe(item(tree, /^Branch 1/));
    press("ArrowLeft");
    expect(item(tree, /^Branch 1/).getAttribute("aria-expanded")).toBe("false");
    press("Home");
    expect(document.activeElement).toBe(item(tree, /^Branch 3/));
    expect(stops()).toEqual([document.activeElement]);
    expect(press("a")).toBe(true);
    expect(
      fireEvent.keyDown(document.activeElement as Element, { key: "End", ctrlKey: true }),
    ).toBe(true);
  });

  it("opens with Enter, and Escape comes back", async () => {
    const tree = await shown(kernel());
    const question = item(tree, /^Question/);
    question.focus();
    fireEvent.keyDown(question, { key: "Enter" });
    expect(question.getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(pane());
    fireEvent.keyDown(pane(), { key: "Escape" });
    expect(document.activeElement).toBe(question);
  });

  it("keeps what is unfolded and chosen when a checkpoint is added", async () => {
    const its = kernel();
    const { rerender } = render(view(its));
    const tree = await screen.findByRole("tree");
    fireEvent.click(item(tree, /^Branch 1/));
    rerender(view(its, "2"));
    await waitFor(() => expect(its.asked.filter(([what]) => what === "history").length).toBe(2));
    expect(item(tree, /^Branch 1/).getAttribute("aria-expanded")).toBe("true");
    expect(within(pane()).getByText("Branch 1")).toBeTruthy();
  });

  it("goes on with older pages, and says why one could not be read", async () => {
    const first = { ...(told("history")[0] as History), more: true };
    const its = kernel(first);
    let fail = false;
    const load: Kernel["history"] = async (before) => {
      if (fail) throw new Error("The file is gone.");
      if (before === null) return first;
      fail = true;
      const older = {
        ...(first.items[0] as History["items"][number]),
        branch: 4,
        checkpoint_id: "x",
      };
      const branch: BranchItem = { number: 4, parent: null, leaves: null, size: 1, status: "done" };
      return { ...first, items: [older], branches: [branch], more: true };
    };
    render(view({ ...its, history: load }));
    fireEvent.click(await screen.findByRole("button", { name: "Show older" }));
    expect(await screen.findByRole("treeitem", { name: /^Branch 4/ })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Show older" }));
    expect((await screen.findByRole("alert")).textContent).toContain("The file is gone.");
  });
});

describe("going back", () => {
  it("forks in two clicks, and the card follows", async () => {
    const its = kernel();
    const tree = await shown(its);
    fireEvent.click(item(tree, /^Question/));
    fireEvent.click(await screen.findByRole("button", { name: "Ask again" }));
    await waitFor(() => expect(follows).toBe(1));
    const id = told("history")[0]?.items[0]?.checkpoint_id;
    const op = told("checkpoint")[2]?.ops[1]?.id;
    expect(its.asked.filter(([what]) => what === "go")).toEqual([
      ["go", { action: "fork", checkpoint_id: id, before: op }],
    ]);
  });

  it("copies the code beside each action", async () => {
    const its = kernel();
    await shown(its);
    const codes = told("checkpoint")[2]?.codes ?? [];
    const labels = { resume: "Resume", again: "Run again", fork: "Fork", look: "Look in code" };
    for (const { action, text } of codes) {
      const label = labels[action as keyof typeof labels];
      fireEvent.click(screen.getByRole("button", { name: `Copy as code: ${label}` }));
      await waitFor(() => expect(copied.at(-1)).toBe(text));
    }
    expect(copied.length).toBe(4);
  });

  it("shows the code where the page may not copy", async () => {
    vi.stubGlobal("navigator", { platform: "Linux" });
    await shown(kernel());
    fireEvent.click(screen.getByRole("button", { name: "Copy as code: Fork" }));
    expect((await screen.findByRole("group", { name: "Python" })).textContent).toContain(
      "essay.fork(config)",
    );
    expect(await axeIds(document.body)).toEqual([]);
  });

  it("says in place why something was refused, and takes one press at a time", async () => {
    const its = kernel();
    its.outcomes.push(told("outcome")[2] as Outcome, new Error("The kernel has not answered."));
    await shown(its);
    fireEvent.click(screen.getByRole("button", { name: "Fork" }));
    fireEvent.click(screen.getByRole("button", { name: "Run again" }));
    expect((await screen.findByRole("alert")).textContent).toContain("is not one of the run's ops");
    expect(its.asked.filter(([what]) => what === "go").length).toBe(1);
    fireEvent.click(screen.getByRole("button", { name: "Run again" }));
    await screen.findByText("The kernel has not answered.", { exact: false });
    expect(follows).toBe(0);
  });

  it("edits the state in its form, and names the field that does not fit", async () => {
    const its = kernel();
    its.outcomes.push(told("outcome")[1] as Outcome);
    const tree = await shown(its);
    fireEvent.click(item(tree, /^Branch 1/));
    fireEvent.click(item(tree, /^Result/));
    fireEvent.click(await screen.findByRole("button", { name: "Edit state" }));
    const title = screen.getByRole("textbox", { name: /title/i });
    expect(document.activeElement).toBe(title);
    fireEvent.change(title, { target: { value: "Dogs" } });
    fireEvent.click(screen.getByRole("button", { name: "Copy as code: Save as checkpoint" }));
    await waitFor(() => expect(copied).toEqual([told("code")[0]?.text]));
    expect(await axeIds(document.body)).toEqual([]);
    fireEvent.click(screen.getByRole("button", { name: "Save and run again" }));
    expect(await screen.findByText("Input should be a valid string")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Save and run again" }));
    await waitFor(() => expect(follows).toBe(1));
    const last = its.asked.findLast(([what]) => what === "go")?.[1] as { value: { title: string } };
    expect(last).toMatchObject({ action: "rerun", value: { title: "Dogs" } });
    expect(screen.queryByRole("form")).toBeNull();
  });
});

describe("comparing", () => {
  it("shows the older one first, and marks where the runs part", async () => {
    const its = kernel();
    const tree = await shown(its);
    fireEvent.click(item(tree, /^Branch 2/));
    const [newer, older] = [2, 1];
    fireEvent.change(screen.getByRole("combobox", { name: "Compare with" }), {
      target: {
        value: told("history")[0]?.items.find(({ branch }) => branch === older)?.checkpoint_id,
      },
    });
    const table = await screen.findByRole("table");
    const at = (branch: number) =>
      told("history")[0]?.items.find((one) => one.branch === branch)?.checkpoint_id;
    expect(its.asked.at(-1)).toEqual(["compare", at(older), at(newer)]);
    const first = within(table).getByText("first difference").closest("tr");
    expect(first?.textContent).toContain("friendly");
    expect(first?.textContent).toContain("dry");
    expect(screen.getByText("2 changes of the state")).toBeTruthy();
    expect(screen.getByText("sources › [id=2] › year")).toBeTruthy();
    expect(await axeIds(document.body)).toEqual([]);
  });

  it("says so when both are of one run", async () => {
    const tree = await shown(kernel());
    fireEvent.click(item(tree, /^Branch 1/));
    fireEvent.click(item(tree, /^Result/));
    const select = await screen.findByRole("combobox");
    fireEvent.change(select, { target: { value: told("history")[0]?.items[4]?.checkpoint_id } });
    expect(await screen.findByText("Both are of the same run.")).toBeTruthy();
  });
});

describe("the rows", () => {
  it("stay in order when a page tells of known branches again", () => {
    const branch = (number: number): BranchItem => ({
      number,
      parent: null,
      leaves: null,
      size: 1,
      status: "done",
    });
    const merged = mergedBranches([branch(3), branch(1)], [branch(2), { ...branch(1), size: 5 }]);
    expect(merged.map(({ number, size }) => [number, size])).toEqual([
      [3, 1],
      [1, 5],
      [2, 1],
    ]);
  });

  it("of fifty forks are one each while they are folded", () => {
    const branches = Array.from({ length: 50 }, (_, at) => ({
      number: 50 - at,
      parent: 1,
      leaves: "x",
      size: 2,
      status: "done",
    }));
    const rows = rowsOf({ items: [], branches, details: new Map(), unfolded: new Set() });
    expect(rows.length).toBe(50);
    expect(rows.map(({ at, of }) => `${at}/${of}`).at(-1)).toBe("50/50");
    expect(moved(rows, 0, "ArrowLeft")).toBe(0);
    expect(moved(rows as Row[], 49, "ArrowDown")).toBe(49);
    expect(moved(rows, 3, "x")).toBeNull();
  });
});

describe("a record", () => {
  it("shows its checkpoints, compares them, and offers nothing else", async () => {
    const page = told("history")[0] as History;
    const its = kernel({ ...page, items: page.items.map(({ status: _, ...kept }) => kept) });
    const [detail] = told("checkpoint");
    if (!detail) throw new Error("The golden messages have no checkpoint.");
    const fixed = "This is the record of a run: it can be looked at, not changed.";
    its.past.checkpoint = async (id) => ({
      ...detail,
      checkpoint_id: id,
      ops: [],
      codes: [],
      form: null,
      fixed,
    });
    its.past.compare = async () => ({
      ...(told("comparison")[0] as Comparison),
      pairs: [],
      code: "",
    });
    render(view(its));
    const tree = await screen.findByRole("tree");

    await within(pane()).findByText(fixed);
    expect(within(tree).queryByRole("treeitem", { name: /^search/ })).toBeNull();
    expect(within(pane()).queryByRole("button")).toBeNull();
    const [, , other] = within(pane()).getAllByRole("option") as HTMLOptionElement[];
    fireEvent.change(within(pane()).getByRole("combobox"), { target: { value: other?.value } });
    await within(pane()).findByText(/changes? of the state/);
    expect(within(pane()).queryByText("Both are of the same run.")).toBeNull();
    expect(within(pane()).queryByRole("button")).toBeNull();
  });
});
