/** Where the focus goes when what held it goes away. */

import { type RefObject, useLayoutEffect, useRef } from "react";

type Ref = RefObject<HTMLElement | null>;

/** What holds the focus in the page, or the shadow root, of an element. */
export function focusedBeside(element: HTMLElement | null): Element | null {
  return (element?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement ?? null;
}

/**
 * Gives the focus to `rest` when the control in `root` that held it goes away: else the keyboard
 * would be thrown out of the view, and the next key would go to the notebook. Returns what is to
 * be told of each focus in `root`.
 */
export function useKeptFocus(root: Ref, rest: Ref): () => void {
  const held = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (held.current === null || held.current.isConnected) return;
    held.current = null;
    const active = focusedBeside(root.current);
    if (active === null || active === document.body) rest.current?.focus({ preventScroll: true });
  });
  return () => {
    held.current = focusedBeside(root.current);
  };
}
