/** What stands above the tasks: how many there are, list or waterfall, and the search. */

import { type ReactNode, type RefObject, useEffect, useId } from "react";
import type { Tasks } from "../../protocol/tasks";
import { Icon } from "../icons";
import { strings } from "../strings";
import { NO_FILTER } from "./filter";
import { failedOnly } from "./keys";
import type { View } from "./model";
import type { TimelineState } from "./useTimeline";

interface Props {
  tasks: Tasks;
  state: TimelineState;
  search: RefObject<HTMLInputElement | null>;
  onFind: () => void;
  onKeys: () => void;
}

const VIEWS: readonly View[] = ["list", "waterfall"];

const WORDS: Record<View, string> = {
  list: strings.tasks.asList,
  waterfall: strings.tasks.asWaterfall,
};

export function Toolbar({ tasks, state, search, onFind, onKeys }: Props): ReactNode {
  const words = strings.tasks;
  const { counts, view } = state;
  return (
    <div className="nbf-toolbar">
      <p className="nbf-counts">
        <Count tasks={tasks} state={state} />
      </p>
      <div className="nbf-toolbar-end">
        {counts.failed > 0 && (
          <button
            type="button"
            className="nbf-button nbf-quiet-button nbf-toggle"
            aria-pressed={state.filter.status === "failed"}
            onClick={() => failedOnly(state)}
          >
            {words.failedOnly}
          </button>
        )}
        <button
          type="button"
          className="nbf-button nbf-quiet-button nbf-toggle"
          aria-pressed={state.finding}
          onClick={onFind}
        >
          <Icon name="search" />
          {words.find}
        </button>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame along */}
        <div className="nbf-views" role="group" aria-label={words.views}>
          {VIEWS.map((name) => (
            <button
              key={name}
              type="button"
              className="nbf-button nbf-quiet-button nbf-toggle"
              aria-pressed={view === name}
              onClick={() => state.setView(name)}
            >
              {WORDS[name]}
            </button>
          ))}
        </div>
        <button
          type="button"
          className="nbf-button nbf-quiet-button nbf-keys-button"
          aria-label={words.keyList}
          onClick={onKeys}
        >
          ?
        </button>
      </div>
      {state.finding && <Search state={state} search={search} />}
    </div>
  );
}

function Count({ tasks, state: { found, counts } }: Pick<Props, "tasks" | "state">): ReactNode {
  const words = strings.tasks;
  if (found.shown !== null) return words.countOf(found.matches.size, tasks.size);
  const some = (["running", "interrupted", "failed"] as const).filter((name) => counts[name] > 0);
  return (
    <>
      {words.count(tasks.size)}
      {some.map((name) => (
        <span key={name}> · {words.counts(counts[name], name)}</span>
      ))}
    </>
  );
}

function Search({ state, search }: Pick<Props, "state" | "search">): ReactNode {
  const words = strings.tasks;
  const { filter, setFilter, found } = state;
  const problemId = useId();
  useEffect(() => search.current?.focus(), [search]);
  return (
    <div className="nbf-search">
      <input
        ref={search}
        type="search"
        className="nbf-input"
        aria-label={words.search}
        placeholder={words.searchHint}
        value={filter.text}
        aria-invalid={found.problem !== "" || undefined}
        aria-describedby={found.problem === "" ? undefined : problemId}
        onChange={(event) => setFilter({ ...filter, text: event.target.value })}
      />
      <select
        className="nbf-input nbf-select"
        aria-label={words.byStatus}
        value={filter.status}
        onChange={(event) => setFilter({ ...filter, status: event.target.value })}
      >
        <option value="">{words.anyStatus}</option>
        {words.statuses.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {found.problem !== "" && (
        <p className="nbf-error" id={problemId} role="alert">
          <Icon name="warning" />
          {words.badRegex(found.problem)}
        </p>
      )}
    </div>
  );
}

export function NoneMatch({ state }: Pick<Props, "state">): ReactNode {
  return (
    <p className="nbf-empty">
      {strings.tasks.noneMatch}{" "}
      <button type="button" className="nbf-link" onClick={() => state.setFilter(NO_FILTER)}>
        {strings.tasks.showAll}
      </button>
    </p>
  );
}
