/** Two checkpoints beside each other: what of the state differs, and where the runs part. */

import { type ReactNode, useId } from "react";
import type { ChangeItem, Comparison, OpItem, OpPairItem } from "../../protocol/history";
import type { Preview } from "../../protocol/messages";
import { LineView } from "../form/DiffView";
import type { Line } from "../form/diff";
import { strings } from "../strings";
import { CopyCode } from "./Copy";
import { opName, StatusIcon } from "./Tree";

interface Props {
  found: Comparison;
  /** What to call the two. */
  left: string;
  right: string;
}

export function ComparisonView({ found, left, right }: Props): ReactNode {
  // A record has no tasks to pair, and no workflow that code could name.
  const inRecord = found.code === "";
  return (
    <div className="nbf-comparison">
      <div className="nbf-compared">
        <span className="nbf-legend-old">
          <span className="nbf-sign" aria-hidden="true">
            -
          </span>
          {left}
        </span>
        <span className="nbf-legend-new">
          <span className="nbf-sign" aria-hidden="true">
            +
          </span>
          {right}
        </span>
        {!inRecord && <CopyCode what={strings.past.beside(left, right)} text={found.code} />}
      </div>
      <StateChanges found={found} names={[left, right]} />
      {!inRecord && <Pairs found={found} names={[left, right]} />}
    </div>
  );
}

type Names = readonly [left: string, right: string];

function StateChanges({ found, names }: { found: Comparison; names: Names }): ReactNode {
  const id = useId();
  if (found.changes.length === 0) {
    const words = found.hidden ? strings.past.sameShown : strings.past.unchanged;
    return <p className="nbf-unchanged">{words}</p>;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as something to fill
    <div className="nbf-diff" role="group" aria-labelledby={id}>
      <div className="nbf-diff-title" id={id}>
        {strings.past.changes(found.changes.length, found.more)}
      </div>
      {found.changes.map((change) => (
        <ChangeView key={JSON.stringify(change.path)} change={change} names={names} />
      ))}
    </div>
  );
}

function ChangeView({ change, names }: { change: ChangeItem; names: Names }): ReactNode {
  const lines: Line[] =
    change.lines.length > 0
      ? change.lines.map((line) => ({ ...line, code: false }))
      : [...linesOf("old", change.before), ...linesOf("new", change.after)];
  return (
    <div className="nbf-change">
      <div className="nbf-context-label nbf-change-path">
        {change.path.length === 0 ? strings.past.wholeState : change.path.join(" › ")}
      </div>
      <div className="nbf-lines">
        {lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a difference is drawn anew as a whole
          <LineView key={at} line={line} alone={false} said={{ old: names[0], new: names[1] }} />
        ))}
      </div>
    </div>
  );
}

function linesOf(kind: "old" | "new", value: Preview | null): Line[] {
  if (value === null) return [];
  const cut = value.cut > 0 ? [{ kind, text: strings.preview.cut(value.cut), code: false }] : [];
  const code = value.kind !== "text";
  return [...value.text.split("\n").map((text) => ({ kind, text, code })), ...cut];
}

function Pairs({ found, names }: { found: Comparison; names: Names }): ReactNode {
  const { pairs, first, unpaired } = found;
  if (pairs.length === 0) return <p className="nbf-unchanged">{strings.past.sameRun}</p>;
  return (
    <div className="nbf-part">
      <div className="nbf-part-label">{strings.past.ops}</div>
      {first === null && <p className="nbf-unchanged">{strings.past.sameOps}</p>}
      <table className="nbf-pairs">
        <thead>
          <tr>
            <th scope="col">
              <span className="nbf-hidden">{strings.past.ops}</span>
            </th>
            {names.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pairs.map((pair, at) => (
            <PairRow key={`${pair.left?.id}/${pair.right?.id}`} pair={pair} first={at === first} />
          ))}
        </tbody>
      </table>
      {unpaired > 0 && <p className="nbf-note">{strings.past.unpaired(unpaired)}</p>}
    </div>
  );
}

function PairRow({ pair, first }: { pair: OpPairItem; first: boolean }): ReactNode {
  const { left, right } = pair;
  const op = left ?? right;
  if (!op) return null;
  const other = op.kind === "question" ? strings.past.otherQuestion : strings.past.otherCall;
  const how = pair.same
    ? strings.past.equal
    : left && right && !pair.same_call
      ? other
      : strings.past.differs;
  return (
    <tr className={first ? "nbf-first" : pair.same ? "nbf-pair-same" : ""}>
      <th scope="row">
        <span className="nbf-past-name">{opName(op)}</span>
        <span className={first ? "nbf-tag nbf-tag-first" : "nbf-past-note"}>
          {first ? strings.past.first : how}
        </span>
      </th>
      <Cell op={left} />
      <Cell op={right} />
    </tr>
  );
}

function Cell({ op }: { op: OpItem | null }): ReactNode {
  if (!op) return <td className="nbf-quiet">{strings.past.only}</td>;
  const shown = op.kind === "question" ? op.answer : op.value;
  const text = op.error ? `${op.error.type}: ${op.error.message}` : (shown?.text ?? "");
  const told = op.status === "done" || op.status === "answered" || op.error !== null;
  return (
    <td>
      <span className="nbf-pair-cell">
        <StatusIcon status={op.status} />
        <span className="nbf-pair-text">
          {told ? text.slice(0, 300) : strings.past.status(op.status)}
        </span>
      </span>
    </td>
  );
}
