/** Serves the harness, the built bundle and the golden messages on localhost. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundleOptions, inWordsOf } from "../build.mjs";

const frontend = fileURLToPath(new URL("..", import.meta.url));
const ROOTS = {
  dev: join(frontend, "dev"),
  static: join(frontend, "../widgets/static"),
  messages: join(frontend, "../../tests/messages"),
  samples: join(frontend, "../../tests/samples"),
  conventions: join(frontend, "../../tests/conventions"),
};
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".json": "application/json",
  ".mjs": "text/javascript",
};

/** The side panel, which no widget's bundle has. */
async function panel(language) {
  const entry = join(frontend, "dev/panel.tsx");
  const plugins = language ? [inWordsOf(language)] : [];
  const { outputFiles } = await build({
    ...bundleOptions,
    entryPoints: [entry],
    plugins,
    write: false,
  });
  return outputFiles[0].contents;
}

export function serve(port) {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [, top, ...rest] = (pathname === "/" ? "/dev/index.html" : pathname).split("/");
    const root = ROOTS[top];
    const path = root && normalize(join(root, ...rest));
    try {
      if (!path?.startsWith(root)) throw new Error("outside");
      const isPanel = pathname === "/dev/panel.mjs";
      const body = await (isPanel ? panel(searchParams.get("lang")) : readFile(path));
      response.writeHead(200, { "content-type": `${TYPES[extname(path)]}; charset=utf-8` });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 8123));
  console.log(`http://127.0.0.1:${server.address().port}/?message=essay&theme=light`);
}
