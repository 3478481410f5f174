/** P20: every word stands in the catalogue, and every language has all of it. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { strings as german } from "../components/words/de";
import { strings as english } from "../components/words/en";

type Leaf = [path: string, value: unknown];

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, `${path}.${key}`));
}

const here = (folder: string): string => join(import.meta.dirname, "..", folder);

describe("the catalogue", () => {
  it("has the same places in every language", () => {
    const places = (words: unknown): string[] =>
      leaves(words).map(([path, value]) => `${path}: ${typeof value}`);
    expect(places(german)).toEqual(places(english));
  });

  it("is not English where it says to be German", () => {
    const there = new Map(leaves(english));
    const same = leaves(german).filter(
      ([path, value]) =>
        typeof value === "string" &&
        value === there.get(path) &&
        /[a-z]{2,} [a-z]{2,}/i.test(value),
    );
    expect(same).toEqual([]);
  });

  it("keeps the values that mean something to the code", () => {
    expect(german.inbox.ages.map(([age]) => age)).toEqual(english.inbox.ages.map(([age]) => age));
    expect(german.tasks.statuses.map(([status]) => status)).toEqual(
      english.tasks.statuses.map(([status]) => status),
    );
    const keys = (rows: readonly (readonly [readonly string[], string])[]) =>
      rows.map(([names]) => names);
    expect(keys(german.tasks.keys)).toEqual(keys(english.tasks.keys));
    expect(keys(german.inbox.keys)).toEqual(keys(english.inbox.keys));
  });

  it("writes numbers, sizes and plurals as its language does", () => {
    expect(english.file.stored(1_234_567)).toBe("A stored file is kept: 1.2 MB.");
    expect(german.file.stored(1_234_567)).toBe("Eine gespeicherte Datei bleibt: 1,2 MB.");
    expect(german.tasks.count(1)).toBe("1 Task");
    expect(german.tasks.countOf(2, 12_000)).toBe("2 von 12.000 Tasks");
    expect(german.decision.verb("approve", 3)).toBe("3 genehmigen");
    expect(german.days(1)).toBe("1 Tag");
  });

  it("is the only place where words stand", () => {
    const spoken =
      /(?:aria-label|title|placeholder|alt)="[^"]*[A-Za-z]{2}|>\s*[A-Z][a-z]+(?: [a-z]+)*[.…]?\s*<\//;
    const found = readdirSync(here("components"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".tsx"))
      .flatMap((name) =>
        readFileSync(join(here("components"), name), "utf8")
          .split("\n")
          .filter((line) => spoken.test(line) && !line.includes("<kbd"))
          .map((line) => `${name}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });
});
