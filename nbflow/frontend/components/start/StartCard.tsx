/** A workflow under its cell: the form that starts it, and below it the runs that it began. */

import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";
import { ContextFields } from "../Context";
import { Banner, Guard, Warning } from "../Frame";
import { clearDraft, loadDraft } from "../form/drafts";
import { Icon } from "../icons";
import { strings } from "../strings";
import { InputForm, threadDraftOf } from "./InputForm";
import type { StartActions, StartView } from "./model";
import { StartedRuns } from "./StartedRuns";

interface Props {
  view: StartView;
  actions: StartActions;
}

export function StartCard(props: Props): ReactNode {
  return (
    <Guard>
      <Card {...props} />
    </Guard>
  );
}

function Card({ view, actions }: Props): ReactNode {
  const card = useRef<HTMLDivElement>(null);
  const newest = useRef<HTMLDivElement>(null);
  const { asked, snapshot, runs } = view;
  const form = asked?.form ?? null;
  const submission = form ? (view.submissions.get(form.interrupt_id) ?? null) : null;
  const taken = submission?.receipt?.status === "accepted" ? submission.id : null;
  const [open, setOpen] = useOpen(view, taken, () => {
    if (holdsFocus(card.current)) newest.current?.focus({ preventScroll: true });
  });
  return (
    <div className="nbf-start">
      {/* biome-ignore lint/a11y/useSemanticElements: a section would be a landmark, one for each */}
      <div
        ref={card}
        className="nbf-card"
        role="group"
        aria-label={strings.start.label(snapshot.workflow)}
      >
        <Head view={view} open={open} onTurn={() => setOpen(!open)} />
        <Banner
          protocol={snapshot.protocol}
          lost={view.connection === "lost"}
          asking={form !== null}
        />
        {view.error !== null && (
          <Warning>
            <strong>{strings.start.unread}</strong> {view.error}
          </Warning>
        )}
        <div className="nbf-panel" hidden={!open}>
          {asked && form ? (
            <>
              <ContextFields fields={form.context} />
              <InputForm
                asked={asked}
                earlier={view.earlier}
                earlierError={view.earlierError}
                submission={submission}
                taken={taken}
                again={open && runs.length > 0}
                disabled={view.connection !== "open"}
                onStart={actions.begin}
              />
            </>
          ) : (
            view.connection === "waiting" && (
              <p className="nbf-empty">{strings.connection.waiting}</p>
            )
          )}
        </div>
      </div>
      <StartedRuns runs={runs} newest={newest} />
    </div>
  );
}

interface HeadProps {
  view: StartView;
  open: boolean;
  onTurn: () => void;
}

/** The name; once something was started, what it was, and how to start another. */
function Head({ view, open, onTurn }: HeadProps): ReactNode {
  const { snapshot } = view;
  const last = snapshot.runs[0]?.snapshot;
  return (
    <div className="nbf-start-head">
      <h3 className="nbf-title">{snapshot.workflow}</h3>
      {last && (
        <>
          <p className="nbf-taken" role="status">
            <Icon name="done" />
            <span>
              {last.thread_id === null ? (
                strings.start.startedUnkept
              ) : (
                <>
                  {strings.start.started} <code>{last.thread_id}</code>
                </>
              )}
            </span>
          </p>
          <button
            type="button"
            className="nbf-button nbf-quiet-button"
            aria-expanded={open}
            onClick={onTurn}
          >
            {open ? strings.start.fold : strings.start.another}
          </button>
        </>
      )}
    </div>
  );
}

/**
 * Whether the form is seen: until something was started, and where something is half entered. It
 * folds away with every start; what was entered stays in it, and its draft is over.
 */
function useOpen(
  { asked, runs }: StartView,
  taken: string | null,
  onTaken: () => void,
): [boolean, (open: boolean) => void] {
  const [chosen, choose] = useState<boolean | null>(null);
  const [seen, setSeen] = useState<string | null>(null);
  const id = asked?.form.interrupt_id ?? null;
  const leave = useEffectEvent(onTaken);
  if (taken !== null && taken !== seen) {
    setSeen(taken);
    choose(false);
  }
  useEffect(() => {
    if (taken === null || id === null) return;
    clearDraft(id);
    clearDraft(threadDraftOf(id));
    leave();
  }, [taken, id]);
  const begun = id !== null && (loadDraft(id) ?? loadDraft(threadDraftOf(id))) !== null;
  return [chosen ?? (runs.length === 0 || begun), choose];
}

function holdsFocus(card: HTMLElement | null): boolean {
  const page = card?.getRootNode();
  if (!(page instanceof Document || page instanceof ShadowRoot)) return false;
  return page.activeElement === document.body || card?.contains(page.activeElement) === true;
}
