/** What the workflow wrote to its `custom` stream. */

import { type ReactNode, useState } from "react";
import type { CustomData, Preview } from "../protocol/messages";
import { localTime } from "./format";
import { strings } from "./strings";

/** Lines kept in the page; older ones would only make it slow. */
const SHOWN = 200;

/** A small JSON value fits on its line. */
function brief({ text, kind, cut }: Preview): string {
  if (kind !== "json" || cut > 0 || text.length > 300) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 1).replaceAll(/\n\s*/g, " ");
  } catch {
    return text;
  }
}

export function Messages({ messages }: { messages: readonly CustomData[] }): ReactNode {
  const [open, setOpen] = useState(false);
  if (messages.length === 0) return null;
  return (
    <details
      className="nbf-messages"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{strings.messages.title(messages.length)}</summary>
      {open && (
        <ul className="nbf-message-list">
          {messages.slice(-SHOWN).map((message) => (
            <li key={message.seq}>
              <time
                dateTime={new Date(message.ts * 1000).toISOString()}
                title={localTime(new Date(message.ts * 1000))}
              >
                {new Date(message.ts * 1000).toLocaleTimeString()}
              </time>
              <span className="nbf-text">{brief(message.data)}</span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
