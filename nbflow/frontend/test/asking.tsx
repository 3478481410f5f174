/**
 * Asks a question in the real form, and acts in it as a person does. What the page submits is kept:
 * `replies` has it whole, `sent` the values of plain answers.
 */

import { cleanup, fireEvent, type RenderResult, render, screen } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { AnswerForm } from "../components/form/AnswerForm";
import type { Reply } from "../components/model";
import type { Form, Json, JsonObject, Receipt } from "../protocol/messages";

export const replies: Reply[] = [];
export const sent: Json[] = [];

/** Each test of the file begins with an empty page and without drafts. */
export function freshPages(): void {
  beforeEach(() => {
    replies.length = 0;
    sent.length = 0;
    sessionStorage.clear();
  });
  afterEach(cleanup);
}

export function ask(schema: JsonObject, initial?: Json): Form {
  const form: Form = {
    interrupt_id: "q1",
    task: null,
    title: "A question",
    context: [],
    schema,
    has_initial: initial !== undefined,
    actions: [],
  };
  return initial === undefined ? form : { ...form, initial };
}

export interface Moment {
  receipt?: Receipt | null;
  pending?: boolean;
  disabled?: boolean;
}

export function element(form: Form, moment: Moment = {}) {
  return (
    <AnswerForm
      form={form}
      receipt={moment.receipt ?? null}
      pending={moment.pending ?? false}
      disabled={moment.disabled ?? false}
      onSubmit={(reply) => {
        replies.push(reply);
        if ("value" in reply) sent.push(reply.value);
      }}
    />
  );
}

export const showForm = (form: Form, moment?: Moment): RenderResult =>
  render(element(form, moment));

/** Asks for a value of this schema; the place on the page where it is asked for. */
export const show = (schema: JsonObject, initial?: Json): HTMLElement =>
  showForm(ask(schema, initial)).container;

export const press = (name: string | RegExp): void => {
  fireEvent.click(screen.getByRole("button", { name }));
};
export const submit = (): void => {
  fireEvent.click(document.querySelector(".nbf-primary") as HTMLElement);
};

/** A field by its label; what is shown about a question has groups of the same names. */
export const field = (label: string | RegExp, at = 0): HTMLElement =>
  screen.getAllByLabelText(label, { selector: "input, textarea, select" })[at] as HTMLElement;

export const type = (label: string | RegExp, text: string): void => {
  fireEvent.change(field(label), { target: { value: text } });
};
export const pick = (name: string): void => {
  fireEvent.click(screen.getByRole("radio", { name }));
};
export const texts = (): unknown[] =>
  screen.getAllByRole("textbox").map((box) => (box as HTMLInputElement).value);

export function object(properties: JsonObject, required: string[] = []): JsonObject {
  return { type: "object", properties, required };
}
