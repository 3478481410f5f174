import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type PanelActions,
  type PanelView,
  type Source,
  type SourceState,
  waitingIn,
} from "../components/panel/model";
import { Panel } from "../components/panel/Panel";
import { strings } from "../components/strings";
import { axeIds as faults } from "./axe";
import { panelList } from "./panelGolden";

const words = strings.panel;
const source = (part: Partial<Source> = {}): Source => ({
  id: "kernel",
  kind: "kernel",
  name: "essays.ipynb",
  state: "open",
  list: panelList(),
  error: null,
  skewS: 1767261730.5 - Date.now() / 1000,
  ...part,
});
const database = (part: Partial<Source> = {}): Source =>
  source({ id: "database:d", kind: "database", name: "data/runs.sqlite", ...part });

let actions: { [Name in keyof PanelActions]: ReturnType<typeof vi.fn> };

function draw(sources: Source[], problem = ""): HTMLElement {
  const view: PanelView = { sources, problem };
  return render(
    <div className="nbflow nbf-side">
      <Panel view={view} actions={actions} />
    </div>,
  ).container;
}

beforeEach(() => {
  actions = { open: vi.fn(), openInbox: vi.fn(), add: vi.fn(), remove: vi.fn(), refresh: vi.fn() };
});
afterEach(cleanup);

describe("the list", () => {
  it("names each run with its status, and each question below its run", async () => {
    const container = draw([source(), database({ list: null, state: "loading" })]);
    const kernel = within(screen.getByRole("region", { name: words.kernel }));
    const items = kernel.getAllByRole("button").map((button) => button.textContent);
    expect(items).toEqual([
      "",
      "clean_tablepenguins-2007Waiting for you",
      "Is this body mass right, or did somebody write the number of another penguin?24 h",
      "Keep the row without a sex?for otherstime is up62 min".replace("62 min", "1 h"),
      "assistantmail-1Failed",
      "May send_email run?12 min",
      "essayRunning5 s",
      "essaya-thread-whose-name-is-longer-than-the-panelReady to go on2 min",
      "essayleftKernel stopped3 d",
    ]);
    expect(kernel.getByText(words.more(2))).toBeTruthy();
    expect(await faults(container)).toEqual([]);
  });

  it("opens a run, and a run at its question", () => {
    const one = source();
    draw([one]);
    const [row] = one.list?.rows ?? [];
    screen.getByTitle("clean_table, thread penguins-2007: Waiting for you").click();
    expect(actions.open).toHaveBeenLastCalledWith(one, row, null);
    screen.getByTitle("Keep the row without a sex?").click();
    const second = row?.questions[1]?.interrupt_id;
    expect(actions.open).toHaveBeenLastCalledWith(one, row, second);
  });

  it("is walked with the arrow keys, through all sources", () => {
    draw([source(), database()]);
    const items = [...document.querySelectorAll<HTMLElement>("button[data-nbf-item]")];
    const press = (key: string): void => {
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    };
    items[0]?.focus();
    press("ArrowUp");
    expect(document.activeElement).toBe(items[0]);
    press("ArrowDown");
    expect(document.activeElement).toBe(items[1]);
    press("End");
    expect(document.activeElement).toBe(items.at(-1));
    press("ArrowDown");
    expect(document.activeElement).toBe(items.at(-1));
    press("Home");
    expect(document.activeElement).toBe(items[0]);
  });
});

describe("what is not there", () => {
  const cases: [SourceState, string, string][] = [
    ["no_kernel", words.noKernel, words.noKernelHint],
    ["no_nbflow", words.noNbflow, "%load_ext nbflow"],
    ["dead", words.dead, words.deadHint],
    ["lost", words.busy, words.busy],
    ["loading", words.loading, words.loading],
  ];
  it.each(cases)("is said of a kernel that is %s", async (state, title, hint) => {
    const container = draw([source({ state, list: null })]);
    expect(screen.getByText(title)).toBeTruthy();
    expect(screen.getByText(hint)).toBeTruthy();
    expect(await faults(container)).toEqual([]);
  });

  it("is said where nothing waits, and no database is named", () => {
    draw([source({ list: { rows: [], more: 0, waiting: 0 } })]);
    expect(screen.getByText(words.none)).toBeTruthy();
    screen.getByRole("button", { name: words.addShort }).click();
    expect(actions.add).toHaveBeenCalledOnce();
  });

  it("is said of a database that was refused, which can be taken off the list", () => {
    const gone = database({ state: "refused", list: null, error: "There is no file." });
    draw([gone]);
    expect(screen.getByRole("alert").textContent).toBe("There is no file.");
    screen.getByRole("button", { name: words.remove("data/runs.sqlite") }).click();
    expect(actions.remove).toHaveBeenCalledWith(gone);
    expect(screen.queryByRole("button", { name: words.openInbox("data/runs.sqlite") })).toBeNull();
  });

  it("leaves the last list in sight when it cannot be read any more", () => {
    draw([database({ error: "It is locked." })]);
    expect(screen.getByRole("alert").textContent).toContain("It is locked.");
    expect(screen.getByTitle("May send_email run?")).toBeTruthy();
  });

  it("is said where the server cannot tell the databases", () => {
    draw([source()], words.noServer);
    expect(screen.getByRole("alert").textContent).toBe(words.noServer);
    expect(screen.queryByText(words.noDatabase)).toBeNull();
  });
});

describe("the badge", () => {
  it("counts a question once that a kernel and a database list", () => {
    expect(waitingIn([source(), database()])).toBe(3);
  });

  it("counts questions that are not listed, too", () => {
    const many = { ...panelList(), waiting: 10 };
    expect(waitingIn([source({ list: many }), database({ list: null })])).toBe(10);
  });
});

it("opens the inbox of a database, and refreshes", () => {
  const one = database();
  draw([source(), one]);
  screen.getByRole("button", { name: words.openInbox("data/runs.sqlite") }).click();
  expect(actions.openInbox).toHaveBeenCalledWith(one);
  screen.getByRole("button", { name: words.refresh }).click();
  expect(actions.refresh).toHaveBeenCalledOnce();
});
