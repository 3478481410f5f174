import { describe, expect, it } from "vitest";
import { changesBetween } from "../components/form/diff";
import type { Json } from "../protocol/messages";

const SIGNS = { old: "-", new: "+", both: " ", skip: "…" };

/** As `path: lines`, each line with its sign. */
const diff = (before: Json | undefined, after: Json | undefined): string[][] =>
  changesBetween(before, after).map(({ path, lines }) => [
    path.join("."),
    ...lines.map(({ kind, text }) => SIGNS[kind] + text),
  ]);

describe("the difference of two values", () => {
  it("is empty for equal values, in whatever order their keys are", () => {
    expect(diff({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toEqual([]);
    expect(diff(undefined, undefined)).toEqual([]);
  });

  it("names each field with its old and its new value", () => {
    expect(diff({ a: "x", b: 1, c: { d: true } }, { a: "y", b: 1, c: { d: false } })).toEqual([
      ["a", "-x", "+y"],
      ["c.d", "-true", "+false"],
    ]);
  });

  it("tells a value from none, and types from one another", () => {
    expect(diff({ a: null }, { b: "" })).toEqual([
      ["a", "-null"],
      ["b", "+"],
    ]);
    expect(diff({ a: "1" }, { a: 1 })).toEqual([["a", "-1", "+1"]]);
    expect(diff("x", "y")).toEqual([["", "-x", "+y"]]);
  });

  it("goes through long text by lines, and counts those that stay the same", () => {
    const before = [..."abcdefgh"].join("\n");
    expect(diff({ t: before }, { t: before.replace("g", "G\nnew") })).toEqual([
      ["t", "…4", " e", " f", "-g", "+G", "+new", " h"],
    ]);
  });

  it("finds lines that moved in and out of the middle", () => {
    expect(diff("a\nb\nc\nd", "a\nc\nx\nd")).toEqual([["", " a", "-b", " c", "+x", " d"]]);
  });

  it("goes through a list item by item, by lines when its length changed", () => {
    expect(diff(["/a", "/b"], ["/a", "/c"])).toEqual([["1", "-/b", "+/c"]]);
    expect(diff(["/a", "/b", "/c"], ["/a", "/c"])).toEqual([["", " /a", "-/b", " /c"]]);
    expect(diff([1], [1, { a: 2 }])).toEqual([["", " 1", '+{"a":2}']]);
  });

  it("takes a huge rewrite as replaced instead of comparing every pair", () => {
    const text = (sign: string): string =>
      Array.from({ length: 2000 }, (_, n) => sign + n).join("\n");
    const [change] = changesBetween(text("a"), text("b"));
    expect(change?.lines.length).toBe(4000);
  });
});
