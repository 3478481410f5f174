/** The server's side: the databases that were named, and channels to them. */

import { type Line, overSocket } from "./channel";
import type { Given, ServerSettings } from "./host";

export class RefusedError extends Error {}

export class Server {
  readonly #given: Given;

  constructor(given: Given) {
    this.#given = given;
  }

  /** Rejects with an Error whose message is for people. */
  databases(): Promise<string[]> {
    return this.#ask("GET");
  }

  add(path: string): Promise<string[]> {
    return this.#ask("POST", path);
  }

  remove(path: string): Promise<string[]> {
    return this.#ask("DELETE", path);
  }

  channel(database: string, shows: "inbox" | "panel"): Line {
    const { wsUrl, token, appendToken, WebSocket } = this.#settings;
    const url = new URL("nbflow/channel", wsUrl);
    url.searchParams.set("database", database);
    url.searchParams.set("shows", shows);
    if (appendToken && token !== "") url.searchParams.set("token", token);
    return overSocket(() => new WebSocket(url.href));
  }

  get #settings(): ServerSettings {
    return this.#given.app.serviceManager.serverSettings;
  }

  async #ask(method: string, path?: string): Promise<string[]> {
    const { makeRequest } = this.#given.host["@jupyterlab/services"].ServerConnection;
    const body = path === undefined ? {} : { body: JSON.stringify({ path }) };
    const url = new URL("nbflow/databases", this.#settings.baseUrl).href;
    const response = await makeRequest(url, { method, ...body }, this.#settings);
    const said = (await response.json().catch(() => ({}))) as {
      databases?: string[];
      reason?: string;
      message?: string;
    };
    if (response.ok) return said.databases ?? [];
    if (response.status === 404 && said.reason === undefined) throw new RefusedError("");
    throw new Error(said.message ?? `${response.status} ${response.statusText}`);
  }
}
