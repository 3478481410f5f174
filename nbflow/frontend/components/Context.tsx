/** What a question is about: read-only text, Markdown, tables and trees. */

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Field, Json, Picture, Table } from "../protocol/messages";
import { Markdown } from "./Markdown";
import { strings } from "./strings";

export function ContextFields({ fields }: { fields: readonly Field[] }): ReactNode {
  if (fields.length === 0) return null;
  return (
    <div className="nbf-context">
      {fields.map((field, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the fields of a form never move
        <ContextField key={index} field={field} />
      ))}
    </div>
  );
}

function ContextField({ field }: { field: Field }): ReactNode {
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as something to fill
    <div className="nbf-context-field" role="group" aria-labelledby={field.label ? id : undefined}>
      {field.label !== "" && (
        <div className="nbf-context-label" id={id}>
          {field.label}
        </div>
      )}
      <ContextValue field={field} labelId={id} />
    </div>
  );
}

function ContextValue({ field, labelId }: { field: Field; labelId: string }): ReactNode {
  switch (field.kind) {
    case "text":
      if (field.value === "") return <span className="nbf-quiet">{strings.preview.empty}</span>;
      return (
        <Scrolling field={field}>
          <div className="nbf-text">{field.value}</div>
        </Scrolling>
      );
    case "markdown":
      return (
        <Scrolling field={field}>
          <Markdown source={field.value} />
        </Scrolling>
      );
    case "image":
      return <PictureView picture={field.value} label={field.label} />;
    case "table":
      return <TableView table={field.value} labelId={labelId} />;
    case "json":
      return (
        <Scrolling field={field}>
          <div className="nbf-tree">
            <Tree value={field.value} open />
          </div>
        </Scrolling>
      );
  }
}

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** A picture whose bytes came with the form; nothing is fetched. */
function PictureView({ picture, label }: { picture: Picture; label: string }): ReactNode {
  const { mime, data } = picture;
  if (!PICTURES.has(mime)) return null;
  return (
    <img
      className="nbf-picture"
      alt={label || strings.question.picture}
      src={`data:${mime};base64,${data}`}
    />
  );
}

/** Keeps a long value from pushing the answer out of sight; what scrolls takes the focus. */
function Scrolling({ field, children }: { field: Field; children: ReactNode }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const { current } = box;
    if (!current || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() =>
      setScrolls(current.scrollHeight > current.clientHeight + 1),
    );
    for (const watched of [current, ...current.children]) observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  const named = scrolls
    ? { role: "region", tabIndex: 0, "aria-label": field.label || strings.question.context }
    : {};
  return (
    <div ref={box} className="nbf-scrolling" {...named}>
      {children}
    </div>
  );
}

function TableView({ table, labelId }: { table: Table; labelId: string }): ReactNode {
  const countId = useId();
  const numeric = table.columns.map((_, at) => isNumeric(table, at));
  const count =
    table.total === 0
      ? strings.question.noRows
      : strings.question.rows(table.rows.length, table.total);
  return (
    <>
      {table.columns.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a named box that scrolls
        <div
          className="nbf-table-box"
          role="region"
          aria-labelledby={`${labelId} ${countId}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
        >
          <table className="nbf-table">
            <thead>
              <tr>
                {table.columns.map((column, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: two columns can have one name
                  <th key={at} scope="col" className={numeric[at] ? "nbf-number" : undefined}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a form never move
                <tr key={index}>
                  {table.columns.map((_, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: two columns can have one name
                    <Cell key={at} value={row[at] ?? null} numeric={numeric[at] === true} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="nbf-note" id={countId}>
        {count}
      </p>
    </>
  );
}

/** Whether a column holds numbers and nothing else but gaps. */
function isNumeric(table: Table, at: number): boolean {
  const values = table.rows.map((row) => row[at] ?? null).filter((value) => value !== null);
  return values.length > 0 && values.every((value) => typeof value === "number");
}

function Cell({ value, numeric }: { value: Json; numeric: boolean }): ReactNode {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <td className={numeric ? "nbf-number" : undefined} title={text.length > 40 ? text : undefined}>
      {value === null ? <span className="nbf-quiet">{text}</span> : text}
    </td>
  );
}

/** A JSON value that opens part by part; what is closed is not in the page. */
function Tree({ value, open = false }: { value: Json; open?: boolean }): ReactNode {
  if (typeof value !== "object" || value === null) return <Leaf value={value} />;
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
  if (entries.length === 0)
    return <span className="nbf-code">{Array.isArray(value) ? "[]" : "{}"}</span>;
  return (
    <ul className="nbf-tree-list">
      {entries.map(([name, item]) => (
        <li key={name}>
          <Branch name={name} value={item} open={open && entries.length <= 12} />
        </li>
      ))}
    </ul>
  );
}

function Branch({ name, value, open }: { name: string; value: Json; open: boolean }): ReactNode {
  const [shown, setShown] = useState(open);
  const size = sizeOf(value);
  if (size === null) {
    return (
      <span className="nbf-leaf">
        <span className="nbf-key">{name}</span> <Leaf value={value} />
      </span>
    );
  }
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        <span className="nbf-key">{name}</span> <span className="nbf-quiet">{size}</span>
      </summary>
      {shown && <Tree value={value} />}
    </details>
  );
}

function sizeOf(value: Json): string | null {
  if (Array.isArray(value)) return value.length > 0 ? `[${value.length}]` : null;
  if (typeof value === "object" && value !== null) {
    const count = Object.keys(value).length;
    return count > 0 ? `{${count}}` : null;
  }
  return null;
}

function Leaf({ value }: { value: Json }): ReactNode {
  const kind = value === null ? "null" : Array.isArray(value) ? "object" : typeof value;
  return <span className={`nbf-code nbf-${kind}`}>{JSON.stringify(value)}</span>;
}
