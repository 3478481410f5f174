/** The question that is open: what it asks, its form, or why it has none. */

import { type ReactNode, type RefObject, useEffect, useId } from "react";
import type { QuestionRow } from "../../protocol/inbox";
import { clearDraft } from "../form/drafts";
import { Icon } from "../icons";
import { OpenQuestion } from "../Questions";
import { strings } from "../strings";
import type { InboxActions, InboxView, OpenedQuestion } from "./model";

interface Props {
  box: RefObject<HTMLDivElement | null>;
  view: InboxView;
  row: QuestionRow | undefined;
  /** What to say while nothing is open. */
  empty: ReactNode;
  onSubmit: InboxActions["submit"];
  onBack: () => void;
}

export function Pane({ box, view, row, empty, onSubmit, onBack }: Props): ReactNode {
  const { opened } = view;
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark
    <div
      className="nbf-inbox-pane"
      role="group"
      aria-labelledby={id}
      aria-busy={opened?.form === undefined && opened !== null}
      tabIndex={-1}
      ref={box}
    >
      <div className="nbf-inbox-meta" id={id}>
        {row ? (
          <>
            <strong>{row.workflow}</strong> <span>{strings.inbox.thread(row.thread_id)}</span>
          </>
        ) : (
          <span className="nbf-hidden">{strings.question.value}</span>
        )}
        {opened && (
          <button type="button" className="nbf-link" onClick={onBack}>
            {strings.inbox.back} <kbd className="nbf-kbd">Esc</kbd>
          </button>
        )}
      </div>
      {opened ? <Opened opened={opened} view={view} onSubmit={onSubmit} /> : empty}
    </div>
  );
}

interface OpenedProps {
  opened: OpenedQuestion;
  view: InboxView;
  onSubmit: InboxActions["submit"];
}

function Opened({ opened, view, onSubmit }: OpenedProps): ReactNode {
  const { id, form, note } = opened;
  useEffect(() => {
    if (form === null && note === "") clearDraft(id);
  }, [id, form, note]);
  if (form === undefined) return <p className="nbf-empty">{strings.inbox.loading}</p>;
  if (form === null) return <p className="nbf-empty">{note || strings.inbox.gone}</p>;
  return (
    <>
      {note !== "" && (
        <p className="nbf-refused">
          <Icon name="warning" />
          <span>{note}</span>
        </p>
      )}
      <OpenQuestion
        key={id}
        form={form}
        submission={view.submissions.get(id) ?? null}
        disabled={view.connection !== "open" || note !== ""}
        first
        onSubmit={(reply) => onSubmit(id, reply)}
      />
    </>
  );
}
