import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { patternNote } from "../components/form/patterns";
import type { JsonObject } from "../protocol/messages";
import { freshPages, object, press, sent, show, submit, texts, type } from "./asking";
import { axeIds } from "./axe";

freshPages();

const error = (text: RegExp): number => screen.queryAllByText(text).length;

describe("words about a field", () => {
  it("names a field in the summary by its own words, not by those of a choice", () => {
    const size = {
      oneOf: [
        { const: "s", title: "Small" },
        { const: "l", title: "Large" },
      ],
    };
    const to = {
      anyOf: [{ title: "Address", ...object({ street: { title: "Street" } }, ["street"]) }],
    };
    show(object({ size, to: { allOf: [{ title: "Receiver" }, to] } }, ["size", "to"]));
    submit();
    const links = [...document.querySelectorAll(".nbf-summary li button")];
    expect(links.map((link) => link.textContent)).toEqual(["size", "Receiver"]);
  });

  it("says of which field a kind of value is chosen", () => {
    show(object({ left: {}, list: { type: "array", items: { type: ["string", "object"] } } }), {
      list: ["a"],
    });
    const names = screen.getAllByRole("radiogroup").map((row) => row.getAttribute("aria-label"));
    expect(names[0]).toBe("left: kind of value");
    expect(screen.queryByRole("radiogroup", { name: "Kind of value" })).toBeNull();
  });

  it("does not tell to leave empty what can only be none", () => {
    show(object({ nothing: { type: "null" } }));
    expect(screen.queryByText(/Leave empty/)).toBeNull();
  });
});

describe("formats", () => {
  const stored: [string, JsonObject, string][] = [
    ["a moment with its offset", { format: "date-time" }, "2026-01-31T12:30:00.25+05:30"],
    ["a moment in UTC", { format: "date-time" }, "2026-01-31T12:30:00Z"],
    ["a moment without an offset", { format: "date-time" }, "2026-01-31T12:30:00"],
    ["a moment finer than a control shows", { format: "date-time" }, "2026-01-31T12:30:00.123456Z"],
    ["a moment that is none", { format: "date-time" }, "yesterday"],
    ["a day", { format: "date" }, "2026-02-28"],
    ["a day that no calendar has", { format: "date" }, "2026-02-30"],
    ["a time", { format: "time" }, "12:00:00+01:00"],
    ["a duration that is none", { format: "duration" }, "two days"],
    ["bytes", { contentEncoding: "base64" }, "AAECAw=="],
    ["a data URL", { format: "data-url" }, "data:text/plain;name=a.txt;base64,QQ=="],
    ["a password", { format: "password" }, "hush"],
  ];
  it.each(stored)("%s goes back as it came, beside an edit too", (_name, schema, value) => {
    show(object({ it: { type: "string", ...schema }, note: { type: "string" } }, ["it"]), {
      it: value,
    });
    submit();
    type(/^note/, "x");
    submit();
    expect(sent).toEqual([{ it: value }, { it: value, note: "x" }]);
  });

  it("keeps the offset of a moment that is edited", () => {
    const container = show({ type: "string", format: "date-time" }, "2026-01-31T12:30:00+05:30");
    const native = container.querySelector('input[type="datetime-local"]') as HTMLInputElement;
    expect(native.value).toBe("2026-01-31T12:30");
    fireEvent.change(native, { target: { value: "2026-03-01T08:00" } });
    submit();
    type("Offset from UTC", "Z");
    submit();
    expect(sent).toEqual(["2026-03-01T08:00:00+05:30", "2026-03-01T08:00:00Z"]);
  });

  it("shows as text what a native control would show blank", () => {
    const container = show({ type: "string", format: "date" }, "2026-02-30");
    expect(container.querySelector("input")?.type).toBe("text");
    expect(texts()).toEqual(["2026-02-30"]);
  });

  const typed: [string, string, string, RegExp][] = [
    ["duration", "2 days", "P1DT2H", /Write a duration/],
    ["time", "25:00", "23:59:59Z", /Write a time/],
    ["email", "kim", "kim@example.org", /Write an e-mail/],
    ["uri", "example", "https://example.org/a", /Write an address/],
    ["uuid", "12", "123e4567-e89b-12d3-a456-426614174000", /Write a UUID/],
  ];
  it.each(typed)("a %s is checked where it was typed", (format, wrong, right, message) => {
    show({ type: "string", format });
    type("Answer", wrong);
    submit();
    expect(sent).toEqual([]);
    expect(error(message)).toBe(2);
    type("Answer", right);
    submit();
    expect(sent).toEqual([right]);
  });

  it("reads a file in the page, and says what was chosen", async () => {
    const container = show(
      object({ data: { type: "string", contentEncoding: "base64" }, note: { type: "string" } }, [
        "data",
      ]),
    );
    expect(screen.getByText("No file is chosen.")).toBeTruthy();
    const file = new File(["abc"], "a.txt", { type: "text/plain" });
    fireEvent.change(screen.getByLabelText("data"), { target: { files: [file] } });
    type(/^note/, "meanwhile");
    await waitFor(() => expect(screen.getByText("a.txt, 3 bytes.")).toBeTruthy());
    submit();
    expect(sent).toEqual([{ data: "YWJj", note: "meanwhile" }]);
    expect(await axeIds(container)).toEqual([]);
  });

  it("says limits in words", () => {
    show(
      object({
        a: { type: "integer", minimum: 1, maximum: 5 },
        b: { type: "number", exclusiveMinimum: 0, multipleOf: 0.5 },
        c: { type: "string", minLength: 2, maxLength: 4 },
        d: { type: "string", pattern: "^[A-Z]{3}-\\d+$" },
        e: {
          type: "array",
          items: { type: "string" },
          minItems: 1,
          maxItems: 3,
          uniqueItems: true,
        },
      }),
    );
    for (const note of [
      "From 1 to 5.",
      "More than 0. In steps of 0.5.",
      "2 to 4 characters.",
      "Write 3 capital letters, then “-”, then digits.",
      "1 to 3 items. No item twice.",
    ]) {
      expect(screen.getByText(note)).toBeTruthy();
    }
    expect(patternNote("^(a|b)$")).toBeNull();
    expect(patternNote("^[0-9]{5}(-[0-9]{4})?$")).toBeNull();
  });
});

