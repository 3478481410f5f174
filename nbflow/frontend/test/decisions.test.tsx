import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Form, FormAction, FormDecision, JsonObject, Receipt } from "../protocol/messages";
import { element, field, freshPages, replies, showForm, submit, type } from "./asking";
import { axeIds } from "./axe";
import { formOf, golden } from "./golden";

freshPages();

const two = formOf("decisions");
const asked = formOf("decisions", 1);
const [mail, files] = two.actions as [FormAction, FormAction];
const one: Form = { ...two, title: "Please decide", actions: [mail] };

function decision(part: Partial<FormDecision>): FormDecision {
  return { kind: "approve", schema: null, optional: false, has_initial: false, ...part };
}

function about(...decisions: FormDecision[]): Form {
  return { ...one, actions: [{ name: "tool", context: [], decisions, preferred: null }] };
}

const group = (name: string): HTMLElement => screen.getByRole("group", { name });
const radio = (name: string, where: HTMLElement = document.body): HTMLInputElement =>
  within(where).getByRole("radio", { name });
const choose = (name: string, where?: HTMLElement): void => {
  fireEvent.click(radio(name, where));
};
const primary = (): HTMLElement => document.querySelector(".nbf-primary") as HTMLElement;
const key = (name: string, part: object = {}): boolean =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key: name, ...part });
const checked = (): string[] =>
  screen
    .getAllByRole<HTMLInputElement>("radio")
    .filter((input) => input.checked && input.closest(".nbf-decision"))
    .map((input) => input.labels?.[0]?.querySelector("span")?.textContent ?? "");

function receiptOf(index: number): Receipt {
  const receipts = golden("decisions").to_browser.filter((message) => message.type === "receipt");
  return receipts[index] as Receipt;
}

describe("one action", () => {
  it("offers its decisions with their keys and chooses none by itself", async () => {
    const { container } = showForm(one);
    const row = screen.getByRole("radiogroup", { name: "Decision about send_email" });
    const names = [...row.querySelectorAll("label")].map((label) => label.textContent);
    expect(names).toEqual(["ApproveA", "EditE", "RejectR", "RespondS"]);
    expect(checked()).toEqual([]);
    expect(screen.queryByRole("textbox")).toBeNull();
    expect(await axeIds(container)).toEqual([]);
  });

  it("begins with the decision that is preferred", () => {
    showForm(asked);
    expect(checked()).toEqual(["Accept"]);
    type("Your name", "Kim");
    type("Email", "kim@example.org");
    submit();
    const value = { name: "Kim", email: "kim@example.org", plan: "free" };
    expect(replies).toEqual([{ decisions: [{ kind: "accept", value }] }]);
  });

  it("says on its button what will happen", () => {
    showForm(one);
    const labels = ["Approve", "Edit", "Reject", "Respond"].map((name) => {
      choose(name);
      return primary().querySelector("span")?.textContent;
    });
    expect(labels).toEqual([
      "Approve send_email",
      "Send send_email unchanged",
      "Reject send_email",
      "Respond to send_email",
    ]);
    choose("Edit");
    type("Subject", "Monday");
    expect(primary().textContent).toContain("Send edited send_email");
  });

  it("sends a decision that takes nothing without a value", () => {
    showForm(asked);
    choose("Decline");
    submit();
    const [, , declined] = golden("decisions").to_kernel;
    expect(replies).toEqual([
      { decisions: declined?.type === "submit" ? declined.decisions : undefined },
    ]);
  });

  it("leaves out a reason that was not given, and one that was taken back", () => {
    showForm(one);
    choose("Reject");
    expect(field(/^Reason/).getAttribute("aria-required")).toBeNull();
    expect(screen.getByText("(optional)", { exact: false })).toBeTruthy();
    submit();
    type(/^Reason/, "Too late");
    submit();
    type(/^Reason/, "");
    submit();
    expect(replies).toEqual([
      { decisions: [{ kind: "reject" }] },
      { decisions: [{ kind: "reject", value: "Too late" }] },
      { decisions: [{ kind: "reject" }] },
    ]);
  });

  it("keeps what was filled in while another decision is looked at", () => {
    showForm(one);
    choose("Edit");
    type("Subject", "Monday");
    choose("Reject");
    choose("Edit");
    expect(field("Subject")).toHaveProperty("value", "Monday");
  });

  it("is not sent while nothing is chosen: the focus goes to the row, which says why", async () => {
    const { container } = showForm(one);
    submit();
    expect(replies).toEqual([]);
    expect(document.activeElement).toBe(radio("Approve"));
    const row = screen.getByRole("radiogroup");
    expect(row.getAttribute("aria-invalid")).toBe("true");
    const described = document.getElementById(row.getAttribute("aria-describedby") ?? "");
    expect(described?.textContent).toBe("Choose a decision.");
    expect(await axeIds(container)).toEqual([]);
    choose("Approve");
    expect(screen.queryByText("Choose a decision.")).toBeNull();
  });
});

