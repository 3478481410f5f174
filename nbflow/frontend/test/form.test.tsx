import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../protocol/messages";
import { ask, element, freshPages, sent, showForm, submit, type } from "./asking";
import { formOf, golden } from "./golden";

freshPages();

describe("values keep their types", () => {
  const initials: [string, JsonObject, Json][] = [
    ["an integer", { type: "integer" }, 0],
    ["a number", { type: "number" }, 2.5],
    ["an empty text", { type: "string" }, ""],
    ["false", { type: "boolean" }, false],
    ["null", { anyOf: [{ type: "integer" }, { type: "null" }] }, null],
    ["any null", {}, null],
    ["any list", {}, [1, "1", null]],
    ["an empty list", { type: "array", items: { type: "string" } }, []],
    ["a number in a list of choices", { enum: ["1", 1] }, 1],
    ["extra and missing keys", formOf("table").schema, { action: "keep", reviewer: "Kim", z: 1 }],
    [
      "a decision",
      formOf("questions").schema,
      { edited_action: { args: { urgent: false, to: "x@y" }, name: "send_mail" }, type: "edit" },
    ],
  ];
  it.each(initials)("%s goes back untouched as it came", (_name, schema, initial) => {
    showForm(ask(schema, initial));
    submit();
    expect(JSON.stringify(sent)).toBe(JSON.stringify([initial]));
  });

  const empty: [string, JsonObject][] = [
    ["null written as JSON", {}],
    ["an empty field that means none", { anyOf: [{ type: "integer" }, { type: "null" }] }],
  ];
  it.each(empty)("sends %s", (_name, schema) => {
    showForm(ask(schema));
    const json = screen.queryByLabelText("JSON");
    if (json) {
      fireEvent.click(json);
      type("Answer", "null");
    }
    submit();
    expect(sent).toEqual([null]);
  });

  it("begins a short text with one line, and grows with it", () => {
    showForm(ask({ type: "string" }, "Friday"));
    const rows = (): unknown => screen.getByLabelText("Answer").getAttribute("rows");
    expect(rows()).toBe("1");
    type("Answer", "Friday\nat ten");
    expect(rows()).toBe("2");
    cleanup();
    showForm({ ...ask({ type: "string" }), interrupt_id: "q2" });
    expect(rows()).toBe("3");
  });

  it("takes the focus to an item that was added, and back when the last is gone", () => {
    showForm(ask({ type: "array", items: { type: "string" } }));
    const add = screen.getByRole("button", { name: "Add" });
    fireEvent.click(add);
    expect(document.activeElement).toBe(screen.getByRole("textbox"));
    const remove = screen.getByRole("button", { name: "Remove Item 1" });
    remove.focus();
    fireEvent.click(remove);
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Add" }));
  });

  it("reads whole numbers, decimals and signs from a text field", () => {
    showForm(ask({ type: "number" }));
    for (const [text, value] of [
      ["3", 3],
      ["-2.5", -2.5],
      [" 1e3 ", 1000],
      [".5", 0.5],
    ] as const) {
      type("Answer", text);
      submit();
      expect(sent.at(-1)).toBe(value);
    }
  });

  it("keeps what it cannot read, and says so", () => {
    showForm(ask({ type: "integer" }));
    type("Answer", "2,5");
    submit();
    expect(sent).toEqual([]);
    expect(screen.getByLabelText("Answer")).toHaveProperty("value", "2,5");
    expect(screen.getAllByText(/whole number/).length).toBeGreaterThan(0);
  });

  it("refuses a whole number that cannot be carried exactly", () => {
    showForm(ask({ type: "integer" }));
    type("Answer", "12345678901234567890");
    submit();
    expect(sent).toEqual([]);
    expect(screen.getAllByText(/too large/).length).toBeGreaterThan(0);
  });

  it("sends a long whole number that the schema gives a field to begin with", () => {
    const long = "12345678901234567890";
    const properties = { big: { type: "integer", default: long } };
    showForm(ask({ type: "object", properties }));
    submit();
    type(/^big/, "12345678901234567891");
    submit();
    expect(sent).toEqual([{ big: long }]);
  });

  it("gives a long whole number back as it came, while it is not changed", () => {
    const long = "1152921504606846976";
    const properties = { big: { type: "integer", minimum: 5 }, n: { type: "integer" } };
    showForm(ask({ type: "object", properties }, { big: long, n: 1 }));
    type(/^n /, "2");
    submit();
    expect(sent).toEqual([{ big: long, n: 2 }]);
    type(/^big/, "12345678901234567891");
    submit();
    expect(sent).toHaveLength(1);
  });

  it("has no yes or no until one is chosen, and sends a no", () => {
    showForm(ask({ type: "boolean" }));
    submit();
    expect(sent).toEqual([]);
    fireEvent.click(screen.getByLabelText("No"));
    submit();
    expect(sent).toEqual([false]);
  });
});

