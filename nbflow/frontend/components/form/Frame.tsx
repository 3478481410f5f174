/** What stands around a control: its label, its tools, its notes and its errors. */

import type { ReactNode } from "react";
import { Icon } from "../icons";
import { strings } from "../strings";
import { type ControlProps, useFormShared } from "./context";
import { type Control, unknownIn, type Why } from "./control";
import { errorId, labelId, noteId } from "./inputs";
import { noteOf } from "./notes";
import { kindOf } from "./shape";
import type { Tool } from "./tools";

interface Props extends ControlProps {
  control: Control;
  /** Why it is drawn as JSON; null when it is not. */
  why: Why | null;
  tools: readonly Tool[];
  children: ReactNode;
}

export function Frame(props: Props): ReactNode {
  const { path, control, why, bare = false } = props;
  const group = control === "container" && why === null;
  const parts = (
    <>
      {!group && <Label {...props} />}
      <Remarks {...props} />
      {group ? <Group {...props} /> : props.children}
    </>
  );
  if (bare) return parts;
  return (
    <div className="nbf-field" data-control={why === null ? control : "json"}>
      {parts}
      {!(group && path.length === 0) && <Errors {...props} />}
    </div>
  );
}

function Errors({ path }: Props): ReactNode {
  const shared = useFormShared();
  const errors = shared.errorsAt(path);
  if (errors.length === 0) return null;
  return (
    <div className="nbf-error" id={errorId(shared.idOf(path))}>
      <Icon name="warning" />
      <span>{[...new Set(errors)].join(" ")}</span>
    </div>
  );
}

export function titleOf({ node, name }: ControlProps): string {
  return typeof node.title === "string" ? node.title : name;
}

/** Position of an item of a list that has no title of its own; null for all else. */
export function itemNumber(props: ControlProps): number | null {
  const last = props.path.at(-1);
  return typeof last === "number" && titleOf(props) === "" ? last + 1 : null;
}

/** What a field is called on the page. */
export function labelOf(props: ControlProps): string {
  const item = itemNumber(props);
  return item === null ? titleOf(props) || strings.question.value : strings.question.item(item);
}

function Mark({ required, node }: Props): ReactNode {
  if (required && node.readOnly !== true) return null;
  const { readOnly, optional } = strings.question;
  return <span className="nbf-mark"> ({node.readOnly === true ? readOnly : optional})</span>;
}

function Label(props: Props): ReactNode {
  const shared = useFormShared();
  const id = shared.idOf(props.path);
  const note = noteOf(props.node, shared.root);
  if (props.bare) {
    return (
      <>
        <Tools {...props} />
        <Note id={id} text={note} />
      </>
    );
  }
  const item = itemNumber(props);
  const hidden = item !== null || props.quiet === true;
  return (
    <>
      <div className={hidden ? "nbf-head nbf-head-bare" : "nbf-head"}>
        <label className={hidden ? "nbf-hidden" : "nbf-label"} id={labelId(id)} htmlFor={id}>
          {labelOf(props)}
          <Mark {...props} />
        </label>
        <Tools {...props} />
      </div>
      <Note id={id} text={note} hidden={item !== null && item > 1} />
    </>
  );
}

interface NoteProps {
  id: string;
  text: string;
  /** The same is said once already where it can be seen. */
  hidden?: boolean;
}

function Note({ id, text, hidden = false }: NoteProps): ReactNode {
  if (text === "") return null;
  return (
    <p className={hidden ? "nbf-hidden" : "nbf-note"} id={noteId(id)}>
      {text}
    </p>
  );
}

/** Why it is drawn as JSON, and which keywords the page knows nothing about. */
function Remarks({ why, node }: Props): ReactNode {
  const unknown = unknownIn(node);
  const said = why ? strings.whyJson[why] : "";
  if (said === "" && unknown.length === 0) return null;
  return (
    <p className="nbf-note nbf-remark">
      <Icon name="question" />
      <span>
        {[said, unknown.length > 0 ? strings.question.unknown(unknown) : ""]
          .filter(Boolean)
          .join(" ")}
      </span>
    </p>
  );
}

function Tools({ tools }: Props): ReactNode {
  const shared = useFormShared();
  if (tools.length === 0 || shared.disabled) return null;
  return (
    <div className="nbf-tools">
      {tools.map(({ key, label, name, act }) => (
        <button key={key} type="button" className="nbf-link" aria-label={name} onClick={act}>
          {label}
        </button>
      ))}
    </div>
  );
}

/** A named group; without a frame where something around it has the name already. */
function Group(props: Props): ReactNode {
  const { node, path, bare = false, children } = props;
  const shared = useFormShared();
  const id = shared.idOf(path);
  const note = noteOf(node, shared.root);
  const nameless = path.length === 0 && kindOf(node) === "object";
  const head = (
    <>
      {!nameless && <Tools {...props} />}
      <Note id={id} text={nameless ? "" : note} />
    </>
  );
  if (bare || nameless) {
    return (
      <div className="nbf-fields" id={id} tabIndex={-1}>
        {head}
        {children}
      </div>
    );
  }
  const item = itemNumber(props) !== null;
  const unseen = item || props.quiet === true;
  return (
    <fieldset
      className={item ? "nbf-group nbf-group-item" : "nbf-group"}
      id={id}
      tabIndex={-1}
      aria-describedby={note ? noteId(id) : undefined}
    >
      <legend className={unseen ? "nbf-hidden" : "nbf-label"}>
        {labelOf(props)}
        <Mark {...props} />
      </legend>
      {head}
      <div className="nbf-fields">{children}</div>
    </fieldset>
  );
}
