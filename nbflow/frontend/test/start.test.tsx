import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDraft } from "../components/form/drafts";
import type { RunView, Submission } from "../components/model";
import type { LiveRun, StartActions, StartView } from "../components/start/model";
import { StartCard } from "../components/start/StartCard";
import type { Json, Receipt, RunStatus } from "../protocol/messages";
import { axeIds } from "./axe";
import { logOf } from "./golden";
import { startedOn, startGolden, told } from "./startGolden";

let begun: [Json, string][] = [];
const actions: StartActions = { begin: (value, thread) => begun.push([value, thread]) };
const { form } = told("form");
const formId = form.interrupt_id;

function viewOf(part: Partial<StartView> = {}): StartView {
  return {
    snapshot: startGolden().snapshot,
    connection: "open",
    submissions: new Map(),
    asked: told("form"),
    error: null,
    earlier: told("earlier").inputs,
    earlierError: null,
    runs: [],
    ...part,
  };
}

function pressed(receipt: Receipt | null): Partial<StartView> {
  const id = receipt?.submission ?? "sub-0";
  const press: Submission = { id, reply: { value: null }, receipt };
  return { submissions: new Map([[formId, press]]) };
}

function live(key: string, thread: string | null, status: RunStatus, name = "essay"): LiveRun {
  const [one] = startedOn(thread).runs;
  if (!one) throw new Error("there is one");
  const view: RunView = {
    snapshot: { ...one.snapshot, status },
    connection: "open",
    submissions: new Map(),
    log: { ...logOf(name), status },
    cancelling: false,
  };
  const none = (): void => {};
  const never = () => new Promise<never>(none);
  const past = { checkpoint: never, compare: never, code: never, go: never };
  const silent = { submit: none, cancel: none, history: never, past };
  return { key, actions: silent, subscribe: () => none, view: () => view };
}

const running = (...threads: (string | null)[]): Partial<StartView> => ({
  snapshot: startedOn(...threads),
  runs: threads.map((thread, at) => live(`run-${at}`, thread, at === 0 ? "interrupted" : "done")),
});

const show = (part: Partial<StartView> = {}) => {
  const { rerender, container, unmount } = render(
    <StartCard view={viewOf(part)} actions={actions} />,
  );
  const again = (next: Partial<StartView>): void =>
    rerender(<StartCard view={viewOf(next)} actions={actions} />);
  return { again, container, unmount };
};

const fields = (): HTMLElement => screen.getByRole("form", { name: "Input of survey" });
const field = (name: string): HTMLInputElement => within(fields()).getByLabelText(name);
const type = (name: string, value: string): void => {
  fireEvent.change(field(name), { target: { value } });
};
const fill = (): void => {
  type("Site", "Torgersen");
  type("Penguins", "24");
  type("Station key", "k-417");
};
const THREAD = "Thread name (optional)";
const press = (): void => {
  fireEvent.click(screen.getByRole("button", { name: /^Start/ }));
};

beforeEach(() => {
  begun = [];
  sessionStorage.clear();
});
afterEach(cleanup);

