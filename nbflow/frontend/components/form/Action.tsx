/** One action: what it is about, the row of its decisions, and what the chosen one takes. */

import { type ReactNode, useId } from "react";
import type { FieldError, FormAction } from "../../protocol/messages";
import { ContextFields } from "../Context";
import { Icon } from "../icons";
import { strings } from "../strings";
import { controlOf } from "./control";
import { DiffView } from "./DiffView";
import { actionLabel } from "./errors";
import { shapeOf } from "./shape";
import { decisionAt, type Entry, entryAt } from "./sheet";
import type { Answer } from "./useAnswer";
import { SEPARATOR, ValueForm } from "./ValueForm";
import { valueNow } from "./work";

interface Props {
  answer: Answer;
  index: number;
  letters: ReadonlyMap<string, string>;
  prefix: string;
  disabled: boolean;
  onChoose: (decision: number) => void;
}

export function Action(props: Props): ReactNode {
  const { answer, index, prefix, disabled } = props;
  const titleId = useId();
  const { form } = answer.sheet;
  const action = form.actions[index];
  if (!action) return null;
  const several = form.actions.length > 1;
  const entry = entryAt(answer.sheet, index);
  const decision = decisionAt(answer.sheet, index);
  const errors = loose(answer, index, entry);
  const titled = several || !form.title.includes(action.name);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot lay out its legend beside a tag
    <div
      className={`nbf-action${several ? " nbf-action-one" : ""}`}
      role="group"
      data-action={index}
      aria-labelledby={titled ? titleId : undefined}
      aria-label={titled || action.name === "" ? undefined : action.name}
    >
      {titled && (
        <div className="nbf-action-head">
          <span className="nbf-action-title" id={titleId}>
            {actionLabel(form, index)}
          </span>
          {several && (
            <span className={`nbf-tag${decision ? " nbf-tag-set" : ""}`}>
              {decision ? strings.decision.names(decision.kind) : strings.decision.open}
            </span>
          )}
        </div>
      )}
      <ContextFields fields={action.context} />
      <DecisionRow {...props} action={action} errors={errors} />
      {entry && (
        <div className="nbf-filling">
          <ValueForm
            key={entry.key}
            entry={entry}
            edit={answer.edit}
            errors={answer.errors}
            prefix={prefix}
            disabled={disabled}
          />
          {decision?.kind === "edit" && entry.asked.has_initial && (
            <DiffView
              before={entry.asked.initial}
              after={valueNow(entry.asked, entry.work)}
              schema={entry.asked.schema}
              unchanged={strings.decision.unchanged}
            />
          )}
        </div>
      )}
    </div>
  );
}

/** Messages about an action that no field of it shows. */
function loose(answer: Answer, index: number, entry: Entry | null): string[] {
  if (answer.tried && answer.open.includes(index)) return [strings.decision.choose];
  if (entry && drawsErrors(entry)) return [];
  return answer.errors.filter((error) => isAbout(error, index)).map(({ message }) => message);
}

function isAbout({ path }: FieldError, index: number): boolean {
  return path.length === 1 && path[0] === index;
}

/** Whether the root of the form is a control with a place for its own errors. */
function drawsErrors({ asked: { schema } }: Entry): boolean {
  const control = controlOf(shapeOf(schema, undefined, schema), schema);
  return control !== "container" && control !== "hidden";
}

interface RowProps extends Props {
  action: FormAction;
  errors: readonly string[];
}

/** Radio buttons that look like the parts of one bar; nothing is chosen by itself. */
function DecisionRow(props: RowProps): ReactNode {
  const { answer, index, action, letters, prefix, disabled, errors, onChoose } = props;
  const id = [prefix, index, "decision"].join(SEPARATOR);
  const invalid = errors.length > 0;
  return (
    <div className="nbf-field">
      <div
        className="nbf-decisions"
        role="radiogroup"
        id={id}
        aria-label={strings.decision.label(action.name)}
        aria-invalid={invalid || undefined}
        aria-required
        aria-describedby={invalid ? `${id}${SEPARATOR}error` : undefined}
      >
        {action.decisions.map(({ kind }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the decisions of a form never move
          <label key={at} className="nbf-decision">
            <input
              type="radio"
              name={id}
              checked={answer.sheet.chosen[index] === at}
              disabled={disabled}
              aria-keyshortcuts={letters.get(kind)}
              onChange={() => onChoose(at)}
            />
            <span>{strings.decision.names(kind)}</span>
            <span className="nbf-kbd" aria-hidden="true">
              {letters.get(kind)}
            </span>
          </label>
        ))}
      </div>
      {invalid && (
        <div className="nbf-error" id={`${id}${SEPARATOR}error`}>
          <Icon name="warning" />
          <span>{errors.join(" ")}</span>
        </div>
      )}
    </div>
  );
}
