/** How fields, objects and lists are laid out: our own templates for rjsf. */

import {
  ADDITIONAL_PROPERTY_FLAG,
  type ArrayFieldItemTemplateProps,
  type ArrayFieldTemplateProps,
  type CyclicSchemaExpandProps,
  type FieldTemplateProps,
  getUiOptions,
  type ObjectFieldTemplateProps,
  type TemplatesType,
  type UnsupportedFieldProps,
} from "@rjsf/utils";
import { type MouseEvent, type ReactNode, type RefObject, useEffect, useRef } from "react";
import type { JsonObject } from "../../protocol/messages";
import { Icon } from "../icons";
import { strings } from "../strings";
import { useFormShared } from "./context";
import { errorId, labelId, noteId } from "./inputs";
import { controlOf } from "./schema";
import { isRequired, noteOf } from "./wiring";

function itemNumber(path: readonly (string | number)[]): number | null {
  const last = path.at(-1);
  return typeof last === "number" ? last + 1 : null;
}

function FieldTemplate(props: FieldTemplateProps): ReactNode {
  const shared = useFormShared();
  if (props.hidden) return null;
  const { id, schema } = props;
  const control = controlOf(schema as JsonObject, shared.root);
  const whole = control === "container" && props.fieldPathId.path.length === 0;
  const invalid = !whole && (props.rawErrors?.length ?? 0) > 0;
  const extra = ADDITIONAL_PROPERTY_FLAG in schema;
  return (
    <div className={`nbf-field${invalid ? " nbf-invalid" : ""}`} data-control={control}>
      {extra && <KeyRow {...props} />}
      {control !== "container" && <FieldLabel {...props} quiet={extra} />}
      {props.children}
      {invalid && (
        <div className="nbf-error" id={errorId(id)}>
          <Icon name="warning" />
          <span>{[...new Set(props.rawErrors)].join(" ")}</span>
        </div>
      )}
    </div>
  );
}

function FieldLabel(props: FieldTemplateProps & { quiet: boolean }): ReactNode {
  const shared = useFormShared();
  const { id, fieldPathId, schema } = props;
  const item = itemNumber(fieldPathId.path);
  const text = item === null ? props.label || strings.question.value : strings.question.item(item);
  const hidden = props.quiet || item !== null || getUiOptions(props.uiSchema).label === false;
  const note = noteOf(schema, shared);
  const mark = isRequired(props, shared) ? "" : strings.question.optional;
  return (
    <>
      <label className={hidden ? "nbf-hidden" : "nbf-label"} id={labelId(id)} htmlFor={id}>
        {text}
        {mark !== "" && <span className="nbf-mark"> ({mark})</span>}
      </label>
      {note !== "" && (
        <p className="nbf-note" id={noteId(id)}>
          {note}
        </p>
      )}
    </>
  );
}

/** The key of an entry that the schema does not name: it can be renamed and removed. */
function KeyRow(props: FieldTemplateProps): ReactNode {
  const keyId = `${props.id}__key`;
  return (
    <div className="nbf-key-row">
      <label className="nbf-label" htmlFor={keyId}>
        {strings.question.key}
      </label>
      <input
        id={keyId}
        className="nbf-input"
        type="text"
        autoComplete="off"
        defaultValue={props.label}
        disabled={props.disabled}
        onBlur={props.onKeyRenameBlur}
      />
      <RemoveButton what={props.label} disabled={props.disabled} onClick={props.onRemoveProperty} />
    </div>
  );
}

interface RemoveProps {
  what: string;
  disabled: boolean;
  onClick: () => void;
}

function RemoveButton({ what, disabled, onClick }: RemoveProps): ReactNode {
  return (
    <button
      type="button"
      className="nbf-button nbf-icon-button"
      aria-label={strings.question.remove(what)}
      title={strings.question.remove(what)}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name="trash" />
    </button>
  );
}

function AddButton({
  text,
  disabled,
  onClick,
}: {
  text: string;
  disabled: boolean;
  onClick: (event: MouseEvent) => void;
}): ReactNode {
  return (
    <button
      type="button"
      className="nbf-button nbf-quiet-button"
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name="plus" />
      {text}
    </button>
  );
}

interface GroupProps {
  id: string;
  title: string;
  note: string;
  plain: boolean;
  children: ReactNode;
}

