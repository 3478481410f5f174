/** Earlier inputs, each a button that fills the form with it. */

import { type ReactNode, useId, useState } from "react";
import type { Json } from "../../protocol/messages";
import type { EarlierItem } from "../../protocol/start";
import { isObject } from "../form/schema";
import { Icon } from "../icons";
import { Moment } from "../Moment";
import { strings } from "../strings";

interface Props {
  items: readonly EarlierItem[];
  /** Why they could not be read. */
  error: string | null;
  disabled: boolean;
  onPick: (item: EarlierItem) => void;
}

export function Recall({ items, error, disabled, onPick }: Props): ReactNode {
  const [open, setOpen] = useState(false);
  const id = useId();
  if (error !== null) {
    return (
      <p className="nbf-refused">
        <Icon name="warning" />
        <span>
          {strings.start.earlierUnread} {error}
        </span>
      </p>
    );
  }
  if (items.length === 0) return null;
  return (
    <div className="nbf-recall">
      <button
        type="button"
        className="nbf-link nbf-recall-toggle"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name="chevron" className={open ? "nbf-turned" : ""} />
        {strings.start.earlier(items.length)}
      </button>
      <ul id={id} className="nbf-recall-list" hidden={!open}>
        {items.map((item) => (
          <li key={`${item.started_at} ${item.thread_id}`}>
            <button
              type="button"
              className="nbf-recall-item"
              disabled={disabled}
              onClick={() => {
                setOpen(false);
                onPick(item);
              }}
            >
              <span className="nbf-hidden">{strings.start.fill}</span>
              <span className="nbf-recall-look">{inOneLine(item)}</span>
              <span className="nbf-recall-meta">
                <span>{strings.start.on(item.thread_id)}</span> <Moment at={item.started_at} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** An input in one line; what is empty in it says nothing. */
function inOneLine({ value }: EarlierItem): string {
  const said = (part: Json): string => (typeof part === "string" ? part : JSON.stringify(part));
  const parts = isObject(value)
    ? Object.entries(value)
        .filter(([, part]) => part !== null && part !== "")
        .map(([key, part]) => `${key}: ${said(part)}`)
    : [said(value)];
  return parts.join(", ").slice(0, LONGEST).replaceAll(/\s+/g, " ") || strings.preview.empty;
}

const LONGEST = 300;
