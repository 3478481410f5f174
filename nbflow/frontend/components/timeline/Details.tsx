/** What there is to know of one task: when, with what, what it said, what came of it. */

import type { ReactNode } from "react";
import type { Task } from "../../protocol/tasks";
import { duration } from "../format";
import { Moment } from "../Moment";
import { Block, FailureView, PreviewView } from "../Preview";
import { strings } from "../strings";
import { Lines } from "./Lines";

export function Details({ id, task }: { id: string; task: Task }): ReactNode {
  const words = strings.tasks;
  const silent =
    !task.input && !task.result && !task.error && !task.retries.length && !task.lines.length;
  return (
    <div className="nbf-details" id={id}>
      <When task={task} />
      {silent && <p className="nbf-note">{words.nothing}</p>}
      {task.input && (
        <Part label={words.input}>
          <PreviewView value={task.input} label={`${words.input}: ${task.name}`} />
        </Part>
      )}
      {task.retries.map((retry) => (
        <Part
          key={`${retry.attempt} ${retry.at}`}
          label={`${words.failedAttempt(retry.attempt, task.limit)}, ${words.nextIn(duration(retry.waitS))}`}
        >
          <FailureView error={retry.error} />
        </Part>
      ))}
      {task.lines.length > 0 && (
        <Part label={words.log}>
          {task.linesCut > 0 && <p className="nbf-note">{words.logCut(task.linesCut)}</p>}
          <Block label={`${words.log}: ${task.name}`}>
            <Lines lines={task.lines} />
          </Block>
        </Part>
      )}
      {task.result && (
        <Part label={words.result}>
          <PreviewView value={task.result} label={`${words.result}: ${task.name}`} />
        </Part>
      )}
      {task.error && (
        <Part label={words.error}>
          <FailureView error={task.error} />
        </Part>
      )}
    </div>
  );
}

function Part({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div className="nbf-part">
      <div className="nbf-part-label">{label}</div>
      {children}
    </div>
  );
}

function When({ task }: { task: Task }): ReactNode {
  const first = task.spans[0]?.from;
  const last = task.spans.at(-1)?.to;
  if (first === undefined) return null;
  return (
    <p className="nbf-note">
      {strings.tasks.began} <Moment at={first} />
      {last != null && (
        <>
          , {strings.tasks.ended} <Moment at={last} />
        </>
      )}
    </p>
  );
}
