/** What a task, or the whole run, sent and printed. */

import type { ReactNode } from "react";
import type { CustomData, Preview } from "../../protocol/messages";
import type { Tasks } from "../../protocol/tasks";
import { oneLine } from "../format";
import { Moment } from "../Moment";
import { strings } from "../strings";

/** A small JSON value fits on its line. */
function brief(data: Preview): string {
  return data.cut > 0 || data.text.length > 300 ? data.text : oneLine(data);
}

interface LinesProps {
  lines: readonly CustomData[];
  /** To name who said a line; absent where that is known. */
  tasks?: Tasks;
}

/** What was sent and printed, line by line. */
export function Lines({ lines, tasks }: LinesProps): ReactNode {
  return (
    <ul className="nbf-lines">
      {lines.map((line) => (
        <li key={line.seq}>
          <Moment at={line.ts} brief />
          {tasks && line.task !== null && (
            <span className="nbf-line-task">{tasks.get(line.task)?.name}</span>
          )}
          <span className={line.printed ? "nbf-text nbf-printed" : "nbf-text"}>
            {line.printed === "stderr" && <span className="nbf-tag">{strings.tasks.stderr}</span>}
            {line.printed ? line.data.text.replace(/\n$/, "") : brief(line.data)}
          </span>
        </li>
      ))}
    </ul>
  );
}
