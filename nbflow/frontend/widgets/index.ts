/** The bundle's one entry: what the loader hands over to anywidget. A trait says what is shown. */

import { renderInbox } from "./inbox";
import type { RenderProps } from "./model";
import { render as renderRun } from "./run";
import { renderStart } from "./start";

const VIEWS: Record<string, (props: RenderProps) => () => void> = {
  inbox: renderInbox,
  run: renderRun,
  start: renderStart,
};

const render = (props: RenderProps): (() => void) =>
  (VIEWS[String(props.model.get("shows"))] ?? renderRun)(props);

export default { render };
