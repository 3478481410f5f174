/** Every open question in one place: a list, the form of one beside it, answers and undo. */

import { type ReactNode, useRef, useState } from "react";
import { Banner, Guard, Warning } from "../Frame";
import { strings } from "../strings";
import { UndoBar } from "./Answered";
import { Filters } from "./Filters";
import { useFocusNet } from "./focus";
import { onInboxKey, type Places } from "./keys";
import type { InboxActions, InboxView } from "./model";
import { Pane } from "./Pane";
import { Side } from "./Side";
import { type Review, useReview } from "./useReview";

interface Props {
  view: InboxView;
  actions: InboxActions;
}

export function Inbox(props: Props): ReactNode {
  return (
    <Guard>
      <Desk {...props} />
    </Guard>
  );
}

function Desk({ view, actions }: Props): ReactNode {
  const review = useReview(view, actions);
  const [listed, setListed] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const places: Places = { list: useRef(null), search: useRef(null), bulk: useRef(null) };
  const { listing, connection, opened } = view;
  const lost = connection === "lost";
  const follow = useFocusNet(root, pane, opened, places.list, review.byHand);
  const toList = (): void => places.list.current?.focus();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark
    <div
      ref={root}
      className="nbf-card nbf-inbox"
      role="group"
      aria-label={strings.inbox.title}
      onFocus={follow}
      onKeyDown={(event) => onInboxKey(event, review, places, { listed, list: setListed })}
    >
      <Banner protocol={view.snapshot.protocol} lost={lost} asking={opened !== null} />
      {view.error !== null && (
        <Warning>
          <strong>{strings.inbox.unread}</strong> {view.error} {strings.inbox.retry}
        </Warning>
      )}
      <Filters
        search={places.search}
        filters={view.filters}
        listing={listing}
        count={countOf(view, review)}
        onFilter={actions.filter}
      />
      <Notices review={review} onUndone={() => pane.current?.focus()} onDismiss={toList} />
      <div className="nbf-inbox-desk">
        <Side
          view={view}
          review={review}
          places={places}
          listed={listed}
          onListed={setListed}
          onList={toList}
        />
        <Pane
          box={pane}
          view={view}
          row={listing?.rows.find((row) => row.interrupt_id === opened?.id)}
          empty={<Empty view={view} left={review.rows.length} onAll={actions.filter} />}
          onSubmit={actions.submit}
          onBack={toList}
        />
      </div>
    </div>
  );
}

function countOf({ listing, connection }: InboxView, { rows }: Review): string {
  if (!listing) return connection === "lost" ? "" : strings.inbox.loading;
  const taken = listing.rows.length - rows.length;
  const shown = listing.total - taken;
  const count = strings.inbox.count(shown, listing.waiting - taken);
  return rows.length < shown ? `${count}. ${strings.inbox.cut(rows.length)}` : count;
}

interface NoticesProps {
  review: Review;
  onUndone: () => void;
  onDismiss: () => void;
}

/** What was just done, with the way back; spoken politely. */
function Notices({ review, onUndone, onDismiss }: NoticesProps): ReactNode {
  const { notice, going, barrier } = review;
  const text = going || barrier;
  return (
    <div role="status">
      {text !== "" && <p className="nbf-inbox-undo">{text}</p>}
      {notice && !text && (
        <UndoBar
          text={notice.text}
          count={notice.ids.length}
          warn={notice.warn}
          busy={review.busy}
          onUndo={() => {
            review.undo(notice.ids);
            onUndone();
          }}
          onDismiss={() => {
            onDismiss();
            review.dismiss();
          }}
        />
      )}
    </div>
  );
}

interface EmptyProps {
  view: InboxView;
  left: number;
  onAll: InboxActions["filter"];
}

function Empty({ view, left, onAll }: EmptyProps): ReactNode {
  const { listing, filters } = view;
  if (!listing) return <p className="nbf-empty">{strings.inbox.loading}</p>;
  const filtered =
    filters.workflow !== null || filters.text !== "" || filters.older_than_s > 0 || filters.mine;
  if (left > 0) {
    return (
      <p className="nbf-empty">
        <strong>{strings.inbox.pick}</strong> {strings.inbox.pickHint}
      </p>
    );
  }
  return (
    <p className="nbf-empty">
      {filtered ? strings.inbox.noneMatch : strings.inbox.none}{" "}
      {filtered && (
        <button
          type="button"
          className="nbf-link"
          onClick={() => onAll({ workflow: null, text: "", older_than_s: 0, mine: false })}
        >
          {strings.inbox.showAll}
        </button>
      )}
    </p>
  );
}
