/** A list: items are added, removed and moved; the focus goes where the item goes. */

import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { AddButton, IconButton, RemoveButton } from "./buttons";
import { type ControlProps, useFormShared } from "./context";
import { controlOf } from "./control";
import { titleOf } from "./Frame";
import { defaultsFor } from "./finish";
import { Node } from "./Node";
import { kindOf, listShape, shapeOf } from "./shape";
import { moved } from "./value";

export function ListField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, path, onChange } = props;
  const { first, rest } = listShape(node);
  const given: (Json | undefined)[] = Array.isArray(props.value) ? props.value : [];
  const shown = Math.max(given.length, first.length);
  const items = Array.from({ length: shown }, (_, at) => given[at]);
  const ids = useItemIds(shown);
  const focus = useItemFocus(shown);
  const title = titleOf(props) || strings.question.value;
  const put = (next: readonly (Json | undefined)[]): void => onChange(next as Json[]);
  const arrange = (order: readonly number[]): void => {
    ids.arrange(order);
    shared.reorder(path, order);
    put(order.map((at) => items[at]));
  };
  const places = items.map((_, at) => at);
  const move = (from: number, to: number): void => {
    if (from === to || to < first.length || to >= shown) return;
    arrange(moved(places, from, to));
    focus.follow();
  };
  const full = typeof node.maxItems === "number" && shown >= node.maxItems;
  return (
    <div className="nbf-list" ref={focus.box}>
      {shown === 0 && <p className="nbf-note nbf-empty-list">{strings.question.noItems}</p>}
      {shown > 0 && (
        <ol className="nbf-items">
          {items.map((item, at) => (
            <Item
              key={ids.all[at]}
              {...props}
              itemSchema={first[at] ?? rest}
              item={item}
              at={at}
              fixed={first.length}
              count={shown}
              onItem={(value) => put(items.with(at, value))}
              onMove={(to) => move(at, to)}
              onRemove={() => {
                focus.removed(at);
                arrange(places.toSpliced(at, 1));
              }}
            />
          ))}
        </ol>
      )}
      {rest !== false && !full && (
        <div className="nbf-add-row">
          <AddButton
            text={path.length === 0 ? strings.question.add : strings.question.addTo(title)}
            onClick={() => {
              focus.added();
              put([...items, startOf(rest, shared.root)]);
            }}
          />
        </div>
      )}
    </div>
  );
}

/** What a new item begins with. */
function startOf(schema: Json, root: JsonObject): Json | undefined {
  const begun = defaultsFor(schema, root);
  if (begun !== undefined) return begun;
  const node = shapeOf(schema, undefined, root);
  if (controlOf(node, root) !== "container") return node.const;
  return kindOf(node) === "array" ? [] : {};
}

interface ItemProps extends ControlProps {
  itemSchema: Json;
  item: Json | undefined;
  at: number;
  /** How many items stand at the beginning that cannot be moved or removed. */
  fixed: number;
  count: number;
  onItem: (value: Json | undefined) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}

function Item(props: ItemProps): ReactNode {
  const { at, fixed, count, onMove } = props;
  const name = strings.question.item(at + 1);
  const free = at >= fixed;
  const movable = free && count - fixed > 1;
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (!movable || step === 0 || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(at + step);
  };
  return (
    <li className="nbf-item" onKeyDown={onKey}>
      <div className="nbf-item-head" aria-hidden="true">
        {at + 1}
      </div>
      <div className="nbf-item-body">
        <Node
          schema={props.itemSchema}
          path={[...props.path, at]}
          value={props.item}
          name=""
          required
          trail={props.trail}
          onChange={props.onItem}
        />
      </div>
      {free && (
        <div className="nbf-item-tools">
          {movable && (
            <>
              <IconButton
                icon="chevron"
                className="nbf-move-up"
                name={strings.question.moveUp(name)}
                idle={at === fixed}
                onClick={() => onMove(at - 1)}
              />
              <IconButton
                icon="chevron"
                className="nbf-move-down"
                name={strings.question.moveDown(name)}
                idle={at === count - 1}
                onClick={() => onMove(at + 1)}
              />
            </>
          )}
          <RemoveButton what={name} onClick={props.onRemove} />
        </div>
      )}
    </li>
  );
}

interface ItemIds {
  readonly all: readonly number[];
  arrange(order: readonly number[]): void;
}

/** A name for each item that stays with it wherever it is moved. */
function useItemIds(count: number): ItemIds {
  const next = useRef(0);
  const [ids, setIds] = useState<readonly number[]>([]);
  const all = ids.slice(0, count);
  while (all.length < count) all.push(next.current++);
  if (all.length !== ids.length) setIds(all);
  return { all, arrange: (order) => setIds(order.map((at) => all[at] ?? next.current++)) };
}

const FOCUSABLE = "input:not([type=hidden]), select, textarea, button";

interface ItemFocus {
  box: RefObject<HTMLDivElement | null>;
  added(): void;
  removed(at: number): void;
  follow(): void;
}

/** Takes the focus to what was added, along with what is moved, and beside what was removed. */
function useItemFocus(count: number): ItemFocus {
  const box = useRef<HTMLDivElement>(null);
  const wanted = useRef<((items: HTMLElement[]) => HTMLElement | null | undefined) | null>(null);
  useEffect(() => {
    const find = wanted.current;
    wanted.current = null;
    if (!find) return;
    const items = [...(box.current?.querySelectorAll<HTMLElement>(":scope > ol > li") ?? [])];
    const add = box.current?.querySelector<HTMLElement>(":scope > .nbf-add-row > button");
    (find(items) ?? add)?.focus();
  });
  const inside = (item: HTMLElement | undefined) => item?.querySelector<HTMLElement>(FOCUSABLE);
  return {
    box,
    added() {
      wanted.current = (items) => inside(items[count]);
    },
    removed(at) {
      wanted.current = (items) =>
        items[Math.min(at, items.length - 1)]?.querySelector<HTMLElement>(
          ":scope > .nbf-item-tools > button:last-child",
        );
    },
    follow() {
      const page = box.current?.getRootNode() as Document | ShadowRoot | undefined;
      const active = page?.activeElement;
      if (active instanceof HTMLElement) wanted.current = () => active;
    },
  };
}
