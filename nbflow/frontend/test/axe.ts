/** Runs axe on a part of the page; contrast is measured where there are pixels, in dev/shots.mjs. */

import axe from "axe-core";

// axe draws letters to tell icons from words; jsdom cannot, and says so at length at every call.
HTMLCanvasElement.prototype.getContext = () => null;

/** Ids of the rules that are broken. */
export async function axeIds(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}
