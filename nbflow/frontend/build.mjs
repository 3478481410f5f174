/**
 * Builds the bundle and its loader into `nbflow/widgets/static/`, and refuses what must not ship:
 * code from strings, imports from the network, a bundle beyond its size.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export const here = (path) => fileURLToPath(new URL(path, import.meta.url));
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

/** Languages besides English; each is a bundle of its own, with a folder of words. */
export const LANGUAGES = ["de"];

export const bundleOptions = {
  ...common,
  entryPoints: [here("widgets/index.ts")],
  jsx: "automatic",
  loader: { ".css": "text" },
};

/** Takes the words of another language where the sources name the English ones. */
export const inWordsOf = (language) => ({
  name: "words",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/words\/en$/ }, () => ({
      path: here(`components/words/${language}/index.ts`),
    }));
  },
});

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

/** Reads what was built, and throws if it must not ship. */
export async function refuse(file, limit) {
  const name = basename(file);
  const bundle = await readFile(file);
  const packed = gzipSync(bundle, { level: 9 }).length;
  const found = problems(bundle.toString());
  if (packed > limit) found.push(`it is ${packed} bytes packed, more than ${limit}`);
  if (found.length > 0) throw new Error(`${name} must not ship: ${found.join("; ")}.`);
  console.log(`${name}: ${bundle.length} bytes, ${packed} packed`);
  return bundle;
}

/** Builds one bundle, and returns it with its size as it is sent. */
async function bundleIn(name, plugins) {
  await build({ ...bundleOptions, plugins, outfile: `${out}${name}` });
  return refuse(`${out}${name}`, GZIP_LIMIT);
}

async function main() {
  await mkdir(out, { recursive: true });
  const bundle = await bundleIn("bundle.mjs", []);
  for (const language of LANGUAGES) {
    await bundleIn(`bundle.${language}.mjs`, [inWordsOf(language)]);
  }
  await build({ ...common, entryPoints: [here("widgets/loader.ts")], outfile: `${out}loader.mjs` });
  const loader = await readFile(`${out}loader.mjs`);
  if (loader.length > LOADER_LIMIT) throw new Error(`The loader is ${loader.length} bytes.`);
  const version = createHash("sha256").update(bundle).digest("hex").slice(0, 16);
  await writeFile(`${out}bundle.json`, `${JSON.stringify({ version })}\n`);
  console.log(`version ${version}; loader ${loader.length}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
