/** What needs another look, above a form: it takes the focus once for each failed attempt. */

import { type ReactNode, type RefObject, useEffect, useId, useRef } from "react";
import type { FieldError, Receipt } from "../../protocol/messages";
import { Icon } from "../icons";
import { strings } from "../strings";
import { SEPARATOR } from "./ValueForm";

export interface SummaryFocus {
  element: RefObject<HTMLDivElement | null>;
  wanted: RefObject<boolean>;
}

/** An attempt fails here or in the kernel. */
export function useSummaryFocus(receipt: Receipt | null): SummaryFocus {
  const element = useRef<HTMLDivElement>(null);
  const wanted = useRef(false);
  const seen = useRef(receipt);
  if (seen.current !== receipt) {
    seen.current = receipt;
    if (receipt?.status === "invalid") wanted.current = true;
  }
  useEffect(() => {
    if (!wanted.current || !element.current) return;
    wanted.current = false;
    element.current.focus();
  });
  return { element, wanted };
}

interface Props {
  errors: readonly FieldError[];
  focus: SummaryFocus;
  /** What an error speaks of, in the words of the form. */
  label: (path: FieldError["path"]) => string;
  onPick: (path: FieldError["path"]) => void;
}

export function Summary({ errors, focus, label, onPick }: Props): ReactNode {
  const id = useId();
  if (errors.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a named group that takes the focus
    <div
      ref={focus.element}
      className="nbf-summary"
      role="group"
      tabIndex={-1}
      aria-labelledby={id}
    >
      <p className="nbf-summary-title" id={id}>
        <Icon name="warning" />
        {strings.question.summary(errors.length)}
      </p>
      <ul>
        {errors.map((error) => (
          <li key={JSON.stringify(error)}>
            <button type="button" className="nbf-link" onClick={() => onPick(error.path)}>
              {label(error.path)}
            </button>
            <span>: {error.message}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const FOCUSABLE = "input:not([type=hidden]), select, textarea, button";
const FOCUSABLE_DECISION = ".nbf-decision input";

/** Ends of the ids that stand for a place beside the control of a value. */
const BESIDE = ["", `${SEPARATOR}choice`, `${SEPARATOR}decision`];

/** Moves the focus to the control of a path, or of the nearest one around it. */
export function focusField(
  box: HTMLElement | null,
  prefix: string,
  path: FieldError["path"],
): void {
  const page = box?.getRootNode();
  if (!(page instanceof Document || page instanceof ShadowRoot)) return;
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const id = [prefix, ...path.slice(0, depth)].join(SEPARATOR);
    const found = BESIDE.map((end) => page.getElementById(id + end)).find((one) => one !== null);
    if (!found) continue;
    const target = found.matches(FOCUSABLE) ? found : found.querySelector<HTMLElement>(FOCUSABLE);
    (target ?? found).focus();
    return;
  }
  box?.querySelector<HTMLElement>(FOCUSABLE_DECISION)?.focus();
}
