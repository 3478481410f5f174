import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { age } from "../components/format";
import { consequences } from "../components/inbox/bulk";
import { Inbox } from "../components/inbox/Inbox";
import type { InboxActions, InboxView } from "../components/inbox/model";
import type { Reply } from "../components/model";
import type { Filters, Undone } from "../protocol/inbox";
import type { Receipt } from "../protocol/messages";
import { axeIds } from "./axe";
import { idOf, inboxGolden, listing, openedAs, said } from "./inboxGolden";

let sent: [string, Reply][] = [];
let opened: (string | null)[] = [];
let filters: Filters[] = [];
let undone: string[] = [];
let undoAnswer: Undone = said("undone")[0] as Undone;

const actions: InboxActions = {
  filter: (one) => filters.push(one),
  open: (id) => opened.push(id),
  submit: (id, reply) => sent.push([id, reply]),
  submitAll: (replies) => {
    for (const [id, reply] of replies) sent.push([id, reply]);
  },
  undo: async (id) => {
    undone.push(id);
    return undoAnswer;
  },
};

function viewOf(part: Partial<InboxView> = {}): InboxView {
  return {
    snapshot: inboxGolden().snapshot,
    connection: "open",
    submissions: new Map(),
    filters: { workflow: null, text: "", older_than_s: 0, mine: false },
    listing: listing(),
    error: null,
    skewS: 1767261730.5 - Date.now() / 1000,
    opened: null,
    ...part,
  };
}

const opening = (end: string): Partial<InboxView> => {
  const { interrupt_id: id, form, note } = openedAs(end);
  return { opened: { id, form, note } };
};
const receipt = (end: string, part: Partial<Receipt> = {}): InboxView["submissions"] => {
  const [taken] = said("receipt");
  const id = idOf(end);
  const own = { ...(taken as Receipt), interrupt_id: id, ...part };
  return new Map([[id, { id: own.submission, reply: { value: true }, receipt: own }]]);
};

const list = (): HTMLElement => screen.getByRole("listbox", { name: "Open questions" });
const options = (): HTMLElement[] => within(list()).queryAllByRole("option");
const press = (key: string, target: Element | null = document.activeElement): void => {
  fireEvent.keyDown(target ?? document.body, { key });
};
const current = (): string | null | undefined =>
  document.getElementById(list().getAttribute("aria-activedescendant") ?? "")?.textContent;

beforeEach(() => {
  sent = [];
  opened = [];
  filters = [];
  undone = [];
  undoAnswer = said("undone")[0] as Undone;
  sessionStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const show = (part: Partial<InboxView> = {}) => {
  const { rerender, container } = render(<Inbox view={viewOf(part)} actions={actions} />);
  const again = (next: Partial<InboxView>): void =>
    rerender(<Inbox view={viewOf(next)} actions={actions} />);
  return { again, container };
};

describe("the list", () => {
  it("names each question, its workflow and thread, and how long it has waited", () => {
    show();
    expect(options().map((one) => one.textContent)).toEqual([
      "Is this body mass right?clean_table thread penguins-2007 waits 24 h",
      "May send_email run?assistant thread mail-1 waits 1 h",
      "May 2 actions run?assistant thread mail-2 waits 12 min",
      "Publish the essay about cats, which is the ninth of its kind and has waited for long?publish thread essay-9 no code herewaits 2 min",
      "Keep the row of Adelie N12A1?clean_table thread penguins-2008 waits 5 s",
    ]);
    expect(screen.getByText("5 waiting").getAttribute("role")).toBe("status");
    const [time] = list().getElementsByTagName("time");
    expect(time?.title).toMatch(/2025.*\(2025-12-31 10:00:00 UTC\)$/);
  });

  it("tells ages that tick without the kernel", () => {
    vi.useFakeTimers();
    show({ skewS: 1767261730.5 - Date.now() / 1000 });
    act(() => {
      vi.advanceTimersByTime(3000);
    });
    expect(options().at(-1)?.textContent).toContain("waits 8 s");
    expect([59, 60, 7_300, 200_000, -4].map(age)).toEqual(["59 s", "1 min", "2 h", "2 d", "0 s"]);
  });

  it("keeps only what is in sight in the page when it is long", () => {
    const { rows } = listing();
    const many = Array.from({ length: 400 }, (_, at) => ({
      ...(rows[0] as (typeof rows)[0]),
      interrupt_id: `q${at}`,
    }));
    show({ listing: { ...listing(), rows: many, total: 700, waiting: 700 } });
    expect(options().length).toBeLessThan(100);
    expect(screen.getByText(/The first 400 are listed/)).toBeTruthy();
  });

  it("is filtered by text, workflow and age", () => {
    vi.useFakeTimers();
    show();
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "mail" } });
    expect(filters).toEqual([]);
    act(() => {
      vi.advanceTimersByTime(300);
    });
    fireEvent.change(screen.getByLabelText("Workflow"), { target: { value: "publish" } });
    fireEvent.change(screen.getByLabelText("Age"), { target: { value: "3600" } });
    expect(filters).toEqual([
      { workflow: null, text: "mail", older_than_s: 0, mine: false },
      { workflow: "publish", text: "", older_than_s: 0, mine: false },
      { workflow: null, text: "", older_than_s: 3600, mine: false },
    ]);
  });
});

