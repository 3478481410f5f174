/** How the run ended: its result, its error, or why it does not go on. */

import type { ReactNode } from "react";
import type { RunLog } from "../protocol/log";
import { CopyButton, FailureView, PreviewView } from "./Preview";
import { strings } from "./strings";

export function Outcome({ log }: { log: RunLog }): ReactNode {
  if (log.status === "done" && log.value) {
    return (
      <div className="nbf-outcome">
        <div className="nbf-outcome-head">
          <h4 className="nbf-outcome-title">{strings.preview.result}</h4>
          <CopyButton text={log.value.text} />
        </div>
        <PreviewView value={log.value} label={strings.preview.result} />
      </div>
    );
  }
  if (log.status === "error" && log.error) {
    return (
      <div className="nbf-outcome">
        <h4 className="nbf-outcome-title">{strings.preview.error}</h4>
        <FailureView error={log.error} />
      </div>
    );
  }
  if (log.status === "cancelled" || log.status === "ready") {
    return <p className="nbf-empty">{strings.preview[log.status]}</p>;
  }
  return null;
}
