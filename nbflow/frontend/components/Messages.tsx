/** What the run sent through its stream writer, and what it printed. */

import { type ReactNode, useState } from "react";
import type { RunLog } from "../protocol/log";
import { strings } from "./strings";
import { Lines } from "./timeline/Lines";

export function Messages({ log }: { log: RunLog }): ReactNode {
  const [open, setOpen] = useState(false);
  const { messages, messagesCut } = log;
  if (messages.length === 0) return null;
  return (
    <details
      className="nbf-messages"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{strings.messages.title(messages.length + messagesCut)}</summary>
      {open && (
        <div className="nbf-message-list">
          {messagesCut > 0 && <p className="nbf-note">{strings.tasks.logCut(messagesCut)}</p>}
          <Lines lines={messages} tasks={log.tasks} />
        </div>
      )}
    </details>
  );
}
