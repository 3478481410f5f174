import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "vitest/config";

const TEXT = "text-of:";

/** A style sheet is its text, as in the bundle. */
export const cssAsText: Plugin = {
  name: "css-as-text",
  enforce: "pre",
  resolveId(source, importer = "") {
    if (!source.endsWith(".css")) return null;
    return `${TEXT}${join(dirname(importer), source).replace(/\.css$/, "")}`;
  },
  async load(id) {
    if (!id.startsWith(TEXT)) return null;
    const text = await readFile(`${id.slice(TEXT.length)}.css`, "utf8");
    return `export default ${JSON.stringify(text)};`;
  },
};

export default defineConfig({
  plugins: [cssAsText],
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
