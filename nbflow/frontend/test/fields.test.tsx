import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AnswerForm } from "../components/form/AnswerForm";
import { patternNote } from "../components/form/patterns";
import type { Form, Json, JsonObject } from "../protocol/messages";
import { axeIds } from "./axe";

let sent: Json[] = [];

beforeEach(() => {
  sent = [];
  sessionStorage.clear();
});
afterEach(cleanup);

function show(schema: JsonObject, initial?: Json): HTMLElement {
  const form: Form = {
    interrupt_id: "q1",
    task: null,
    title: "A question",
    context: [],
    schema,
    has_initial: initial !== undefined,
    actions: [],
    ...(initial === undefined ? {} : { initial }),
  };
  return render(
    <AnswerForm
      form={form}
      receipt={null}
      pending={false}
      disabled={false}
      onSubmit={(reply) => sent.push("value" in reply ? reply.value : null)}
    />,
  ).container;
}

const press = (name: string | RegExp): void => {
  fireEvent.click(screen.getByRole("button", { name }));
};
const submit = (): void => press(/^Submit/);
const type = (label: string | RegExp, text: string): void => {
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
};
const pick = (name: string): void => {
  fireEvent.click(screen.getByRole("radio", { name }));
};
const texts = (): unknown[] =>
  screen.getAllByRole("textbox").map((box) => (box as HTMLInputElement).value);
const error = (text: RegExp): number => screen.queryAllByText(text).length;

function object(properties: JsonObject, required: string[] = []): JsonObject {
  return { type: "object", properties, required };
}

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

describe("lists", () => {
  const list: JsonObject = { type: "array", items: { type: "string", maxLength: 9 } };

  it("moves an item with its buttons, and the focus stays with it", async () => {
    const container = show(list, ["a", "b", "c"]);
    const button = screen.getByRole("button", { name: "Move Item 1 down" });
    button.focus();
    fireEvent.click(button);
    expect(texts()).toEqual(["b", "a", "c"]);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move Item 2 down");
    fireEvent.click(document.activeElement as Element);
    fireEvent.click(document.activeElement as Element);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move Item 3 down");
    submit();
    expect(sent).toEqual([["b", "c", "a"]]);
    expect(await axeIds(container)).toEqual([]);
  });

  it("moves an item with Alt and an arrow from inside of it", () => {
    show(list, ["a", "b", "c"]);
    const box = screen.getAllByRole("textbox")[2] as HTMLInputElement;
    box.focus();
    fireEvent.keyDown(box, { key: "ArrowUp", altKey: true });
    expect(document.activeElement).toHaveProperty("value", "c");
    fireEvent.keyDown(document.activeElement as Element, { key: "ArrowUp", altKey: true });
    fireEvent.keyDown(document.activeElement as Element, { key: "ArrowUp", altKey: true });
    submit();
    expect(sent).toEqual([["c", "a", "b"]]);
  });

  it("keeps half-typed texts with their items", () => {
    show({ type: "array", items: { type: "object" } }, [{ a: 1 }, { b: 2 }]);
    const box = screen.getAllByRole("textbox")[0] as HTMLTextAreaElement;
    fireEvent.change(box, { target: { value: '{"half":' } });
    press("Move Item 1 down");
    expect(texts()).toEqual(['{\n  "b": 2\n}', '{"half":']);
    submit();
    expect(sent).toEqual([]);
    press("Remove Item 2");
    submit();
    expect(sent).toEqual([[{ b: 2 }]]);
  });

  it("takes the focus beside what was removed", () => {
    show(list, ["a", "b"]);
    const remove = screen.getByRole("button", { name: "Remove Item 2" });
    remove.focus();
    fireEvent.click(remove);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Remove Item 1");
  });

  it("does not send an item that was not filled in", () => {
    show(list, ["a"]);
    press("Add");
    submit();
    expect(sent).toEqual([]);
    expect(error(/Fill this in/)).toBe(2);
  });

  const tuples: [string, JsonObject][] = [
    ["of 2020-12", { prefixItems: [{ type: "string" }, { type: "integer" }], items: false }],
    ["of draft-07", { items: [{ type: "string" }, { type: "integer" }], additionalItems: false }],
  ];
  it.each(tuples)("fills in a tuple %s", (name, schema) => {
    const draft = name.includes("07") ? { $schema: "http://json-schema.org/draft-07/schema#" } : {};
    show({ ...draft, type: "array", minItems: 2, ...schema });
    expect(screen.queryByRole("button", { name: /^(Add|Remove|Move)/ })).toBeNull();
    type("Item 1", "x");
    submit();
    expect(sent).toEqual([]);
    type("Item 2", "7");
    submit();
    expect(sent).toEqual([["x", 7]]);
  });

  it("lets several of a closed list be chosen, and keeps what is not in it", () => {
    show({ type: "array", uniqueItems: true, items: { enum: ["a", "b"] } }, ["z", "a"]);
    fireEvent.click(screen.getByLabelText("b"));
    submit();
    fireEvent.click(screen.getByLabelText("z (not in the list)"));
    submit();
    expect(sent).toEqual([["a", "b"]]);
  });
});