describe("an answer of any kind", () => {
  it("is text until the person says otherwise", () => {
    showForm(ask({}));
    type("Answer", "12");
    submit();
    fireEvent.click(screen.getByLabelText("Number"));
    type("Answer", "12");
    submit();
    fireEvent.click(screen.getByLabelText("Yes / No"));
    fireEvent.click(screen.getByLabelText("No"));
    submit();
    fireEvent.click(screen.getByLabelText("JSON"));
    type("Answer", '{"a": [null]}');
    submit();
    expect(sent).toEqual(["12", 12, false, { a: [null] }]);
  });

  it("is not sent while its JSON is broken", () => {
    showForm(ask({}));
    fireEvent.click(screen.getByLabelText("JSON"));
    type("Answer", "{");
    submit();
    expect(sent).toEqual([]);
    expect(screen.getAllByText(/not valid JSON/).length).toBeGreaterThan(0);
  });
});

describe("structure", () => {
  it("adds and removes items of a list", () => {
    const item = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    showForm(ask({ type: "array", items: item }));
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    const fields = screen.getAllByLabelText("n");
    fireEvent.change(fields[0] as Element, { target: { value: "1" } });
    fireEvent.change(fields[1] as Element, { target: { value: "2" } });
    fireEvent.click(screen.getByRole("button", { name: "Remove Item 1" }));
    submit();
    expect(sent).toEqual([[{ n: 2 }]]);
  });

  it("chooses no branch by itself, and fills in what a branch fixes", () => {
    showForm(formOf("questions"));
    submit();
    expect(sent).toEqual([]);
    fireEvent.click(screen.getByLabelText("Approve"));
    submit();
    fireEvent.click(screen.getByLabelText("Reject"));
    type(/^Reason/, "Too early");
    submit();
    expect(sent).toEqual([{ type: "approve" }, { type: "reject", message: "Too early" }]);
  });

  it("follows a schema that contains itself", () => {
    const node = {
      type: "object",
      properties: { name: { type: "string" }, next: { $ref: "#/$defs/Node" } },
      required: ["name"],
    };
    showForm(
      ask({ $ref: "#/$defs/Node", $defs: { Node: node } }, { name: "a", next: { name: "b" } }),
    );
    submit();
    expect(sent).toEqual([{ name: "a", next: { name: "b" } }]);
  });

  it("hides constants and marks what is optional", () => {
    showForm(
      ask({
        type: "object",
        properties: { kind: { const: "x" }, note: { type: "string" }, size: { type: "integer" } },
        required: ["kind", "size"],
      }),
    );
    expect(screen.queryByLabelText(/kind/)).toBeNull();
    expect(screen.getByText("note").textContent).toBe("note (optional)");
    type("size", "4");
    submit();
    expect(sent).toEqual([{ kind: "x", size: 4 }]);
  });
});

