import { cleanup, fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../protocol/messages";
import { freshPages, object, pick, press, sent, show, submit, texts, type } from "./asking";
import { axeIds } from "./axe";

freshPages();

const error = (text: RegExp): number => screen.queryAllByText(text).length;

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

it("offers once to leave out a choice, and what is in it by itself", () => {
  const cat = {
    title: "Cat",
    ...object({ kind: { const: "cat" }, toys: { type: "array", items: {} } }),
  };
  const dog = { title: "Dog", ...object({ kind: { const: "dog" } }) };
  show(object({ pet: { title: "Pet", oneOf: [cat, dog] } }), { pet: { kind: "cat", toys: [] } });
  const names = screen.getAllByRole("button", { name: /^Leave out/ });
  expect(names.map((button) => button.getAttribute("aria-label"))).toEqual([
    "Leave out: Pet",
    "Leave out: toys",
  ]);
});