describe("the form", () => {
  it("shows the name, the docstring and a field for each part of the input", async () => {
    const { container } = show();

    expect(screen.getByRole("group", { name: "Start survey" })).toBeTruthy();
    expect(container.querySelector(".nbf-markdown strong")?.textContent).toBe("wrong");
    const labels = [...fields().querySelectorAll(".nbf-label")].map((label) => label.textContent);
    expect(labels).toEqual([
      "Site",
      "Penguins",
      "Species (optional)",
      "Note (optional)",
      "Station key",
      THREAD,
    ]);
    expect(field("Station key").type).toBe("password");
    expect(await axeIds(container)).toEqual([]);
  });

  it("starts with the input and the thread, by the button or by key", () => {
    show();
    fill();
    press();
    type(THREAD, " torgersen-1 ");
    fireEvent.keyDown(field("Site"), { key: "Enter", ctrlKey: true });

    const input = { site: "Torgersen", penguins: 24, species: "Adelie", note: null };
    const whole = { ...input, station_key: "k-417" };
    expect(begun).toEqual([
      [whole, ""],
      [whole, "torgersen-1"],
    ]);
  });

  it("says what is wrong at its field, and starts nothing", async () => {
    const { container } = show();
    type("Penguins", "900");
    press();

    const summary = screen.getByRole("group", { name: "3 things need another look" });
    await waitFor(() => expect(document.activeElement).toBe(summary));
    expect(field("Penguins").getAttribute("aria-invalid")).toBe("true");
    expect(begun).toEqual([]);
    expect(await axeIds(container)).toEqual([]);
  });

  it("shows the kernel's errors at their fields", async () => {
    const { again } = show();
    fill();
    press();
    again(pressed(null));
    expect(screen.getByRole("button", { name: "Starting…" }).getAttribute("aria-busy")).toBe(
      "true",
    );
    press();
    expect(begun).toHaveLength(1);
    again(pressed(told("receipt", 0)));

    expect(field("Site").getAttribute("aria-invalid")).toBe("true");
    expect(within(fields()).getAllByText(/No such site/)).toHaveLength(2);
    type("Site", "Dream");
    expect(within(fields()).queryByText(/No such site/)).toBeNull();
  });

  it("says why a start was refused, and can be sent again", () => {
    const { again } = show();
    fill();
    type(THREAD, "biscoe-2");
    press();
    again(pressed(told("receipt", 1)));

    expect(screen.getByRole("alert").textContent).toMatch(
      /^Nothing was started. There is a thread/,
    );
    expect(field(THREAD).value).toBe("biscoe-2");
    type(THREAD, "biscoe-3");
    press();
    expect(begun.map(([, thread]) => thread)).toEqual(["biscoe-2", "biscoe-3"]);
  });

  it("keeps its draft over a reload, but for the secrets", () => {
    const { unmount } = show();
    fill();
    type(THREAD, "torgersen-1");
    unmount();
    show();

    expect([field("Site").value, field("Penguins").value]).toEqual(["Torgersen", "24"]);
    expect(field(THREAD).value).toBe("torgersen-1");
    expect(field("Station key").value).toBe("");
    expect(JSON.stringify({ ...sessionStorage })).not.toContain("k-417");
  });

  it.each([
    ["anything", { schema: { title: "Request" }, optional: true }],
    ["nothing", { schema: { title: "Ignored", type: "null" }, optional: true }],
  ])("can be sent empty where the code takes %s", (_, { schema, optional }) => {
    show({ asked: { ...told("form"), optional, form: { ...form, schema } } });
    press();

    expect(begun).toEqual([[null, ""]]);
  });

  it("has no thread where nothing is kept", () => {
    show({ asked: { ...told("form"), kept: false } });

    expect(screen.queryByLabelText(THREAD)).toBeNull();
  });

  it("cannot be sent while the kernel is silent", () => {
    const { again } = show();
    fill();
    again({ connection: "lost" });
    press();

    expect(screen.getByText("The kernel has not answered.")).toBeTruthy();
    expect(begun).toEqual([]);
  });

  it("says that it waits for the kernel, or why it cannot be drawn", () => {
    const { again } = show({ asked: null, connection: "waiting" });
    expect(screen.getByText("Waiting for the kernel…")).toBeTruthy();

    again({ asked: null, error: "NameError: Plan" });
    expect(screen.getByRole("alert").textContent).toBe(
      "The form could not be read. NameError: Plan",
    );
  });

  it("speaks of the input where it is all of it", () => {
    show();
    fireEvent.click(screen.getByRole("button", { name: "Edit the whole input as JSON" }));

    expect(screen.getByLabelText("The whole input as JSON")).toBeTruthy();
    expect(fields().textContent).not.toMatch(/answer/i);
  });
});

describe("earlier inputs", () => {
  it("fill the form, and leave secrets to be entered again", async () => {
    const { container } = show();
    type("Site", "Torgersen");
    fireEvent.click(screen.getByRole("button", { name: "Earlier inputs (2)" }));
    expect(await axeIds(container)).toEqual([]);
    const [first] = screen.getAllByRole("button", { name: /^Fill the form/ });
    expect(first?.textContent).toMatch(
      /site: Biscoe, penguins: 52, species: Gentoothread biscoe-2/,
    );
    fireEvent.click(first as HTMLElement);

    expect([field("Site").value, field("Penguins").value]).toEqual(["Biscoe", "52"]);
    expect(document.activeElement).toBe(field("Site"));
    expect(screen.getByText(/^Filled with the input of thread biscoe-2. Secrets/)).toBeTruthy();
    press();
    expect(begun).toEqual([]);
    type("Station key", "k-1");
    press();
    const whole = { site: "Biscoe", penguins: 52, species: "Gentoo", note: null };
    expect(begun).toEqual([[{ ...whole, station_key: "k-1" }, ""]]);
  });

  it("are not offered where there are none, and say why they cannot be read", () => {
    const { again } = show({ earlier: [] });
    expect(screen.queryByRole("button", { name: /Earlier/ })).toBeNull();

    again({ earlierError: "The file is not a database." });
    expect(screen.getByText(/Earlier inputs could not be read/).textContent).toMatch(/database/);
  });
});

