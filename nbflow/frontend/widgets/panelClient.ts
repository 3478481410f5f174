/** The panel's end of the wire to one kernel or database: keeps the list of its runs current. */

import type { PanelParts } from "../components/panel/model";
import type { PanelSnapshot, PanelToBrowser, PanelToKernel, Runs } from "../protocol/panel";
import { type Port, Talk } from "./talk";

export type PanelPort = Port<PanelToBrowser, PanelToKernel, PanelSnapshot>;

const EMPTY: PanelParts = { list: null, error: null, skewS: 0 };

export class PanelClient extends Talk<PanelToBrowser, PanelToKernel, PanelSnapshot, PanelParts> {
  #mark = "";
  #asking = false;
  #stale = false;

  constructor(port: PanelPort) {
    super(port, EMPTY);
  }

  /** Asks for the list now. */
  readonly refresh = (): void => this.sync();

  protected due(): boolean {
    return true;
  }

  protected sync(): void {
    this.#stale = true;
    if (this.#asking) return;
    this.#asking = true;
    this.#stale = false;
    this.expectAnswer();
    const ended = (part: Partial<PanelParts>): void => {
      this.#asking = false;
      this.change(part);
      if (this.#stale) this.sync();
    };
    this.ask<Runs>((request) => ({ type: "runs", request, mark: this.#mark })).then(
      ({ mark, now, list }) => {
        this.#mark = mark;
        ended({ error: null, skewS: now - Date.now() / 1000, ...(list && { list }) });
      },
      (error: Error) =>
        ended(this.shown.connection === "open" ? { error: error.message } : { error: null }),
    );
  }

  protected take(): void {}

  protected snapshotChanged(): void {
    this.sync();
  }
}