/** A named group; without a frame where something around it has the name already. */
function Group({ id, title, note, plain, children }: GroupProps): ReactNode {
  if (plain) {
    return (
      <div className="nbf-fields" id={id} tabIndex={-1}>
        {children}
      </div>
    );
  }
  return (
    <fieldset
      className="nbf-group"
      id={id}
      tabIndex={-1}
      aria-describedby={note ? noteId(id) : undefined}
    >
      <legend className="nbf-label">{title}</legend>
      {note !== "" && (
        <p className="nbf-note" id={noteId(id)}>
          {note}
        </p>
      )}
      <div className="nbf-fields">{children}</div>
    </fieldset>
  );
}

function ObjectFieldTemplate(props: ObjectFieldTemplateProps): ReactNode {
  const shared = useFormShared();
  const { path, $id } = props.fieldPathId;
  const plain = path.length === 0 || itemNumber(path) !== null || props.title === "";
  const extendable = Boolean(props.schema.additionalProperties || props.schema.patternProperties);
  const open = isOpen(props.schema.additionalProperties) || props.schema.patternProperties;
  return (
    <Group id={$id} title={props.title} note={noteOf(props.schema, shared)} plain={plain}>
      {props.properties.map((property) => property.content)}
      {extendable && open && (
        <div>
          <AddButton
            text={strings.question.newKey}
            disabled={shared.disabled}
            onClick={props.onAddProperty}
          />
        </div>
      )}
    </Group>
  );
}

function isOpen(extra: unknown): boolean {
  return typeof extra === "object" && extra !== null;
}

/** Takes the focus along: to an item that was just added, to the button after the last removal. */
function useItemFocus(count: number): { box: RefObject<HTMLDivElement | null>; added: () => void } {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(count);
  const wanted = useRef(false);
  useEffect(() => {
    const [fewer, more] = [count < before.current, count > before.current && wanted.current];
    before.current = count;
    wanted.current = false;
    const item = box.current?.querySelector(":scope > ol > li:last-child");
    if (more) item?.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
    else if (fewer && document.activeElement === document.body)
      box.current?.querySelector<HTMLElement>(":scope > div:last-child > button")?.focus();
  }, [count]);
  return {
    box,
    added: () => {
      wanted.current = true;
    },
  };
}

function ArrayFieldTemplate(props: ArrayFieldTemplateProps): ReactNode {
  const shared = useFormShared();
  const { box, added } = useItemFocus(props.items.length);
  const { path, $id } = props.fieldPathId;
  const title = props.title || strings.question.value;
  const note = noteOf(props.schema, shared);
  return (
    <Group id={$id} title={title} note={note} plain={itemNumber(path) !== null}>
      <div className="nbf-list" ref={box}>
        {props.items.length === 0 && <p className="nbf-note">{strings.question.noItems}</p>}
        {props.items.length > 0 && <ol className="nbf-items">{props.items}</ol>}
        {props.canAdd && (
          <div>
            <AddButton
              text={path.length === 0 ? strings.question.add : strings.question.addTo(title)}
              disabled={shared.disabled}
              onClick={(event) => {
                added();
                props.onAddClick(event);
              }}
            />
          </div>
        )}
      </div>
    </Group>
  );
}

function ArrayFieldItemTemplate(props: ArrayFieldItemTemplateProps): ReactNode {
  const shared = useFormShared();
  const name = strings.question.item(props.index + 1);
  return (
    <li className="nbf-item">
      <div className="nbf-item-head" aria-hidden="true">
        {props.index + 1}
      </div>
      <div className="nbf-item-body">{props.children}</div>
      {props.buttonsProps.hasRemove && (
        <RemoveButton
          what={name}
          disabled={shared.disabled}
          onClick={props.buttonsProps.onRemoveItem}
        />
      )}
    </li>
  );
}

function CyclicSchemaExpandTemplate(props: CyclicSchemaExpandProps): ReactNode {
  const shared = useFormShared();
  return (
    <div className="nbf-field">
      <AddButton
        text={strings.question.expand(props.name)}
        disabled={shared.disabled}
        onClick={() => props.onExpand(props.fieldPathId.$id)}
      />
    </div>
  );
}

function UnsupportedFieldTemplate(_props: UnsupportedFieldProps): ReactNode {
  return <p className="nbf-note">{strings.question.cannotDraw}</p>;
}

function Nothing(): ReactNode {
  return null;
}

export const templates: Partial<Omit<TemplatesType, "ButtonTemplates">> = {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  CyclicSchemaExpandTemplate,
  DescriptionFieldTemplate: Nothing,
  FieldErrorTemplate: Nothing,
  FieldHelpTemplate: Nothing,
  FieldTemplate,
  ObjectFieldTemplate,
  UnsupportedFieldTemplate,
};
