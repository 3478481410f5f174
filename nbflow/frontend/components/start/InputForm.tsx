/** The form of a workflow's input: earlier inputs to begin with, fields, a thread, one button. */

import { type ReactNode, type RefObject, useEffect, useId, useRef, useState } from "react";
import type { FieldError, Json } from "../../protocol/messages";
import type { EarlierItem, StartForm } from "../../protocol/start";
import { loadDraft, saveDraft, WHOLE } from "../form/drafts";
import { labelOf } from "../form/errors";
import { noteId, TextInput } from "../form/inputs";
import { MAC, useKeys } from "../form/keys";
import { focusField, Summary, useSummaryFocus } from "../form/Summary";
import { holdsSecrets } from "../form/schema";
import { entryAt } from "../form/sheet";
import { useAnswer } from "../form/useAnswer";
import { ValueForm } from "../form/ValueForm";
import { Icon } from "../icons";
import type { Submission } from "../model";
import { Slow } from "../Questions";
import { strings } from "../strings";
import { Recall } from "./Recall";

interface Props {
  asked: StartForm;
  earlier: readonly EarlierItem[];
  earlierError: string | null;
  submission: Submission | null;
  /** The press that was taken last. */
  taken: string | null;
  /** The form is seen again after a start: it takes the focus then. */
  again: boolean;
  /** The kernel does not answer: what is entered stays, nothing can be sent. */
  disabled: boolean;
  onStart: (value: Json, thread: string) => void;
}

/** The name under which a page keeps what was entered as the thread of a form. */
export const threadDraftOf = (formId: string): string => `${formId}:thread`;

export function InputForm(props: Props): ReactNode {
  const { asked, earlier, earlierError, submission, taken, disabled, onStart } = props;
  const { form } = asked;
  const box = useRef<HTMLDivElement>(null);
  const [filled, setFilled] = useState<{ item: EarlierItem | null; times: number }>({
    item: null,
    times: 0,
  });
  const [thread, setThread] = useThread(form.interrupt_id, taken);
  useFocusAgain(box, props.again, filled.times);
  const receipt = submission?.receipt ?? null;
  const fill = (item: EarlierItem): void => {
    saveDraft(form.interrupt_id, {
      chosen: [],
      entries: { [WHOLE]: { value: item.value, texts: {} } },
    });
    setFilled({ item, times: filled.times + 1 });
  };
  return (
    <>
      <Recall items={earlier} error={earlierError} disabled={disabled} onPick={fill} />
      <Filled item={taken === null ? filled.item : null} secrets={holdsSecrets(form.schema)} />
      <Fields
        key={filled.times}
        box={box}
        asked={asked}
        receipt={receipt?.status === "invalid" ? receipt : null}
        pending={submission !== null && receipt === null}
        disabled={disabled}
        onStart={(value) => onStart(value, thread.trim())}
      >
        {asked.kept && <ThreadField value={thread} disabled={disabled} onChange={setThread} />}
        {receipt?.status === "refused" && (
          <p className="nbf-refused" role="alert">
            <Icon name="warning" />
            <span>
              {strings.start.refused} {receipt.message}
            </span>
          </p>
        )}
      </Fields>
      <Slow submission={submission} text={strings.start.slow} />
    </>
  );
}

/** What the form was filled with, said politely. */
function Filled({ item, secrets }: { item: EarlierItem | null; secrets: boolean }): ReactNode {
  return (
    <p className={item ? "nbf-note" : "nbf-hidden"} role="status">
      {item && strings.start.filled(item.thread_id)}{" "}
      {item && secrets && strings.start.filledSecrets}
    </p>
  );
}

interface FieldsProps {
  box: RefObject<HTMLDivElement | null>;
  asked: StartForm;
  receipt: Parameters<typeof useAnswer>[1];
  pending: boolean;
  disabled: boolean;
  onStart: (value: Json) => void;
  children: ReactNode;
}

