/** The bundle's one entry: what the loader hands over to anywidget. */

import { render } from "./run";

export default { render };
