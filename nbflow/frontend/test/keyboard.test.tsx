import { act, cleanup, fireEvent, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ToBrowser, ToKernel } from "../protocol/messages";
import type { Model } from "../widgets/model";
import { render } from "../widgets/run";
import { batches, golden } from "./golden";

/** The notebook's end: commands that Lumino would run, by its own two ways of looking. */
let commands: string[] = [];
let unmount = (): void => {};
let el: HTMLElement;

/** Notebook 7 looks for the mark on the target alone, JupyterLab above it, too. */
function lumino(event: KeyboardEvent): void {
  const { target } = event;
  if (!(target instanceof Element)) return;
  if (target.hasAttribute("data-lm-suppress-shortcuts")) return;
  commands.push(event.key);
}

beforeEach(async () => {
  commands = [];
  sessionStorage.clear();
  document.addEventListener("keydown", lumino, { capture: true });
  el = document.createElement("div");
  document.body.append(el);
  await act(async () => {
    unmount = render({ model: model(), el });
  });
  await waitFor(() => expect(el.querySelector(".nbf-decision")).toBeTruthy());
});
afterEach(() => {
  act(unmount);
  document.removeEventListener("keydown", lumino, { capture: true });
  el.remove();
  cleanup();
});

/** A widget model that plays the two open questions of decisions.json. */
function model(): Model {
  const [first] = batches("decisions");
  const listeners = new Map<string, (message: ToBrowser) => void>();
  return {
    get: () => golden("decisions").snapshot,
    on(name: string, listener: (...args: never[]) => void) {
      listeners.set(name, listener as (message: ToBrowser) => void);
    },
    off(name: string) {
      listeners.delete(name);
    },
    send(message: unknown) {
      if ((message as ToKernel).type === "sync" && first) listeners.get("msg:custom")?.(first);
    },
  };
}

/** One of each kind of control that can hold the focus. */
function targets(): Map<string, HTMLElement> {
  const all = [...el.querySelectorAll<HTMLElement>("input, textarea, button, [tabindex]")];
  return new Map(
    all.map((one) => [`${one.tagName} ${one.className} ${one.parentElement?.className}`, one]),
  );
}

const KEYS: [string, object][] = [
  ["a", {}],
  ["b", {}],
  ["m", {}],
  ["y", {}],
  ["d", {}],
  ["d", {}],
  ["Enter", { shiftKey: true }],
  ["j", {}],
  ["k", {}],
  ["ArrowDown", {}],
  ["?", {}],
  ["Escape", {}],
];

it("keeps every key from the notebook, wherever in the widget the focus is", () => {
  const edit = el.querySelector<HTMLElement>(".nbf-decision:nth-child(2) input");
  act(() => edit?.click());
  const kinds = [...targets().keys()];
  expect(kinds.length).toBeGreaterThan(10);
  for (const kind of kinds) {
    for (const [key, part] of KEYS) {
      act(() => edit?.click());
      targets().get(kind)?.focus();
      fireEvent.keyDown(document.activeElement ?? document.body, { key, ...part });
    }
  }
  expect(commands).toEqual([]);
});

it("keeps the focus in the widget when a key takes the focused control away", () => {
  const edit = el.querySelector<HTMLElement>(".nbf-decision:nth-child(2) input");
  act(() => edit?.click());
  const no = [...el.querySelectorAll<HTMLElement>(".nbf-check input")].at(1);
  no?.focus();
  expect(document.activeElement).toBe(no);
  fireEvent.keyDown(no as HTMLElement, { key: "a" });
  expect(no?.isConnected).toBe(false);
  expect(el.contains(document.activeElement)).toBe(true);
  fireEvent.keyDown(document.activeElement as HTMLElement, { key: "d" });
  expect(commands).toEqual([]);
});

it("lets a field take new lines and Undo, which JupyterLab refuses in a cell", () => {
  const reject = el.querySelector<HTMLElement>(".nbf-decision:nth-child(3) input");
  act(() => reject?.click());
  const field = el.querySelector("textarea") as HTMLTextAreaElement;
  field.addEventListener("beforeinput", (event) => event.preventDefault());
  for (const inputType of ["insertLineBreak", "historyUndo", "historyRedo"]) {
    const event = new InputEvent("beforeinput", { inputType, bubbles: true, cancelable: true });
    field.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  }
});

it("leaves keys alone while the focus is elsewhere", () => {
  const outside = document.createElement("button");
  document.body.append(outside);
  outside.focus();
  fireEvent.keyDown(outside, { key: "a" });
  fireEvent.keyDown(outside, { key: "Enter", ctrlKey: true });
  expect(commands).toEqual(["a", "Enter"]);
  expect(el.querySelectorAll(".nbf-decision input:checked").length).toBe(1);
  expect(el.textContent).not.toContain("Nothing was sent");
  outside.remove();
});
