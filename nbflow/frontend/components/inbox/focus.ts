/** Where the focus goes when what held it goes away, and when a question opens. */

import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useRef } from "react";
import type { OpenedQuestion } from "./model";

type Ref = RefObject<HTMLElement | null>;

/**
 * Keeps the focus inside when what held it goes away: without it, the next key would go to the
 * notebook. A question that opens takes it, through its form. Returns what is to be told of each
 * focus.
 */
export function useFocusNet(
  root: Ref,
  pane: Ref,
  opened: OpenedQuestion | null,
  list: Ref,
): () => void {
  const held = useRef<Element | null>(null);
  const page = (): Element | null | undefined =>
    (root.current?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
  const onOpened = useEffectEvent(() => {
    const active = page() ?? null;
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
  useLayoutEffect(() => {
    const gone = held.current !== null && !held.current.isConnected;
    if (!gone) return;
    held.current = null;
    const active = page() ?? document.body;
    if (active === document.body) (opened === null ? list : pane).current?.focus();
  });
  return () => {
    held.current = page() ?? null;
  };
}
