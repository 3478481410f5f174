/** The run widget: an anywidget model in, a live card out. */

import { type ReactNode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import decisionStyles from "../components/decisions.css";
import { RunCard } from "../components/RunCard";
import styles from "../components/styles.css";
import type { Snapshot, ToBrowser } from "../protocol/messages";
import { type Port, RunClient } from "./client";
import { guardKeyboard } from "./keyboard";
import type { Model, RenderProps } from "./model";

function portOf(model: Model): Port {
  return {
    send(message) {
      try {
        model.send(message);
      } catch (error) {
        // A comm whose kernel is gone may throw; the silence that follows tells the person.
        console.warn("nbflow: not sent", message.type, error);
      }
    },
    snapshot: () => model.get("snapshot") as Snapshot,
    onMessage(listener) {
      const hear = (message: ToBrowser): void => listener(message);
      model.on("msg:custom", hear);
      return () => model.off("msg:custom", hear);
    },
    onSnapshot(listener) {
      model.on("change:snapshot", listener);
      return () => model.off("change:snapshot", listener);
    },
  };
}

function Run({ client }: { client: RunClient }): ReactNode {
  const view = useSyncExternalStore(client.subscribe, client.view);
  return <RunCard view={view} actions={client} />;
}

const STYLE_ID = "nbflow-styles";

/** Puts the styles into the page once, or into the shadow root that the host renders in. */
function ensureStyles(el: HTMLElement): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (place.querySelector(`#${STYLE_ID}`)) return;
  const style = document.createElement("style");
  style.id = STYLE_ID;
  style.textContent = styles + decisionStyles;
  place.append(style);
}

/** Draws one view of a run; returns how to take it away again. */
export function render({ model, el }: RenderProps): () => void {
  ensureStyles(el);
  const host = document.createElement("div");
  host.className = "nbflow";
  el.append(host);
  const release = guardKeyboard(host);
  const client = new RunClient(portOf(model));
  client.start();
  const root = createRoot(host);
  root.render(<Run client={client} />);
  return () => {
    root.unmount();
    client.stop();
    release();
    host.remove();
  };
}
