/** A Chromium before the harness: it brings a page into a state and says what is wrong with it. */

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { askew, faintLines, lostFocus, strayed } from "./looks.mjs";
import { serve } from "./serve.mjs";

const axe = fileURLToPath(new URL("../node_modules/axe-core/axe.min.js", import.meta.url));

/** JupyterLab's theme, and what the system or the paper makes of it. */
const THEMES = {
  light: ["light", {}],
  dark: ["dark", { colorScheme: "dark" }],
  contrast: ["contrast", { colorScheme: "dark", contrast: "more" }],
  forced: ["light", { forcedColors: "active" }],
  "forced-dark": ["dark", { forcedColors: "active", colorScheme: "dark" }],
  still: ["light", { reducedMotion: "reduce" }],
  print: ["light", { media: "print" }],
  german: ["light", {}, { lang: "de" }],
  mirrored: ["light", {}, { dir: "rtl" }],
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-sync",
];

/**
 * Gives `use` what makes a browser context, and the harness's address; cleans up after it. Pages of
 * one context have one clock: what goes on at once needs a context of its own.
 */
export async function withCamera(use, flags = []) {
  const server = await serve(0);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...FLAGS, ...flags],
  });
  const fresh = () => browser.newContext({ locale: "en-GB", timezoneId: "UTC" });
  try {
    await use(fresh, `http://127.0.0.1:${server.address().port}`);
  } finally {
    await browser.close();
    server.close();
  }
}

/** Opens a page in a state; `problems` collects what the page complains of. */
export async function pose(context, base, spec, { theme, width, time }, problems = []) {
  const [named, media, address = {}] = THEMES[theme];
  const query = new URLSearchParams({ message: spec.message, theme: named, ...address });
  for (const part of ["upto", "asks", "actions", "form", "convention", "snapshot"]) {
    if (spec[part] !== undefined) query.set(part, String(spec[part]));
  }
  if (spec.silent) query.set("silent", "");
  for (const [name, value] of Object.entries(spec.query ?? {})) query.set(name, value);
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && !line.text().includes("404")) problems.push(line.text());
  });
  const { media: medium = null, ...wishes } = media;
  await page.emulateMedia(wishes);
  await page.setViewportSize({ width, height: 700 });
  await page.clock.install(time === undefined ? {} : { time });
  await page.goto(`${base}/?${query}`);
  await page.locator(".nbf-card, .nbf-side").first().waitFor();
  await page.clock.runFor(200);
  await spec.do?.(page);
  await page.clock.runFor(200);
  await page.emulateMedia({ media: medium });
  return page;
}

/** What axe finds, lines that are too faint, a page that scrolls sideways, a focus nobody sees. */
export async function faultsOf(page) {
  await page.clock.resume();
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run(".nbflow"));
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`,
  );
  for (const look of [faintLines, strayed, askew]) found.push(...(await page.evaluate(look)));
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  if (wide) found.push("the page scrolls sideways");
  const moving = await page.evaluate(
    () => matchMedia("(prefers-reduced-motion: reduce)").matches && document.getAnimations().length,
  );
  if (moving) found.push(`${moving} things move`);
  const onPaper = await page.evaluate(() => matchMedia("print").matches);
  if (!onPaper) found.push(...(await lostFocus(page)));
  return found;
}