describe("choices", () => {
  const cat = object(
    { kind: { const: "cat" }, name: { type: "string" }, lives: { type: "integer" } },
    ["kind", "lives"],
  );
  const dog = object(
    { kind: { const: "dog" }, name: { type: "string" }, tricks: { type: "string" } },
    ["kind", "tricks"],
  );
  const pet: JsonObject = {
    oneOf: [
      { title: "Cat", ...cat },
      { title: "Dog", ...dog },
    ],
    discriminator: { propertyName: "kind" },
  };

  it("are undecided until one is chosen, or the value chose", async () => {
    const container = show(pet);
    expect(
      screen.getAllByRole("radio").every((radio) => !(radio as HTMLInputElement).checked),
    ).toBe(true);
    expect(await axeIds(container)).toEqual([]);
    submit();
    expect(sent).toEqual([]);
    cleanup();
    show(pet, { kind: "dog", tricks: "roll" });
    expect(screen.getByLabelText("Dog")).toHaveProperty("checked", true);
  });

  it("prune what only the other branch had", () => {
    show(pet, { kind: "cat", name: "Tom", lives: 7, extra: true });
    pick("Dog");
    type(/^tricks/, "roll");
    submit();
    expect(sent).toEqual([{ kind: "dog", name: "Tom", extra: true, tricks: "roll" }]);
  });

  it("know a branch by its discriminator alone", () => {
    const named = (own: JsonObject): JsonObject => ({
      ...object({ t: { type: "string" }, ...own }, ["t"]),
      additionalProperties: false,
    });
    show({
      oneOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/B" }],
      discriminator: { propertyName: "t", mapping: { aa: "#/$defs/A", bb: "#/$defs/B" } },
      $defs: { A: named({ a: { type: "integer" } }), B: named({ b: { type: "integer" } }) },
    });
    pick("bb");
    type("b (optional)", "2");
    submit();
    expect(sent).toEqual([{ t: "bb", b: 2 }]);
  });

  it("show a value that fits no branch, and lose nothing of it", () => {
    show({ anyOf: [cat, dog] }, { kind: "cow", milk: 3 });
    expect(screen.getByText(/fits none of these/)).toBeTruthy();
    expect(texts()).toEqual(['{\n  "kind": "cow",\n  "milk": 3\n}']);
    submit();
    expect(sent).toEqual([]);
  });

  it("offer the types of a node that may hold values, null too", () => {
    show({ type: ["object", "null"], properties: { a: { type: "string" } } }, null);
    submit();
    pick("Object");
    type(/^a/, "x");
    submit();
    expect(sent).toEqual([null, { a: "x" }]);
  });

  it("draw fields once where branches only require them", () => {
    show({
      ...object({ a: { type: "string" }, b: { type: "string" } }),
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    });
    expect(screen.queryByRole("radio")).toBeNull();
    submit();
    expect(sent).toEqual([]);
    type(/^b/, "x");
    submit();
    expect(sent).toEqual([{ b: "x" }]);
  });

  it("name the entries of a closed list", () => {
    show({ enum: [1, 2], "x-enumNames": ["One", "Two"] });
    pick("Two");
    submit();
    expect(sent).toEqual([2]);
  });
});

