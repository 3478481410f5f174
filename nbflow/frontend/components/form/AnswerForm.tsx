/** The form of one question: a plain answer, or decisions about actions, and one button. */

import { type ReactNode, type RefObject, useId, useMemo, useRef } from "react";
import type { Form, Receipt } from "../../protocol/messages";
import { Icon } from "../icons";
import type { Reply } from "../model";
import { strings } from "../strings";
import { actLabel, Decisions } from "./Decisions";
import { lettersOf } from "./decide";
import { labelOf } from "./errors";
import { KeyList, MAC, useKeys } from "./keys";
import { focusField, Summary, useSummaryFocus } from "./Summary";
import { entryAt } from "./sheet";
import { type Answer, useAnswer } from "./useAnswer";
import { ValueForm } from "./ValueForm";

interface Props {
  form: Form;
  receipt: Receipt | null;
  /** A submission is on its way. */
  pending: boolean;
  /** The kernel does not answer: what is entered stays, nothing can be sent. */
  disabled: boolean;
  /** Where the keys act; the form itself when it is left out. */
  scope?: RefObject<HTMLElement | null>;
  onSubmit: (reply: Reply) => void;
}

export function AnswerForm(props: Props): ReactNode {
  const { form, receipt, pending, disabled, onSubmit } = props;
  const answer = useAnswer(form, receipt);
  const prefix = `nbf${useId().replaceAll(/[^\w-]/g, "")}`;
  const box = useRef<HTMLDivElement>(null);
  const summary = useSummaryFocus(receipt);
  const letters = useMemo(() => lettersOf(form), [form]);
  const decided = form.actions.length > 0;
  const submit = (): void => {
    if (pending || disabled) return;
    const [first] = answer.open;
    const ready = answer.check();
    if (ready) onSubmit(ready);
    else if (first === undefined) summary.wanted.current = true;
    else focusField(box.current, prefix, [first]);
  };
  const keys = useKeys({
    scope: props.scope ?? box,
    form,
    letters,
    chosen: answer.sheet.chosen,
    choose: (action, decision) => answer.choose(answer.sheet.chosen.with(action, decision)),
    submit,
  });
  const plain = decided ? null : entryAt(answer.sheet, null);
  const parts = { edit: answer.edit, errors: answer.errors, prefix, disabled };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a form element would submit on Enter in any field
    <div ref={box} className="nbf-form" role="form" aria-label={strings.question.form(form.title)}>
      <Summary
        errors={answer.errors}
        focus={summary}
        label={(path) => labelOf(path, answer.sheet)}
        onPick={(path) => focusField(box.current, prefix, path)}
      />
      {plain && <ValueForm entry={plain} {...parts} />}
      {decided && <Decisions answer={answer} letters={letters} {...parts} />}
      <SubmitRow answer={answer} pending={pending} disabled={disabled} onPress={submit}>
        {decided && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button nbf-keys-button"
            aria-expanded={keys.listed}
            onClick={keys.toggle}
          >
            {strings.keys.title}
            <span className="nbf-kbd" aria-hidden="true">
              ?
            </span>
          </button>
        )}
      </SubmitRow>
      {keys.listed && <KeyList form={form} letters={letters} onClose={keys.toggle} />}
    </div>
  );
}

interface SubmitRowProps {
  answer: Answer;
  pending: boolean;
  disabled: boolean;
  onPress: () => void;
  children: ReactNode;
}

function SubmitRow({ answer, pending, disabled, onPress, children }: SubmitRowProps): ReactNode {
  const open = answer.open.length;
  return (
    <div className="nbf-submit-row">
      <p className="nbf-still-open" role="status">
        {answer.tried && open > 0 && answer.sheet.chosen.length > 1
          ? strings.decision.stillOpen(open)
          : ""}
      </p>
      <button
        type="button"
        className={`nbf-button nbf-primary${open > 0 ? " nbf-not-yet" : ""}`}
        disabled={disabled}
        aria-disabled={pending || undefined}
        aria-busy={pending}
        aria-keyshortcuts={MAC ? "Meta+Enter" : "Control+Enter"}
        onClick={onPress}
      >
        {pending && <Icon name="running" />}
        <span>{pending ? strings.question.submitting : actLabel(answer)}</span>
        {!pending && <kbd className="nbf-kbd">{strings.keys.names[MAC ? "sendMac" : "send"]}</kbd>}
      </button>
      {children}
      <DraftNote draft={answer.draft} />
    </div>
  );
}

/** Whether what was entered is there after a reload; said at once, and again only when it changes. */
function DraftNote({ draft }: Pick<Answer, "draft">): ReactNode {
  return (
    <p className={`nbf-note nbf-draft${draft ? "" : " nbf-hidden"}`} aria-live="polite">
      {draft !== null && (
        <>
          <Icon name={draft === "kept" ? "done" : "warning"} />
          <span>{strings.draft[draft]}</span>
        </>
      )}
    </p>
  );
}