describe("errors", () => {
  it("say nothing before the first attempt, then name each field and take the focus", () => {
    showForm(formOf("table"));
    expect(screen.queryByText(/another look/)).toBeNull();
    submit();
    const summary = screen.getByRole("group", { name: "2 things need another look" });
    expect(document.activeElement).toBe(summary);
    const reviewer = screen.getByLabelText("Reviewer");
    expect(reviewer.getAttribute("aria-invalid")).toBe("true");
    const described = reviewer.getAttribute("aria-describedby") ?? "";
    expect(document.getElementById(described.split(" ")[0] ?? "")?.textContent).toBe(
      "Fill this in.",
    );
    fireEvent.click(within(summary).getByRole("button", { name: "Reviewer" }));
    expect(document.activeElement).toBe(reviewer);
  });

  it("come in the order of the fields", () => {
    showForm(formOf("table"));
    type(/^Body mass/, "99");
    submit();
    const summary = screen.getByRole("group", { name: "3 things need another look" });
    expect(
      within(summary)
        .getAllByRole("button")
        .map((link) => link.textContent),
    ).toEqual(["What to do", "Body mass (g)", "Reviewer"]);
  });

  it("go away as they are mended", () => {
    showForm(ask({ type: "integer", minimum: 3 }));
    type("Answer", "1");
    submit();
    expect(screen.getAllByText(/must be 3 or more/).length).toBe(2);
    type("Answer", "3");
    expect(screen.queryByText(/must be 3 or more/)).toBeNull();
  });

  it("from the kernel land at their fields and stay until these change", () => {
    const form = formOf("table");
    const [receipt] = golden("receipts").to_browser;
    if (receipt?.type !== "receipt") throw new Error("receipts.json begins with a receipt");
    const view = showForm(form);
    fireEvent.click(screen.getByLabelText("correct"));
    type(/^Body mass/, "3300");
    type("Reviewer", "Kim");
    submit();
    expect(sent).toEqual([
      { action: "correct", body_mass_g: 3300, sex: null, note: "", reviewer: "Kim" },
    ]);
    view.rerender(element(form, { receipt }));
    const summary = screen.getByRole("group", { name: "2 things need another look" });
    expect(document.activeElement).toBe(summary);
    expect(summary.textContent).toContain("A correction needs a note.");
    expect(screen.getByLabelText(/^Body mass/).getAttribute("aria-invalid")).toBe("true");
    type(/^Note/, "Card was read again");
    expect(screen.queryByText(/needs a note/)).toBeNull();
    expect(screen.getByLabelText(/^Body mass/).getAttribute("aria-invalid")).toBe("true");
    type(/^Body mass/, "3400");
    expect(screen.queryByText(/another look/)).toBeNull();
  });
});

describe("sending", () => {
  it("is off while an answer is on its way or the kernel is silent", () => {
    const form = ask({ type: "string" }, "x");
    const view = showForm(form, { pending: true });
    const button = screen.getByRole("button", { name: /Sending/ });
    expect(button.getAttribute("aria-busy")).toBe("true");
    fireEvent.click(button);
    view.rerender(element(form, { disabled: true }));
    expect(screen.getByLabelText("Answer")).toHaveProperty("disabled", true);
    fireEvent.keyDown(screen.getByLabelText("Answer"), { key: "Enter", ctrlKey: true });
    expect(sent).toEqual([]);
  });

  it("answers to Ctrl+Enter and Cmd+Enter, not to Enter", () => {
    showForm(ask({ type: "string", maxLength: 9 }, "x"));
    const field = screen.getByLabelText("Answer");
    fireEvent.keyDown(field, { key: "Enter" });
    expect(sent).toEqual([]);
    fireEvent.keyDown(field, { key: "Enter", ctrlKey: true });
    fireEvent.keyDown(field, { key: "Enter", metaKey: true });
    expect(sent).toEqual(["x", "x"]);
  });
});