function Fields(props: FieldsProps): ReactNode {
  const { box, asked, receipt, pending, disabled, onStart, children } = props;
  const { form, optional } = asked;
  const answer = useAnswer(form, receipt, optional);
  const prefix = `nbf${useId().replaceAll(/[^\w-]/g, "")}`;
  const summary = useSummaryFocus(receipt);
  const submit = (): void => {
    if (pending || disabled) return;
    const ready = answer.check();
    if (ready && "value" in ready) onStart(ready.value);
    else summary.wanted.current = true;
  };
  useKeys({ scope: box, form, letters: NO_LETTERS, chosen: [], choose: () => {}, submit });
  const entry = entryAt(answer.sheet, null);
  const label = (path: FieldError["path"]): string =>
    path.length === 0 ? strings.start.whole : labelOf(path, answer.sheet);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a form element would submit on Enter in any field
    <div ref={box} className="nbf-form" role="form" aria-label={strings.start.form(form.title)}>
      <Summary
        errors={answer.errors}
        focus={summary}
        label={label}
        onPick={(path) => focusField(box.current, prefix, path)}
      />
      {form.schema.type === "null" ? (
        <p className="nbf-empty">{strings.start.noInput}</p>
      ) : (
        entry && (
          <ValueForm
            entry={entry}
            edit={answer.edit}
            errors={answer.errors}
            prefix={prefix}
            disabled={disabled}
            whole={strings.start.raw}
          />
        )
      )}
      {children}
      <div className="nbf-submit-row">
        <button
          type="button"
          className="nbf-button nbf-primary"
          disabled={disabled}
          aria-disabled={pending || undefined}
          aria-busy={pending}
          aria-keyshortcuts={MAC ? "Meta+Enter" : "Control+Enter"}
          onClick={submit}
        >
          {pending && <Icon name="running" />}
          <span>{pending ? strings.start.starting : strings.start.start}</span>
          {!pending && (
            <kbd className="nbf-kbd">{strings.keys.names[MAC ? "sendMac" : "send"]}</kbd>
          )}
        </button>
      </div>
    </div>
  );
}

const NO_LETTERS: ReadonlyMap<string, string> = new Map();

interface ThreadProps {
  value: string;
  disabled: boolean;
  onChange: (value: string) => void;
}

function ThreadField({ value, disabled, onChange }: ThreadProps): ReactNode {
  const id = useId();
  const labelledBy = `${id}-label`;
  return (
    <div className="nbf-field nbf-thread-field" data-control="text">
      <div className="nbf-head">
        <label className="nbf-label" id={labelledBy} htmlFor={id}>
          {strings.start.thread}
          <span className="nbf-mark"> ({strings.question.optional})</span>
        </label>
      </div>
      <p className="nbf-note" id={noteId(id)}>
        {strings.start.threadNote}
      </p>
      <TextInput
        wiring={{
          id,
          labelledBy,
          required: false,
          disabled,
          invalid: false,
          describedBy: noteId(id),
        }}
        value={value}
        onChange={onChange}
      />
    </div>
  );
}

/** The name of the thread, kept over a reload; every start takes one up. */
function useThread(
  formId: string,
  taken: string | null,
): [thread: string, set: (thread: string) => void] {
  const key = threadDraftOf(formId);
  const [thread, setThread] = useState(() => String(loadDraft(key)?.entries[WHOLE]?.value ?? ""));
  const [used, setUsed] = useState(taken);
  if (used !== taken) {
    setUsed(taken);
    if (taken !== null) setThread("");
  }
  return [
    thread,
    (value) => {
      setThread(value);
      saveDraft(key, { chosen: [], entries: { [WHOLE]: { value, texts: {} } } });
    },
  ];
}

const FIRST = ":is(input, select, textarea):not(:disabled, .nbf-kinds *)";

/** A form that is opened again, or filled, is about to be changed. */
function useFocusAgain(box: RefObject<HTMLElement | null>, again: boolean, filled: number): void {
  const before = useRef({ again, filled });
  useEffect(() => {
    const turned = (again && !before.current.again) || filled !== before.current.filled;
    before.current = { again, filled };
    if (turned) box.current?.querySelector<HTMLElement>(FIRST)?.focus({ preventScroll: true });
  }, [box, again, filled]);
}