describe("conditions", () => {
  it("merges the parts of allOf", () => {
    show({
      allOf: [{ $ref: "#/$defs/Base" }, object({ b: { type: "integer", maximum: 9 } }, ["b"])],
      properties: { b: { minimum: 1 } },
      $defs: { Base: object({ a: { type: "string" } }, ["a"]) },
    });
    type("a", "x");
    type("b", "3");
    expect(screen.getByText("From 1 to 9.")).toBeTruthy();
    submit();
    expect(sent).toEqual([{ a: "x", b: 3 }]);
  });

  it("asks for what a condition wants, and drops it when it is no longer wanted", () => {
    show({
      ...object({ who: { enum: ["person", "company"] } }, ["who"]),
      if: { properties: { who: { const: "company" } }, required: ["who"] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: object({ vat: { type: "string" } }, ["vat"]),
      else: object({ born: { type: "string", format: "date" } }),
    });
    expect(screen.queryByLabelText("vat")).toBeNull();
    pick("company");
    type("vat", "DE1");
    submit();
    pick("person");
    expect(screen.queryByLabelText("vat")).toBeNull();
    submit();
    expect(sent).toEqual([{ who: "company", vat: "DE1" }, { who: "person" }]);
  });

  const depending: [string, JsonObject][] = [
    ["dependentRequired", { dependentRequired: { card: ["street"] } }],
    [
      "dependencies",
      { $schema: "http://json-schema.org/draft-07/schema#", dependencies: { card: ["street"] } },
    ],
  ];
  it.each(depending)("%s makes a field required", (_name, depends) => {
    show({ ...object({ card: { type: "string" }, street: { type: "string" } }), ...depends });
    expect(screen.getByText("street").textContent).toBe("street (optional)");
    type(/^card/, "1");
    expect(screen.getByText("street").textContent).toBe("street");
    submit();
    expect(sent).toEqual([]);
    type("street", "x");
    submit();
    expect(sent).toEqual([{ card: "1", street: "x" }]);
  });

  it("dependentSchemas adds fields", () => {
    show({
      ...object({ card: { type: "string" } }),
      dependentSchemas: { card: object({ street: { type: "string" } }, ["street"]) },
    });
    expect(screen.queryByLabelText("street")).toBeNull();
    type(/^card/, "1");
    type("street", "x");
    submit();
    expect(sent).toEqual([{ card: "1", street: "x" }]);
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

describe("what cannot be drawn", () => {
  const undrawn: [string, JsonObject, RegExp][] = [
    [
      "$dynamicRef",
      { $dynamicRef: "#node", $defs: { a: { $dynamicAnchor: "node" } } },
      /depends on where/,
    ],
    ["a reference that leads nowhere", { $ref: "https://example.org/x" }, /described elsewhere/],
    [
      "two choices at once",
      {
        anyOf: [{ type: "integer" }, { type: "string" }],
        allOf: [{ oneOf: [{ minimum: 1 }, { maxLength: 2 }] }],
      },
      /Several choices/,
    ],
    [
      "too many branches",
      { oneOf: Array.from({ length: 61 }, (_, n) => object({ [`k${n}`]: {} }, [`k${n}`])) },
      /too many forms/,
    ],
  ];
  it.each(undrawn)("%s is JSON with its reason", async (_name, schema, reason) => {
    const container = show(object({ it: schema }, ["it"]), {
      it: "x",
    });
    expect(screen.getByText(reason)).toBeTruthy();
    expect(screen.getByLabelText("it")).toHaveProperty("value", '"x"');
    expect(await axeIds(container)).toEqual([]);
  });

  it("a value that does not fit its field is JSON, and a field again once it fits", () => {
    show(object({ n: { type: "string" } }, ["n"]), { n: [1] });
    expect(screen.getByText(/does not fit the field/)).toBeTruthy();
    submit();
    expect(sent).toEqual([]);
    type("n", '"x"');
    press("Edit as a field: n");
    expect(screen.getByLabelText("n")).toHaveProperty("value", "x");
    expect(document.activeElement).toBe(screen.getByLabelText("n"));
    submit();
    expect(sent).toEqual([{ n: "x" }]);
  });

  it("an unknown keyword is named, and the value can be written as JSON", () => {
    show(object({ n: { type: "integer", units: "g", "x-note": 1 } }, ["n"]), { n: 4 });
    expect(screen.getByText(/does not know “units”/)).toBeTruthy();
    press("Edit as JSON: n");
    type("n", "5");
    submit();
    expect(sent).toEqual([{ n: 5 }]);
  });

  it("a schema inside itself is drawn level by level", () => {
    const tree = object({ name: { type: "string" }, next: { $ref: "#/$defs/T" } }, ["name"]);
    show({ $ref: "#/$defs/T", $defs: { T: tree } });
    type("name", "a");
    press("Add next");
    const second = screen.getAllByLabelText("name")[1] as HTMLElement;
    expect(document.activeElement).toBe(second);
    fireEvent.change(second, { target: { value: "b" } });
    submit();
    expect(sent).toEqual([{ name: "a", next: { name: "b" } }]);
  });

  it("a schema that is made of itself, several times over, does not hold the page up", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const all = names.map((name) => ({ $ref: `#/$defs/${name}` }));
    const again = Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }]));
    const $defs = Object.fromEntries(
      names.map((name) => [name, { allOf: all, ...object(again, names) }]),
    );
    show({ $defs, ...object(again, names) });
    expect(screen.getAllByText(/more parts than the page/).length).toBe(names.length);
    cleanup();
    show(object(Object.fromEntries(names.map((name) => [name, { $ref: "#" }])), names));
    submit();
    expect(sent).toEqual([]);
  });

  it("names of JavaScript's own are keys like any other", () => {
    const schema = JSON.parse(
      '{"allOf": [{"properties": {"__proto__": {"type": "integer"}}}, {"properties": {"__proto__": {"minimum": 1}}}], "properties": {"constructor": {"type": "string", "maxLength": 9}}, "type": "object"}',
    ) as JsonObject;
    show(schema, JSON.parse('{"__proto__": 3}') as Json);
    type(/^__proto__/, "4");
    type(/^constructor/, "x");
    submit();
    expect(JSON.stringify(sent)).toBe('[{"__proto__":4,"constructor":"x"}]');
  });

  it("what lies deeper than the page draws is JSON", () => {
    const tree = object({ next: { $ref: "#/$defs/T" } });
    const deep = Array.from({ length: 25 }).reduce<Json>((next) => ({ next }), {});
    show({ $ref: "#/$defs/T", $defs: { T: tree } }, deep);
    expect(screen.getByText(/too deep to be drawn/)).toBeTruthy();
    submit();
    expect(sent).toEqual([deep]);
  });
});