describe("keys", () => {
  it("move in the list and open a question", () => {
    show();
    list().focus();
    for (const key of ["j", "j", "ArrowDown", "k", "ArrowUp", "j"]) press(key);
    expect(current()).toContain("May 2 actions run?");
    press("End");
    expect(current()).toContain("Keep the row");
    press("j");
    press("Enter");
    expect(opened).toEqual([idOf("5")]);
    press("/");
    expect(document.activeElement).toBe(screen.getByRole("searchbox"));
    for (const key of ["j", "x", "?", "u"]) press(key);
    expect(screen.queryByRole("group", { name: "Keys of the list" })).toBeNull();
    press("Escape");
    expect(document.activeElement).toBe(list());
  });

  it("are listed by the question mark", () => {
    show();
    list().focus();
    press("?");
    const keys = screen.getByRole("group", { name: "Keys of the list" });
    expect(keys.contains(document.activeElement)).toBe(true);
    expect(keys.textContent).toContain("Next and previous question");
    press("Escape");
    expect(document.activeElement).toBe(list());
    expect(screen.queryByRole("group", { name: "Keys of the list" })).toBeNull();
  });

  it("belong to the form while the focus is there, but for the way back", () => {
    show(opening("2"));
    const form = screen.getByRole("form");
    expect(form.contains(document.activeElement)).toBe(true);
    press("a");
    expect(screen.getByRole<HTMLInputElement>("radio", { name: /Approve/ }).checked).toBe(true);
    expect(opened).toEqual([]);
    press("Escape");
    expect(document.activeElement).toBe(list());
  });
});

it("leaves the focus in the list when the form comes after the person went back there", () => {
  const { again } = show();
  list().focus();
  again({ opened: { id: idOf("2"), form: undefined, note: "" } });
  expect(document.activeElement?.className).toBe("nbf-inbox-pane");
  press("Escape");
  again(opening("2"));
  expect(document.activeElement).toBe(list());
});

