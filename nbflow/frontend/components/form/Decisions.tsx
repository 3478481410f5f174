/** All actions of a question, each with its decision, and above the button what they come to. */

import { type ReactNode, useRef, useState } from "react";
import { strings } from "../strings";
import { Action } from "./Action";
import { common, counted, tally } from "./decide";
import { changesBetween } from "./diff";
import { entryAt, type Sheet } from "./sheet";
import type { Answer } from "./useAnswer";
import { valueNow } from "./work";

interface Props {
  answer: Answer;
  letters: ReadonlyMap<string, string>;
  prefix: string;
  disabled: boolean;
}

export function Decisions(props: Props): ReactNode {
  const { answer } = props;
  const { form, chosen } = answer.sheet;
  const actions = form.actions.map((_, index) => (
    <Action
      // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a form never move
      key={index}
      {...props}
      index={index}
      onChoose={(decision) => answer.choose(chosen.with(index, decision))}
    />
  ));
  if (actions.length === 1) return actions;
  return (
    <>
      <ol className="nbf-actions" aria-label={strings.decision.list}>
        {actions.map((action) => (
          <li key={action.key}>{action}</li>
        ))}
      </ol>
      <Bar answer={answer} disabled={props.disabled} />
    </>
  );
}

interface BarProps {
  answer: Answer;
  disabled: boolean;
}

/** Counts what is decided, names what it will do, and lets all open actions through at once. */
function Bar({ answer, disabled }: BarProps): ReactNode {
  const { form, chosen } = answer.sheet;
  const box = useRef<HTMLDivElement>(null);
  const [bulk, setBulk] = useState<{ before: Sheet["chosen"]; after: Sheet["chosen"] } | null>(
    null,
  );
  const undo = bulk?.after === chosen ? bulk.before : null;
  /** The button goes away once pressed: without the focus, the next key would go to the notebook. */
  const press = (next: Sheet["chosen"]): void => {
    answer.choose(next);
    box.current?.focus({ preventScroll: true });
  };
  const decided = tally(form, chosen);
  const kind = common(form, answer.open);
  const counts = [...decided].map(([one, names]) => strings.decision.count(one, names.length));
  if (answer.open.length > 0) counts.push(strings.decision.openCount(answer.open.length));
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing in here is to be filled in
    <div
      className="nbf-tally"
      role="group"
      aria-label={strings.decision.tally}
      ref={box}
      tabIndex={-1}
    >
      <div className="nbf-tally-row">
        <span className="nbf-tally-counts" aria-live="polite">
          {counts.join(", ")}
        </span>
        {kind && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button"
            disabled={disabled}
            onClick={() => {
              const after = withAll(answer, kind);
              setBulk({ before: chosen, after });
              press(after);
            }}
          >
            {strings.decision.all(kind, answer.open.length)}
          </button>
        )}
        {undo && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button"
            disabled={disabled}
            onClick={() => press(undo)}
          >
            {strings.decision.undo(undo.filter((one, at) => one !== chosen[at]).length)}
          </button>
        )}
      </div>
      <Consequences decided={decided} />
    </div>
  );
}

function Consequences({ decided }: { decided: ReadonlyMap<string, string[]> }): ReactNode {
  if (decided.size === 0) return null;
  return (
    <ul className="nbf-consequences">
      {[...decided].map(([kind, names]) => (
        <li key={kind}>
          <strong>{strings.decision.verbs(kind)}:</strong> {counted(names)}
        </li>
      ))}
    </ul>
  );
}

function withAll({ sheet, open }: Answer, kind: string): Sheet["chosen"] {
  return sheet.chosen.map((decision, action) =>
    open.includes(action)
      ? (sheet.form.actions[action]?.decisions.findIndex((one) => one.kind === kind) ?? decision)
      : decision,
  );
}

/** What the primary button says: what pressing it does. */
export function actLabel(answer: Answer): string {
  const { form, chosen } = answer.sheet;
  const [action, second] = form.actions;
  if (!action) return strings.question.submit;
  if (second) {
    if (answer.open.length > 1) return strings.decision.nextOfOpen(answer.open.length);
    if (answer.open.length === 1) return strings.decision.nextOpen;
    const parts = [...tally(form, chosen)].map(([kind, names]) =>
      strings.decision.verb(kind, names.length),
    );
    const words = parts.join(", ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  }
  const decision = action.decisions[chosen[0] ?? -1];
  if (!decision) return strings.decision.first;
  const entry = entryAt(answer.sheet, 0);
  const same =
    decision.kind === "edit" &&
    entry?.asked.has_initial &&
    changesBetween(entry.asked.initial, valueNow(entry.asked, entry.work)).length === 0;
  if (same) return strings.decision.sendUnchanged(action.name);
  return strings.decision.act(decision.kind, action.name);
}
