/** What was chosen in the tree: its values, what can be done there, and what it differs in. */

import { type ReactNode, useEffect, useId, useState } from "react";
import type { CheckpointDetail, Comparison, OpItem, Outcome } from "../../protocol/history";
import type { CheckpointItem } from "../../protocol/messages";
import { Moment } from "../Moment";
import type { PastActions } from "../model";
import { FailureView, PreviewView } from "../Preview";
import { strings } from "../strings";
import { Actions, useGoing } from "./Actions";
import { ComparisonView } from "./Changes";
import { CopyCode, Refused } from "./Copy";
import { EditState } from "./EditState";
import { isMidway, type Row } from "./model";
import { opName, StatusIcon, statusOfOp, whatIs } from "./Tree";
import type { Past } from "./usePast";

interface Props {
  past: Past;
  actions: PastActions;
  disabled: boolean;
  onDone: (outcome: Outcome) => void;
}

export function Details(props: Props): ReactNode {
  const row = props.past.selected;
  if (!row) return null;
  if (row.kind === "branch") return <BranchDetails key={row.key} {...props} row={row} />;
  const detail = props.past.details.get(row.item.checkpoint_id) ?? null;
  const problem = props.past.problems.get(row.item.checkpoint_id);
  if (problem !== undefined && !detail) {
    return (
      <>
        <Refused>{problem}</Refused>
        <button
          type="button"
          className="nbf-button nbf-older"
          onClick={() => props.past.look(row.item.checkpoint_id)}
        >
          {strings.past.retry}
        </button>
      </>
    );
  }
  if (!detail) {
    return (
      <p className="nbf-empty" role="status">
        {strings.past.loading}
      </p>
    );
  }
  return row.kind === "op" ? (
    <OpDetails key={row.key} {...props} op={row.op} item={row.item} />
  ) : (
    <CheckpointDetails key={row.key} {...props} item={row.item} detail={detail} />
  );
}

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

export const nameOf = (item: CheckpointItem): string =>
  strings.past.place(item.branch, `${lowered(whatIs(item))}, ${strings.past.step(item.step)}`);

function Title({ children, status }: { children: ReactNode; status: string | null }): ReactNode {
  return (
    <h4 className="nbf-past-title">
      <StatusIcon status={status} />
      <span>{children}</span>
    </h4>
  );
}

interface CheckpointProps extends Props {
  item: CheckpointItem;
  detail: CheckpointDetail;
}

function CheckpointDetails(props: CheckpointProps): ReactNode {
  const { item, detail, actions, disabled, past } = props;
  const [editing, setEditing] = useState(false);
  const going = useGoing(actions, (outcome) => {
    setEditing(false);
    props.onDone(outcome);
  });
  const [look, ...codes] = [
    ...detail.codes.filter(({ action }) => action === "look"),
    ...detail.codes.filter(({ action }) => action !== "look"),
  ];
  return (
    <>
      <div className="nbf-past-head">
        <Title status={item.status ?? null}>{nameOf(item)}</Title>
        <Moment className="nbf-note" at={Date.parse(item.created_at) / 1000} />
        {look && <CopyCode what={strings.past.act.look} text={look.text} />}
      </div>
      {going.outcome?.status === "accepted" && !going.outcome.follows && (
        <p className="nbf-note" role="status">
          {strings.past.saved}
        </p>
      )}
      {detail.error !== null && (
        <div className="nbf-part">
          <div className="nbf-part-label">{strings.past.ended}</div>
          <p className="nbf-failure-line">{detail.error}</p>
        </div>
      )}
      {detail.codes.length === 0 ? (
        <p className="nbf-note">{detail.fixed}</p>
      ) : (
        <Actions
          checkpointId={item.checkpoint_id}
          codes={codes}
          op={null}
          asks={false}
          midway={isMidway(item)}
          going={going}
          disabled={disabled}
        >
          {!editing && <EditAction {...props} onEdit={() => setEditing(true)} />}
        </Actions>
      )}
      {editing && detail.form && (
        <EditState
          form={detail.form}
          checkpointId={item.checkpoint_id}
          rerun={detail.rerun}
          midway={isMidway(item)}
          asking={(past.items[0]?.questions ?? 0) > 0}
          going={going}
          past={actions}
          disabled={disabled}
          onClose={() => setEditing(false)}
        />
      )}
      <Compare {...props} mine={item} />
      <Value label={strings.past.state} value={detail.values} />
      <details className="nbf-more">
        <summary>{strings.past.metadata}</summary>
        <PreviewView value={detail.metadata} label={strings.past.metadata} />
        <p className="nbf-note">
          <code>{item.checkpoint_id}</code>
        </p>
      </details>
    </>
  );
}

function EditAction({
  detail,
  disabled,
  onEdit,
}: CheckpointProps & { onEdit: () => void }): ReactNode {
  return (
    <li>
      <button
        type="button"
        className="nbf-button nbf-act"
        disabled={disabled || detail.form === null}
        onClick={onEdit}
      >
        {strings.past.edit}
      </button>
      <span className="nbf-action-hint">{detail.fixed || strings.past.editHint}</span>
    </li>
  );
}

