/** What the list shows: a search, a workflow, an age, and how many that leaves. */

import { type ReactNode, type RefObject, useEffect, useState } from "react";
import type { Filters as Chosen, Listing } from "../../protocol/inbox";
import { strings } from "../strings";

const TYPING_MS = 250;

interface Props {
  search: RefObject<HTMLInputElement | null>;
  filters: Chosen;
  listing: Listing | null;
  count: string;
  onFilter: (filters: Chosen) => void;
}

export function Filters({ search, filters, listing, count, onFilter }: Props): ReactNode {
  const [text, setText] = useState(filters.text);
  useEffect(() => setText(filters.text), [filters.text]);
  useEffect(() => {
    if (text === filters.text) return;
    const timer = window.setTimeout(() => onFilter({ ...filters, text }), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, filters, onFilter]);
  const workflows = listing?.workflows ?? [];
  const gone =
    filters.workflow !== null && workflows.every(({ name }) => name !== filters.workflow);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a search element would be a landmark
    <div className="nbf-inbox-filters" role="group" aria-label={strings.inbox.search}>
      <input
        ref={search}
        type="search"
        className="nbf-input"
        placeholder={strings.inbox.search}
        aria-label={strings.inbox.search}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <select
        className="nbf-input"
        aria-label={strings.inbox.workflow}
        value={filters.workflow ?? ""}
        onChange={(event) => onFilter({ ...filters, workflow: event.target.value || null })}
      >
        <option value="">{strings.inbox.allWorkflows}</option>
        {gone && <option value={filters.workflow ?? ""}>{filters.workflow}</option>}
        {workflows.map(({ name, waiting }) => (
          <option key={name} value={name}>
            {strings.inbox.workflowCount(name, waiting)}
          </option>
        ))}
      </select>
      <select
        className="nbf-input"
        aria-label={strings.inbox.age}
        value={filters.older_than_s}
        onChange={(event) => onFilter({ ...filters, older_than_s: Number(event.target.value) })}
      >
        {strings.inbox.ages.map(([seconds, name]) => (
          <option key={seconds} value={seconds}>
            {name}
          </option>
        ))}
      </select>
      {(filters.mine || (listing?.others ?? 0) > 0) && (
        <label className="nbf-inbox-mine">
          <input
            type="checkbox"
            checked={filters.mine}
            onChange={(event) => onFilter({ ...filters, mine: event.target.checked })}
          />{" "}
          {strings.inbox.mine}
        </label>
      )}
      <span className="nbf-inbox-count" role="status">
        {count}
      </span>
    </div>
  );
}
