import { describe, expect, it } from "vitest";
import { common, counted, lettersOf } from "../components/form/decide";
import type { DecisionKind, Form } from "../protocol/messages";
import { formOf } from "./golden";

const form = (...actions: DecisionKind[][]): Form => ({
  ...formOf("decisions"),
  actions: actions.map((kinds) => ({
    name: "tool",
    context: [],
    decisions: kinds.map((kind) => ({ kind, schema: null, optional: false, has_initial: false })),
    preferred: null,
  })),
});

describe("the letters of a form", () => {
  it("are the first that come to mind", () => {
    expect([...lettersOf(form(["approve", "edit", "reject", "respond"]))]).toEqual([
      ["approve", "A"],
      ["edit", "E"],
      ["reject", "R"],
      ["respond", "S"],
    ]);
    expect([...lettersOf(form(["accept", "decline", "cancel", "ignore", "resolve"]))]).toEqual([
      ["accept", "A"],
      ["decline", "D"],
      ["cancel", "C"],
      ["ignore", "I"],
      ["resolve", "V"],
    ]);
  });

  it("are never two alike, nor those that move", () => {
    const letters = lettersOf(form(["approve", "cancel"], ["accept", "edit"]));
    expect(new Set(letters.values()).size).toBe(4);
    expect(letters.get("accept")).toBe("P");
    expect([...letters.values()]).not.toContain("J");
  });
});

it("lets all open actions through at once only where each allows it", () => {
  const mixed = form(["approve", "edit"], ["approve"], ["reject"]);
  expect(common(mixed, [0, 1])).toBe("approve");
  expect(common(mixed, [0, 2])).toBeNull();
  expect(common(mixed, [])).toBeNull();
});

it("counts names that come more than once", () => {
  expect(counted(["a", "b", "a", ""])).toBe("a (2), b, the request");
});
