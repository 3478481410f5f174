import { describe, expect, it } from "vitest";
import { fitsWithin, judge, verdict } from "../components/form/judge";
import type { Json, JsonObject } from "../protocol/messages";
import { formOf } from "./golden";

const address: JsonObject = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1 },
    "a/b~c": { type: "integer" },
    tags: { type: "array", items: { $ref: "#/$defs/Tag" } },
  },
  required: ["name"],
  $defs: { Tag: { type: "string", maxLength: 3 } },
};

describe("the browser's judge", () => {
  it("finds nothing in an answer that fits", () => {
    expect(judge(address, { name: "Kim", "a/b~c": 1, tags: ["x"] })).toEqual([]);
  });

  it("puts each error at its place, in our words", () => {
    expect(judge(address, { "a/b~c": "x", tags: ["ok", "long one"] })).toEqual([
      { path: ["name"], message: "Fill this in." },
      { path: ["a/b~c"], message: "This must be a whole number." },
      { path: ["tags", 1], message: "Use at most 3 characters." },
    ]);
  });

  it("shows the errors of the branch that was meant", () => {
    const schema = formOf("questions").schema;
    const answer = { type: "edit", edited_action: { name: "send_mail", args: { to: "kim" } } };
    expect(judge(schema, answer)).toEqual([
      { path: ["edited_action", "args", "urgent"], message: "Fill this in." },
    ]);
  });

  it("looks through a choice of null", () => {
    const schema = formOf("table").schema;
    const answer = { action: "keep", reviewer: "Kim", body_mass_g: 99 };
    expect(judge(schema, answer)).toEqual([
      { path: ["body_mass_g"], message: "This must be 2000 or more." },
    ]);
  });

  it("takes formats as notes and false answers as answers", () => {
    expect(verdict({ type: "string", format: "email" }, "nobody")).toBe(true);
    const answers: [string, Json][] = [
      ["boolean", false],
      ["integer", 0],
      ["string", ""],
      ["null", null],
      ["array", []],
    ];
    for (const [type, value] of answers) {
      expect(verdict({ type }, value)).toBe(true);
    }
  });

  it("leaves to the kernel what it cannot judge", () => {
    expect(judge({ type: "string", pattern: "(?P<bad>x)" }, "y")).toEqual([]);
    expect(judge({ $ref: "https://example.org/schema" }, 1)).toEqual([]);
  });

  it("does not write into the schema", () => {
    const schema = structuredClone(address);
    judge(schema, {});
    expect(schema).toEqual(address);
  });

  it("judges a part of a schema where it stands", () => {
    const root: JsonObject = {
      $defs: { Even: { multipleOf: 2 } },
      properties: { self: { $ref: "#" }, n: { $ref: "#/$defs/Even" } },
      required: ["n"],
    };
    expect(fitsWithin({ $ref: "#/$defs/Even" }, 4, root)).toBe(true);
    expect(fitsWithin({ allOf: [{ $ref: "#/properties/n" }] }, 3, root)).toBe(false);
    expect(fitsWithin({ $ref: "#" }, { n: 2, self: {} }, root)).toBe(false);
    expect(fitsWithin({ $ref: "https://example.org/x" }, 4, root)).toBe(false);
  });
});
