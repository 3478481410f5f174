/** For whom a question is, until when it can be answered, and what happens then. */

import type { ReactNode } from "react";
import type { Terms } from "../protocol/messages";
import { useNow } from "./clock";
import { age, localTime } from "./format";
import { Icon } from "./icons";
import { Moment } from "./Moment";
import { strings } from "./strings";

const SOON_S = 60;

export function TermsOf({ terms }: { terms: Terms }): ReactNode {
  const { assignees, you, deadline, otherwise } = terms;
  const yours = assignees.length === 0 || assignees.includes(you);
  return (
    <div className="nbf-terms">
      {assignees.length > 0 && (
        <p className={yours ? "nbf-note" : "nbf-note nbf-terms-other"}>
          {!yours && <Icon name="warning" />}
          <span>
            {strings.terms.assignees(assignees)} {!yours && strings.terms.notYou(you)}
          </span>
        </p>
      )}
      {deadline !== null && <Deadline deadline={deadline} otherwise={otherwise?.text ?? null} />}
    </div>
  );
}

const DAYS_S = 172_800;

function when(left: number, at: Date): string {
  if (left <= 0) return strings.terms.up;
  return left < DAYS_S
    ? strings.terms.within(age(Math.ceil(left)))
    : strings.terms.by(localTime(at));
}

function then(left: number, otherwise: string | null): string {
  const what = otherwise === null ? strings.terms.error : strings.terms.counts(otherwise);
  return left > 0 ? strings.terms.after(what) : what;
}

interface DeadlineProps {
  deadline: number;
  otherwise: string | null;
}

function Deadline({ deadline, otherwise }: DeadlineProps): ReactNode {
  const left = deadline - useNow(true);
  const soon = left <= SOON_S;
  return (
    <p className={`nbf-note${soon ? " nbf-terms-soon" : ""}`}>
      <Moment at={deadline}>{when(left, new Date(deadline * 1000))}</Moment> {then(left, otherwise)}
      <span className="nbf-hidden" role="status">
        {soon && left > 0 ? strings.terms.soon : ""}
      </span>
    </p>
  );
}