describe("after a start", () => {
  const started = (): ReturnType<typeof show> => {
    const shown = show();
    fill();
    type(THREAD, "torgersen-1");
    press();
    shown.again({ ...pressed(told("receipt", 2)), ...running("torgersen-1") });
    return shown;
  };

  it("folds to a line, with the run below it that has the focus", async () => {
    const { container } = started();

    expect(screen.getByText("Started thread", { exact: false }).textContent).toBe(
      "Started thread torgersen-1",
    );
    expect(screen.queryByRole("form", { name: "Input of survey" })).toBeNull();
    const run = screen.getByRole("group", { name: "Run of survey" });
    expect(run.closest(".nbf-run")?.contains(document.activeElement)).toBe(true);
    expect(await axeIds(container)).toEqual([]);
  });

  it("opens again with what was entered, and a free thread name", async () => {
    const { container } = started();
    fireEvent.click(screen.getByRole("button", { name: "Start another" }));

    expect(document.activeElement).toBe(field("Site"));
    expect([field("Site").value, field(THREAD).value]).toEqual(["Torgersen", ""]);
    expect(screen.queryByText(/Filled with/)).toBeNull();
    press();
    expect(begun.map(([, thread]) => thread)).toEqual(["torgersen-1", ""]);
    expect(await axeIds(container)).toEqual([]);
  });

  it("has no draft any more; after a reload it is folded and empty", () => {
    const { unmount } = started();
    expect(loadDraft(formId)).toBeNull();
    unmount();
    show(running("torgersen-1"));

    expect(screen.queryByRole("form", { name: "Input of survey" })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Start another" }));
    expect([field("Site").value, field(THREAD).value]).toEqual(["", ""]);
  });

  it("is open after a reload where another start was half entered", () => {
    const { unmount } = started();
    fireEvent.click(screen.getByRole("button", { name: "Start another" }));
    type("Site", "Dream");
    unmount();
    show(running("torgersen-1"));

    expect(field("Site").value).toBe("Dream");
  });

  it("does not take the focus from a form that is filled in", () => {
    const { again } = show(running("a"));
    fireEvent.click(screen.getByRole("button", { name: "Start another" }));
    act(() => field("Penguins").focus());
    again({
      ...running("a"),
      runs: [live("a", "a", "interrupted", "table")],
    });

    expect(screen.getAllByRole("form").length).toBeGreaterThan(1);
    expect(document.activeElement).toBe(field("Penguins"));
  });

  it("folds an earlier run that is over, and leaves one open that waits", async () => {
    const { again, container } = show({
      snapshot: startedOn("b", "a"),
      runs: [live("b", "b", "interrupted", "table"), live("a", "a", "done")],
    });
    expect(screen.getAllByRole("group", { name: "Run of survey" })).toHaveLength(1);
    expect(screen.getByRole("button", { name: /^Run on thread a/ }).ariaExpanded).toBe("false");
    expect(await axeIds(container)).toEqual([]);

    again({
      snapshot: startedOn("c", "b", "a"),
      runs: [
        live("c", "c", "running", "running"),
        live("b", "b", "interrupted", "table"),
        live("a", "a", "done"),
      ],
    });
    const lines = screen.getAllByRole("button", { name: /^Run on thread/ });
    expect(lines.map((line) => [line.textContent, line.getAttribute("aria-expanded")])).toEqual([
      ["Run on thread bWaiting for you", "true"],
      ["Run on thread aDone", "false"],
    ]);
    fireEvent.click(lines[1] as HTMLElement);
    expect(screen.getAllByRole("group", { name: "Run of survey" })).toHaveLength(3);
  });

  it("speaks of no thread where nothing is kept", () => {
    show(running(null, null));

    expect(screen.getByText("Started").textContent).toBe("Started");
    expect(screen.getByRole("button", { name: "Run Done" })).toBeTruthy();
  });
});