describe("values that are not typed", () => {
  it("are shown and sent as they came where they are read only", () => {
    show(
      object({
        id: { type: "integer", readOnly: true },
        deep: { ...object({ a: {} }), readOnly: true },
        n: { type: "integer" },
      }),
      { id: 7, deep: { a: [1] }, n: 1 },
    );
    expect(screen.queryByLabelText(/^id/)?.tagName).toBe("OUTPUT");
    type(/^n/, "2");
    submit();
    expect(sent).toEqual([{ id: 7, deep: { a: [1] }, n: 2 }]);
  });

  it("are not asked for where they are read only and missing", () => {
    show(object({ id: { type: "integer", readOnly: true }, n: { type: "integer" } }, ["id"]));
    expect(screen.getByText("Not set")).toBeTruthy();
    type(/^n/, "2");
    submit();
    expect(sent).toEqual([{ n: 2 }]);
  });

  it("can be left out, taken back and set to the default, with the focus at the field", async () => {
    const schema = object({
      home: object({ street: { type: "string" } }, ["street"]),
      size: { type: "integer", default: 3 },
    });
    const container = show(schema, { home: { street: "A" } });
    press("Use default (3): size");
    expect(document.activeElement).toBe(screen.getByLabelText(/^size/));
    submit();
    press("Leave out: home");
    expect(document.activeElement).toBe(screen.getByLabelText("street"));
    submit();
    press("Reset: home");
    submit();
    type("street", "B");
    press("Reset: street");
    submit();
    expect(sent).toEqual([
      { home: { street: "A" }, size: 3 },
      { size: 3 },
      { size: 3, home: { street: "A" } },
      { size: 3, home: { street: "A" } },
    ]);
    expect(await axeIds(container)).toEqual([]);
  });

  it("are all taken back to what was given", () => {
    show(object({ a: { type: "string" }, b: { type: "array", items: {} } }), { b: [1, 2], z: 0 });
    expect(screen.queryByRole("button", { name: "Reset to what was given" })).toBeNull();
    type(/^a/, "x");
    press("Remove Item 1");
    press("Reset to what was given");
    submit();
    expect(JSON.stringify(sent)).toBe('[{"b":[1,2],"z":0}]');
    expect(document.activeElement).toBe(screen.getByLabelText(/^a/));
  });

  it("tell missing, empty and null apart", () => {
    const schema = object({
      a: { type: "string" },
      b: { type: ["string", "null"] },
      c: { type: "string" },
      d: { type: "integer" },
    });
    show(schema, { a: "", b: null });
    type(/^d/, "1");
    submit();
    press("Leave out: a");
    submit();
    expect(sent).toEqual([
      { a: "", b: null, d: 1 },
      { b: null, d: 1 },
    ]);
  });

  it("keep extra keys and the order of keys beside an edit", () => {
    show(object({ a: { type: "string" }, b: { type: "integer" } }), {
      z: [1],
      b: 1,
      __proto__x: {},
      a: "x",
    });
    type(/^b/, "2");
    submit();
    expect(JSON.stringify(sent[0])).toBe('{"z":[1],"b":2,"__proto__x":{},"a":"x"}');
  });
});

describe("entries that the schema does not name", () => {
  it("are added, renamed in their place and removed", async () => {
    const container = show(
      { type: "object", additionalProperties: { type: "integer" } },
      { a: 1, b: 2 },
    );
    press("Add a key");
    expect(document.activeElement).toHaveProperty("value", "new key");
    submit();
    expect(sent).toEqual([]);
    expect(error(/Fill this in/)).toBe(2);
    const keys = screen.getAllByLabelText("Key");
    fireEvent.change(keys[2] as Element, { target: { value: "c" } });
    fireEvent.blur(keys[2] as Element);
    type("c", "3");
    fireEvent.change(keys[0] as Element, { target: { value: "first" } });
    fireEvent.blur(keys[0] as Element);
    press("Remove b");
    expect(await axeIds(container)).toEqual([]);
    submit();
    expect(JSON.stringify(sent)).toBe('[{"first":1,"c":3}]');
  });

  it("are drawn by the pattern of their key", () => {
    show(
      { type: "object", patternProperties: { "^n_": { type: "integer" } } },
      { n_a: 1, other: true },
    );
    type("n_a", "5");
    submit();
    expect(sent).toEqual([{ n_a: 5, other: true }]);
  });
});
