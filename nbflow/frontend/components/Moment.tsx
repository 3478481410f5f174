/** A moment: in local time, or in words that are near to it; the rest of it on hover. */

import type { ReactNode } from "react";
import { localTime, timeOfDay, utcTime } from "./format";

interface Props {
  /** Seconds since the epoch. */
  at: number;
  /** Without the day. */
  brief?: boolean;
  className?: string;
  /** What to say in place of the time, such as how long ago it was. */
  children?: ReactNode;
}

export function Moment({ at, brief = false, className, children }: Props): ReactNode {
  const date = new Date(at * 1000);
  const utc = utcTime(date);
  return (
    <time
      className={className}
      dateTime={date.toISOString()}
      title={children === undefined ? utc : `${localTime(date)} (${utc})`}
    >
      {children ?? (brief ? timeOfDay(date) : localTime(date))}
    </time>
  );
}
