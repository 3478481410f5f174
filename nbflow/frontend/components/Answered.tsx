/** A question that has its answer: one line, which opens to what was decided or said. */

import type { ReactNode } from "react";
import type { Question } from "../protocol/log";
import type { Decided, Field, FormAction, Json, JsonObject, Preview } from "../protocol/messages";
import { ContextFields } from "./Context";
import { DiffView } from "./form/DiffView";
import { wordsFor } from "./form/errors";
import { isObject, withoutSecrets } from "./form/schema";
import { Icon } from "./icons";
import { Moment } from "./Moment";
import { PreviewView } from "./Preview";
import { strings } from "./strings";

export function Answered({ question }: { question: Question }): ReactNode {
  const { form, answer, decisions } = question;
  if (!answer) return null;
  const decided = decisions.length > 0 && decisions.length === form.actions.length;
  return (
    <details className="nbf-answered">
      <summary>
        <Icon name={question.answered?.expired ? "warning" : "done"} />
        <span className="nbf-answered-title">{form.title}</span>
        <span className="nbf-answered-brief">
          {decided
            ? inShort(form.actions, decisions)
            : question.answered?.expired
              ? ""
              : brief(answer)}
        </span>
        <span className="nbf-tag">{whoAnswered(question)}</span>
        <Icon name="chevron" />
      </summary>
      <Provenance question={question} />
      {decided ? (
        <ul className="nbf-decided">
          {form.actions.map((action, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a form never move
            <li key={at}>
              <DecidedAction action={action} decided={decisions[at] as Decided} />
            </li>
          ))}
        </ul>
      ) : (
        !question.answered?.expired && <PreviewView value={answer} label={strings.question.value} />
      )}
    </details>
  );
}

function whoAnswered({ answered }: Question): string {
  if (answered?.via === "timeout") return strings.question.timeUp;
  return strings.question.answeredBy(answered?.by ?? null);
}

/** How it was answered, and when. */
function Provenance({ question }: { question: Question }): ReactNode {
  const { answered, answeredAt } = question;
  if (!answered || answeredAt === null) return null;
  return (
    <p className="nbf-note nbf-answered-how">
      {answered.via === "timeout"
        ? strings.question.noAnswer(answered.expired)
        : strings.question.via(answered.via)}{" "}
      <Moment at={answeredAt} />
    </p>
  );
}

/** The answer on one line, such as fits beside its question. */
function brief({ text }: Preview): string {
  const line = text.slice(0, 400).replaceAll(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function inShort(actions: readonly FormAction[], decisions: readonly Decided[]): string {
  const parts = decisions.map(({ kind }, at) => {
    const done = strings.decision.done(kind);
    const name = actions[at]?.name ?? "";
    return name === "" ? done : `${name}: ${done.toLowerCase()}`;
  });
  return parts.join(", ");
}

function DecidedAction({ action, decided }: { action: FormAction; decided: Decided }): ReactNode {
  const { kind, value } = decided;
  const offered = action.decisions.find((decision) => decision.kind === kind);
  const schema = offered?.schema ?? {};
  return (
    <>
      <p className="nbf-decided-line">
        {action.name !== "" && <strong className="nbf-action-title">{action.name}</strong>}
        <span className="nbf-tag nbf-tag-set">{strings.decision.done(kind)}</span>
      </p>
      {kind === "edit" && offered?.has_initial ? (
        <DiffView
          before={offered.initial}
          after={value}
          schema={schema}
          unchanged={strings.decision.answeredUnchanged}
        />
      ) : (
        <ContextFields fields={fieldsOf(value, schema)} />
      )}
    </>
  );
}

/** What was filled in, as it is shown before a decision; secrets left out. */
function fieldsOf(value: Json | undefined, schema: JsonObject): Field[] {
  const shown = withoutSecrets(value, schema, schema) as Json | undefined;
  if (shown === undefined) return [];
  if (!isObject(shown))
    return [fieldOf(typeof schema.title === "string" ? schema.title : "", shown)];
  return Object.entries(shown).map(([key, item]) => fieldOf(wordsFor([key], schema), item));
}

function fieldOf(label: string, value: Json): Field {
  return typeof value === "string"
    ? { label, kind: "text", value }
    : { label, kind: "json", value };
}
