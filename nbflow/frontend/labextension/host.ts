/**
 * The part of JupyterLab and Notebook 7 that nbflow uses, as they declare it.
 *
 * Their own packages are not needed to build this: the host hands them over when it loads the
 * extension, and `test/labextension.test.ts` sees that no other module of theirs is asked for.
 */

export interface Signal<Sender, Args> {
  connect(slot: (sender: Sender, args: Args) => void): boolean;
  disconnect(slot: (sender: Sender, args: Args) => void): boolean;
}

export interface Title {
  label: string;
  caption: string;
  closable: boolean;
  icon: unknown;
  dataset: Record<string, string>;
}

export interface Widget {
  id: string;
  readonly node: HTMLElement;
  readonly title: Title;
  readonly isDisposed: boolean;
  readonly isAttached: boolean;
  readonly disposed: Signal<Widget, unknown>;
  addClass(name: string): void;
  dispose(): void;
}

export interface Message {
  readonly header: { readonly msg_type: string };
  readonly parent_header: { readonly msg_type?: string };
  readonly content: { readonly [name: string]: unknown };
}

export interface Comm {
  onMsg: (message: Message) => void;
  onClose: (message: Message) => void;
  readonly isDisposed: boolean;
  open(data?: unknown): unknown;
  send(data: unknown): unknown;
  close(): unknown;
}

export interface Kernel {
  readonly id: string;
  readonly status: string;
  readonly isDisposed: boolean;
  readonly iopubMessage: Signal<Kernel, Message>;
  readonly statusChanged: Signal<Kernel, string>;
  createComm(target: string): Comm;
  requestCommInfo(content: { target_name?: string }): Promise<Message>;
}

export interface SessionContext {
  readonly name: string;
  readonly path: string;
  readonly session: { readonly kernel: Kernel | null } | null;
  readonly kernelChanged: Signal<SessionContext, unknown>;
  readonly statusChanged: Signal<SessionContext, string>;
  readonly isDisposed: boolean;
}

export interface Shell {
  readonly currentWidget: (Widget & { sessionContext?: SessionContext }) | null;
  readonly currentChanged?: Signal<Shell, unknown>;
  add(widget: Widget, area: string, options?: { rank?: number; mode?: string }): void;
  activateById(id: string): void;
  widgets(area: string): Iterable<Widget>;
}

export interface Commands {
  addCommand(
    id: string,
    options: {
      label: string;
      caption?: string;
      icon?: unknown;
      execute: (args: { [name: string]: unknown }) => unknown;
    },
  ): unknown;
  execute(id: string, args?: unknown): Promise<unknown>;
  notifyCommandChanged(id?: string): void;
}

export interface App {
  readonly shell: Shell;
  readonly commands: Commands;
  readonly serviceManager: { readonly serverSettings: ServerSettings };
  readonly restored: Promise<unknown>;
}

export interface ServerSettings {
  readonly baseUrl: string;
  readonly wsUrl: string;
  readonly token: string;
  readonly appendToken: boolean;
  readonly WebSocket: new (url: string) => WebSocket;
}

export interface Palette {
  addItem(item: { command: string; category: string }): unknown;
}

export interface Restorer {
  add(widget: Widget, name: string): void;
}

export interface Translator {
  readonly languageCode: string;
}

interface Answered<T> {
  readonly button: { readonly accept: boolean };
  readonly value: T | null;
}

/** What is taken of the host's modules, by the name of each. */
export interface Modules {
  "@jupyterlab/application": { ILabShell: unknown; ILayoutRestorer: unknown };
  "@jupyterlab/apputils": {
    ICommandPalette: unknown;
    InputDialog: {
      getText(options: {
        title: string;
        label: string;
        okLabel: string;
        text?: string;
        placeholder?: string;
      }): Promise<Answered<string>>;
      getItem(options: { title: string; items: string[] }): Promise<Answered<string>>;
    };
    showErrorMessage(title: string, error: string): Promise<void>;
  };
  "@jupyterlab/services": {
    ServerConnection: {
      makeRequest(url: string, init: RequestInit, settings: ServerSettings): Promise<Response>;
    };
  };
  "@jupyterlab/translation": { ITranslator: unknown };
  "@jupyterlab/ui-components": {
    LabIcon: new (options: { name: string; svgstr: string }) => unknown;
  };
  "@lumino/widgets": { Widget: new (options?: { node?: HTMLElement }) => Widget };
}

export type Host = { readonly [Name in keyof Modules]: Modules[Name] };

export interface Given {
  readonly app: App;
  readonly host: Host;
  readonly palette: Palette | null;
  readonly restorer: Restorer | null;
  /** Lab has tabs for its side bars and room for many panels; Notebook 7 has neither. */
  readonly isLab: boolean;
}
