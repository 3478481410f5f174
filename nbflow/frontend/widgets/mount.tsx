/** What mounting a view takes, whatever it shows: a channel, the styles, the guarded keyboard. */

import { type ReactNode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { strings } from "../components/strings";
import { styles } from "../components/styles";
import { guardKeyboard } from "./keyboard";
import type { RenderProps } from "./model";
import { portOf } from "./port";
import type { Port } from "./talk";

const STYLE_ID = "nbflow-styles";

/** Of the ids that this bundle gives: the page may have another one, the widgets' or the side panel's. */
const PREFIX = Math.random().toString(36).slice(2, 8);

/** Puts the styles into the page once, or into the shadow root that the host renders in. */
export function ensureStyles(el: HTMLElement): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (place.querySelector(`#${STYLE_ID}`)) return;
  const style = document.createElement("style");
  style.id = STYLE_ID;
  style.textContent = styles;
  place.append(style);
}

export interface Client {
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

interface Look {
  /** Besides the class that every view has. */
  className?: string;
  /** Whether the host's shortcuts are kept away, as a form needs it. */
  guarded?: boolean;
}

/** Draws one view of a client that is there; returns how to take it away again. */
export function mountClient<C extends Client>(
  el: HTMLElement,
  client: C,
  draw: (view: ReturnType<C["view"]>, client: C) => ReactNode,
  { className = "", guarded = true }: Look = {},
): () => void {
  ensureStyles(el);
  const host = document.createElement("div");
  host.className = `nbflow ${className}`.trim();
  host.lang = strings.language;
  host.dir = strings.direction;
  el.append(host);
  const release = guarded ? guardKeyboard(host) : () => {};
  client.start();
  const root = createRoot(host, { identifierPrefix: PREFIX });
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

/** Draws one view with the client that `begin` makes; returns how to take it away again. */
export function mount<Hears, Says extends { type: string }, State, C extends Client>(
  { model, el }: RenderProps,
  begin: (port: Port<Hears, Says, State>) => C,
  draw: (view: ReturnType<C["view"]>, client: C) => ReactNode,
): () => void {
  return mountClient(el, begin(portOf(model)), draw);
}