function Value({ label, value }: { label: string; value: CheckpointDetail["values"] }): ReactNode {
  return (
    <div className="nbf-part">
      <div className="nbf-part-label">{label}</div>
      <PreviewView value={value} label={label} />
    </div>
  );
}

function OpDetails(props: Props & { op: OpItem; item: CheckpointItem }): ReactNode {
  const { op, item, actions, disabled, onDone } = props;
  const going = useGoing(actions, onDone);
  const asks = op.kind === "question";
  const facts = [
    strings.past.status(statusOfOp(op, item)),
    op.attempt > 1 ? strings.past.attempts(op.attempt) : "",
    op.answered_by === null ? "" : strings.past.answeredBy(op.answered_by),
    op.site,
  ].filter(Boolean);
  const codes = asks && op.status === "open" ? [] : op.codes;
  return (
    <>
      <div className="nbf-past-head">
        <Title status={statusOfOp(op, item)}>
          {asks ? strings.past.question : strings.past.task(opName(op))}
        </Title>
        <span className="nbf-note">{facts.join(" · ")}</span>
      </div>
      {codes.length > 0 && (
        <Actions
          checkpointId={item.checkpoint_id}
          codes={codes}
          op={op.id}
          asks={asks}
          going={going}
          disabled={disabled}
        />
      )}
      {op.error && (
        <div className="nbf-part">
          <div className="nbf-part-label">{strings.past.error}</div>
          <FailureView error={op.error} />
        </div>
      )}
      {(asks || op.status === "done") && (
        <Value label={asks ? strings.past.asked : strings.past.value} value={op.value} />
      )}
      {op.answer && <Value label={strings.past.answer} value={op.answer} />}
    </>
  );
}

function BranchDetails(props: Props & { row: Extract<Row, { kind: "branch" }> }): ReactNode {
  const { row, past } = props;
  const { branch } = row;
  const newest = past.items.find((item) => item.branch === branch.number);
  const left = past.items.find((item) => item.checkpoint_id === branch.leaves);
  return (
    <>
      <div className="nbf-past-head">
        <Title status={branch.status}>{strings.past.branch(branch.number)}</Title>
        <span className="nbf-note">{strings.past.checkpoints(branch.size)}</span>
      </div>
      {branch.parent !== null && (
        <p>
          {strings.past.leaves(branch.parent)} {left ? nameOf(left) : <code>{branch.leaves}</code>}
        </p>
      )}
      {newest && <Compare {...props} mine={newest} branches />}
    </>
  );
}

interface CompareProps extends Props {
  mine: CheckpointItem;
  /** Compare with the newest checkpoint of another branch. */
  branches?: boolean;
}

/** Chooses another checkpoint, and shows both beside each other: the older one first. */
function Compare({ past, actions, mine, branches = false }: CompareProps): ReactNode {
  const id = useId();
  const [other, setOther] = useState("");
  const [found, setFound] = useState<Comparison | string | null>(null);
  const offered = past.items.filter((item) => item.checkpoint_id !== mine.checkpoint_id);
  const newest = past.branches
    .filter(({ number }) => number !== mine.branch)
    .flatMap(({ number }) => past.items.find((item) => item.branch === number) ?? []);
  const theirs = offered.find((item) => item.checkpoint_id === other) ?? null;
  const isOlder = theirs !== null && past.items.indexOf(theirs) > past.items.indexOf(mine);
  const [left, right] = isOlder ? [theirs, mine] : [mine, theirs];
  const ids = theirs && `${left?.checkpoint_id} ${right?.checkpoint_id}`;
  useEffect(() => {
    if (!ids) return;
    const [one = "", two = ""] = ids.split(" ");
    let live = true;
    setFound(null);
    actions.compare(one, two).then(
      (comparison) => live && setFound(comparison),
      (error: Error) => live && setFound(error.message),
    );
    return () => {
      live = false;
    };
  }, [ids, actions]);
  if ((branches ? newest : offered).length === 0) return null;
  return (
    <div className="nbf-part nbf-compare">
      <div className="nbf-compare-row">
        <label htmlFor={id} className="nbf-part-label">
          {strings.past.compare}
        </label>
        <select
          id={id}
          className="nbf-input"
          value={other}
          onChange={(event) => setOther(event.target.value)}
        >
          <option value="">
            {branches ? strings.past.compareBranch : strings.past.compareNone}
          </option>
          {(branches ? newest : offered).map((item) => (
            <option key={item.checkpoint_id} value={item.checkpoint_id}>
              {branches ? strings.past.branch(item.branch) : nameOf(item)}
            </option>
          ))}
        </select>
      </div>
      <div role="status" className={theirs && found === null ? "nbf-note" : "nbf-hidden"}>
        {theirs && found === null && strings.past.comparing}
      </div>
      {theirs && typeof found === "string" && <Refused>{found}</Refused>}
      {left && right && found !== null && typeof found !== "string" && (
        <ComparisonView found={found} left={nameOf(left)} right={nameOf(right)} />
      )}
    </div>
  );
}
