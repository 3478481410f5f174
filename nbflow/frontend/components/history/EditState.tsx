/** The form that edits a state: stored as a checkpoint, or with the same input run on it. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import type { Form, Json, Receipt } from "../../protocol/messages";
import { clearDraft } from "../form/drafts";
import { labelOf } from "../form/errors";
import { focusField, Summary, useSummaryFocus } from "../form/Summary";
import { entryAt } from "../form/sheet";
import { useAnswer } from "../form/useAnswer";
import { ValueForm } from "../form/ValueForm";
import { Icon } from "../icons";
import type { PastActions } from "../model";
import { strings } from "../strings";
import type { Going } from "./Actions";
import { CopyCode } from "./Copy";

interface Props {
  form: Form;
  checkpointId: string;
  /** Whether there is an input that can run again. */
  rerun: boolean;
  /** The checkpoint lies within a run, which then goes on from the edited state. */
  midway: boolean;
  /** The run asks: what waits is left behind. */
  asking: boolean;
  going: Going;
  past: PastActions;
  disabled: boolean;
  onClose: () => void;
}

type Save = "rerun" | "update";

function wordsOf(action: Save, midway: boolean): [string, string] {
  const { past } = strings;
  if (action === "update") return [past.save, midway ? past.editMidwayHint : past.editHint];
  return midway ? [past.goOn, past.goOnHint] : [past.rerun, past.rerunHint];
}

export function EditState(props: Props): ReactNode {
  const { form, checkpointId, going, past, disabled, onClose } = props;
  const receipt = receiptOf(going, form);
  const answer = useAnswer(form, receipt, true);
  const prefix = `nbf${useId().replaceAll(/[^\w-]/g, "")}`;
  const box = useRef<HTMLDivElement>(null);
  const summary = useSummaryFocus(receipt);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => clearDraft(form.interrupt_id);
  }, [form.interrupt_id]);
  const value = (): Json => {
    const ready = answer.check();
    if (ready && "value" in ready) return ready.value;
    summary.wanted.current = true;
    throw new Error(strings.past.notYet);
  };
  const save = (action: Save): void => {
    try {
      going.go({ action, checkpoint_id: checkpointId, value: value() });
    } catch {
      // The summary says what is missing.
    }
  };
  const code = async (action: Save): Promise<string> =>
    (await past.code(action, checkpointId, value())).text;
  const entry = entryAt(answer.sheet, null);
  const busy = going.step !== null;
  const saves: readonly Save[] = props.rerun ? ["rerun", "update"] : ["update"];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a form element would submit on Enter in any field
    <div ref={box} className="nbf-form nbf-edit" role="form" aria-label={strings.past.form}>
      <Summary
        errors={answer.errors}
        focus={summary}
        label={(path) =>
          path.length === 0 ? strings.past.wholeState : labelOf(path, answer.sheet)
        }
        onPick={(path) => focusField(box.current, prefix, path)}
      />
      {entry && (
        <ValueForm
          entry={entry}
          edit={answer.edit}
          errors={answer.errors}
          prefix={prefix}
          disabled={disabled}
          whole={strings.past.whole}
        />
      )}
      {props.asking && <p className="nbf-note">{strings.past.dropsQuestions}</p>}
      <ul className="nbf-steps">
        {saves.map((action) => {
          const [label, hint] = wordsOf(action, props.midway);
          return (
            <li key={action}>
              <button
                type="button"
                className={`nbf-button nbf-act${action === saves[0] ? " nbf-primary" : ""}`}
                disabled={disabled}
                aria-disabled={busy || undefined}
                aria-busy={going.step?.action === action}
                onClick={() => save(action)}
              >
                {going.step?.action === action && <Icon name="running" />}
                {label}
              </button>
              <span className="nbf-action-hint">{hint}</span>
              <CopyCode what={label} text={() => code(action)} />
            </li>
          );
        })}
      </ul>
      <div>
        <button type="button" className="nbf-link" onClick={onClose}>
          {strings.past.close}
        </button>
      </div>
    </div>
  );
}

const FIRST = ":is(input, select, textarea):not(:disabled, .nbf-kinds *)";

/** The last outcome as what a form understands, when it is about the state that was entered. */
function receiptOf({ outcome }: Going, form: Form): Receipt | null {
  if (outcome?.status !== "invalid") return null;
  const { request, status, message, errors } = outcome;
  return {
    type: "receipt",
    submission: request,
    interrupt_id: form.interrupt_id,
    status,
    message,
    errors,
  };
}
