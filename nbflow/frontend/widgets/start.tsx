/** The start form's widget: an anywidget model in, a live form and its runs out. */

import { StartCard } from "../components/start/StartCard";
import type { RenderProps } from "./model";
import { mount } from "./mount";
import { StartClient, type StartPort } from "./startClient";

/** Draws one view of a start form; returns how to take it away again. */
export const renderStart = (props: RenderProps): (() => void) =>
  mount(
    props,
    (port: StartPort) => new StartClient(port),
    (view, client) => <StartCard view={view} actions={client} />,
  );
