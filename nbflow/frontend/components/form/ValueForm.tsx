/** The editor of one value: as a form, or as the JSON that would be sent. */

import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { FieldError } from "../../protocol/messages";
import { Icon } from "../icons";
import { strings } from "../strings";
import { type FormShared, FormSharedContext, useBroken } from "./context";
import { errorId, noteId, TextArea } from "./inputs";
import { readJson, written } from "./json";
import { Node } from "./Node";
import { holdsSecrets } from "./schema";
import type { Entry } from "./sheet";
import type { EntryEdits } from "./useAnswer";
import { same, valueAt } from "./value";
import { keyOf, startOf, textKey, valueNow } from "./work";

interface Props {
  entry: Entry;
  edit: EntryEdits;
  /** Of the whole answer; those of other entries are left aside. */
  errors: readonly FieldError[];
  /** Id of the whole answer, which those of the fields begin with. */
  prefix: string;
  disabled: boolean;
  /** What to call it as JSON where it is all that is asked for. */
  whole?: { readonly open: string; readonly label: string };
}

/** Separates the steps of a path in the id of its control. */
export const SEPARATOR = "__";

export function ValueForm(props: Props): ReactNode {
  const { entry, edit, errors, prefix, disabled, whole = strings.raw } = props;
  const { asked, work } = entry;
  const kept = useMemo(() => keptFor(entry, edit), [entry, edit]);
  const shared = useMemo(
    () => ({ ...kept, ...drawnFor(entry, errors, prefix), disabled }),
    [kept, entry, errors, prefix, disabled],
  );
  const [raw, setRaw] = useState(() => textKey([], "raw") in work.texts);
  const [turns, setTurns] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (turns > 0) box.current?.querySelector<HTMLElement>(FIRST)?.focus();
  }, [turns]);
  const turn = (): void => {
    setRaw(!raw);
    setTurns(turns + 1);
  };
  const changed = !work.untouched && !same(startOf(asked), work.value);
  const takeBack = (): void => {
    edit.reset(entry);
    setTurns(turns + 1);
  };
  return (
    <FormSharedContext value={shared}>
      <div className="nbf-value" ref={box}>
        {raw ? (
          <RawEditor
            entry={entry}
            edit={edit}
            shared={shared}
            label={entry.path.length > 0 ? strings.raw.labelPart : whole.label}
            onTurn={turn}
          />
        ) : (
          <>
            <Node
              key={turns}
              schema={asked.schema}
              path={[]}
              value={work.value}
              name=""
              required={!asked.optional}
              trail={["#"]}
              onChange={(value) => edit.change(entry, value)}
            />
            <div className="nbf-turn">
              <button type="button" className="nbf-link" disabled={disabled} onClick={turn}>
                {entry.path.length > 0 ? strings.raw.openPart : whole.open}
              </button>
              {changed && (
                <button type="button" className="nbf-link" disabled={disabled} onClick={takeBack}>
                  {asked.has_initial ? strings.raw.reset : strings.raw.empty}
                </button>
              )}
            </div>
          </>
        )}
      </div>
    </FormSharedContext>
  );
}

const FIRST = "input:not([type=hidden]), select, textarea, button";

interface RawProps {
  entry: Entry;
  edit: EntryEdits;
  shared: FormShared;
  label: string;
  onTurn: () => void;
}

/** The whole value as text. It turns back into a form only when it can be read. */
function RawEditor({ entry, edit, shared, label, onTurn }: RawProps): ReactNode {
  const { asked, work } = entry;
  const id = shared.idOf([]);
  const [text, setText] = useState(
    () => shared.textOf([], "raw")?.text ?? written(valueNow(asked, work)),
  );
  const [tried, setTried] = useState(false);
  const { problem } = readJson(text);
  useBroken([], problem);
  const change = (next: string): void => {
    const read = readJson(next);
    setText(next);
    shared.forget([]);
    shared.setText([], { kind: "raw", text: next }, "raw");
    if (read.problem === null) edit.change(entry, read.value);
  };
  const turn = (): void => {
    setTried(true);
    if (problem !== null) return;
    if (shared.textOf([], "raw")) shared.forget([]);
    onTurn();
  };
  const errors = problem !== null && tried ? [problem] : shared.errorsAt([]);
  const secret = holdsSecrets(asked.schema);
  return (
    <div className="nbf-field" data-control="raw">
      <label className="nbf-label" htmlFor={id} id={`${id}__label`}>
        {label}
      </label>
      <p className="nbf-note" id={noteId(id)}>
        {secret ? strings.raw.secretNote : strings.raw.note}
      </p>
      <TextArea
        code
        wiring={{
          id,
          labelledBy: `${id}__label`,
          required: !asked.optional,
          disabled: shared.disabled,
          invalid: errors.length > 0,
          describedBy: errors.length > 0 ? `${errorId(id)} ${noteId(id)}` : noteId(id),
        }}
        value={text}
        onChange={change}
      />
      {errors.length > 0 && (
        <div className="nbf-error" id={errorId(id)} role={tried ? "alert" : undefined}>
          <Icon name="warning" />
          <span>{errors.join(" ")}</span>
        </div>
      )}
      <div className="nbf-turn">
        <button type="button" className="nbf-link" disabled={shared.disabled} onClick={turn}>
          {strings.raw.close}
        </button>
      </div>
    </div>
  );
}

type Drawn = Pick<FormShared, "idOf" | "errorsAt">;

function drawnFor(entry: Entry, errors: readonly FieldError[], prefix: string): Drawn {
  const { path: base } = entry;
  const messages = new Map<string, string[]>();
  for (const { path, message } of errors) {
    if (!base.every((key, depth) => path[depth] === key)) continue;
    const key = keyOf(path.slice(base.length));
    messages.set(key, [...(messages.get(key) ?? []), message]);
  }
  return {
    idOf: (path) => [prefix, ...base, ...path].join(SEPARATOR),
    errorsAt: (path) => messages.get(keyOf(path)) ?? [],
  };
}

/** What stays the same for as long as the entry is edited. */
function keptFor(entry: Entry, edit: EntryEdits): Omit<FormShared, "disabled" | keyof Drawn> {
  const { asked, work } = entry;
  return {
    root: asked.schema,
    optional: asked.optional,
    givenAt: (path) => (asked.has_initial ? valueAt(asked.initial, path) : undefined),
    textOf: (path, slot) => work.texts[textKey(path, slot)],
    setText: (path, raw, slot) => edit.setText(entry, path, raw, slot),
    forget: (path) => edit.forget(entry, path),
    reorder: (path, order) => edit.reorder(entry, path, order),
    setBroken: (path, message) => edit.setBroken(entry, path, message),
  };
}
