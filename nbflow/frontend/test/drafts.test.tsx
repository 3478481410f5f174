import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { clearDraft, loadDraft, saveDraft, WHOLE } from "../components/form/drafts";
import { Inbox } from "../components/inbox/Inbox";
import type { InboxActions, InboxView } from "../components/inbox/model";
import { Questions } from "../components/Questions";
import type { Form } from "../protocol/messages";
import { ask, field, freshPages, object, press, sent, showForm, submit, type } from "./asking";
import { axeIds } from "./axe";
import { formOf, golden, logOf } from "./golden";
import { idOf, inboxGolden, listing, openedAs } from "./inboxGolden";

freshPages();

/** Whether the browser asks before the page is left. */
function isHeld(): boolean {
  const leaving = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(leaving);
  return leaving.defaultPrevented;
}

const note = (): string => document.querySelector(".nbf-draft")?.textContent ?? "no note at all";
const KEPT = "Draft kept in this tab.";

function fullStorage(): { mockRestore: () => void } {
  return vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
}

describe("drafts", () => {
  it("survive a reload, half-typed JSON too", () => {
    const form = ask({
      type: "object",
      properties: { note: { type: "string" }, extra: {} },
      required: ["note", "extra"],
    });
    showForm(form);
    type("note", "half");
    fireEvent.click(screen.getByLabelText("JSON"));
    type("extra", '{"a":');
    cleanup();
    showForm(form);
    expect(screen.getByLabelText("note")).toHaveProperty("value", "half");
    expect(screen.getByLabelText("extra")).toHaveProperty("value", '{"a":');
    submit();
    expect(sent).toEqual([]);
    expect(screen.getAllByText(/not valid JSON/).length).toBeGreaterThan(0);
  });

  it("win over the value to begin with, and leave it alone while nothing was touched", () => {
    showForm(ask({ type: "string" }, "given"));
    cleanup();
    expect(loadDraft("q1")).toBeNull();
    saveDraft("q1", { chosen: [], entries: { [WHOLE]: { value: "mine", texts: {} } } });
    showForm(ask({ type: "string" }, "given"));
    expect(screen.getByLabelText("Answer")).toHaveProperty("value", "mine");
  });

  it("never hold a password", () => {
    showForm(
      ask({
        type: "object",
        properties: { user: { type: "string" }, token: { type: "string", format: "password" } },
      }),
    );
    type(/^user/, "kim");
    type(/^token/, "hush");
    expect(JSON.stringify(sessionStorage)).not.toContain("hush");
    expect(loadDraft("q1")?.entries[WHOLE]?.value).toEqual({ user: "kim" });
  });
});

describe("the note about the draft", () => {
  it("is there once something is entered, and after a reload, until all is taken back", async () => {
    const form = ask({ type: "string" }, "given");
    const { container } = showForm(form);
    expect(note()).toBe("");
    type("Answer", "mine");
    expect(note()).toBe(KEPT);
    expect(isHeld()).toBe(false);
    expect(await axeIds(container)).toEqual([]);
    cleanup();
    showForm(form);
    expect(note()).toBe(KEPT);
    press("Reset to what was given");
    expect(note()).toBe("");
    expect(loadDraft("q1")).toBeNull();
    cleanup();
    showForm(form);
    expect(field("Answer")).toHaveProperty("value", "given");
  });

  it("goes when the decisions are as they began", () => {
    const form = formOf("decisions", 1);
    showForm(form);
    fireEvent.click(screen.getByRole("radio", { name: "Decline" }));
    expect(note()).toBe(KEPT);
    fireEvent.click(screen.getByRole("radio", { name: "Accept" }));
    expect(note()).toBe("");
    expect(loadDraft(form.interrupt_id)).toBeNull();
  });

  it("says that secrets are not kept, and the page is not left unasked while one is there", () => {
    const form = ask(
      object({ user: { type: "string" }, pin: { type: "string", format: "password" } }),
    );
    showForm(form);
    type(/^user/, "kim");
    expect(note()).toBe(KEPT);
    type(/^pin/, "1234");
    expect(note()).toContain("but not its secrets");
    expect(isHeld()).toBe(true);
    cleanup();
    expect(isHeld()).toBe(false);
    showForm(form);
    expect(note()).toBe(KEPT);
    expect(field(/^user/)).toHaveProperty("value", "kim");
    expect(field(/^pin/)).toHaveProperty("value", "");
  });

  it("says that what is half-written beside a secret is not kept", () => {
    showForm(ask(object({ pin: { type: "string", format: "password" } })));
    press("Edit the whole answer as JSON");
    type("The whole answer as JSON", '{"pin": ');
    expect(note()).toContain("but not its secrets");
    expect(isHeld()).toBe(true);
  });
});

