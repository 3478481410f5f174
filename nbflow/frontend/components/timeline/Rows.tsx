/** The lines of the timeline; of a long one the page holds only what is in sight. */

import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type ReactNode,
  type UIEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
} from "react";
import type { TaskRow } from "../../protocol/tasks";
import { strings } from "../strings";
import { gapsStyle, Ruler } from "./Bars";
import type { RowState } from "./model";
import { Row } from "./Row";

const ROW_PX = 28;
const estimateSize = (): number => ROW_PX;

/** Rows that stay plain; beyond, the list is virtual. */
const PLAIN_ROWS = 60;

interface Props {
  rows: readonly TaskRow[];
  state: RowState;
  live: boolean;
  /** A row that shall be brought into sight. */
  wanted: string | null;
}

export function Rows(props: Props): ReactNode {
  const { rows, state } = props;
  const long = rows.length > PLAIN_ROWS;
  const nested = useMemo(() => rows.some(({ depth }) => depth > 0), [rows]);
  return (
    <div
      className={`nbf-rows ${state.axis ? "nbf-waterfall" : ""} ${nested ? "nbf-nested" : ""}`}
      style={state.axis ? gapsStyle(state.axis) : undefined}
    >
      {state.axis && <Ruler axis={state.axis} />}
      {long ? <LongList {...props} /> : <ShortList {...props} />}
    </div>
  );
}

function ShortList({ rows, state, wanted }: Props): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (wanted === null) return;
    const row = [...(list.current?.querySelectorAll<HTMLElement>("[data-task]") ?? [])].find(
      ({ dataset }) => dataset.task === wanted,
    );
    row?.scrollIntoView?.({ block: "nearest" });
  }, [wanted]);
  return (
    <ul className="nbf-tasks" aria-label={strings.tasks.list} ref={list}>
      {rows.map((row) => (
        <li key={row.task.id}>
          <Row row={row} state={state} />
        </li>
      ))}
    </ul>
  );
}

/** Follows the newest task while the run goes on, until the person scrolls away from the end. */
function LongList({ rows, state, live, wanted }: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const at = useMemo(() => rows.findIndex(({ task }) => task.id === state.at), [rows, state.at]);
  // With another function the virtualizer would measure all rows anew, at each step of a scroll.
  const getItemKey = useCallback((index: number) => rows[index]?.task.id ?? index, [rows]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize,
    getItemKey,
    overscan: 8,
    // What holds the focus stays, else the keys would be lost when it is scrolled away.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      return at < 0 || seen.includes(at) ? seen : [...seen, at].sort((a, b) => a - b);
    },
  });
  const follows = useRef(live);
  useEffect(() => {
    if (live && follows.current) virtual.scrollToIndex(rows.length - 1);
  }, [live, rows.length, virtual]);
  const place = wanted === null ? -1 : rows.findIndex(({ task }) => task.id === wanted);
  useEffect(() => {
    if (place < 0) return;
    follows.current = false;
    virtual.scrollToIndex(place);
  }, [place, virtual]);
  const onScroll = (event: UIEvent<HTMLDivElement>): void => {
    const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
    follows.current = scrollTop + clientHeight > scrollHeight - 40;
  };
  return (
    <div className="nbf-long" ref={box} onScroll={onScroll}>
      <ul
        className="nbf-tasks"
        aria-label={strings.tasks.list}
        style={{ height: virtual.getTotalSize(), position: "relative" }}
      >
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <li
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
                style={placeOf(item.start)}
              >
                <Row row={row} state={state} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function placeOf(start: number): CSSProperties {
  return { position: "absolute", insetInline: 0, top: 0, transform: `translateY(${start}px)` };
}
