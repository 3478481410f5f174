/**
 * Builds the bundle and its loader into `nbflow/widgets/static/`, and refuses what must not ship:
 * code from strings, imports from the network, a bundle beyond its size.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../widgets/static/");

const GZIP_LIMIT = 200_000;
const LOADER_LIMIT = 2_000;

/** Hosts that are names of things (namespaces, texts of messages), never asked for anything. */
const NAMES = new Set(["www.w3.org", "react.dev", "json-schema.org", "github.com"]);

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};

export const bundleOptions = {
  ...common,
  entryPoints: [here("widgets/index.ts")],
  jsx: "automatic",
  loader: { ".css": "text" },
};

function problems(code) {
  const found = [];
  if (/\beval\s*\(/.test(code)) found.push("it calls eval");
  if (/\bnew Function\b|[^.\w]Function\s*\(/.test(code)) found.push("it makes functions from text");
  if (/\b(?:import|from)\s*\(?\s*["'`]/.test(code)) found.push("it imports something at run time");
  for (const [, host] of code.matchAll(/https?:\/\/([\w.-]+\.[\w-]+)/g)) {
    if (!NAMES.has(host)) found.push(`it names the host ${host}`);
  }
  return found;
}

async function main() {
  await mkdir(out, { recursive: true });
  await build({ ...bundleOptions, outfile: `${out}bundle.mjs` });
  await build({ ...common, entryPoints: [here("widgets/loader.ts")], outfile: `${out}loader.mjs` });
  const bundle = await readFile(`${out}bundle.mjs`);
  const loader = await readFile(`${out}loader.mjs`);
  const packed = gzipSync(bundle, { level: 9 }).length;
  const found = problems(bundle.toString());
  if (packed > GZIP_LIMIT) found.push(`it is ${packed} bytes packed, more than ${GZIP_LIMIT}`);
  if (loader.length > LOADER_LIMIT) found.push(`the loader is ${loader.length} bytes`);
  if (found.length > 0) throw new Error(`The bundle must not ship: ${found.join("; ")}.`);
  const version = createHash("sha256").update(bundle).digest("hex").slice(0, 16);
  await writeFile(`${out}bundle.json`, `${JSON.stringify({ version })}\n`);
  console.log(
    `bundle ${version}: ${bundle.length} bytes, ${packed} packed; loader ${loader.length}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
