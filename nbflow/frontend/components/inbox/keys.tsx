/**
 * The keys of an inbox. They act while the focus is inside and never while text is typed, save
 * Escape, which goes back to the list from everywhere. What a form does with a key goes before.
 */

import type { KeyboardEvent, ReactNode, RefObject } from "react";
import { takesText } from "../form/keys";
import { KeyBox } from "../KeyBox";
import { strings } from "../strings";
import type { Review } from "./useReview";

export interface Places {
  list: RefObject<HTMLDivElement | null>;
  search: RefObject<HTMLInputElement | null>;
  bulk: RefObject<HTMLButtonElement | null>;
}

interface Keys {
  listed: boolean;
  list: (listed: boolean) => void;
}

export function onInboxKey(
  event: KeyboardEvent<HTMLElement>,
  review: Review,
  { list, search, bulk }: Places,
  keys: Keys,
): void {
  const { key, target, nativeEvent } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (nativeEvent.isComposing || !(target instanceof HTMLElement)) return;
  const actions: Record<string, (() => void) | false> = {
    escape: () => {
      keys.list(false);
      list.current?.focus();
    },
  };
  if (!takesText(target)) {
    actions["/"] = () => search.current?.focus();
    actions["?"] = () => keys.list(!keys.listed);
    actions.u = () => review.undo(review.notice?.ids ?? []);
    if (target === list.current) Object.assign(actions, listKeys(review, bulk));
  }
  const act = actions[key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

function listKeys(review: Review, bulk: Places["bulk"]): Record<string, () => void> {
  const { at, rows } = review;
  const next = (): void => review.moveTo(at + 1);
  const previous = (): void => review.moveTo(at - 1);
  const select = (): void => review.select(at);
  return {
    j: next,
    arrowdown: next,
    k: previous,
    arrowup: previous,
    home: () => review.moveTo(0),
    end: () => review.moveTo(rows.length - 1),
    enter: () => review.open(at),
    x: select,
    " ": select,
    a: () => bulk.current?.focus(),
  };
}

export function InboxKeys({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <KeyBox
      className="nbf-inbox-keys"
      label={strings.inbox.keyList}
      rows={strings.inbox.keys}
      onClose={onClose}
    />
  );
}
