/**
 * Each instance of the suite through the real form: loaded, sent untouched, and sent once more
 * after it was edited by hand and back, so that the form itself made what is sent.
 */

import { cleanup, fireEvent } from "@testing-library/react";
import type { Json, JsonObject } from "../protocol/messages";
import { sent, show } from "./asking";
import type { Case } from "./suite";

export interface Trip {
  /** What was sent untouched; undefined where the page held it back. */
  readonly untouched: Json | undefined;
  /** What was sent after the JSON of the whole was changed and changed back. */
  readonly edited: Json | undefined;
  /** Whether the page named an error. */
  readonly named: boolean;
}

/** A form is asked by an object: what a boolean schema says is said by one. */
function asObject(schema: Json): JsonObject {
  if (schema === true) return {};
  return schema === false ? { not: {} } : (schema as JsonObject);
}

export function trip(one: Case): Trip {
  sessionStorage.clear();
  const container = show(asObject(one.schema), one.value);
  const press = (selector: string): void => {
    const button = container.querySelector(selector);
    if (!button) throw new Error(`No ${selector} in the form of ${one.name}`);
    fireEvent.click(button);
  };
  const send = (): Json | undefined => {
    press(".nbf-primary");
    return sent.pop();
  };
  const untouched = send();
  const named = container.querySelector(".nbf-summary") !== null;
  press(".nbf-turn button");
  const area = container.querySelector("textarea");
  const text = area?.value ?? "";
  if (area) {
    fireEvent.change(area, { target: { value: "{" } });
    fireEvent.change(area, { target: { value: text } });
  }
  press(".nbf-turn button");
  const edited = send();
  cleanup();
  return { untouched, edited, named };
}
