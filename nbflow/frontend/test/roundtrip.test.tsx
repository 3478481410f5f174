/**
 * Round trip of the suite through the form: a seeded sample here, the whole of it where
 * FORMS_REPORT names the file that takes the figures (`make forms-report`).
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { verdict } from "../components/form/judge";
import { trip } from "./roundtrip";
import { type Case, cases, FOLDER } from "./suite";

interface Named {
  reason: string;
  tests: string[];
}

const REPORT = process.env.FORMS_REPORT;
const SEED = Number(process.env.SEED ?? 20_260_131);
const SAMPLE = 60;

const namesIn = (file: string): Set<string> =>
  new Set(
    (JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Named[]).flatMap(({ tests }) => tests),
  );

/** Cases picked by mulberry32, the same ones for the same seed. */
function sampled(all: readonly Case[], count: number): Case[] {
  let state = SEED;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const rest = [...all];
  return Array.from({ length: count }, () => rest.splice(random() * rest.length, 1)).flat();
}

const written = (value: unknown): string => JSON.stringify(value) ?? "nothing";

afterEach(() => sessionStorage.clear());

test(
  "the suite goes through the form as it came",
  async () => {
    const all = cases();
    const chosen = REPORT ? all : sampled(all, SAMPLE);
    const left = namesIn("left_to_the_kernel.json");
    const figures = {
      page: { right: 0, left: 0, wrong: 0 },
      valid: 0,
      untouched: 0,
      edited: 0,
      invalid: 0,
      named: 0,
      left: 0,
    };
    const notSent: string[] = [];
    const notNamed: string[] = [];
    for (const one of chosen) {
      const found = verdict(one.schema, one.value);
      figures.page[found === null ? "left" : found === one.valid ? "right" : "wrong"] += 1;
      const { untouched, edited, named } = trip(one);
      if (one.valid) {
        const same = [untouched, edited].map((value) => written(value) === written(one.value));
        figures.valid += 1;
        figures.untouched += Number(same[0]);
        figures.edited += Number(same[1]);
        if (same.includes(false)) notSent.push(one.name);
      } else {
        figures.invalid += 1;
        figures.named += Number(named);
        figures.left += Number(left.has(one.name));
        if (named === left.has(one.name)) notNamed.push(one.name);
      }
      await new Promise(setImmediate);
    }
    if (REPORT) writeFileSync(REPORT, JSON.stringify(figures));
    const excused = [...namesIn("not_sent_back.json")];
    expect(notSent, `seed ${SEED}`).toEqual(
      excused.filter((name) => chosen.some((one) => one.name === name)),
    );
    expect(notNamed, `seed ${SEED}`).toEqual([]);
  },
  REPORT ? 600_000 : 20_000,
);
