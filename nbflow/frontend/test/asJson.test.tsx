import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../protocol/messages";
import { freshPages, object, press, sent, show, submit, type } from "./asking";
import { axeIds } from "./axe";

freshPages();

const error = (text: RegExp): number => screen.queryAllByText(text).length;

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
