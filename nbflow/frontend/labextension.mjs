/**
 * Builds the JupyterLab extension into `nbflow/labextension/`, as JupyterLab finds a prebuilt one:
 * `package.json` names the script that it loads first; the rest is loaded when the plugin starts,
 * in the reader's language.
 */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { bundleOptions, here, inWordsOf, LANGUAGES, refuse } from "./build.mjs";

const out = here("../labextension/");
const CONTAINER_LIMIT = 5_000;
const GZIP_LIMIT = 210_000;

async function main() {
  await rm(out, { recursive: true, force: true });
  await mkdir(`${out}static`, { recursive: true });
  for (const language of ["en", ...LANGUAGES]) {
    const file = `${out}static/${language}.js`;
    const plugins = language === "en" ? [] : [inWordsOf(language)];
    const entryPoints = [here("labextension/index.tsx")];
    await build({ ...bundleOptions, entryPoints, plugins, outfile: file });
    await refuse(file, GZIP_LIMIT);
  }
  await containerFor(["en", ...LANGUAGES]);
  await copyFile(here("labextension/install.json"), `${out}install.json`);
}

/** The script that JupyterLab loads first; its name changes with what any of them holds. */
async function containerFor(languages) {
  const digest = createHash("sha256");
  for (const language of languages) digest.update(await readFile(`${out}static/${language}.js`));
  digest.update(await readFile(here("labextension/container.ts")));
  const version = digest.digest("hex").slice(0, 16);
  const load = `static/remoteEntry.${version}.js`;
  await build({
    ...bundleOptions,
    entryPoints: [here("labextension/container.ts")],
    format: "iife",
    define: {
      ...bundleOptions.define,
      NBFLOW_LANGUAGES: JSON.stringify(languages),
      NBFLOW_VERSION: JSON.stringify(version),
    },
    outfile: `${out}${load}`,
  });
  const { length } = await readFile(`${out}${load}`);
  if (length > CONTAINER_LIMIT) throw new Error(`The container is ${length} bytes.`);
  const python = await readFile(here("../__init__.py"), "utf8");
  const about = {
    name: "nbflow",
    version: /__version__ = "(.+)"/.exec(python)?.[1],
    description: "A side panel with the runs and questions of nbflow.",
    license: "MIT",
    jupyterlab: { extension: true, _build: { load, extension: "./extension" } },
  };
  await writeFile(`${out}package.json`, `${JSON.stringify(about, null, 2)}\n`);
  console.log(`labextension: version ${version}; container ${length}`);
}

await main();
