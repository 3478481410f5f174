import { act, cleanup, fireEvent, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { InboxToBrowser, InboxToKernel } from "../protocol/inbox";
import widget from "../widgets/index";
import type { Model } from "../widgets/model";
import { idOf, inboxGolden, openedAs, said } from "./inboxGolden";

let commands: string[] = [];
let unmount = (): void => {};
let el: HTMLElement;
let wire: ReturnType<typeof model>;

/** As Notebook 7 looks for the mark: on the target alone. */
function lumino(event: KeyboardEvent): void {
  const { target } = event;
  if (target instanceof Element && target.hasAttribute("data-lm-suppress-shortcuts")) return;
  commands.push(event.key);
}

/** A widget model whose kernel lists the golden questions and opens each with a form. */
function model(): Model & { sent: InboxToKernel[]; hear: (message: unknown) => void } {
  const listeners = new Map<string, (message: unknown) => void>();
  const sent: InboxToKernel[] = [];
  const hear = (message: unknown): void => listeners.get("msg:custom")?.(message);
  const answer = (message: InboxToKernel): Partial<InboxToBrowser> | undefined => {
    if (message.type === "questions") return said("questions")[0];
    if (message.type !== "open") return undefined;
    const { form } = openedAs("2");
    const own = form && { ...form, interrupt_id: message.interrupt_id };
    return { ...openedAs("2"), interrupt_id: message.interrupt_id, form: own };
  };
  return {
    sent,
    hear,
    get: (name) => (name === "shows" ? "inbox" : inboxGolden().snapshot),
    on(name: string, listener: (...args: never[]) => void) {
      listeners.set(name, listener as (message: unknown) => void);
    },
    off(name: string) {
      listeners.delete(name);
    },
    send(message: unknown) {
      const one = message as InboxToKernel;
      sent.push(one);
      const reply = answer(one);
      if (reply && "request" in one) queueMicrotask(() => hear({ ...reply, request: one.request }));
    },
  };
}

const list = (): HTMLElement => el.querySelector(".nbf-inbox-list") as HTMLElement;

beforeEach(async () => {
  commands = [];
  sessionStorage.clear();
  document.addEventListener("keydown", lumino, { capture: true });
  el = document.createElement("div");
  document.body.append(el);
  wire = model();
  await act(async () => {
    unmount = widget.render({ model: wire, el });
  });
  await waitFor(() => expect(el.querySelectorAll("[role=option]").length).toBe(5));
});
afterEach(() => {
  act(unmount);
  document.removeEventListener("keydown", lumino, { capture: true });
  el.remove();
  cleanup();
});

const press = async (key: string, part: object = {}): Promise<void> => {
  await act(async () => {
    fireEvent.keyDown(document.activeElement ?? document.body, { key, ...part });
  });
};

it("reviews to the end by keyboard, and no key reaches the notebook", async () => {
  list().focus();
  for (const key of ["b", "d", "d", "m", "y", "?", "Escape", "j", "x", "x", "Enter"]) {
    await press(key);
  }
  await press("Enter", { shiftKey: true });
  const answered: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    await waitFor(() => expect(el.querySelector(".nbf-form")).toBeTruthy());
    expect(el.querySelector(".nbf-form")?.contains(document.activeElement)).toBe(true);
    for (const key of ["d", "d", "b", "a"]) await press(key);
    await press("Enter", { ctrlKey: true });
    const sent = wire.sent.findLast((message) => message.type === "submit");
    if (sent?.type !== "submit") throw new Error("nothing was sent");
    answered.push(sent.interrupt_id);
    const { submission, interrupt_id } = sent;
    await act(async () => wire.hear({ ...said("receipt")[0], submission, interrupt_id }));
    expect(el.contains(document.activeElement)).toBe(true);
  }
  expect(answered).toEqual(["2", "3", "5", "1"].map(idOf));
  for (const key of ["d", "d"]) await press(key);
  expect(commands).toEqual([]);
});

it("leaves the focus on the list to which a person went back before the answer was taken", async () => {
  list().focus();
  await press("Enter");
  await waitFor(() => expect(el.querySelector(".nbf-form")).toBeTruthy());
  await press("a");
  await press("Enter", { ctrlKey: true });
  const sent = wire.sent.findLast((message) => message.type === "submit");
  if (sent?.type !== "submit") throw new Error("nothing was sent");
  await press("Escape");
  expect(document.activeElement).toBe(list());
  const { submission, interrupt_id } = sent;
  await act(async () => wire.hear({ ...said("receipt")[0], submission, interrupt_id }));
  await waitFor(() => {
    const opened = wire.sent.filter((message) => message.type === "open");
    expect(opened.map((message) => message.interrupt_id)).toEqual(["1", "2"].map(idOf));
    expect(el.querySelector(".nbf-form")).toBeTruthy();
  });
  expect(document.activeElement).toBe(list());
});

it("leaves the focus alone that went elsewhere", async () => {
  list().focus();
  await press("Enter");
  await waitFor(() => expect(el.querySelector(".nbf-form")).toBeTruthy());
  const outside = document.createElement("button");
  document.body.append(outside);
  outside.focus();
  await act(async () => wire.hear({ ...said("questions")[0], request: "another" }));
  await press("j");
  expect(document.activeElement).toBe(outside);
  expect(commands).toEqual(["j"]);
  outside.remove();
});
