/** Every open question in one place: a list, the form of one beside it, answers and undo. */

import {
  type ReactNode,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { Banner, Guard, Warning } from "../Frame";
import { strings } from "../strings";
import { AnsweredHere, UndoBar } from "./Answered";
import { consequences, kindOf } from "./bulk";
import { Filters } from "./Filters";
import { InboxKeys, onInboxKey, type Places } from "./keys";
import type { InboxActions, InboxView, OpenedQuestion } from "./model";
import { Pane } from "./Pane";
import { QuestionList } from "./QuestionList";
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
  const follow = useFocusNet(root, pane, opened, places.list);
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
            onOver={toList}
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
            onClick={() => setListed(!listed)}
          >
            {strings.inbox.keyList}
            <kbd className="nbf-kbd">?</kbd>
          </button>
          {listed && (
            <InboxKeys
              onClose={() => {
                setListed(false);
                toList();
              }}
            />
          )}
        </div>
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

interface EmptyProps {
  view: InboxView;
  left: number;
  onAll: InboxActions["filter"];
}

function Empty({ view, left, onAll }: EmptyProps): ReactNode {
  const { listing, filters } = view;
  if (!listing) return <p className="nbf-empty">{strings.inbox.loading}</p>;
  const filtered = filters.workflow !== null || filters.text !== "" || filters.older_than_s > 0;
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
          onClick={() => onAll({ workflow: null, text: "", older_than_s: 0 })}
        >
          {strings.inbox.showAll}
        </button>
      )}
    </p>
  );
}

type Ref = React.RefObject<HTMLElement | null>;

/**
 * Keeps the focus inside when what held it goes away: without it, the next key would go to the
 * notebook. Another question that opens takes it, through its form.
 */
function useFocusNet(root: Ref, pane: Ref, opened: OpenedQuestion | null, list: Ref): () => void {
  const held = useRef<Element | null>(null);
  const page = (): Element | null | undefined =>
    (root.current?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
  const onOpened = useEffectEvent(() => {
    const active = page() ?? null;
    if (root.current?.contains(active) && !pane.current?.contains(active)) pane.current?.focus();
  });
  const id = opened?.id;
  const drawn = opened?.form !== undefined;
  useEffect(() => {
    if (id !== undefined) onOpened();
  }, [id]);
  useEffect(() => {
    if (drawn && id !== undefined) pane.current?.scrollIntoView?.({ block: "nearest" });
  }, [drawn, id, pane]);
  useLayoutEffect(() => {
    const gone = held.current !== null && !held.current.isConnected;
    if (!gone) return;
    held.current = null;
    const active = page() ?? document.body;
    if (active === document.body) (opened === null ? list : pane).current?.focus();
  });
  return () => {
    held.current = page() ?? null;
  };
}
