import { describe, expect, it } from "vitest";
import { controlOf } from "../components/form/control";
import { finish } from "../components/form/finish";
import { optionsOf, withoutSecrets } from "../components/form/schema";
import { shapeOf } from "../components/form/shape";
import type { Json, JsonObject } from "../protocol/messages";
import { formOf } from "./golden";

const control = (schema: JsonObject): string =>
  controlOf(shapeOf(schema, undefined, schema), schema);

describe("which control draws a node", () => {
  it.each<[string, JsonObject]>([
    ["any", {}],
    ["any", { type: ["string", "integer"] }],
    ["any", { type: "object" }],
    ["any", { type: "array" }],
    ["textarea", { type: "string" }],
    ["text", { type: "string", maxLength: 9 }],
    ["text", { type: "string", format: "date" }],
    ["password", { type: "string", format: "password" }],
    ["password", { type: "string", writeOnly: true }],
    ["boolean", { type: "boolean" }],
    ["boolean", { anyOf: [{ type: "boolean" }, { type: "null" }] }],
    ["number", { anyOf: [{ type: "null" }, { type: "integer" }] }],
    ["options", { enum: ["a", "b"] }],
    ["options", { oneOf: [{ const: 1, title: "One" }, { const: 2 }] }],
    ["checks", { type: "array", uniqueItems: true, items: { enum: ["a", "b"] } }],
    ["container", { type: "array", items: { type: "string" } }],
    ["container", { type: "object", properties: { a: {} } }],
    ["container", { type: "object", additionalProperties: { type: "integer" } }],
    ["choice", { anyOf: [{ type: "integer" }, { type: "string" }] }],
    ["hidden", { const: 1 }],
    ["null", { type: "null" }],
  ])("%s for %j", (expected, schema) => {
    expect(control(schema)).toBe(expected);
  });

  it("keeps the types of a closed list", () => {
    const schema: JsonObject = { enum: ["1", 1, true, null] };
    expect(optionsOf(schema, schema)?.map((option) => option.value)).toEqual(["1", 1, true, null]);
  });
});

describe("finishing a value", () => {
  it("drops undefined keys and keeps every other value as it is", () => {
    const value = { a: undefined, b: null, c: "", d: 0, e: [], f: false, g: {} };
    expect(finish(value, {}, {})).toEqual({ b: null, c: "", d: 0, e: [], f: false, g: {} });
  });

  it("fills in the constants of the chosen branch", () => {
    const { schema } = formOf("questions");
    const value = { type: "edit", edited_action: { args: { to: "x", urgent: false } } };
    expect(finish(value, schema, schema)).toEqual({
      type: "edit",
      edited_action: { name: "send_mail", args: { to: "x", urgent: false } },
    });
    expect(finish({ type: "approve" }, schema, schema)).toEqual({ type: "approve" });
  });

  it("takes an empty field that may be null for null, where it is required", () => {
    const schema: JsonObject = {
      type: "object",
      properties: {
        a: { anyOf: [{ type: "integer" }, { type: "null" }] },
        b: { anyOf: [{ type: "integer" }, { type: "null" }] },
      },
      required: ["a"],
    };
    expect(finish({}, schema, schema)).toEqual({ a: null });
  });

  it("opens required groups and lists, so that what is missing in them is named", () => {
    const schema: JsonObject = {
      type: "object",
      properties: {
        home: { type: "object", properties: { street: { type: "string" } }, required: ["street"] },
        tags: { type: "array", items: { type: "string" } },
        work: { type: "object", properties: { street: { type: "string" } } },
      },
      required: ["home", "tags"],
    };
    expect(finish({}, schema, schema)).toEqual({ home: {}, tags: [] });
  });
});

describe("what is kept as a draft", () => {
  const schema: JsonObject = {
    type: "object",
    properties: {
      user: { type: "string" },
      token: { $ref: "#/$defs/Secret" },
      nested: { anyOf: [{ properties: { pin: { writeOnly: true } } }, { type: "null" }] },
      keys: { type: "array", items: { format: "password", type: "string" } },
    },
    $defs: { Secret: { type: "string", format: "password" } },
  };

  it("holds no password and nothing write-only", () => {
    const value: Json = { user: "kim", token: "t", nested: { pin: 1, note: "n" }, keys: ["k"] };
    expect(withoutSecrets(value, schema, schema)).toEqual({ user: "kim", nested: { note: "n" } });
  });

  it("is nothing when the whole answer is a secret", () => {
    const secret: JsonObject = { type: "string", format: "password" };
    expect(withoutSecrets("hush", secret, secret)).toBeUndefined();
  });
});
