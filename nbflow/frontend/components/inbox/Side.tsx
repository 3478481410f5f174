/** The list with what belongs to it: answers to those selected, what was answered, the keys. */

import type { ReactNode } from "react";
import { strings } from "../strings";
import { AnsweredHere } from "./Answered";
import { consequences, kindOf } from "./bulk";
import { InboxKeys, type Places } from "./keys";
import type { InboxView } from "./model";
import { QuestionList } from "./QuestionList";
import type { Review } from "./useReview";

interface Props {
  view: InboxView;
  review: Review;
  places: Places;
  /** The keys are listed. */
  listed: boolean;
  onListed: (listed: boolean) => void;
  /** Goes to the list. */
  onList: () => void;
}

export function Side({ view, review, places, listed, onListed, onList }: Props): ReactNode {
  const { listing, connection, opened } = view;
  return (
    <div className="nbf-inbox-side">
      <QuestionList
        box={places.list}
        rows={review.rows}
        at={review.at}
        opened={opened?.id ?? null}
        selected={new Set(review.selected.map((row) => row.interrupt_id))}
        submissions={view.submissions}
        skewS={view.skewS}
        onOpen={review.open}
        onSelect={review.select}
      />
      <BulkBar
        review={review}
        button={places.bulk}
        disabled={connection !== "open"}
        onOver={onList}
      />
      <AnsweredHere
        answered={listing?.answered ?? []}
        disabled={connection !== "open" || review.busy}
        onUndo={(id) => review.undo([id])}
      />
      <button
        type="button"
        className="nbf-button nbf-quiet-button nbf-inbox-help"
        aria-expanded={listed}
        onClick={() => onListed(!listed)}
      >
        {strings.inbox.keyList}
        <kbd className="nbf-kbd">?</kbd>
      </button>
      {listed && (
        <InboxKeys
          onClose={() => {
            onListed(false);
            onList();
          }}
        />
      )}
    </div>
  );
}

interface BulkProps {
  review: Review;
  button: Places["bulk"];
  disabled: boolean;
  /** The bar goes away: the focus must go elsewhere before. */
  onOver: () => void;
}

function BulkBar({ review, button, disabled, onOver }: BulkProps): ReactNode {
  const { selected, rows } = review;
  const [first] = selected;
  if (!first) return null;
  const kind = kindOf(first) ?? "";
  const alike = rows.filter((row) => kindOf(row) === kind).length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing in here is to be filled in
    <div
      className="nbf-inbox-bulk"
      role="group"
      aria-label={strings.inbox.selected(selected.length)}
    >
      <p aria-live="polite">{consequences(selected)}</p>
      <div>
        <button
          ref={button}
          type="button"
          className="nbf-button nbf-primary"
          disabled={disabled}
          onClick={() => {
            onOver();
            review.answerSelected();
          }}
        >
          {strings.inbox.bulk(kind, selected.length)}
          <kbd className="nbf-kbd">A</kbd>
        </button>
        {alike > selected.length && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button"
            onClick={() => {
              button.current?.focus();
              review.selectAlike();
            }}
          >
            {strings.inbox.selectAll(alike)}
          </button>
        )}
        <button
          type="button"
          className="nbf-button nbf-quiet-button"
          onClick={() => {
            onOver();
            review.clear();
          }}
        >
          {strings.inbox.clear}
        </button>
      </div>
    </div>
  );
}
