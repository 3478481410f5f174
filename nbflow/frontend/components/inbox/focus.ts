/** Where the focus goes when what held it goes away, and when a question opens. */

import { type RefObject, useEffect, useEffectEvent } from "react";
import { focusedBeside, useKeptFocus } from "../focus";
import type { OpenedQuestion } from "./model";

type Ref = RefObject<HTMLElement | null>;

/**
 * Keeps the focus inside when what held it goes away. A question that a person opens takes
 * it, through its form. Returns what is to be told of each focus.
 */
export function useFocusNet(
  root: Ref,
  pane: Ref,
  opened: OpenedQuestion | null,
  list: Ref,
  byHand: RefObject<boolean>,
): () => void {
  const onOpened = useEffectEvent(() => {
    if (!byHand.current) return;
    const active = focusedBeside(root.current);
    if (root.current?.contains(active) && !pane.current?.contains(active)) pane.current?.focus();
  });
  const id = opened?.id;
  const drawn = opened?.form !== undefined;
  useEffect(() => {
    if (id !== undefined) onOpened();
  }, [id]);
  useEffect(() => {
    if (drawn && id !== undefined) pane.current?.scrollIntoView?.({ block: "nearest" });
  }, [drawn, id, pane]);
  return useKeptFocus(root, opened === null ? list : pane);
}