describe("an edit", () => {
  it("says that it changes nothing, then what it changes", async () => {
    const { container } = showForm(one);
    choose("Edit");
    expect(screen.getByText(/^Nothing is changed yet/)).toBeTruthy();
    type("Subject", "Friday, 10:00");
    type("Body", "Dear Kim,\n\nshall we meet at ten?");
    expect(within(group("2 changes")).getByText("Subject")).toBeTruthy();
    const words = [...group("2 changes").querySelectorAll(".nbf-line")].map((line) =>
      line.textContent?.replace("\u200b", ""),
    );
    expect(words).toEqual([
      "-proposed: Friday",
      "+edited: Friday, 10:00",
      "Dear Kim,",
      "",
      "-proposed: shall we meet on Friday?",
      "+edited: shall we meet at ten?",
    ]);
    expect(await axeIds(container)).toEqual([]);
    type("Subject", "Friday");
    type("Body", "Dear Kim,\n\nshall we meet on Friday?");
    expect(screen.getByText(/^Nothing is changed yet/)).toBeTruthy();
  });

  it("sends untouched arguments exactly as they came", () => {
    showForm(one);
    choose("Edit");
    submit();
    const [edit] = mail.decisions.filter(({ kind }) => kind === "edit");
    expect(JSON.stringify(replies)).toBe(
      JSON.stringify([{ decisions: [{ kind: "edit", value: edit?.initial }] }]),
    );
  });

  it("never shows a secret, and says that one was changed", () => {
    const schema: JsonObject = {
      type: "object",
      properties: {
        user: { type: "string" },
        token: { type: "string", format: "password", title: "Token" },
      },
    };
    const initial = { user: "kim", token: "hush" };
    const { container } = showForm(
      about(decision({ kind: "edit", schema, has_initial: true, initial })),
    );
    choose("Edit");
    type(/^Token/, "other");
    expect(group("1 change").textContent).toContain("A secret value was changed");
    expect(container.textContent).not.toContain("other");
    expect(container.textContent).not.toContain("hush");
  });
});

