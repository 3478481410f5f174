/** What was answered here: the last answer with its way back, and the list of all of them. */

import type { ReactNode } from "react";
import type { AnsweredQuestion } from "../../protocol/inbox";
import { Icon } from "../icons";
import { Moment } from "../Moment";
import { strings } from "../strings";

interface UndoProps {
  text: string;
  /** How many answers the button takes back; 0 for no button. */
  count: number;
  warn: boolean;
  busy: boolean;
  onUndo: () => void;
  onDismiss: () => void;
}

/** One line above everything, for as long as there is something to say. */
export function UndoBar({ text, count, warn, busy, onUndo, onDismiss }: UndoProps): ReactNode {
  return (
    <div className="nbf-inbox-undo">
      <Icon name={warn ? "warning" : "done"} />
      <span className="nbf-inbox-said">{text}</span>
      {count > 0 && (
        <>
          <button
            type="button"
            className="nbf-button nbf-quiet-button"
            aria-disabled={busy || undefined}
            aria-keyshortcuts="U"
            title={strings.inbox.undoHint}
            onClick={onUndo}
          >
            {strings.inbox.undo(count)}
            <kbd className="nbf-kbd">U</kbd>
          </button>
          <span className="nbf-note">{strings.inbox.undoHint}</span>
        </>
      )}
      <button type="button" className="nbf-link" onClick={onDismiss}>
        {strings.inbox.dismiss}
      </button>
    </div>
  );
}

interface ListProps {
  answered: readonly AnsweredQuestion[];
  disabled: boolean;
  onUndo: (id: string) => void;
}

export function AnsweredHere({ answered, disabled, onUndo }: ListProps): ReactNode {
  if (answered.length === 0) return null;
  return (
    <details className="nbf-inbox-answered">
      <summary>
        <Icon name="chevron" />
        {strings.inbox.answeredHere(answered.length)}
      </summary>
      <ul>
        {answered.map((one) => (
          <li key={one.interrupt_id}>
            <span className="nbf-inbox-words">
              <span className="nbf-inbox-name">{one.title}</span>
              <span className="nbf-inbox-meta">
                <span>{brief(one)}</span> <Moment at={one.answered_at} />
              </span>
            </span>
            {one.undone ? (
              <span className="nbf-tag">{strings.inbox.wasUndone}</span>
            ) : (
              <button
                type="button"
                className="nbf-button nbf-quiet-button"
                disabled={disabled}
                aria-label={strings.inbox.undoOf(one.title)}
                title={strings.inbox.undoHint}
                onClick={() => onUndo(one.interrupt_id)}
              >
                {strings.inbox.undo(1)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function brief({ decided, answer }: AnsweredQuestion): string {
  if (decided.length > 0) return decided.map(strings.decision.done).join(", ");
  return answer.text.replaceAll(/\s+/g, " ").slice(0, 80);
}
