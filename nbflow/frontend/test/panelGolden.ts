/** The golden messages of the side panel. */

import type {
  PanelList,
  PanelSnapshot,
  PanelToBrowser,
  PanelToKernel,
  Runs,
} from "../protocol/panel";
import { messagesIn } from "./messages";

interface Golden {
  about: string;
  snapshot: PanelSnapshot;
  to_browser: PanelToBrowser[];
  to_kernel: PanelToKernel[];
}

export const panelGolden = (): Golden => messagesIn("panel") as Golden;

export function toldRuns(): Runs[] {
  return panelGolden().to_browser.filter((message) => message.type === "runs");
}

export function panelList(): PanelList {
  const list = toldRuns()[0]?.list;
  if (!list) throw new Error("panel.json begins with a list");
  return list;
}