describe("several actions", () => {
  it("each have a group with their own decision, and a bar that counts", async () => {
    const { container } = showForm(two);
    expect(screen.getByRole("list", { name: "Actions" }).childElementCount).toBe(2);
    choose("Approve", group("1 of 2: send_email"));
    expect(group("What was decided").textContent).toContain("1 approved, 1 open");
    expect(primary().textContent).toContain("Go to the open action");
    choose("Reject", group("2 of 2: delete_files"));
    expect(group("What was decided").textContent).toContain("1 approved, 1 rejected");
    expect(group("What was decided").textContent).toContain("Reject: delete_files");
    expect(primary().textContent).toContain("Approve 1, reject 1");
    expect(await axeIds(container)).toEqual([]);
    submit();
    expect(replies).toEqual([{ decisions: [{ kind: "approve" }, { kind: "reject" }] }]);
  });

  it("send nothing while one is open: the focus goes there, and it is said", async () => {
    const { container } = showForm(two);
    choose("Approve", group("1 of 2: send_email"));
    submit();
    expect(replies).toEqual([]);
    expect(document.activeElement).toBe(radio("Approve", group("2 of 2: delete_files")));
    expect(screen.getByRole("status").textContent).toBe(
      "Nothing was sent: one action is still open.",
    );
    expect(await axeIds(container)).toEqual([]);
  });

  it("are approved together where all that is open allows it: chosen, not sent, and undone", () => {
    showForm(two);
    choose("Reject", group("1 of 2: send_email"));
    fireEvent.click(screen.getByRole("button", { name: "Approve all open (1)" }));
    expect(checked()).toEqual(["Reject", "Approve"]);
    expect(replies).toEqual([]);
    expect(document.activeElement).toBe(group("What was decided"));
    fireEvent.click(screen.getByRole("button", { name: "Undo for 1 action" }));
    expect(checked()).toEqual(["Reject"]);
    choose("Approve", group("2 of 2: delete_files"));
    expect(screen.queryByRole("button", { name: /^Undo/ })).toBeNull();
  });

  it("are not approved together where one does not allow it", () => {
    const strict = { ...files, decisions: files.decisions.slice(1) };
    showForm({ ...two, actions: [mail, strict] });
    expect(screen.queryByRole("button", { name: /all open/ })).toBeNull();
  });

  it("are sent in their order, each with what was filled in", () => {
    showForm(two);
    choose("Edit", group("1 of 2: send_email"));
    type("Subject", "Friday, 10:00");
    choose("Reject", group("2 of 2: delete_files"));
    type(/^Reason/, "Keep /tmp/b.");
    submit();
    const [, edited] = golden("decisions").to_kernel;
    expect(replies).toEqual([{ decisions: edited?.type === "submit" && edited.decisions }]);
  });
});

