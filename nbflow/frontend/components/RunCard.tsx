/** One run under its cell: header, tasks, questions, outcome, history. */

import { type ReactNode, useId, useRef, useState } from "react";
import { statusOf } from "../protocol/log";
import type { RunStatus } from "../protocol/messages";
import { Banner, Guard } from "./Frame";
import { useKeptFocus } from "./focus";
import { Header, type Tab, Tabs } from "./Header";
import { PastView } from "./history/PastView";
import { Messages } from "./Messages";
import type { RunActions, RunView } from "./model";
import { Outcome } from "./Outcome";
import { Questions } from "./Questions";
import { strings } from "./strings";
import { Timeline } from "./timeline/Timeline";

interface Props {
  view: RunView;
  actions: RunActions;
}

export function RunCard(props: Props): ReactNode {
  return (
    <Guard>
      <Card {...props} />
    </Guard>
  );
}

function Card({ view, actions }: Props): ReactNode {
  const [tab, setTab] = useState<Tab>("tasks");
  const id = useId();
  const titleId = `${id}-title`;
  const root = useRef<HTMLDivElement>(null);
  const follow = useKeptFocus(root, root);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark, one for each run
    <div
      ref={root}
      className="nbf-card"
      role="group"
      aria-label={strings.run.label(view.snapshot.workflow)}
      tabIndex={-1}
      onFocus={follow}
    >
      <Header
        view={view}
        titleId={titleId}
        onCancel={() => {
          if (!view.cancelling) actions.cancel();
        }}
        tabs={<Tabs tab={tab} baseId={id} onPick={setTab} />}
      />
      <Banner
        protocol={view.snapshot.protocol}
        lost={view.connection === "lost"}
        asking={view.log.questions.some((question) => question.answer === null)}
      />
      <div
        className="nbf-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-tab-${tab}`}
      >
        {tab === "history" ? (
          <PastView
            actions={actions}
            mark={`${view.snapshot.run_id} ${view.log.checkpoints.at(-1)?.checkpoint_id}`}
            disabled={view.connection !== "open"}
            onFollow={() => {
              setTab("tasks");
              root.current?.querySelector<HTMLElement>("[data-tab=tasks]")?.focus();
            }}
          />
        ) : (
          <Work view={view} actions={actions} />
        )}
      </div>
      <Announcer view={view} />
    </div>
  );
}

function Work({ view, actions }: Props): ReactNode {
  const status = statusOf(view.log, view.snapshot);
  const live = status === "running" || status === "interrupted";
  if (view.connection === "waiting" && view.log.next === 0 && view.snapshot.head > 0) {
    return <p className="nbf-empty">{strings.connection.waiting}</p>;
  }
  if (view.connection === "lost" && view.log.next === 0) return null;
  return (
    <>
      <Timeline log={view.log} live={live} empty={emptyText(status)} />
      <Messages log={view.log} />
      <Questions view={view} open={live || status === "error"} onSubmit={actions.submit} />
      <Outcome log={view.log} />
    </>
  );
}

function emptyText(status: RunStatus): string {
  if (status === "running") return strings.tasks.none;
  return status === "done" ? strings.tasks.noneRan : "";
}

/** Speaks the state to screen readers: politely, but at once when a person is needed. */
function Announcer({ view }: { view: RunView }): ReactNode {
  const status = statusOf(view.log, view.snapshot);
  const asked = view.log.questions.find((question) => question.answer === null);
  const needed = (status === "interrupted" || status === "error") && asked;
  return (
    <>
      <div className="nbf-hidden" role="status">
        {needed ? "" : `${view.snapshot.workflow}: ${strings.run.status[status]}`}
      </div>
      <div className="nbf-hidden" aria-live="assertive">
        {needed ? strings.run.needsYou(asked.form.title) : ""}
      </div>
    </>
  );
}
