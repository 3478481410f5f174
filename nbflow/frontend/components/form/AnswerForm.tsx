/** The form of one question: rjsf for the structure, our controls, one submit button. */

import RjsfForm from "@rjsf/core/lib/components/Form.js";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef } from "react";
import type { FieldError, Form, Json, JsonObject, Receipt } from "../../protocol/messages";
import { Icon } from "../icons";
import { strings } from "../strings";
import { FormSharedContext } from "./context";
import { NodeField } from "./NodeField";
import { isObject, resolve } from "./schema";
import { templates } from "./templates";
import { useAnswer } from "./useAnswer";
import { errorTree, validator } from "./validator";

interface Props {
  form: Form;
  receipt: Receipt | null;
  /** A submission is on its way. */
  pending: boolean;
  /** The kernel does not answer: what is entered stays, nothing can be sent. */
  disabled: boolean;
  onSubmit: (value: Json) => void;
}

/** A given value keeps its shape: no default is added to it. */
const AS_GIVEN = {
  emptyObjectFields: "skipDefaults",
  allOf: "skipDefaults",
  constAsDefaults: "never",
  arrayMinItems: { populate: "never" },
  requiredBooleanDefault: "skip",
} as const;

const WITH_DEFAULTS = { ...AS_GIVEN, emptyObjectFields: "populateAllDefaults" } as const;

const FIELDS = { SchemaField: NodeField };

export function AnswerForm({ form, receipt, pending, disabled, onSubmit }: Props): ReactNode {
  const locked = pending || disabled;
  const answer = useAnswer(form, receipt, disabled);
  const prefix = `nbf${useId().replaceAll(/[^\w-]/g, "")}`;
  const box = useRef<HTMLDivElement>(null);
  const tree = useMemo(() => errorTree(answer.errors), [answer.errors]);
  const summary = useSummaryFocus(receipt);
  const submit = (): void => {
    if (locked) return;
    const ready = answer.check();
    if (ready) onSubmit(ready.value);
    else summary.wanted.current = true;
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a form element would submit on Enter in any field
    <div
      ref={box}
      className="nbf-form"
      role="form"
      aria-label={strings.question.form(form.title)}
      onKeyDown={keys}
    >
      <Summary
        errors={answer.errors}
        schema={form.schema}
        focus={summary}
        onPick={(path) => focusField(box.current, prefix, path)}
      />
      <FormSharedContext value={answer.shared}>
        <RjsfForm<unknown>
          tagName="div"
          idPrefix={prefix}
          idSeparator="__"
          schema={form.schema}
          initialFormData={answer.start}
          validator={validator}
          fields={FIELDS}
          templates={templates}
          extraErrors={tree}
          disabled={disabled}
          noValidate
          showErrorList={false}
          experimental_defaultFormStateBehavior={answer.fresh ? WITH_DEFAULTS : AS_GIVEN}
          onChange={(event, id) =>
            answer.change(event.formData as Json | undefined, id !== undefined)
          }
        >
          <SubmitRow pending={pending} disabled={disabled} onPress={submit} />
        </RjsfForm>
      </FormSharedContext>
    </div>
  );
}

interface SubmitRowProps {
  pending: boolean;
  disabled: boolean;
  onPress: () => void;
}

function SubmitRow({ pending, disabled, onPress }: SubmitRowProps): ReactNode {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  return (
    <div className="nbf-submit-row">
      <button
        type="button"
        className="nbf-button nbf-primary"
        disabled={disabled}
        aria-disabled={pending || undefined}
        aria-busy={pending}
        aria-keyshortcuts={mac ? "Meta+Enter" : "Control+Enter"}
        onClick={onPress}
      >
        {pending && <Icon name="running" />}
        <span>{pending ? strings.question.submitting : strings.question.submit}</span>
        {!pending && <kbd className="nbf-kbd">{mac ? "⌘ Enter" : "Ctrl Enter"}</kbd>}
      </button>
    </div>
  );
}

interface SummaryFocus {
  element: React.RefObject<HTMLDivElement | null>;
  wanted: React.RefObject<boolean>;
}

/** The summary takes the focus once for each attempt that failed, here or in the kernel. */
function useSummaryFocus(receipt: Receipt | null): SummaryFocus {
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

interface SummaryProps {
  errors: readonly FieldError[];
  schema: JsonObject;
  focus: SummaryFocus;
  onPick: (path: FieldError["path"]) => void;
}

function Summary({ errors, schema, focus, onPick }: SummaryProps): ReactNode {
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
              {labelOf(error.path, schema)}
            </button>
            <span>: {error.message}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The way to a value in the words of the form. */
function labelOf(path: FieldError["path"], root: JsonObject): string {
  let node = resolve(root, root);
  const words = path.map((key) => {
    const child =
      typeof key === "number" ? node.items : isObject(node.properties) && node.properties[key];
    node = resolve(child, root);
    if (typeof key === "number") return strings.question.item(key + 1);
    return typeof node.title === "string" ? node.title : key;
  });
  return words.join(" › ") || strings.question.whole;
}

const FOCUSABLE = "input:not([type=hidden]), select, textarea, button";

/** Moves the focus to the control of a path, or of the nearest one around it. */
function focusField(box: HTMLElement | null, prefix: string, path: FieldError["path"]): void {
  const page = box?.getRootNode();
  if (!(page instanceof Document || page instanceof ShadowRoot)) return;
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const id = [prefix, ...path.slice(0, depth)].join("__");
    const found = page.getElementById(id) ?? page.getElementById(`${id}__choice`);
    if (!found) continue;
    const target = found.matches(FOCUSABLE) ? found : found.querySelector<HTMLElement>(FOCUSABLE);
    (target ?? found).focus();
    return;
  }
}
