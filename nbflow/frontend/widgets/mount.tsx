/** What mounting a view takes, whatever it shows: a channel, the styles, the guarded keyboard. */

import { type ReactNode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { strings } from "../components/strings";
import { styles } from "../components/styles";
import { guardKeyboard } from "./keyboard";
import type { Model, RenderProps } from "./model";
import type { Port } from "./talk";

function portOf<Hears, Says extends { type: string }, State>(
  model: Model,
): Port<Hears, Says, State> {
  return {
    send(message) {
      try {
        model.send(message);
      } catch (error) {
        // A comm whose kernel is gone may throw; the silence that follows tells the person.
        console.warn("nbflow: not sent", message.type, error);
      }
    },
    snapshot: () => model.get("snapshot") as State,
    onMessage(listener) {
      const hear = (message: Hears): void => listener(message);
      model.on("msg:custom", hear);
      return () => model.off("msg:custom", hear);
    },
    onSnapshot(listener) {
      model.on("change:snapshot", listener);
      return () => model.off("change:snapshot", listener);
    },
  };
}

const STYLE_ID = "nbflow-styles";

/** Puts the styles into the page once, or into the shadow root that the host renders in. */
function ensureStyles(el: HTMLElement): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (place.querySelector(`#${STYLE_ID}`)) return;
  const style = document.createElement("style");
  style.id = STYLE_ID;
  style.textContent = styles;
  place.append(style);
}

interface Client {
  start(): void;
  stop(): void;
  subscribe(listener: () => void): () => void;
  view(): unknown;
}

interface LiveProps {
  client: Client;
  draw: (view: unknown) => ReactNode;
}

function Live({ client, draw }: LiveProps): ReactNode {
  return draw(useSyncExternalStore(client.subscribe, client.view));
}

/** Draws one view with the client that `begin` makes; returns how to take it away again. */
export function mount<Hears, Says extends { type: string }, State, C extends Client>(
  { model, el }: RenderProps,
  begin: (port: Port<Hears, Says, State>) => C,
  draw: (view: ReturnType<C["view"]>, client: C) => ReactNode,
): () => void {
  ensureStyles(el);
  const host = document.createElement("div");
  host.className = "nbflow";
  host.lang = strings.language;
  host.dir = strings.direction;
  el.append(host);
  const release = guardKeyboard(host);
  const client = begin(portOf(model));
  client.start();
  const root = createRoot(host);
  root.render(
    <Live client={client} draw={(view) => draw(view as ReturnType<C["view"]>, client)} />,
  );
  return () => {
    root.unmount();
    client.stop();
    release();
    host.remove();
  };
}
