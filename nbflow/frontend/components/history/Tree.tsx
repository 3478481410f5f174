/** Branches, their checkpoints, and what each run did: one tree with one stop for Tab. */

import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { OpItem } from "../../protocol/history";
import type { CheckpointItem } from "../../protocol/messages";
import { Icon, type IconName } from "../icons";
import { Moment } from "../Moment";
import { strings } from "../strings";
import { isMidway, moved, type Row } from "./model";
import type { Past } from "./usePast";

interface Props {
  past: Past;
  /** A row was chosen by key: the details take the focus. */
  onEnter: () => void;
}

export function Tree({ past, onEnter }: Props): ReactNode {
  const { rows, selected } = past;
  const tree = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState<string | null>(null);
  const found = rows.findIndex(({ key }) => key === (stop ?? selected?.key));
  const at = Math.max(0, found);
  const goTo = (index: number): void => {
    const row = rows[index];
    if (!row) return;
    setStop(row.key);
    tree.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[index]?.focus();
  };
  const choose = (row: Row): void => {
    setStop(row.key);
    past.select(row.key);
    if (row.open === false) past.unfold(row, true);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const held = (event.target as Element).closest("[role=treeitem]");
    const here = Array.from(tree.current?.children ?? []).indexOf(held as Element);
    const row = rows[here];
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { key } = event;
    if (key === "Enter" || key === " ") {
      choose(row);
      if (key === "Enter") onEnter();
    } else if (key === "ArrowRight" && row.open === false) past.unfold(row, true);
    else if (key === "ArrowLeft" && row.open === true) past.unfold(row, false);
    else {
      const next = moved(rows, here, key);
      if (next === null) return;
      goTo(next);
    }
    event.preventDefault();
  };
  return (
    <div
      ref={tree}
      className="nbf-tree-rows"
      role="tree"
      aria-label={strings.past.tree}
      onKeyDown={onKeyDown}
    >
      {rows.map((row, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree hears the keys of all its rows
        <div
          key={row.key}
          className={`nbf-past-row nbf-level-${row.level}`}
          role="treeitem"
          aria-level={row.level}
          aria-posinset={row.at}
          aria-setsize={row.of}
          aria-expanded={row.open ?? undefined}
          aria-selected={row.key === selected?.key}
          tabIndex={index === at ? 0 : -1}
          onFocus={() => setStop(row.key)}
          onClick={() => choose(row)}
        >
          <Fold row={row} onFold={() => past.unfold(row, row.open === false)} />
          <RowBody row={row} />
        </div>
      ))}
    </div>
  );
}

/** For the mouse alone: the keys for it are the arrows. */
function Fold({ row, onFold }: { row: Row; onFold: () => void }): ReactNode {
  if (row.open === null) return <span className="nbf-twig" />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys do the same
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <span
      className="nbf-twig"
      onClick={(event) => {
        event.stopPropagation();
        onFold();
      }}
    >
      <Icon name="chevron" className={row.open ? "nbf-turned" : ""} />
    </span>
  );
}

const ICONS: Record<string, [IconName, string]> = {
  done: ["done", "done"],
  answered: ["done", "done"],
  error: ["failed", "failed"],
  failed: ["failed", "failed"],
  crashed: ["warning", "failed"],
  cancelled: ["cancelled", "cancelled"],
  withdrawn: ["cancelled", "cancelled"],
  dropped: ["cancelled", "cancelled"],
  interrupted: ["question", "interrupted"],
  open: ["question", "interrupted"],
  running: ["running", "running"],
  started: ["warning", "interrupted"],
  ready: ["plus", "running"],
};

export function StatusIcon({ status }: { status: string | null }): ReactNode {
  const [name, look] = ICONS[status ?? ""] ?? ["done", "done"];
  return <Icon name={name} className={`nbf-is-${look}`} />;
}

function RowBody({ row }: { row: Row }): ReactNode {
  if (row.kind === "branch") return <BranchBody row={row} />;
  if (row.kind === "op") return <OpBody op={row.op} status={statusOfOp(row.op, row.item)} />;
  const { item } = row;
  return (
    <>
      {row.open === null ? (
        <span className="nbf-dot" aria-hidden="true" />
      ) : (
        <StatusIcon status={item.status ?? null} />
      )}
      <span className="nbf-past-name">{whatIs(item)}</span>
      <span className="nbf-past-note">
        {[strings.past.step(item.step), noteOf(row)].filter(Boolean).join(" · ")}
      </span>
      <Moment className="nbf-task-time" at={Date.parse(item.created_at) / 1000} />
    </>
  );
}

export const whatIs = (item: CheckpointItem): string =>
  isMidway(item) ? strings.past.before(item.next) : strings.past.source(item.source);

function noteOf({ item, open }: Extract<Row, { kind: "checkpoint" }>): string {
  if (item.questions > 0) return strings.past.questions(item.questions);
  if (open === null || !item.status || item.status === "done") return "";
  return strings.past.status(item.status);
}

function BranchBody({ row }: { row: Extract<Row, { kind: "branch" }> }): ReactNode {
  const { branch, current } = row;
  return (
    <>
      <StatusIcon status={branch.status} />
      <span className="nbf-past-name">{strings.past.branch(branch.number)}</span>
      {current && <span className="nbf-tag">{strings.past.current}</span>}
      <span className="nbf-past-note">
        {[
          branch.parent === null ? "" : strings.past.from(branch.parent),
          branch.status === null || branch.status === "done"
            ? ""
            : strings.past.status(branch.status),
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </>
  );
}

/** A task that has not finished is at work only while its run is. */
export const statusOfOp = (op: OpItem, item: CheckpointItem): string =>
  op.status === "started" && item.status === "running" ? "running" : op.status;

function OpBody({ op, status }: { op: OpItem; status: string }): ReactNode {
  const brief = op.kind === "question" ? (op.answer ?? op.value) : op.value;
  const settled = op.kind === "question" || op.status === "done";
  const text = op.error
    ? `${op.error.type}: ${op.error.message}`
    : settled
      ? brief.text
      : strings.past.status(status);
  return (
    <>
      <StatusIcon status={status} />
      <span className="nbf-past-name">{opName(op)}</span>
      {settled && <span className="nbf-hidden">{strings.past.status(status)}</span>}
      <span className="nbf-past-note">{text.slice(0, 200).replaceAll(/\s+/g, " ")}</span>
    </>
  );
}

export const opName = (op: OpItem): string => op.name ?? strings.past.question;
