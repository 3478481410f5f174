/** The run widget: an anywidget model in, a live card out. */

import { RunCard } from "../components/RunCard";
import { type Port, RunClient } from "./client";
import type { RenderProps } from "./model";
import { mount } from "./mount";

/** Draws one view of a run; returns how to take it away again. */
export const render = (props: RenderProps): (() => void) =>
  mount(
    props,
    (port: Port) => new RunClient(port),
    (view, client) => <RunCard view={view} actions={client} />,
  );
