/** The open questions: one control with one focus, of which a page holds only what is in sight. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useId, useSyncExternalStore } from "react";
import type { QuestionRow } from "../../protocol/inbox";
import { useNow } from "../clock";
import { draftPlace, draftsRound, onDrafts } from "../form/drafts";
import { age } from "../format";
import { Icon } from "../icons";
import { Moment } from "../Moment";
import type { Submission } from "../model";
import { strings } from "../strings";
import { kindOf } from "./bulk";

/** Rows that stay plain; beyond, the list is virtual. */
const PLAIN_ROWS = 60;

interface Props {
  box: RefObject<HTMLDivElement | null>;
  rows: readonly QuestionRow[];
  /** Place of the row that the keys act on. */
  at: number;
  opened: string | null;
  selected: ReadonlySet<string>;
  submissions: ReadonlyMap<string, Submission>;
  skewS: number;
  onOpen: (index: number) => void;
  onSelect: (index: number) => void;
}

export function QuestionList(props: Props): ReactNode {
  const { box, rows, at, selected } = props;
  const id = useId();
  const now = useNow(true) + props.skewS;
  useSyncExternalStore(onDrafts, draftsRound);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 56,
    getItemKey: (index) => rows[index]?.interrupt_id ?? index,
    overscan: 6,
  });
  const long = rows.length > PLAIN_ROWS;
  useEffect(() => {
    if (long) virtual.scrollToIndex(at);
    else box.current?.querySelector(".nbf-at")?.scrollIntoView?.({ block: "nearest" });
  }, [at, long, virtual, box]);
  const items = long
    ? virtual.getVirtualItems()
    : rows.map((row, index) => ({ index, key: row.interrupt_id, start: 0 }));
  return (
    <div
      ref={box}
      className="nbf-inbox-list"
      role="listbox"
      aria-multiselectable="true"
      aria-label={strings.inbox.list}
      aria-activedescendant={rows[at] ? `${id}-${rows[at].interrupt_id}` : undefined}
      tabIndex={0}
    >
      <div
        role="presentation"
        style={long ? { height: virtual.getTotalSize(), position: "relative" } : undefined}
      >
        {items.map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus and its keys
              // biome-ignore lint/a11y/useKeyWithClickEvents: as above
              <div
                key={key}
                id={`${id}-${row.interrupt_id}`}
                ref={long ? virtual.measureElement : undefined}
                data-index={index}
                className={`nbf-inbox-row${index === at ? " nbf-at" : ""}`}
                role="option"
                aria-selected={selected.has(row.interrupt_id)}
                aria-current={props.opened === row.interrupt_id || undefined}
                aria-setsize={rows.length}
                aria-posinset={index + 1}
                style={
                  long
                    ? {
                        position: "absolute",
                        insetInline: 0,
                        top: 0,
                        transform: `translateY(${start}px)`,
                      }
                    : undefined
                }
                onClick={() => props.onOpen(index)}
              >
                <Row {...props} row={row} index={index} now={now} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Row({
  row,
  index,
  now,
  ...props
}: Props & { row: QuestionRow; index: number; now: number }): ReactNode {
  const receipt = props.submissions.get(row.interrupt_id)?.receipt;
  return (
    <>
      {kindOf(row) === null ? (
        <span className="nbf-inbox-box" />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the key for it is X; this is for the mouse
        // biome-ignore lint/a11y/useKeyWithClickEvents: as above
        <span
          className="nbf-inbox-box nbf-inbox-tick"
          onClick={(event) => {
            event.stopPropagation();
            props.onSelect(index);
          }}
        >
          {props.selected.has(row.interrupt_id) && <Icon name="done" />}
        </span>
      )}
      <span className="nbf-inbox-words">
        <span className="nbf-inbox-name">{row.title}</span>
        <span className="nbf-inbox-meta">
          <span>{row.workflow}</span> <span>{strings.inbox.thread(row.thread_id)}</span>{" "}
          {!row.known && <span className="nbf-tag">{strings.inbox.unknown}</span>}
          {!row.yours && <span className="nbf-tag">{strings.inbox.forOthers}</span>}
          {row.deadline !== null && <Due at={row.deadline} now={now} />}
          {draftPlace(row.interrupt_id) && <span className="nbf-tag">{strings.inbox.draft}</span>}
          <Age at={row.asked_at} now={now} />
        </span>
        {receipt && receipt.status !== "accepted" && (
          <span className="nbf-inbox-why">
            <Icon name="warning" />
            {receipt.message}
          </span>
        )}
      </span>
    </>
  );
}

/** How long a question can still be answered; until when, on hover. */
function Due({ at, now }: { at: number; now: number }): ReactNode {
  return (
    <Moment at={at} className="nbf-tag">
      {at > now ? strings.inbox.due(age(Math.ceil(at - now))) : strings.inbox.overdue}
    </Moment>
  );
}

/** How long a question has waited; since when, on hover. */
export function Age({ at, now }: { at: number; now: number }): ReactNode {
  return <Moment at={at}>{strings.inbox.waits(age(now - at))}</Moment>;
}
