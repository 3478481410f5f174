/** What can be done at a place of the past, each beside the code that does the same. */

import { type ReactNode, useState } from "react";
import type { CodeItem, Go, GoKind, Outcome } from "../../protocol/history";
import { Icon } from "../icons";
import type { PastActions } from "../model";
import { strings } from "../strings";
import { CopyCode, Refused } from "./Copy";

export type Step = Omit<Go, "type" | "request">;

export interface Going {
  /** The step that is on its way; null while none is. */
  readonly step: Step | null;
  readonly outcome: Outcome | null;
  /** Why nobody knows what came of the last step. */
  readonly problem: string | null;
  go(step: Step): void;
}

/** Takes one step at a time; `onDone` hears of each that was accepted. */
export function useGoing(past: PastActions, onDone: (outcome: Outcome) => void): Going {
  const [state, setState] = useState<Omit<Going, "go">>({
    step: null,
    outcome: null,
    problem: null,
  });
  return {
    ...state,
    go(step) {
      if (state.step !== null) return;
      setState({ step, outcome: null, problem: null });
      past.go(step).then(
        (outcome) => {
          setState({ step: null, outcome, problem: null });
          if (outcome.status === "accepted") onDone(outcome);
        },
        (error: Error) => setState({ step: null, outcome: null, problem: error.message }),
      );
    },
  };
}

interface Props {
  checkpointId: string;
  codes: readonly CodeItem[];
  /** Id of the op that the actions are about; null for the checkpoint itself. */
  op: string | null;
  /** The op is a question, so going back to it asks again. */
  asks: boolean;
  /** The checkpoint lies within a run, so running again keeps what came before. */
  midway?: boolean;
  going: Going;
  disabled: boolean;
  children?: ReactNode;
}

function nameOf(
  action: CodeItem["action"],
  { asks, midway }: Props,
): keyof typeof strings.past.act {
  if (action === "before" && asks) return "ask";
  return action === "again" && midway ? "before" : action;
}

export function Actions(props: Props): ReactNode {
  const { codes, going, disabled, children } = props;
  if (codes.length === 0 && !children) return <Faults going={going} />;
  return (
    <div className="nbf-part">
      <div className="nbf-part-label">{strings.past.actions}</div>
      <ul className="nbf-steps">
        {codes.map(({ action, text }) => {
          const name = nameOf(action, props);
          const label = strings.past.act[name];
          const step = stepOf(action, props);
          const busy = going.step !== null && step !== null && sameStep(going.step, step);
          return (
            <li key={action}>
              {step === null ? (
                <span className="nbf-action-name">{label}</span>
              ) : (
                <button
                  type="button"
                  className="nbf-button nbf-act"
                  disabled={disabled}
                  aria-disabled={going.step !== null || undefined}
                  aria-busy={busy}
                  onClick={() => going.go(step)}
                >
                  {busy && <Icon name="running" />}
                  {busy ? strings.past.going : label}
                </button>
              )}
              <span className="nbf-action-hint">{strings.past.hint[name]}</span>
              <CopyCode what={label} text={text} />
            </li>
          );
        })}
        {children}
      </ul>
      <Faults going={going} />
    </div>
  );
}

/** Why the last step was not taken; an edited state that does not fit says so in its form. */
function Faults({ going }: { going: Going }): ReactNode {
  const { outcome, problem } = going;
  if (problem !== null) return <Refused>{problem}</Refused>;
  return outcome?.status === "refused" ? <Refused>{outcome.message}</Refused> : null;
}

function stepOf(action: CodeItem["action"], { checkpointId, op }: Props): Step | null {
  const at = { checkpoint_id: checkpointId };
  if (action === "look") return null;
  if (action === "after" || action === "before")
    return { action: "fork", ...at, [action]: op ?? "" };
  return { action: action satisfies GoKind, ...at };
}

const sameStep = (one: Step, other: Step): boolean =>
  one.action === other.action && one.after === other.after && one.before === other.before;
