/**
 * The required tests of JSON-Schema-Test-Suite, as pytest reads them: remote schemas lie under
 * `$defs` of each schema that names their host.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Json, JsonObject } from "../protocol/messages";

export const FOLDER = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../tests/json_schema_suite",
);
const HOST = "http://localhost:1234/";

export interface Case {
  name: string;
  schema: Json;
  value: Json;
  valid: boolean;
}

interface Group {
  description: string;
  schema: Json;
  tests: { description: string; data: Json; valid: boolean }[];
}

const read = (path: string): Json => JSON.parse(readFileSync(path, "utf8")) as Json;

function remotes(): JsonObject[] {
  const folder = join(FOLDER, "remotes");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .sort()
    .map((path) => {
      const $id = HOST + relative(folder, join(folder, path)).replaceAll("\\", "/");
      return { $id, ...(read(join(folder, path)) as JsonObject) };
    });
}

/** The schema with the remote ones that it needs, however far away. */
function whole(schema: Json, known: readonly JsonObject[]): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const kept: JsonObject[] = [];
  const todo: Json[] = [schema];
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const text = JSON.stringify(part);
    for (const remote of known) {
      const file = String(remote.$id).split("/").at(-1) ?? "";
      if (!kept.includes(remote) && text.includes(file)) {
        kept.push(remote);
        todo.push(remote);
      }
    }
  }
  const own = JSON.stringify(schema);
  const named = kept
    .filter((remote) => !own.includes(`"$id":${JSON.stringify(remote.$id)}`))
    .map((remote, n) => [`remote ${n}`, remote] as const);
  if (named.length === 0) return schema;
  return { ...schema, $defs: { ...(schema.$defs as JsonObject), ...Object.fromEntries(named) } };
}

export function cases(): Case[] {
  const known = remotes();
  const folder = join(FOLDER, "draft2020-12");
  return readdirSync(folder)
    .sort()
    .flatMap((file) =>
      (read(join(folder, file)) as unknown as Group[]).flatMap((group) =>
        group.tests.map((test) => ({
          name: `${file.slice(0, -5)}: ${group.description}: ${test.description}`,
          schema: whole(group.schema, known),
          value: test.data,
          valid: test.valid,
        })),
      ),
    );
}