describe("keys", () => {
  it("choose for the only action, wherever in the form the focus is, and send nothing", () => {
    showForm(one);
    primary().focus();
    expect(key("r")).toBe(false);
    expect(checked()).toEqual(["Reject"]);
    expect(document.activeElement).toBe(radio("Reject"));
    key("A");
    key("ф", { code: "KeyE" });
    expect(checked()).toEqual(["Edit"]);
    expect(replies).toEqual([]);
    key("Enter", { ctrlKey: true });
    key("a");
    key("Enter", { metaKey: true });
    expect(replies.map((reply) => "decisions" in reply && reply.decisions[0]?.kind)).toEqual([
      "edit",
      "approve",
    ]);
  });

  it("choose for the action that holds the focus among several", () => {
    showForm(two);
    radio("Approve", group("2 of 2: delete_files")).focus();
    key("r");
    expect(checked()).toEqual(["Reject"]);
    primary().focus();
    key("a");
    expect(checked()).toEqual(["Reject"]);
  });

  it("take the focus to what has to be filled in, so that the next letters are text", () => {
    const message = { type: "string", title: "Message", minLength: 1 };
    showForm(
      about(
        decision({ kind: "approve" }),
        decision({ kind: "reject", schema: { type: "string", title: "Reason" }, optional: true }),
        decision({ kind: "respond", schema: message }),
      ),
    );
    radio("Approve").focus();
    key("r");
    expect(document.activeElement).toBe(radio("Reject"));
    key("s");
    expect(checked()).toEqual(["Respond"]);
    expect(document.activeElement).toBe(field("Message"));
    key("a");
    expect(checked()).toEqual(["Respond"]);
  });

  it("mean text while text is typed, and nothing with a modifier or held down", () => {
    showForm(one);
    choose("Edit");
    field("Subject").focus();
    for (const name of ["a", "j", "?", "R"]) expect(key(name)).toBe(true);
    expect(checked()).toEqual(["Edit"]);
    radio("Edit").focus();
    expect(key("a", { ctrlKey: true })).toBe(true);
    expect(key("a", { altKey: true })).toBe(true);
    key("a", { repeat: true });
    expect(checked()).toEqual(["Edit"]);
  });

  it("move between actions, with the arrows from a decision alone", () => {
    showForm(two);
    const [first, second] = [group("1 of 2: send_email"), group("2 of 2: delete_files")];
    primary().focus();
    key("j");
    expect(document.activeElement).toBe(radio("Approve", first));
    key("j");
    expect(document.activeElement).toBe(radio("Approve", second));
    choose("Reject", second);
    key("ArrowUp");
    expect(document.activeElement).toBe(radio("Approve", first));
    key("ArrowDown");
    expect(document.activeElement).toBe(radio("Reject", second));
    key("k");
    key("k");
    expect(document.activeElement).toBe(radio("Approve", first));
    primary().focus();
    expect(key("ArrowDown")).toBe(true);
    expect(checked()).toEqual(["Reject"]);
  });

  it("leave the arrows to the row itself where there is no other action", () => {
    showForm(one);
    radio("Approve").focus();
    expect(key("ArrowDown")).toBe(true);
    expect(checked()).toEqual([]);
  });

  it("are listed at a question mark until Escape, which takes the focus back", async () => {
    const { container } = showForm(two);
    radio("Approve", group("1 of 2: send_email")).focus();
    key("?");
    const list = group("Keys");
    expect(document.activeElement).toBe(list);
    expect(list.textContent).toContain("EChoose Edit");
    expect(screen.getByRole("button", { name: "Keys" }).getAttribute("aria-expanded")).toBe("true");
    expect(await axeIds(container)).toEqual([]);
    key("Escape");
    expect(screen.queryByRole("group", { name: "Keys" })).toBeNull();
    expect(document.activeElement).toBe(radio("Approve", group("1 of 2: send_email")));
  });

  it("do nothing while the kernel is silent", () => {
    const view = showForm(one);
    view.rerender(element(one, { disabled: true }));
    fireEvent.keyDown(primary(), { key: "a" });
    fireEvent.keyDown(primary(), { key: "Enter", ctrlKey: true });
    expect(checked()).toEqual([]);
    expect(replies).toEqual([]);
  });
});

