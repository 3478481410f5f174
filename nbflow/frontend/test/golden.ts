/** Reads the golden messages that pytest reads as well. */

import { EMPTY_LOG, type RunLog, reduce } from "../protocol/log";
import type { Events, Form, Snapshot, ToBrowser, ToKernel } from "../protocol/messages";
import { messagesIn } from "./messages";

export interface Golden {
  about: string;
  snapshot: Snapshot;
  to_browser: ToBrowser[];
  to_kernel: ToKernel[];
}

export function golden(name: string): Golden {
  return messagesIn(name) as Golden;
}

export function batches(name: string): Events[] {
  return golden(name).to_browser.filter((message) => message.type === "events");
}

export function logOf(name: string): RunLog {
  return batches(name).reduce(reduce, EMPTY_LOG);
}

export function formOf(name: string, index = 0): Form {
  const question = logOf(name).questions[index];
  if (!question) throw new Error(`${name}.json asks fewer than ${index + 1} questions`);
  return question.form;
}