describe("a storage that is full or closed", () => {
  it("leaves the draft to the page, which is not left unasked until it is sent", () => {
    const full = fullStorage();
    const form = ask({ type: "string" });
    showForm(form);
    expect(isHeld()).toBe(false);
    type("Answer", "mine");
    expect(note()).toContain("Draft not kept");
    expect(isHeld()).toBe(true);
    cleanup();
    expect(isHeld()).toBe(true);
    showForm(form);
    expect(field("Answer")).toHaveProperty("value", "mine");
    submit();
    expect(sent).toEqual(["mine"]);
    clearDraft("q1");
    expect(isHeld()).toBe(false);
    full.mockRestore();
  });

  it("drops no older draft in place of the one it refused, and takes the next one it can", () => {
    const form = ask({ type: "string" });
    showForm(form);
    type("Answer", "first");
    const full = fullStorage();
    type("Answer", "second");
    expect(loadDraft("q1")?.entries[WHOLE]?.value).toBe("second");
    expect(sessionStorage.length).toBe(0);
    full.mockRestore();
    type("Answer", "third");
    expect(note()).toBe(KEPT);
    expect(isHeld()).toBe(false);
    expect(loadDraft("q1")?.entries[WHOLE]?.value).toBe("third");
  });

  it("that may not even be looked at is a storage that keeps nothing", () => {
    const closed = vi.spyOn(window, "sessionStorage", "get").mockImplementation(() => {
      throw new DOMException("closed", "SecurityError");
    });
    showForm(ask({ type: "string" }));
    type("Answer", "mine");
    expect(note()).toContain("Draft not kept");
    clearDraft("q1");
    closed.mockRestore();
  });
});

describe("a question that is answered elsewhere", () => {
  it("loses its draft, and with it the question before the page is left", () => {
    const full = fullStorage();
    const log = logOf("essay");
    const [question] = log.questions;
    if (!question) throw new Error("essay.json asks a question");
    const view = {
      snapshot: golden("essay").snapshot,
      connection: "open" as const,
      submissions: new Map(),
      cancelling: false,
    };
    const open = { ...log, questions: [{ ...question, answer: null }] };
    const draw = (now: typeof log) => (
      <Questions view={{ ...view, log: now }} open onSubmit={() => {}} />
    );
    const page = render(draw(open));
    fireEvent.click(screen.getByRole("radio", { name: "Yes" }));
    expect(isHeld()).toBe(true);
    page.rerender(draw(log));
    expect(isHeld()).toBe(false);
    full.mockRestore();
  });
});

describe("an inbox", () => {
  const actions: InboxActions = {
    filter: () => {},
    open: () => {},
    submit: () => {},
    submitAll: () => {},
    undo: () => Promise.reject(new Error("nothing was answered")),
  };
  const opening = (end: string, form: Form | null = openedAs(end).form) => {
    const view: InboxView = {
      snapshot: inboxGolden().snapshot,
      connection: "open",
      submissions: new Map(),
      filters: { workflow: null, text: "", older_than_s: 0, mine: false },
      listing: listing(),
      error: null,
      skewS: 0,
      opened: { id: idOf(end), form, note: "" },
    };
    return <Inbox view={view} actions={actions} />;
  };
  const marked = (): string[] =>
    screen
      .getAllByRole("option")
      .filter((row) =>
        [...row.querySelectorAll(".nbf-tag")].some((tag) => tag.textContent === "draft"),
      )
      .map((row) => row.id.slice(-1));

  const reject = (): HTMLElement => screen.getByRole("radio", { name: "Reject" });

  it("marks the questions that have a draft, and keeps it while another one is open", () => {
    const page = render(opening("2"));
    expect(marked()).toEqual([]);
    fireEvent.click(reject());
    expect(marked()).toEqual(["2"]);
    page.rerender(opening("5"));
    expect(marked()).toEqual(["2"]);
    page.rerender(opening("2"));
    expect(reject()).toHaveProperty("checked", true);
    page.rerender(opening("2", null));
    expect(marked()).toEqual([]);
    expect(loadDraft(idOf("2"))).toBeNull();
  });
});
