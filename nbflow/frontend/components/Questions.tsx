/** The questions in the order they were asked: open ones as forms, answered ones as a line. */

import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Form } from "../protocol/messages";
import { Answered } from "./Answered";
import { ContextFields } from "./Context";
import { AnswerForm } from "./form/AnswerForm";
import { clearDraft } from "./form/drafts";
import { Icon } from "./icons";
import type { Reply, RunView, Submission } from "./model";
import { strings } from "./strings";
import { TermsOf } from "./Terms";

interface Props {
  view: RunView;
  /** The run can still take answers. */
  open: boolean;
  onSubmit: (interruptId: string, reply: Reply) => void;
}

export function Questions({ view, open, onSubmit }: Props): ReactNode {
  const first = view.log.questions.find((question) => question.answer === null);
  const over = view.log.questions.filter((question) => question.answer !== null);
  const ids = over.map((question) => question.form.interrupt_id).join(" ");
  useEffect(() => {
    for (const id of ids.split(" ")) clearDraft(id);
  }, [ids]);
  return view.log.questions.map((question) => {
    const id = question.form.interrupt_id;
    if (question.answer) return <Answered key={id} question={question} />;
    if (!open) return null;
    return (
      <OpenQuestion
        key={id}
        form={question.form}
        submission={view.submissions.get(id) ?? null}
        disabled={view.connection !== "open"}
        first={question === first}
        onSubmit={(reply) => onSubmit(id, reply)}
      />
    );
  });
}

interface OpenProps {
  form: Form;
  submission: Submission | null;
  disabled: boolean;
  /** Takes the focus, unless the person is busy elsewhere. */
  first: boolean;
  onSubmit: (reply: Reply) => void;
}

export function OpenQuestion(props: OpenProps): ReactNode {
  const { form, submission, disabled, first, onSubmit } = props;
  const titleId = useId();
  const asked = useMemo(() => whatIsAsked(form), [form]);
  const box = useRef<HTMLDivElement>(null);
  useGentleFocus(box, first);
  const receipt = submission?.receipt ?? null;
  const accepted = receipt?.status === "accepted";
  useEffect(() => {
    if (accepted) clearDraft(form.interrupt_id);
  }, [accepted, form.interrupt_id]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark, one for each question
    <div className="nbf-question" role="group" aria-labelledby={titleId} ref={box} tabIndex={-1}>
      <div className="nbf-question-head">
        <Icon name="question" />
        <h4 className="nbf-question-title" id={titleId}>
          {form.title}
        </h4>
      </div>
      {form.task !== null && <p className="nbf-note">{strings.question.asks(form.task)}</p>}
      {form.terms && <TermsOf terms={form.terms} />}
      <ContextFields fields={form.context} />
      {accepted ? (
        <p className="nbf-taken" role="status">
          <Icon name="done" />
          {strings.question.answered}. {strings.question.accepted}
        </p>
      ) : (
        <>
          {receipt?.status === "refused" && (
            <p className="nbf-refused" role="alert">
              <Icon name="warning" />
              <span>
                {strings.question.refused} {receipt.message}
              </span>
            </p>
          )}
          <AnswerForm
            key={asked}
            scope={box}
            form={form}
            receipt={receipt}
            pending={submission !== null && receipt === null}
            disabled={disabled}
            onSubmit={onSubmit}
          />
          <Slow submission={submission} text={strings.question.slow} />
        </>
      )}
    </div>
  );
}

/** A question that is asked again in other words begins again, from its draft. */
function whatIsAsked({ schema, initial, actions }: Form): string {
  return JSON.stringify([schema, initial, actions]);
}

interface SlowProps {
  submission: Submission | null;
  text: string;
}

/** Says so when a submission has been on its way for long. */
export function Slow({ submission, text }: SlowProps): ReactNode {
  const waiting = submission !== null && submission.receipt === null ? submission.id : null;
  const [slow, setSlow] = useState<string | null>(null);
  useEffect(() => {
    if (waiting === null) return;
    const timer = window.setTimeout(() => setSlow(waiting), 4000);
    return () => window.clearTimeout(timer);
  }, [waiting]);
  if (waiting === null || slow !== waiting) return null;
  return (
    <p className="nbf-note" role="status">
      {text}
    </p>
  );
}

/** Focuses the first control of a new question, unless the person is busy elsewhere. */
function useGentleFocus(box: React.RefObject<HTMLElement | null>, first: boolean): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current || !first || !box.current) return;
    done.current = true;
    const active = document.activeElement;
    const card = box.current.closest(".nbf-inbox-pane, .nbf-run, .nbflow");
    const free = active === null || active === document.body || card?.contains(active);
    if (!free) return;
    const chosen = box.current.querySelector<HTMLElement>(".nbf-decision input:checked");
    const control = box.current.querySelector<HTMLElement>(
      ".nbf-form :is(input, select, textarea):not(:disabled, .nbf-kinds *)",
    );
    (chosen ?? control ?? box.current).focus({ preventScroll: true });
  }, [first, box]);
}
