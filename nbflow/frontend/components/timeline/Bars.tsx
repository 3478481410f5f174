/** The waterfall's drawing: a ruler of time at work, and each task's attempts as bars on it. */

import type { CSSProperties, ReactNode } from "react";
import type { Span, Task } from "../../protocol/tasks";
import { duration } from "../format";
import { strings } from "../strings";
import type { Axis } from "./axis";

/** Bars drawn of one task; of a thousand attempts the newest. */
const BARS = 40;

/** Gaps drawn; they get narrower with their number. */
const GAPS = 40;

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

/** The gaps as one background for all tracks. */
export function gapsStyle({ gaps }: Axis): CSSProperties {
  const stripes = gaps
    .slice(0, GAPS)
    .flatMap(({ from, to }) => [
      `transparent ${percent(from)}`,
      `var(--nbf-gap) ${percent(from)}`,
      `var(--nbf-gap) ${percent(to)}`,
      `transparent ${percent(to)}`,
    ]);
  const drawn = stripes.length > 0 ? `linear-gradient(to right, ${stripes.join(", ")})` : "none";
  return { "--nbf-gaps": drawn } as CSSProperties;
}

export function Ruler({ axis }: { axis: Axis }): ReactNode {
  return (
    <div className="nbf-ruler" aria-hidden="true">
      <div className="nbf-track">
        {axis.gaps.slice(0, GAPS).map((gap) => (
          <span
            key={gap.from}
            className="nbf-gap"
            style={{ left: percent(gap.from), width: percent(gap.to - gap.from) }}
            title={(gap.asks ? strings.tasks.waited : strings.tasks.stopped)(duration(gap.seconds))}
          />
        ))}
        {axis.ticks.map(({ at, seconds }, index) => (
          <span
            key={seconds}
            className={`nbf-tick${at > 0.92 ? " nbf-tick-end" : ""}${index % 2 ? " nbf-tick-odd" : ""}`}
            style={{ left: percent(at) }}
          >
            {seconds === 0 ? "0" : duration(seconds).replace(/\D0 (?=s$)/, " ")}
          </span>
        ))}
      </div>
    </div>
  );
}

interface TrackProps {
  task: Task;
  axis: Axis;
  now: number;
}

export function Track({ task, axis, now }: TrackProps): ReactNode {
  const spans = task.spans.slice(-BARS);
  const ran = spans.length > 0;
  return (
    <span className="nbf-track">
      {!ran && (
        <span
          className="nbf-mark-at"
          style={{ left: percent(axis.at(task.startedAt)) }}
          title={task.cached ? strings.tasks.cached : strings.tasks.replayed}
        />
      )}
      {spans.map((span, at) => (
        <Bar
          key={`${span.from} ${span.attempt}`}
          span={span}
          next={spans[at + 1]}
          axis={axis}
          now={now}
        />
      ))}
    </span>
  );
}

interface BarProps {
  span: Span;
  next: Span | undefined;
  axis: Axis;
  now: number;
}

function Bar({ span, next, axis, now }: BarProps): ReactNode {
  const to = Math.max(span.from, span.to ?? now);
  const left = axis.at(span.from);
  const right = axis.at(to);
  const status = strings.tasks.status[span.status];
  return (
    <>
      <span
        className={`nbf-bar nbf-bar-${span.status}`}
        style={{ left: percent(left), width: percent(right - left) }}
        title={strings.tasks.bar(span.attempt, status, duration(to - span.from))}
      />
      {next && (
        <span
          className="nbf-bar-between"
          style={{ left: percent(right), width: percent(axis.at(next.from) - right) }}
        />
      )}
    </>
  );
}
