/**
 * Measures a long run in Chromium: `node dev/measure.mjs [EVENTS]`, of the bundle that is built.
 *
 * The run comes in messages of 200 events, as the kernel sends it. Printed is one JSON object: how
 * long until the last row was known, the longest frame while loading and while a person looks
 * around, and how many rows were in the page at most.
 */

import { withCamera } from "./camera.mjs";

const count = Number(process.argv[2] ?? 100_000);

/** Frames are watched from before the first event on; a long one is what a person feels. */
function watch() {
  window.frames = { longest: 0, rows: 0 };
  let last = performance.now();
  const frame = (now) => {
    window.frames.longest = Math.max(window.frames.longest, now - last);
    window.frames.rows = Math.max(
      window.frames.rows,
      document.querySelectorAll(".nbf-tasks > li").length,
    );
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

const frames = (page) =>
  page.evaluate(() => {
    const seen = { ...window.frames };
    window.frames.longest = 0;
    return { longest_frame_ms: Math.round(seen.longest), rows: seen.rows };
  });

async function timed(page, act) {
  await frames(page);
  const begun = performance.now();
  await act();
  const ms = Math.round(performance.now() - begun);
  return { ms, ...(await frames(page)) };
}

async function lookAround(page) {
  const list = page.locator(".nbf-long");
  const search = page.getByRole("searchbox");
  const scroll = (to) =>
    list.evaluate(async (box, share) => {
      for (let step = 1; step <= 60; step += 1) {
        box.scrollTop += ((share * box.scrollHeight - box.scrollTop) * step) / 60;
        await new Promise(requestAnimationFrame);
      }
    }, to);
  // In the page: a driver that looks for its button costs frames of its own.
  const press = (name) =>
    page.evaluate((text) => {
      const buttons = [...document.querySelectorAll(".nbf-toolbar button")];
      buttons.find((button) => button.textContent.trim() === text).click();
    }, name);
  const figures = { scroll: await timed(page, () => scroll(1)) };
  figures.waterfall = await timed(page, async () => {
    await press("Waterfall");
    await page.locator(".nbf-bar").first().waitFor();
    await scroll(0.3);
  });
  await press("Find");
  figures.search = await timed(page, async () => {
    await search.pressSequentially("out of range");
    await page.getByText(/^[\d,]+ of [\d,]+ tasks$/).waitFor();
  });
  figures.regex = await timed(page, async () => {
    await search.fill("/^reading \\d*77$/m");
    await page.getByText(/^[\d,]+ of [\d,]+ tasks$/).waitFor();
  });
  return figures;
}

await withCamera(async (fresh, base) => {
  const page = await (await fresh()).newPage();
  await page.addInitScript(watch);
  await page.goto(`${base}/?message=essay&large=${count}`);
  await page.locator(".nbf-card").waitFor();
  // Making the run up is the harness's own work, and over by now.
  await frames(page);
  const begun = performance.now();
  await page.locator(".nbf-pill", { hasText: "Done" }).waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => window.nbflowDev?.drawn?.());
  const load = { ms: Math.round(performance.now() - begun), ...(await frames(page)) };
  console.log(JSON.stringify({ events: count, load, ...(await lookAround(page)) }, null, 1));
});