describe("an answer", () => {
  it("is sent under its question's id", () => {
    show(opening("2"));
    press("a");
    fireEvent.keyDown(document.activeElement as Element, { key: "Enter", ctrlKey: true });
    expect(sent).toEqual([[idOf("2"), { decisions: [{ kind: "approve" }] }]]);
  });

  it("that was taken opens the next question, skips what cannot be answered, offers undo", () => {
    const { again } = show(opening("5"));
    again({ ...opening("5"), submissions: receipt("5") });
    expect(opened).toEqual([idOf("1")]);
    expect(options().length).toBe(4);
    expect(screen.getByText("4 waiting")).toBeTruthy();
    expect(screen.getByText("Answered: Keep the row of Adelie N12A1?")).toBeTruthy();
  });

  it("to the question at the end of the list opens the first", () => {
    const rows = listing().rows.map((row) => ({ ...row, known: true }));
    const all = { listing: { ...listing(), rows } };
    const { again } = show(all);
    list().focus();
    press("End");
    press("Enter");
    again({ ...all, ...opening("5") });
    again({ ...all, ...opening("5"), submissions: receipt("5") });
    expect(opened).toEqual([idOf("5"), idOf("1")]);
  });

  it("of the last question leaves the focus inside and says that nothing is left", () => {
    const only = { ...listing(), rows: listing().rows.slice(4), total: 1, waiting: 1 };
    const { again, container } = show({ listing: only, ...opening("5") });
    expect(container.contains(document.activeElement)).toBe(true);
    again({ listing: only, ...opening("5"), submissions: receipt("5") });
    expect(opened).toEqual([null]);
    again({ listing: only, submissions: receipt("5") });
    expect(screen.getByText("Nothing waits for an answer.")).toBeTruthy();
    expect(container.contains(document.activeElement)).toBe(true);
  });

  it("that another person gave first is refused in words, and the form stays", () => {
    const refused = said("receipt")[1] as Receipt;
    show({ ...opening("2"), submissions: receipt("2", refused) });
    expect(screen.getByRole("alert").textContent).toContain("The answer was not taken.");
    expect(screen.getByRole("alert").textContent).toContain("the first answer stands");
    expect(opened).toEqual([]);
  });

  it("cannot be given where the workflow's code is not known", () => {
    show(opening("4"));
    expect(screen.getByText(/Pass it: nbflow.Inbox/)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: /Submit/ }).disabled).toBe(true);
  });
});

describe("undo", () => {
  it("is offered for ten seconds, by a button that says what it does", async () => {
    vi.useFakeTimers();
    const { again } = show(opening("5"));
    again({ ...opening("5"), submissions: receipt("5") });
    expect(screen.getByRole("button", { name: /^Undo: ask it again ?U/ })).toBeTruthy();
    expect(screen.getByText("What ran meanwhile stays in the history.")).toBeTruthy();
    act(() => {
      vi.advanceTimersByTime(10_000);
    });
    expect(screen.queryByRole("button", { name: /^Undo: ask it again ?U/ })).toBeNull();
  });

  it("opens the question again under its new id", async () => {
    const { again } = show(opening("5"));
    again({ ...opening("5"), submissions: receipt("5") });
    list().focus();
    await act(async () => press("u"));
    expect(undone).toEqual([idOf("5")]);
    expect(opened.at(-1)).toBe(idOf("b5"));
    expect(screen.getByText("1 question is asked again.")).toBeTruthy();
  });

  it("that is refused says why and can be tried again", async () => {
    undoAnswer = said("undone")[1] as Undone;
    show();
    fireEvent.click(screen.getByText("Answered here (2)"));
    const button = screen.getByRole("button", {
      name: "Undo: ask it again: May delete_files run?",
    });
    await act(async () => fireEvent.click(button));
    await waitFor(() => expect(screen.getByText(/Not undone. Thread 'mail-0'/)).toBeTruthy());
    await act(async () => press("u", list()));
    expect(undone).toEqual([idOf("9"), idOf("9")]);
  });
});

