import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { verdict } from "../components/form/judge";
import { cases } from "./suite";

const LEFT = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../tests/json_schema_suite/left_to_the_kernel.json",
);

interface Left {
  reason: string;
  tests: string[];
}

test("the browser judges right, or leaves it to the kernel", () => {
  const all = cases();
  const left: string[] = [];
  const wrong: string[] = [];
  for (const one of all) {
    const found = verdict(one.schema, one.value);
    if (found === null) left.push(one.name);
    else if (found !== one.valid) wrong.push(one.name);
  }
  const named = (JSON.parse(readFileSync(LEFT, "utf8")) as Left[]).flatMap(({ tests }) => tests);

  expect(all.length).toBe(1257);
  expect(wrong).toEqual([]);
  expect([...left].sort()).toEqual([...named].sort());
});

test("older drafts are judged by their own rules", () => {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    items: [{ type: "string" }],
    additionalItems: false,
  };
  expect(verdict(schema, ["a"])).toBe(true);
  expect(verdict(schema, ["a", "b"])).toBe(false);
});
