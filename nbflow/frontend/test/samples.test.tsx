/**
 * The samples of two galleries of forms (`tests/samples`) in the real form: drawn, looked at by axe,
 * and sent back untouched. SAMPLES_REPORT names the file that takes the figures
 * (`make forms-report`).
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanup, fireEvent } from "@testing-library/react";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Json, JsonObject } from "../protocol/messages";
import { freshPages, sent, show, submit } from "./asking";
import { axeIds } from "./axe";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../tests/samples");
const REPORT = process.env.SAMPLES_REPORT;

interface Sample {
  name: string;
  schema: JsonObject;
  data?: Json;
}

interface Named {
  reason: string;
  samples: string[];
}

const read = <T,>(path: string): T => JSON.parse(readFileSync(join(FOLDER, path), "utf8")) as T;
const HELD = new Set(read<Named[]>("held_back.json").flatMap(({ samples }) => samples));

/** axe in jsdom takes minutes for more; the one such sample is a state of dev/states.mjs. */
const MOST_CONTROLS = 200;

const figures: Record<string, { drawn: number; sent: number; held: number; given: number }> = {};
const remarked: Record<string, string[]> = {};

freshPages();

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function followed(schema: unknown, root: JsonObject): JsonObject {
  if (!isObject(schema)) return {};
  if (typeof schema.$ref !== "string") return schema;
  const { $ref, ...own } = schema;
  const steps = String($ref).split("/").slice(1);
  const target = steps.reduce<unknown>(
    (node, step) => (isObject(node) ? node[step] : undefined),
    root,
  );
  return { ...followed(target, root), ...own };
}

/** The names of the fields that an object has whatever else holds, read without the form's help. */
function fieldsOf(schema: unknown, root: JsonObject, depth = 0): string[] {
  const node = followed(schema, root);
  const parts = Array.isArray(node.allOf) ? node.allOf : [];
  const own = Object.entries(isObject(node.properties) ? node.properties : {});
  return [
    ...parts.flatMap((part) => fieldsOf(part, root, depth)),
    ...own.flatMap(([key, part]) => {
      const inner = followed(part, root);
      if (inner.const !== undefined) return [];
      const title = typeof inner.title === "string" ? inner.title : key;
      return [title, ...(depth < 1 ? fieldsOf(inner, root, depth + 1) : [])];
    }),
  ];
}

/** What the form says about fields that it draws as JSON, or of which it does not know all. */
function remarks(container: HTMLElement): string[] {
  return [...container.querySelectorAll(".nbf-remark")].map((one) => one.textContent ?? "");
}

describe.each(["jsonforms", "rjsf"])("%s", (gallery) => {
  const samples = read<Sample[]>(`${gallery}/samples.json`);
  const counts = { drawn: 0, sent: 0, held: 0, given: samples.length };
  figures[gallery] = counts;

  it.each(samples.map((sample) => [sample.name, sample] as const))("%s", async (name, sample) => {
    const complained = vi.spyOn(console, "error");
    const { schema, data } = sample;
    const container = show(schema, data);
    expect(complained.mock.calls).toEqual([]);
    const text = container.textContent ?? "";
    expect(fieldsOf(schema, schema).filter((title) => !text.includes(title))).toEqual([]);
    const controls = container.querySelectorAll("input, select, textarea, button");
    expect(controls.length).toBeGreaterThan(1);
    if (controls.length < MOST_CONTROLS) expect(await axeIds(container)).toEqual([]);
    counts.drawn += 1;
    const said = remarks(container);
    if (said.length > 0) remarked[`${gallery}: ${name}`] = [...new Set(said)];
    submit();
    if (HELD.has(`${gallery}: ${name}`)) {
      expect(sent).toEqual([]);
      expect(container.querySelector(".nbf-summary")).not.toBeNull();
      counts.held += 1;
    } else if (data !== undefined) {
      expect(JSON.stringify(sent)).toBe(JSON.stringify([data]));
      counts.sent += 1;
    }
  });

  it("shows all data as JSON, to the letter", () => {
    for (const { schema, data } of samples) {
      if (data === undefined) continue;
      const container = show(schema, data);
      fireEvent.click(container.querySelector(".nbf-turn button") as HTMLElement);
      const area = container.querySelector("textarea") as HTMLTextAreaElement;
      expect(JSON.stringify(JSON.parse(area.value))).toBe(JSON.stringify(data));
      cleanup();
    }
  });
});

afterAll(() => {
  if (REPORT) writeFileSync(REPORT, JSON.stringify({ figures, remarked }));
});
