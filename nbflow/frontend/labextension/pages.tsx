/** A form in a panel of its own: the run of a kernel, or the inbox of a database. */

import { Inbox } from "../components/inbox/Inbox";
import type { Source } from "../components/panel/model";
import { RunCard } from "../components/RunCard";
import { strings } from "../components/strings";
import type { PanelRow } from "../protocol/panel";
import { RunClient } from "../widgets/client";
import { InboxClient } from "../widgets/inboxClient";
import { ensureStyles, mountClient } from "../widgets/mount";
import { portOf } from "../widgets/port";
import type { Line } from "./channel";
import type { Desk } from "./desk";
import type { Given, Widget } from "./host";
import { overComm } from "./kernel";

type Draw = (el: HTMLElement, line: Line) => () => void;

export class Pages {
  readonly #given: Given;
  readonly #desk: Desk;
  readonly #icon: unknown;
  readonly #open = new Map<string, { widget: Widget; ask: (id: string | null) => void }>();

  constructor(given: Given, desk: Desk, icon: unknown) {
    this.#given = given;
    this.#desk = desk;
    this.#icon = icon;
  }

  /** Opens the card of a run of the active kernel. */
  run(row: PanelRow): void {
    const { kernel } = this.#desk.active;
    if (!kernel) return;
    const id = `nbflow-run-${kernel.id}-${row.key}`;
    const label = row.thread_id === null ? row.workflow : `${row.workflow}: ${row.thread_id}`;
    this.#show(id, { label, caption: label, note: "" }, () => {
      const line = overComm(kernel, { shows: "run", run: row.key });
      const draw: Draw = (el) =>
        mountClient(el, new RunClient(portOf(line.channel)), (view, client) => (
          <RunCard view={view} actions={client} />
        ));
      return { line, draw, ask: () => {} };
    });
  }

  /** Opens the inbox of a database, at one of its questions or at none. */
  inbox({ name }: Source, interruptId: string | null): void {
    const label = `${strings.inbox.title}: ${name.slice(name.lastIndexOf("/") + 1)}`;
    const note = strings.panel.stored(name);
    const opened = this.#show(`nbflow-inbox-${name}`, { label, caption: name, note }, () => {
      const line = this.#desk.server.channel(name, "inbox");
      let client: InboxClient | null = null;
      let wanted: string | null = null;
      const draw: Draw = (el) => {
        client = new InboxClient(portOf(line.channel));
        const off = mountClient(el, client, (view, actions) => (
          <Inbox view={view} actions={actions} />
        ));
        if (wanted !== null) client.open(wanted);
        return off;
      };
      const ask = (id: string | null): void => {
        wanted = id;
        if (id !== null) client?.open(id);
      };
      return { line, draw, ask };
    });
    opened.ask(interruptId);
  }

  #show(
    id: string,
    { label, caption, note }: { label: string; caption: string; note: string },
    begin: () => { line: Line; draw: Draw; ask: (id: string | null) => void },
  ): { ask: (id: string | null) => void } {
    const { app, host, isLab } = this.#given;
    const known = this.#open.get(id);
    if (known && !known.widget.isDisposed) {
      app.shell.activateById(id);
      return known;
    }
    const widget = new host["@lumino/widgets"].Widget();
    widget.id = id;
    widget.addClass("nbf-page");
    widget.node.tabIndex = -1;
    Object.assign(widget.title, { label, caption, closable: true, icon: this.#icon });
    const { line, draw, ask } = begin();
    const off = fill(widget.node, line, draw, note);
    const opened = { widget, ask };
    this.#open.set(id, opened);
    widget.disposed.connect(() => {
      this.#open.delete(id);
      off();
      line.close();
    });
    // Notebook 7 has room for one panel in the middle, and that is the notebook.
    app.shell.add(widget, isLab ? "main" : "right", isLab ? { mode: "tab-after" } : { rank: 900 });
    app.shell.activateById(id);
    return opened;
  }
}

/** Draws the view once its channel has said how things stand; or why it never will. */
function fill(node: HTMLElement, line: Line, draw: Draw, note: string): () => void {
  ensureStyles(node);
  const said = document.createElement("p");
  said.className = "nbf-page-note";
  said.textContent = strings.panel.connecting;
  node.append(said);
  let off: (() => void) | null = null;
  const begin = (): void => {
    if (off) return;
    said.textContent = note;
    said.hidden = note === "";
    off = draw(node, line);
  };
  line.channel.on("change:snapshot", begin);
  line.channel.on("refused", ({ message }: { message: string }) => {
    if (off && message === "") return;
    off?.();
    off = null;
    said.hidden = false;
    said.textContent = message || strings.panel.gone;
  });
  if (line.channel.ready) begin();
  return () => off?.();
}
