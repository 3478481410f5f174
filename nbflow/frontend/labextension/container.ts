/**
 * What JupyterLab and Notebook 7 load first: a container as their module federation knows it, by
 * hand. It takes the host's own modules, and loads nbflow's in the reader's language when the
 * plugin is activated, so that a page that starts reads next to nothing.
 *
 * By hand because it is all there is to it: the same esbuild makes it, its output is checked like
 * that of the widgets, and a build needs neither JupyterLab's packages nor another bundler.
 */

import type { App, Given, Host, Modules, Palette, Restorer, Translator } from "./host";

interface Shared {
  get(): Promise<() => unknown> | (() => unknown);
}

/** By package and version, as webpack and rspack share them. */
type Scope = Record<string, Record<string, Shared>>;

declare const NBFLOW_LANGUAGES: readonly string[];
/** Keeps a browser from pairing this with what it has of another build. */
declare const NBFLOW_VERSION: string;

const NEEDED: (keyof Modules)[] = [
  "@jupyterlab/application",
  "@jupyterlab/apputils",
  "@jupyterlab/services",
  "@jupyterlab/translation",
  "@jupyterlab/ui-components",
  "@lumino/widgets",
];

const base = (document.currentScript as HTMLScriptElement | null)?.src ?? location.href;

let scope: Scope = {};

async function take(name: string): Promise<unknown> {
  const versions = scope[name] ?? {};
  const newest = Object.keys(versions).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const shared = versions[newest.at(-1) ?? ""];
  if (!shared) throw new Error(`nbflow needs ${name}, which this application does not share.`);
  return (await shared.get())();
}

async function plugin(): Promise<() => unknown> {
  const found = await Promise.all(NEEDED.map(take));
  const host = Object.fromEntries(NEEDED.map((name, at) => [name, found[at]])) as unknown as Host;
  const { ILabShell, ILayoutRestorer } = host["@jupyterlab/application"];
  const { ICommandPalette } = host["@jupyterlab/apputils"];
  const { ITranslator } = host["@jupyterlab/translation"];
  return () => ({
    __esModule: true,
    default: {
      id: "nbflow:panel",
      description: "Lists the runs and questions of nbflow.",
      autoStart: true,
      optional: [ICommandPalette, ILayoutRestorer, ITranslator, ILabShell],
      activate: async (
        app: App,
        palette: Palette | null,
        restorer: Restorer | null,
        translator: Translator | null,
        lab: unknown,
      ): Promise<void> => {
        const wanted = (translator?.languageCode ?? "en").toLowerCase().split(/[-_]/)[0] ?? "en";
        const language = NBFLOW_LANGUAGES.includes(wanted) ? wanted : "en";
        const start = (await import(
          new URL(`./${language}.js?v=${NBFLOW_VERSION}`, base).href
        )) as {
          start(given: Given): void;
        };
        start.start({ app, host, palette, restorer, isLab: lab !== null });
      },
    },
  });
}

const container = {
  init(given: Scope): void {
    scope = given;
  },
  async get(name: string): Promise<() => unknown> {
    if (name !== "./extension") throw new Error(`nbflow has no module ${name}.`);
    return plugin();
  },
};

const page = window as typeof window & { _JUPYTERLAB?: Record<string, unknown> };
page._JUPYTERLAB ??= {};
page._JUPYTERLAB.nbflow = container;
