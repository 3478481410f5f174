/** The difference between a proposed and an edited value, in signs and words beside the colour. */

import { type ReactNode, useId, useMemo } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { type Change, changesBetween, type Line } from "./diff";
import { wordsFor } from "./errors";
import { withoutSecrets } from "./schema";
import { same } from "./value";

interface Props {
  before: Json | undefined;
  after: Json | undefined;
  /** Of both values: for the names of the fields, and for what must stay hidden. */
  schema: JsonObject;
  /** What to say when both are the same. */
  unchanged: string;
}

export function DiffView({ before, after, schema, unchanged }: Props): ReactNode {
  const titleId = useId();
  const { changes, hidden } = useMemo(
    () => visible(before, after, schema),
    [before, after, schema],
  );
  if (changes.length === 0 && !hidden) return <p className="nbf-unchanged">{unchanged}</p>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as something to fill
    <div className="nbf-diff" role="group" aria-labelledby={titleId}>
      <div className="nbf-diff-head">
        <span className="nbf-diff-title" id={titleId}>
          {strings.diff.title(changes.length + (hidden ? 1 : 0))}
        </span>
        <span className="nbf-diff-legend" aria-hidden="true">
          <span>
            <Sign kind="old" /> {strings.diff.old}
          </span>
          <span>
            <Sign kind="new" /> {strings.diff.new}
          </span>
        </span>
      </div>
      {changes.map((change) => (
        <ChangeView key={JSON.stringify(change.path)} change={change} schema={schema} />
      ))}
      {hidden && <p className="nbf-note">{strings.diff.hidden}</p>}
    </div>
  );
}

/** Secrets are never drawn; that one was changed is said. */
function visible(
  before: Json | undefined,
  after: Json | undefined,
  schema: JsonObject,
): { changes: Change[]; hidden: boolean } {
  const shown = (value: Json | undefined): Json | undefined =>
    withoutSecrets(value, schema, schema) as Json | undefined;
  const [old, now] = [shown(before), shown(after)];
  const changes = changesBetween(old, now);
  const secret = !same(old, before) || !same(now, after);
  return { changes, hidden: secret && changesBetween(before, after).length > changes.length };
}

function ChangeView({ change, schema }: { change: Change; schema: JsonObject }): ReactNode {
  const label = wordsFor(change.path, schema) || strings.question.value;
  return (
    <div className="nbf-change">
      <div className="nbf-context-label">{label}</div>
      <div className="nbf-lines">
        {change.lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a difference is drawn anew as a whole
          <LineView key={at} line={line} alone={change.lines.length <= 2} said={strings.diff} />
        ))}
      </div>
    </div>
  );
}

/** Gives an empty line its height without a stroke through a space. */
const BLANK = "\u200b";

interface LineProps {
  line: Line;
  /** Nothing stands beside it, so that a line without text is said to be empty. */
  alone: boolean;
  /** What the two sides are called. */
  said: { readonly old: string; readonly new: string };
}

export function LineView({ line, alone, said }: LineProps): ReactNode {
  const { kind, text, code } = line;
  const className = `nbf-line nbf-line-${kind}`;
  if (kind === "skip") return <div className={className}>{strings.diff.same(Number(text))}</div>;
  const words = <span className={code ? "nbf-code" : "nbf-text"}>{text || BLANK}</span>;
  if (kind === "both") {
    return (
      <div className={className}>
        <span className="nbf-sign" />
        <span>{words}</span>
      </div>
    );
  }
  const Mark = kind === "old" ? "del" : "ins";
  return (
    <div className={className}>
      <Sign kind={kind} />
      <Mark>
        <span className="nbf-hidden">{said[kind]}: </span>
        {text === "" && alone ? <span className="nbf-quiet">{strings.diff.empty}</span> : words}
      </Mark>
    </div>
  );
}

function Sign({ kind }: { kind: "old" | "new" }): ReactNode {
  return (
    <span className="nbf-sign" aria-hidden="true">
      {kind === "old" ? "-" : "+"}
    </span>
  );
}
