/** The side panel: what waits and what runs in the active kernel and in the named databases. */

import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { PanelQuestion, PanelRow } from "../../protocol/panel";
import { useNow } from "../clock";
import { Guard } from "../Frame";
import { age } from "../format";
import { Icon, type IconName } from "../icons";
import { Moment } from "../Moment";
import { strings } from "../strings";
import type { PanelActions, PanelView, Source } from "./model";

interface Props {
  view: PanelView;
  actions: PanelActions;
}

const ITEM = "button[data-nbf-item]";
const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at, count) => Math.min(at + 1, count - 1),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Arrow keys go from item to item, through all the lists. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  const items = [...event.currentTarget.querySelectorAll<HTMLButtonElement>(ITEM)];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  if (!step || at < 0) return;
  event.preventDefault();
  items[step(at, items.length)]?.focus();
}

export function Panel({ view, actions }: Props): ReactNode {
  const root = useRef<HTMLDivElement>(null);
  const databases = view.sources.filter(({ kind }) => kind === "database");
  return (
    <Guard>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are of the buttons in it */}
      <div ref={root} className="nbf-walk" onKeyDown={walk}>
        {view.sources
          .filter(({ kind }) => kind === "kernel")
          .map((source) => (
            <Section
              key={source.id}
              title={strings.panel.kernel}
              source={source}
              actions={actions}
            />
          ))}
        <section className="nbf-panel-group" aria-label={strings.panel.databases}>
          <header className="nbf-panel-head">
            <h2>{strings.panel.databases}</h2>
            <button
              type="button"
              className="nbf-panel-tool"
              aria-label={strings.panel.add}
              title={strings.panel.add}
              onClick={actions.add}
            >
              <Icon name="plus" />
            </button>
          </header>
          {view.problem !== "" && <Trouble>{view.problem}</Trouble>}
          {databases.length === 0 && view.problem === "" && (
            <Empty title={strings.panel.noDatabase} hint={strings.panel.noDatabaseHint}>
              <button type="button" className="nbf-button" onClick={actions.add}>
                {strings.panel.addShort}
              </button>
            </Empty>
          )}
          {databases.map((source) => (
            <Database key={source.id} source={source} actions={actions} />
          ))}
        </section>
      </div>
    </Guard>
  );
}

interface SectionProps {
  title: string;
  source: Source;
  actions: PanelActions;
}

function Section({ title, source, actions }: SectionProps): ReactNode {
  return (
    <section className="nbf-panel-group" aria-label={title}>
      <header className="nbf-panel-head">
        <h2>{title}</h2>
        <button
          type="button"
          className="nbf-panel-tool"
          aria-label={strings.panel.refresh}
          title={strings.panel.refresh}
          onClick={actions.refresh}
        >
          <Icon name="refresh" />
        </button>
      </header>
      {source.name !== "" && <Name of={source.name} />}
      <Contents source={source} actions={actions} />
    </section>
  );
}

function Database({ source, actions }: Omit<SectionProps, "title">): ReactNode {
  const { name, list } = source;
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing in here is to be filled in
    <div className="nbf-panel-database" role="group" aria-label={name}>
      <Name of={name}>
        {source.state === "open" && (list?.waiting ?? 0) > 0 && (
          <button
            type="button"
            className="nbf-panel-tool"
            aria-label={strings.panel.openInbox(name)}
            title={strings.panel.openInbox(name)}
            onClick={() => actions.openInbox(source)}
          >
            <Icon name="inbox" />
          </button>
        )}
        <button
          type="button"
          className="nbf-panel-tool"
          aria-label={strings.panel.remove(name)}
          title={strings.panel.remove(name)}
          onClick={() => actions.remove(source)}
        >
          <Icon name="cross" />
        </button>
      </Name>
      <Contents source={source} actions={actions} />
    </div>
  );
}

/** The name of a notebook or a database with its folder, and what can be done there. */
function Name({ of, children }: { of: string; children?: ReactNode }): ReactNode {
  const folder = of.lastIndexOf("/") + 1;
  return (
    <div className="nbf-panel-name" title={of}>
      <span className="nbf-panel-path">
        <bdi>{of.slice(folder)}</bdi>
        {folder > 0 && <span className="nbf-panel-soft"> {of.slice(0, folder - 1)}</span>}
      </span>
      {children}
    </div>
  );
}

