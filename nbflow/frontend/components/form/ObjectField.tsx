/** An object: its named fields, and entries that the schema does not name. */

import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { AddButton, RemoveButton } from "./buttons";
import { type ControlProps, useFormShared } from "./context";
import { Node } from "./Node";
import { isObject } from "./schema";
import { requiredIn, schemaOfEntry, shapeOf } from "./shape";
import { entryOf, renamed, withEntry, withoutEntries } from "./value";

export function ObjectField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, path, onChange, trail } = props;
  const value: JsonObject = isObject(props.value) ? props.value : {};
  const named = isObject(node.properties) ? Object.keys(node.properties) : [];
  const extra = Object.keys(value).filter((key) => !named.includes(key));
  const required = requiredIn(node);
  const missing = required.filter((key) => !named.includes(key) && !extra.includes(key));
  const box = useRef<HTMLDivElement>(null);
  const focus = useFocusOnKey(box, extra.length);
  const put = (key: string, item: Json | undefined, kept: boolean): void => {
    const next =
      item === undefined && !kept
        ? withoutEntries(value, (name) => name === key)
        : withEntry(value, key, item);
    onChange(pruned(value, next, props.schema, shared.root));
  };
  const child = (key: string, kept: boolean): ReactNode => (
    <Node
      key={key}
      schema={schemaOfEntry(node, key)}
      path={[...path, key]}
      value={entryOf(value, key)}
      name={key}
      required={kept || required.includes(key)}
      quiet={kept}
      trail={trail}
      onChange={(item) => put(key, item, kept)}
    />
  );
  return (
    <div className="nbf-fields" ref={box}>
      {[...named.filter((key) => isDrawn(node, key, value)), ...missing].map((key) =>
        child(key, false),
      )}
      {extra.map((key, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a key may be renamed while it has the focus
        <div className="nbf-entry" key={at}>
          <KeyRow
            id={shared.idOf([...path, key])}
            name={key}
            taken={(other) =>
              other !== key && (Object.hasOwn(value, other) || named.includes(other))
            }
            onRename={(other) => onChange(renamed(value, key, other))}
            onRemove={() => onChange(withoutEntries(value, (name) => name === key))}
          />
          {child(key, true)}
        </div>
      ))}
      {isOpen(node) && (
        <div>
          <AddButton
            text={strings.question.newKey}
            onClick={() => {
              focus();
              onChange(withEntry(value, freshKey(value, named), undefined));
            }}
          />
        </div>
      )}
    </div>
  );
}

/** What a condition forbids is not asked for; what is there already stays to be seen. */
function isDrawn(node: JsonObject, key: string, value: JsonObject): boolean {
  return Object.hasOwn(value, key) || schemaOfEntry(node, key) !== false;
}

/** The object without what another condition had asked for, before the last change. */
function pruned(
  before: JsonObject,
  after: JsonObject,
  schema: unknown,
  root: JsonObject,
): JsonObject {
  const [old, now] = [before, after].map((value) => shapeOf(schema, value, root).properties);
  if (!isObject(old) || !isObject(now)) return after;
  return withoutEntries(after, (key) => Object.hasOwn(old, key) && !Object.hasOwn(now, key));
}

/** Whether entries may be added that the schema does not name. */
function isOpen(node: JsonObject): boolean {
  const { additionalProperties: extra, patternProperties: patterns } = node;
  return isObject(extra) || extra === true || (isObject(patterns) && extra !== false);
}

function freshKey(value: JsonObject, named: readonly string[]): string {
  for (let n = 1; ; n += 1) {
    const key = strings.question.freshKey(n);
    if (!Object.hasOwn(value, key) && !named.includes(key)) return key;
  }
}

/** Takes the focus to the key of an entry that was just added. */
function useFocusOnKey(box: RefObject<HTMLDivElement | null>, count: number): () => void {
  const wanted = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: acts when an entry came
  useEffect(() => {
    if (!wanted.current) return;
    wanted.current = false;
    const keys = box.current?.querySelectorAll<HTMLInputElement>(
      ":scope > .nbf-entry .nbf-key-name",
    );
    const last = keys?.[keys.length - 1];
    last?.focus();
    last?.select();
  }, [count]);
  return () => {
    wanted.current = true;
  };
}

interface KeyRowProps {
  id: string;
  name: string;
  taken: (name: string) => boolean;
  onRename: (name: string) => void;
  onRemove: () => void;
}

/** The key of an entry that the schema does not name: it can be renamed and removed. */
function KeyRow({ id, name, taken, onRename, onRemove }: KeyRowProps): ReactNode {
  const { disabled } = useFormShared();
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const keyId = `${id}__key`;
  const clash = taken(text);
  return (
    <div className="nbf-key-row">
      <label className="nbf-label" htmlFor={keyId}>
        {strings.question.key}
      </label>
      <input
        id={keyId}
        className="nbf-input nbf-key-name"
        type="text"
        autoComplete="off"
        value={text}
        disabled={disabled}
        aria-invalid={clash || undefined}
        aria-describedby={clash ? `${keyId}__error` : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text !== name && !clash) onRename(text);
          if (clash) setText(name);
        }}
      />
      <RemoveButton what={name} onClick={onRemove} />
      {clash && (
        <span className="nbf-note" id={`${keyId}__error`} role="status">
          {strings.question.keyTaken}
        </span>
      )}
    </div>
  );
}
