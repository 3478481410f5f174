/** The golden messages of an inbox. */

import type {
  InboxSnapshot,
  InboxToBrowser,
  InboxToKernel,
  Listing,
  Opened,
} from "../protocol/inbox";
import { messagesIn } from "./messages";

interface Golden {
  about: string;
  snapshot: InboxSnapshot;
  to_browser: InboxToBrowser[];
  to_kernel: InboxToKernel[];
}

export const inboxGolden = (): Golden => messagesIn("inbox") as Golden;

export function said<Type extends InboxToBrowser["type"]>(
  type: Type,
): Extract<InboxToBrowser, { type: Type }>[] {
  return inboxGolden().to_browser.filter(
    (message): message is Extract<InboxToBrowser, { type: Type }> => message.type === type,
  );
}

export function listing(): Listing {
  const found = said("questions")[0]?.listing;
  if (!found) throw new Error("inbox.json begins with a listing");
  return found;
}

/** The form of the question whose id ends so. */
export function openedAs(end: string): Opened {
  const found = said("opened").find(({ interrupt_id: id }) => id.endsWith(end));
  if (!found) throw new Error(`inbox.json opens no question …${end}`);
  return found;
}

export const idOf = (end: string): string => `${"a".repeat(32 - end.length)}${end}`;
