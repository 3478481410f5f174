/** The first line of the card: what runs, how it stands, how long it took, how to stop it. */

import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { statusOf, waitedS } from "../protocol/log";
import type { RunStatus } from "../protocol/messages";
import { useNow } from "./clock";
import { duration, ticking } from "./format";
import { Icon, type IconName } from "./icons";
import type { RunView } from "./model";
import { strings } from "./strings";

export type Tab = "tasks" | "history";

const ICONS: Record<RunStatus, IconName> = {
  running: "running",
  interrupted: "question",
  ready: "chevron",
  done: "done",
  error: "failed",
  cancelled: "cancelled",
  crashed: "warning",
};

interface Props {
  view: RunView;
  titleId: string;
  onCancel: () => void;
  tabs: ReactNode;
}

export function Header({ view, titleId, onCancel, tabs }: Props): ReactNode {
  const { snapshot, log } = view;
  const status = statusOf(log, snapshot);
  const live = status === "running" || status === "interrupted";
  return (
    <div className="nbf-header">
      <div className="nbf-title-row">
        <h3 className="nbf-title" id={titleId}>
          {snapshot.workflow}
        </h3>
        <StatusPill status={status} />
        <Elapsed view={view} status={status} />
        <Waited view={view} status={status} />
        {live && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button nbf-cancel"
            disabled={view.connection !== "open"}
            aria-disabled={view.cancelling || undefined}
            onClick={onCancel}
          >
            {view.cancelling ? strings.run.cancelling : strings.run.cancel}
          </button>
        )}
      </div>
      <div className="nbf-meta-row">
        <span className="nbf-thread" title={snapshot.thread_id ?? undefined}>
          {strings.run.thread} <code>{snapshot.thread_id ?? strings.run.noThread}</code>
        </span>
        {tabs}
      </div>
    </div>
  );
}

export function StatusPill({ status }: { status: RunStatus }): ReactNode {
  return (
    <span className={`nbf-pill nbf-status-${status}`}>
      <Icon name={ICONS[status]} />
      {strings.run.status[status]}
    </span>
  );
}

function Elapsed({ view, status }: { view: RunView; status: RunStatus }): ReactNode {
  const { runningSince, spentS, started } = view.log;
  const running = status === "running" && runningSince !== null && view.connection !== "lost";
  const now = useNow(running);
  if (!started) return null;
  const seconds = spentS + (runningSince === null ? 0 : Math.max(0, now - runningSince));
  return (
    <span className="nbf-elapsed" title={strings.run.elapsed}>
      {runningSince === null ? duration(seconds) : ticking(seconds)}
    </span>
  );
}

/** How long people were waited for, apart from the time at work. */
function Waited({ view, status }: { view: RunView; status: RunStatus }): ReactNode {
  const waits = status === "interrupted" && view.connection !== "lost";
  const seconds = waitedS(view.log, useNow(waits));
  if (seconds < 1) return null;
  return (
    <span className="nbf-elapsed nbf-waited" title={strings.run.waitedHint}>
      {strings.run.waited(waits ? ticking(seconds) : duration(seconds))}
    </span>
  );
}

interface TabsProps {
  tab: Tab;
  baseId: string;
  onPick: (tab: Tab) => void;
}

const TABS: readonly Tab[] = ["tasks", "history"];

export function Tabs({ tab, baseId, onPick }: TabsProps): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    if (!next) return;
    onPick(next);
    list.current?.querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus();
  };
  return (
    <div
      className="nbf-tabs"
      role="tablist"
      aria-label={strings.run.views}
      ref={list}
      onKeyDown={move}
    >
      {TABS.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          className="nbf-tab"
          data-tab={name}
          id={`${baseId}-tab-${name}`}
          aria-selected={tab === name}
          aria-controls={`${baseId}-panel`}
          tabIndex={tab === name ? 0 : -1}
          onClick={() => onPick(name)}
        >
          {strings.run[name]}
        </button>
      ))}
    </div>
  );
}