describe("the whole answer as JSON", () => {
  const schema = object({ a: { type: "integer" }, b: { type: "string" } }, ["a"]);
  const area = (): HTMLElement => screen.getByLabelText("The whole answer as JSON");
  const open = (): void => press("Edit the whole answer as JSON");
  const close = (): void => press("Back to the form");

  it("goes there and back without a change", async () => {
    const given = { z: null, b: "", a: 1, e: {}, l: [] };
    const container = show(schema, given);
    open();
    expect(document.activeElement).toBe(area());
    expect(JSON.stringify(JSON.parse((area() as HTMLTextAreaElement).value))).toBe(
      JSON.stringify(given),
    );
    expect(await axeIds(container)).toEqual([]);
    close();
    submit();
    expect(JSON.stringify(sent)).toBe(JSON.stringify([given]));
  });

  it("takes edits both ways, and what is missing in the form", () => {
    show(schema);
    type("a", "1");
    open();
    fireEvent.change(area(), { target: { value: '{"a": 2, "more": [true]}' } });
    submit();
    close();
    expect(screen.getByLabelText("a")).toHaveProperty("value", "2");
    type(/^b/, "x");
    submit();
    expect(sent).toEqual([
      { a: 2, more: [true] },
      { a: 2, more: [true], b: "x" },
    ]);
  });

  it("keeps what is no JSON in the editor, with its error, over a reload too", () => {
    show(schema);
    open();
    fireEvent.change(area(), { target: { value: '{"a": ' } });
    close();
    expect(area()).toHaveProperty("value", '{"a": ');
    expect(screen.getByRole("alert").textContent).toMatch(/not valid JSON/);
    submit();
    cleanup();
    show(schema);
    expect(area()).toHaveProperty("value", '{"a": ');
    submit();
    expect(sent).toEqual([]);
    fireEvent.change(area(), { target: { value: '{"a": 3}' } });
    close();
    submit();
    expect(sent).toEqual([{ a: 3 }]);
  });

  it("shows what a field could not read, and refuses a number it cannot hold", () => {
    show(schema);
    type("a", "12345678901234567890");
    open();
    expect((area() as HTMLTextAreaElement).value).toContain('"12345678901234567890"');
    fireEvent.change(area(), { target: { value: '{"a": 12345678901234567890}' } });
    submit();
    expect(sent).toEqual([]);
    expect(error(/too large/)).toBeGreaterThan(0);
  });

  it("says that secrets are shown", () => {
    show(object({ pin: { type: "string", format: "password" } }));
    open();
    expect(within(document.body).getByText(/Secrets are shown in clear/)).toBeTruthy();
  });
});