describe("errors", () => {
  it("land on their field inside the right action, under a summary that has the focus", async () => {
    const { container } = showForm({ ...two, actions: [files, mail] });
    choose("Approve", group("1 of 2: delete_files"));
    choose("Respond", group("2 of 2: send_email"));
    submit();
    expect(replies).toEqual([]);
    const summary = group("One thing needs another look");
    expect(document.activeElement).toBe(summary);
    const message = field("Message");
    expect(message.getAttribute("aria-invalid")).toBe("true");
    const described = message.getAttribute("aria-describedby") ?? "";
    expect(document.getElementById(described)?.textContent).toBe("Fill this in.");
    expect(await axeIds(container)).toEqual([]);
    fireEvent.click(within(summary).getByRole("button", { name: "2 of 2: send_email › Message" }));
    expect(document.activeElement).toBe(message);
    submit();
    expect(document.activeElement).toBe(group("One thing needs another look"));
    type("Message", "Do it");
    expect(screen.queryByText("Fill this in.")).toBeNull();
  });

  it("from the kernel stay until the value they speak of has changed", async () => {
    const view = showForm(two);
    choose("Edit", group("1 of 2: send_email"));
    type("To", "kim");
    choose("Reject", group("2 of 2: delete_files"));
    submit();
    const [first] = golden("decisions").to_kernel;
    expect(replies).toEqual([{ decisions: first?.type === "submit" && first.decisions }]);
    view.rerender(element(two, { receipt: receiptOf(0) }));
    const summary = group("2 things need another look");
    expect(document.activeElement).toBe(summary);
    expect(
      within(summary)
        .getAllByRole("button")
        .map((link) => link.textContent),
    ).toEqual(["1 of 2: send_email › To", "2 of 2: delete_files › Reason"]);
    expect(field("To").getAttribute("aria-invalid")).toBe("true");
    expect(field(/^Reason/).getAttribute("aria-invalid")).toBe("true");
    expect(await axeIds(view.container)).toEqual([]);
    type("Subject", "Friday at ten");
    expect(group("2 things need another look")).toBeTruthy();
    type("To", "kim@example.org");
    expect(screen.queryByText("This address is not known.")).toBeNull();
    type(/^Reason/, "Keep /tmp/b.");
    expect(screen.queryByText(/another look/)).toBeNull();
  });

  it("about a decision without fields stand at its row, and go with the decision", () => {
    const view = showForm(two);
    choose("Approve", group("1 of 2: send_email"));
    choose("Approve", group("2 of 2: delete_files"));
    submit();
    const errors = [{ path: [1], message: "Not today." }];
    view.rerender(element(two, { receipt: { ...receiptOf(0), errors } }));
    const action = group("2 of 2: delete_files");
    const row = within(action).getByRole("radiogroup");
    expect(row.getAttribute("aria-invalid")).toBe("true");
    expect(within(action).getByText("Not today.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "2 of 2: delete_files" }));
    expect(document.activeElement).toBe(radio("Approve", action));
    choose("Reject", action);
    expect(screen.queryByText("Not today.")).toBeNull();
  });
});

describe("drafts", () => {
  it("keep what was chosen and filled in over a reload", () => {
    showForm(two);
    choose("Respond", group("1 of 2: send_email"));
    type("Message", "Ask Kim first");
    choose("Edit", group("1 of 2: send_email"));
    type("Subject", "Monday");
    choose("Approve", group("2 of 2: delete_files"));
    cleanup();
    showForm(two);
    expect(checked()).toEqual(["Edit", "Approve"]);
    expect(field("Subject")).toHaveProperty("value", "Monday");
    choose("Respond", group("1 of 2: send_email"));
    expect(field("Message")).toHaveProperty("value", "Ask Kim first");
  });

  it("are not written before something was done by hand", () => {
    showForm(asked);
    expect(sessionStorage.length).toBe(0);
  });

  it.each([
    ["the first version", '{"value":{"to":"x"},"texts":{}}'],
    ["a later version", '{"version":99,"chosen":["0/0/approve/send_email"]}'],
    ["no object", "[1]"],
    ["no JSON", "{"],
    ["odd parts", '{"version":2,"chosen":7,"entries":{"0/1/edit/send_email":4}}'],
  ])("of %s do no harm", (_what, stored) => {
    sessionStorage.setItem(`nbflow:draft:${two.interrupt_id}`, stored);
    showForm(two);
    expect(checked()).toEqual([]);
    choose("Approve", group("1 of 2: send_email"));
    choose("Reject", group("2 of 2: delete_files"));
    submit();
    expect(replies).toEqual([{ decisions: [{ kind: "approve" }, { kind: "reject" }] }]);
  });

  it("of a question whose actions changed are left alone", () => {
    showForm(two);
    choose("Approve", group("2 of 2: delete_files"));
    cleanup();
    showForm({ ...two, actions: [mail, { ...files, name: "delete_everything" }] });
    expect(checked()).toEqual([]);
  });

  it("never hold a secret", () => {
    const schema: JsonObject = {
      type: "object",
      properties: { user: { type: "string" }, pin: { type: "string", writeOnly: true } },
    };
    showForm(about(decision({ kind: "accept", schema }), decision({ kind: "decline" })));
    choose("Accept");
    type(/^user/, "kim");
    type(/^pin/, "hush");
    expect(JSON.stringify(sessionStorage)).toContain("kim");
    expect(JSON.stringify(sessionStorage)).not.toContain("hush");
  });
});
