/**
 * The `_esm` of every nbflow widget: gets the bundle once for the page and version, then steps
 * aside. It is saved in the notebook with each widget, so it stays small and imports nothing.
 *
 * `initialize` only listens and asks: anywidget holds back messages until it returns. A saved
 * model whose kernel is gone swallows what is sent to it, so each arriving model asks.
 */

import type { Model, RenderProps } from "./model";

interface Bundle {
  default: { render(props: RenderProps): () => void };
}

interface Slot {
  module?: Bundle;
  loading?: boolean;
  error?: string;
  wake: Set<() => void>;
}

interface Page {
  id: string;
  slots: Map<string, Slot>;
}

const key = Symbol.for("nbflow");
const shared = globalThis as typeof globalThis & { [key]?: Page };
shared[key] ??= {
  id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
  slots: new Map(),
};
const page: Page = shared[key];

/** The host's choice; JupyterLab writes it there. */
const language = document.documentElement.lang || navigator.language;

function slotFor(model: Model): Slot {
  const version = String(model.get("bundle_version"));
  const slot = page.slots.get(version) ?? { wake: new Set() };
  page.slots.set(version, slot);
  return slot;
}

async function load(packed: DataView<ArrayBuffer>): Promise<Bundle> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const blob = new Blob([await new Response(stream).blob()], { type: "text/javascript" });
  const url = URL.createObjectURL(blob);
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function initialize({ model }: { model: Model }): () => void {
  const slot = slotFor(model);
  let delay = 500;
  let timer: ReturnType<typeof setTimeout>;
  const ask = (): void => {
    if (slot.module) return;
    model.send({ type: "bundle", request: page.id, language });
    delay = Math.min(delay * 2, 8000);
    timer = setTimeout(ask, delay);
  };
  const hear = async (
    message: { type: string; version: string; error?: string },
    buffers: DataView<ArrayBuffer>[],
  ): Promise<void> => {
    if (message.type !== "bundle" || slot.module || slot.loading) return;
    if (message.error === undefined && message.version !== model.get("bundle_version")) return;
    slot.loading = true;
    try {
      if (message.error !== undefined || !buffers[0]) throw message.error ?? "The bundle is empty.";
      slot.module = await load(buffers[0]);
    } catch (error) {
      slot.error = String(error);
    }
    slot.loading = false;
    for (const wake of slot.wake) wake();
  };
  model.on("msg:custom", hear);
  ask();
  return () => {
    clearTimeout(timer);
    model.off("msg:custom", hear);
  };
}

async function render(props: RenderProps): Promise<(() => void) | undefined> {
  const { model, el, signal } = props;
  const slot = slotFor(model);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      el.textContent ||= "The kernel has not answered. Run the cell again.";
    }, 4000);
    const look = (): void => {
      if (!slot.module && !signal?.aborted) {
        if (slot.error) el.textContent = slot.error;
        return;
      }
      clearTimeout(timer);
      slot.wake.delete(look);
      resolve();
    };
    signal?.addEventListener("abort", look);
    slot.wake.add(look);
    look();
  });
  el.textContent = "";
  return signal?.aborted ? undefined : slot.module?.default.render(props);
}

export default { initialize, render };