describe("several at once", () => {
  it("says what will happen, then answers each by itself", () => {
    show();
    list().focus();
    for (const key of ["j", "x", "j", "x"]) press(key);
    expect(screen.getByText("Approve 2: 2 send_email, 1 delete_files")).toBeTruthy();
    expect(options().map((one) => one.getAttribute("aria-selected"))).toEqual([
      "false",
      "true",
      "true",
      "false",
      "false",
    ]);
    press("a");
    expect(document.activeElement?.textContent).toContain("Approve 2");
    fireEvent.click(document.activeElement as Element);
    const approve = { kind: "approve" };
    expect(sent).toEqual([
      [idOf("2"), { decisions: [approve] }],
      [idOf("3"), { decisions: [approve, approve] }],
    ]);
    expect(screen.getByText("Sending: 0 of 2 answered")).toBeTruthy();
    expect(document.activeElement).toBe(list());
  });

  it("counts what was taken; the others stay with their reason", () => {
    const { again } = show();
    list().focus();
    for (const key of ["j", "x", "j", "x", "a"]) press(key);
    fireEvent.click(document.activeElement as Element);
    const refused = receipt("2", { status: "refused", message: "The first answer stands." });
    again({ submissions: new Map([...refused, ...receipt("3")]) });
    expect(
      screen.getByText("1 of 2 answered. 1 question was not: the list says why."),
    ).toBeTruthy();
    expect(options()[1]?.textContent).toContain("The first answer stands.");
    expect(options().length).toBe(4);
    expect(document.activeElement).not.toBe(document.body);
  });

  it("does not mix kinds, nor take what wants an answer of its own", () => {
    show();
    list().focus();
    press("x");
    expect(screen.getByText("This question wants an answer of its own.")).toBeTruthy();
    press("j");
    press("x");
    press("End");
    press("x");
    expect(screen.getByText(/Only questions to approve/)).toBeTruthy();
    expect(options().filter((one) => one.getAttribute("aria-selected") === "true").length).toBe(1);
    fireEvent.click(screen.getByRole("button", { name: "Select all 2 like it" }));
    expect(document.activeElement?.textContent).toContain("Approve 2");
    expect(screen.getByText("Approve 2: 2 send_email, 1 delete_files")).toBeTruthy();
  });

  it("counts tools, or workflows where a yes is all there is", () => {
    const rows = listing().rows;
    expect(consequences(rows.slice(4))).toBe("Say yes to 1: 1 clean_table");
    expect(consequences(rows.slice(1, 3))).toBe("Approve 2: 2 send_email, 1 delete_files");
  });
});

describe("every state is clean for axe", () => {
  const states: [string, Partial<InboxView>][] = [
    ["a list", {}],
    ["loading", { listing: null, connection: "waiting" }],
    ["nothing open", { listing: { ...listing(), rows: [], total: 0, waiting: 0, answered: [] } }],
    [
      "nothing found",
      {
        listing: { ...listing(), rows: [], total: 0 },
        filters: { workflow: "gone", text: "x", older_than_s: 0, mine: false },
      },
    ],
    ["a form", opening("2")],
    ["a form without code", opening("4")],
    ["a question that is gone", opening("7")],
    ["a form that comes", { opened: { id: idOf("1"), form: undefined, note: "" } }],
    ["refused", { ...opening("2"), submissions: receipt("2", said("receipt")[1]) }],
    ["broken", { error: "The file is not a database." }],
    ["lost", { ...opening("5"), connection: "lost" }],
  ];
  it.each(states)("%s", async (_, part) => {
    const { container } = show(part);
    container.querySelector("details")?.setAttribute("open", "");
    expect(await axeIds(container)).toEqual([]);
  });

  it("with keys, a selection and undo", async () => {
    const { again, container } = show(opening("5"));
    again({ ...opening("5"), submissions: receipt("5") });
    list().focus();
    for (const key of ["Home", "j", "x", "?"]) press(key);
    expect(await axeIds(container)).toEqual([]);
  });
});

describe("a kernel that is gone", () => {
  it("disables the form, says so and keeps what was entered", () => {
    const { again } = show(opening("5"));
    fireEvent.click(screen.getByLabelText("Yes"));
    again({ ...opening("5"), connection: "lost" });
    expect(screen.getByRole("alert").textContent).toContain("The kernel has not answered.");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: /Submit/ }).disabled).toBe(true);
    cleanup();
    show(opening("5"));
    expect(screen.getByLabelText<HTMLInputElement>("Yes").checked).toBe(true);
  });
});
