/** The extension: the side panel with its badge, the commands, and the forms that they open. */

import type { PanelActions } from "../components/panel/model";
import { Panel } from "../components/panel/Panel";
import { strings } from "../components/strings";
import { ensureStyles, mountClient } from "../widgets/mount";
import { Desk } from "./desk";
import type { Given, Widget } from "./host";
import { Pages } from "./pages";

const PANEL = "nbflow-panel";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
<g class="jp-icon3 jp-icon-selectable" fill="#616161">
<path d="M4 1.2 1.3 9v4.8h13.4V9L12 1.2zm1 1.6h6l2.2 6.1h-3.4c-.1 1.3-.7 1.9-1.8 1.9s-1.700-.6-1.800-1.900H2.800z"/>
</g></svg>`;

/** Called once, by the plugin. */
export function start(given: Given): void {
  const { app, host } = given;
  ensureStyles(document.body);
  const { LabIcon } = host["@jupyterlab/ui-components"];
  const icon = new LabIcon({ name: "nbflow:inbox", svgstr: ICON });
  const desk = new Desk(given);
  const pages = new Pages(given, desk, icon);
  const widget = new host["@lumino/widgets"].Widget();
  widget.id = PANEL;
  Object.assign(widget.title, { icon, caption: strings.panel.tab(0) });
  const actions = actionsOf(given, desk, pages);
  mountClient(widget.node, desk, (view) => <Panel view={view} actions={actions} />, {
    className: "nbf-side",
    guarded: false,
  });
  app.shell.add(widget, "left", { rank: 600 });
  given.restorer?.add(widget, PANEL);
  addCommands(given, desk, actions, icon);
  keepBadge(given, desk, widget);
  void app.restored.then(desk.refresh);
}

function actionsOf(given: Given, desk: Desk, pages: Pages): PanelActions {
  return {
    async open(source, row, interruptId) {
      await given.app.restored; // else what is restored would cover it
      if (source.kind === "kernel") pages.run(row);
      else pages.inbox(source, interruptId ?? row.questions[0]?.interrupt_id ?? null);
    },
    openInbox: (source) => pages.inbox(source, null),
    add: () => void addDatabase(given, desk),
    remove: ({ name }) => void desk.remove(name),
    refresh: desk.refresh,
  };
}

/** Asks for a path, and again with what was entered while it is refused. */
async function addDatabase({ app, host }: Given, desk: Desk, path?: string): Promise<void> {
  const { InputDialog, showErrorMessage } = host["@jupyterlab/apputils"];
  const words = strings.panel;
  let entered = path ?? "";
  for (let tries = 0; tries < 1 || path === undefined; tries++) {
    if (path === undefined) {
      const { button, value } = await InputDialog.getText({
        title: words.addTitle,
        label: words.addLabel,
        okLabel: words.addGo,
        text: entered,
        placeholder: "runs.sqlite",
      });
      if (!button.accept || value === null) return;
      entered = value.trim();
    }
    try {
      await desk.add(entered);
      app.shell.activateById(PANEL);
      return;
    } catch (error) {
      await showErrorMessage(words.addTitle, (error as Error).message || words.noServer);
    }
  }
}

function addCommands(given: Given, desk: Desk, actions: PanelActions, icon: unknown): void {
  const { app, host, palette } = given;
  const words = strings.panel.commands;
  const { InputDialog } = host["@jupyterlab/apputils"];
  const inbox = async (): Promise<void> => {
    const databases = desk.view().sources.filter(({ kind }) => kind === "database");
    const [first] = databases;
    if (!first) return actions.add();
    if (databases.length === 1) return actions.openInbox(first);
    const items = databases.map(({ name }) => name);
    const { value } = await InputDialog.getItem({ title: strings.panel.pickTitle, items });
    const wanted = databases.find(({ name }) => name === value);
    if (wanted) actions.openInbox(wanted);
  };
  const add = async ({ path }: { path?: unknown }): Promise<void> =>
    addDatabase(given, desk, typeof path === "string" ? path : undefined);
  const commands = {
    "nbflow:show": { label: words.show, icon, execute: () => app.shell.activateById(PANEL) },
    "nbflow:add-database": { label: words.add, execute: add },
    "nbflow:refresh": { label: words.refresh, execute: desk.refresh },
    "nbflow:inbox": { label: words.inbox, execute: inbox },
  };
  for (const [command, { label, ...rest }] of Object.entries(commands)) {
    // The palette shows the category beside it, a menu would not.
    app.commands.addCommand(command, { label: `${words.category}: ${label}`, ...rest });
    palette?.addItem({ command, category: words.category });
  }
}

/** The number of questions that wait: on the tab in Lab, as a button on top in Notebook 7. */
function keepBadge({ app, host, isLab }: Given, desk: Desk, panel: Widget): void {
  const button = document.createElement("button");
  button.type = "button";
  button.onclick = () => app.shell.activateById(PANEL);
  const box = document.createElement("div");
  box.className = "nbf-waiting-button";
  box.append(button);
  if (!isLab) {
    const top = new host["@lumino/widgets"].Widget({ node: box });
    top.id = "nbflow-waiting";
    app.shell.add(top, "top", { rank: 950 });
  }
  let shown = -1;
  const show = (): void => {
    const { waiting } = desk;
    if (waiting === shown) return;
    shown = waiting;
    const words = strings.panel.tab(waiting);
    panel.title.caption = words;
    panel.title.dataset = waiting > 0 ? { "nbf-waiting": waiting > 99 ? "99+" : `${waiting}` } : {};
    button.textContent = words;
    box.hidden = waiting === 0;
  };
  desk.subscribe(show);
  show();
}
