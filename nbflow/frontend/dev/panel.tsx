/** Draws the side panel in a state of `panelStates.mjs`, for the harness. */

import type { PanelView } from "../components/panel/model";
import { Panel } from "../components/panel/Panel";
import { mountClient } from "../widgets/mount";

const nothing = (): void => {};
const actions = {
  open: nothing,
  openInbox: nothing,
  add: nothing,
  remove: nothing,
  refresh: nothing,
};

export function draw(el: HTMLElement, view: PanelView): () => void {
  const client = { start: nothing, stop: nothing, subscribe: () => nothing, view: () => view };
  return mountClient(el, client, (shown) => <Panel view={shown} actions={actions} />, {
    className: "nbf-side",
    guarded: false,
  });
}
