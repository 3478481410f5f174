/**
 * The golden rounds that pytest reads as well: a person who acts as recorded makes the page submit
 * exactly what the kernel is given there.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Reply } from "../components/model";
import { strings } from "../components/strings";
import type { Form, FormDecision, Json, JsonObject } from "../protocol/messages";
import { freshPages, replies, showForm, submit } from "./asking";
import { axeIds } from "./axe";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../tests/conventions");

interface Golden {
  form: Form;
  /** What is submitted, beside what becomes of it in the kernel. */
  rounds: (Reply & { answer: Json; reads_back?: Json })[];
}

const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const golden = (name: string): Golden =>
  JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Golden;

const ROUNDS = FILES.flatMap((name) =>
  golden(name).rounds.map((_, at): [string, number] => [name, at]),
);

freshPages();

function actionAt(index: number): HTMLElement {
  return document.querySelector(`[data-action="${index}"]`) as HTMLElement;
}

/** Fills in what is to differ, field by field, by its label. */
function fillIn(where: HTMLElement, schema: JsonObject, value: Json, before: Json | undefined) {
  if (JSON.stringify(value) === JSON.stringify(before)) return;
  if (schema.type === "object") {
    const known = (before ?? {}) as JsonObject;
    for (const [key, part] of Object.entries(value as JsonObject)) {
      const own = (schema.properties as Record<string, JsonObject>)[key] as JsonObject;
      fillIn(where, own, part, known[key]);
    }
    return;
  }
  const options = (schema.oneOf ?? schema.enum) as Json[] | undefined;
  if (options || schema.type === "boolean") {
    const names = new Map(
      (options ?? []).map((one) => {
        const { const: chosen, title } = one as JsonObject;
        return title === undefined ? [one, String(one)] : [chosen, String(title)];
      }),
    );
    const words = value === true ? strings.question.yes : strings.question.no;
    fireEvent.click(within(where).getByRole("radio", { name: names.get(value) ?? words }));
    return;
  }
  const label = new RegExp(`^${schema.title ?? strings.question.value}`);
  const box = within(where).getByLabelText(label, { selector: "input, textarea" });
  fireEvent.change(box, { target: { value: String(value) } });
}

function decide(index: number, offered: readonly FormDecision[], made: { kind: string }): void {
  const decision = offered.find(({ kind }) => kind === made.kind) as FormDecision;
  const name = strings.decision.names(made.kind);
  fireEvent.click(within(actionAt(index)).getByRole("radio", { name }));
  if (!("value" in made)) return;
  const filling = actionAt(index).querySelector(".nbf-filling") as HTMLElement;
  fillIn(filling, decision.schema as JsonObject, made.value as Json, decision.initial);
}

describe("a recorded round", () => {
  it.each(ROUNDS)("%s, round %i: the page submits what was recorded", async (name, at) => {
    const { form, rounds } = golden(name);
    const { answer: _, reads_back: __, ...submission } = rounds[at] as Golden["rounds"][0];
    const { container } = showForm(form);
    if ("value" in submission) {
      fillIn(screen.getByRole("form"), form.schema, submission.value, form.initial);
    } else {
      for (const [index, made] of submission.decisions.entries()) {
        decide(index, form.actions[index]?.decisions ?? [], made);
      }
    }
    expect(await axeIds(container)).toEqual([]);
    submit();
    expect(JSON.stringify(replies)).toBe(JSON.stringify([submission]));
  });

  it("is there for every convention", () => {
    expect(FILES.length).toBeGreaterThanOrEqual(8);
    expect(ROUNDS.length).toBeGreaterThanOrEqual(FILES.length);
  });
});
