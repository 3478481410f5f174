/**
 * The page's end of the wire for one view of an inbox.
 *
 * Asks for the list when it starts, when the kernel has news, when the filters change and every
 * few seconds while the page is seen; one request is under way at a time. Many answers at once go
 * a few at a time, since the server drops floods.
 */

import type { InboxActions, InboxParts } from "../components/inbox/model";
import type { Reply } from "../components/model";
import type {
  Filters,
  InboxSnapshot,
  InboxToBrowser,
  InboxToKernel,
  Opened,
  Questions,
  Undone,
} from "../protocol/inbox";
import { type Port, Talk } from "./talk";

export type InboxPort = Port<InboxToBrowser, InboxToKernel, InboxSnapshot>;

const AT_ONCE = 6;

const EMPTY: InboxParts = {
  filters: { workflow: null, text: "", older_than_s: 0, mine: false },
  listing: null,
  error: null,
  skewS: 0,
  opened: null,
};

export class InboxClient
  extends Talk<InboxToBrowser, InboxToKernel, InboxSnapshot, InboxParts>
  implements InboxActions
{
  #mark = "";
  #asking = false;
  #stale = false;
  #queue: [string, Reply][] = [];

  constructor(port: InboxPort) {
    super(port, EMPTY);
  }

  readonly filter = (filters: Filters): void => {
    this.change({ filters });
    this.sync();
  };

  readonly open = (id: string | null): void => {
    this.change({ opened: id === null ? null : { id, form: undefined, note: "" } });
    if (id === null) return;
    const done = (form: Opened["form"], note: string): void => {
      if (this.shown.opened?.id === id) this.change({ opened: { id, form, note } });
    };
    this.expectAnswer();
    this.ask<Opened>((request) => ({ type: "open", request, interrupt_id: id })).then(
      ({ form, note }) => done(form, note),
      (error: Error) => done(null, error.message),
    );
  };

  readonly submitAll = (replies: readonly (readonly [string, Reply])[]): void => {
    for (const [id, reply] of replies) this.#queue.push([id, reply]);
    this.receiptCame();
  };

  readonly undo = (id: string): Promise<Undone> =>
    this.ask<Undone>((request) => ({ type: "undo", request, interrupt_id: id })).finally(() =>
      this.sync(),
    );

  protected due(): boolean {
    return !document.hidden;
  }

  protected sync(): void {
    this.#stale = true;
    if (this.#asking) return;
    this.#asking = true;
    this.#stale = false;
    const { filters } = this.shown;
    this.expectAnswer();
    const ended = (part: Partial<InboxParts>): void => {
      this.#asking = false;
      this.change(part);
      if (this.#stale) this.sync();
    };
    this.ask<Questions>((request) => ({
      type: "questions",
      request,
      ...filters,
      mark: this.#mark,
    })).then(
      ({ mark, now, listing }) => {
        this.#mark = mark;
        const skewS = now - Date.now() / 1000;
        ended({ error: null, skewS, ...(listing && { listing }) });
      },
      (error: Error) =>
        ended(this.shown.connection === "open" ? { error: error.message } : { error: null }),
    );
  }

  protected take(): void {}

  protected snapshotChanged(): void {
    this.sync();
  }

  protected override receiptCame(): void {
    const waiting = [...this.shown.submissions.values()].filter((one) => one.receipt === null);
    for (const [id, reply] of this.#queue.splice(0, AT_ONCE - waiting.length)) {
      this.submit(id, reply);
    }
  }
}