function Contents({ source, actions }: Omit<SectionProps, "title">): ReactNode {
  const { state, list, error, kind } = source;
  const words = strings.panel;
  if (state === "no_kernel") return <Empty title={words.noKernel} hint={words.noKernelHint} />;
  if (state === "dead") return <Empty title={words.dead} hint={words.deadHint} />;
  if (state === "no_nbflow") {
    return (
      <Empty title={words.noNbflow} hint={words.noNbflowHint}>
        <code className="nbf-panel-code">%load_ext nbflow</code>
      </Empty>
    );
  }
  if (state === "refused") return <Trouble>{error ?? words.unread}</Trouble>;
  return (
    <>
      {state === "lost" && <Trouble>{kind === "kernel" ? words.busy : words.lost}</Trouble>}
      {error !== null && <Trouble>{`${words.unread} ${error}`}</Trouble>}
      {list === null && state === "loading" && <p className="nbf-panel-note">{words.loading}</p>}
      {list?.rows.length === 0 && error === null && <p className="nbf-panel-note">{words.none}</p>}
      {list && list.rows.length > 0 && <Rows source={source} rows={list.rows} actions={actions} />}
      {list && list.more > 0 && <p className="nbf-panel-note">{words.more(list.more)}</p>}
    </>
  );
}

const ICONS: Record<PanelRow["status"], IconName> = {
  running: "running",
  interrupted: "question",
  ready: "done",
  crashed: "warning",
  error: "failed",
};

interface RowsProps {
  source: Source;
  rows: readonly PanelRow[];
  actions: PanelActions;
}

function Rows({ source, rows, actions }: RowsProps): ReactNode {
  const now = useNow(true) + source.skewS;
  return (
    <ul className="nbf-panel-list">
      {rows.map((row) => (
        <li key={row.key}>
          <Run row={row} now={now} onOpen={() => actions.open(source, row, null)} />
          {row.questions.length > 0 && (
            <ul>
              {row.questions.map((question) => (
                <li key={question.interrupt_id}>
                  <Question
                    question={question}
                    now={now}
                    onOpen={() => actions.open(source, row, question.interrupt_id)}
                  />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

function Run({ row, now, onOpen }: { row: PanelRow; now: number; onOpen: () => void }): ReactNode {
  const status = strings.run.status[row.status];
  return (
    <button
      type="button"
      data-nbf-item=""
      className={`nbf-panel-item nbf-panel-run nbf-panel-${row.status}`}
      title={strings.panel.run(row.workflow, row.thread_id, status)}
      onClick={onOpen}
    >
      <Icon name={ICONS[row.status]} />
      <span className="nbf-panel-words">
        <span className="nbf-panel-title">{row.workflow}</span>
        {row.thread_id !== null && <span className="nbf-panel-soft">{row.thread_id}</span>}
        <span className="nbf-hidden">{status}</span>
      </span>
      {row.questions.length === 0 && (
        <Moment at={row.since} className="nbf-panel-age">
          {age(now - row.since)}
        </Moment>
      )}
    </button>
  );
}

function Question({
  question,
  now,
  onOpen,
}: {
  question: PanelQuestion;
  now: number;
  onOpen: () => void;
}): ReactNode {
  const { title, asked_at, yours, deadline } = question;
  return (
    <button
      type="button"
      data-nbf-item=""
      className="nbf-panel-item nbf-panel-question"
      title={title}
      onClick={onOpen}
    >
      <span className="nbf-panel-words">
        <span className="nbf-panel-asked">{title}</span>
        {!yours && <span className="nbf-tag">{strings.inbox.forOthers}</span>}
        {deadline !== null && deadline <= now && (
          <span className="nbf-tag">{strings.inbox.overdue}</span>
        )}
      </span>
      <Moment at={asked_at} className="nbf-panel-age">
        {age(now - asked_at)}
      </Moment>
    </button>
  );
}

interface EmptyProps {
  title: string;
  hint: string;
  children?: ReactNode;
}

function Empty({ title, hint, children }: EmptyProps): ReactNode {
  return (
    <div className="nbf-panel-empty">
      <p>
        <strong>{title}</strong>
      </p>
      <p>{hint}</p>
      {children}
    </div>
  );
}

function Trouble({ children }: { children: ReactNode }): ReactNode {
  return (
    <p className="nbf-panel-trouble" role="alert">
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}
