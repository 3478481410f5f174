/**
 * Photographs every state, and looks for faults in each.
 *
 * `node dev/shots.mjs FOLDER [state …]`; ends with 1 when there are faults or the page logs an
 * error. FOLDER `-` takes no pictures. Chromium is the system's: CHROMIUM names another one.
 * VIEWS=light:320,contrast:1000 takes other themes and widths: light, dark, JupyterLab's high
 * `contrast`, the colours of the system (`forced`, `forced-dark`), `still` and `print`; `mirrored`
 * is a page from right to left, `german` one of the other language: of that there are only the states
 * that need no English word to come about. IN_TURN=1 takes each state in one of the views, in turn.
 */

import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultsOf, pose, withCamera } from "./camera.mjs";
import { STATES } from "./states.mjs";

const AT_ONCE = 2;

const [folder = join(tmpdir(), "shots"), ...wanted] = process.argv.slice(2);
const views = (process.env.VIEWS ?? "light:360,light:1000,dark:360,dark:1000")
  .split(",")
  .map((view) => view.split(":"));
const waiting = Object.entries(STATES)
  .filter(([state]) => wanted.length === 0 || wanted.includes(state))
  .flatMap(([state, spec], at) =>
    (process.env.IN_TURN ? [views[at % views.length]] : views).map(([theme, width]) => [
      state,
      spec,
      theme,
      Number(width),
    ]),
  )
  .filter(([, spec, theme]) => theme !== "german" || spec.do === undefined);

let bad = 0;

async function shoot(context, base, state, spec, theme, width) {
  const problems = [];
  const page = await pose(context, base, spec, { theme, width }, problems);
  if (folder !== "-") {
    const path = join(folder, `${state}-${theme}-${width}.png`);
    await page.screenshot({ path, fullPage: true, animations: "disabled" });
  }
  problems.push(...(await faultsOf(page)));
  bad += problems.length;
  console.log(state, theme, width, problems.length === 0 ? "ok" : problems.join("\n   "));
  await page.close();
}

async function work(fresh, base) {
  const context = await fresh();
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    await shoot(context, base, ...next);
  }
}

if (folder !== "-") await mkdir(folder, { recursive: true });
await withCamera(async (fresh, base) => {
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(fresh, base)));
});
process.exitCode = bad > 0 ? 1 : 0;
