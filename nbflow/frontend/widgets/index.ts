/** The bundle's one entry: what the loader hands over to anywidget. A trait says what is shown. */

import { renderInbox } from "./inbox";
import type { RenderProps } from "./model";
import { render as renderRun } from "./run";

const render = (props: RenderProps): (() => void) =>
  (props.model.get("shows") === "inbox" ? renderInbox : renderRun)(props);

export default { render };
