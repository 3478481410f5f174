/** One node of a schema: merged for its value, then drawn by its control, or as JSON with a note. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { Icon } from "../icons";
import { strings } from "../strings";
import { AnyField, JsonField } from "./AnyField";
import { ChoiceField } from "./ChoiceField";
import { type ControlProps, type NodeProps, useFormShared } from "./context";
import { type Control, controlOf, shows, unknownIn, type Why, whyJson } from "./control";
import { FileField } from "./FileField";
import { Frame, titleOf } from "./Frame";
import { ListField } from "./ListField";
import { ObjectField } from "./ObjectField";
import { ScalarField } from "./ScalarField";
import { referencesIn } from "./schema";
import { kindOf, shapeOf } from "./shape";
import { type Tool, valueTools } from "./tools";

export function Node(props: NodeProps): ReactNode {
  const { root } = useFormShared();
  const node = shapeOf(props.schema, props.value, root);
  const references = referencesIn(props.schema);
  const inside = references.some((reference) => props.trail.includes(reference));
  const trail = [...props.trail, ...references];
  const control = controlOf(node, root);
  if (control === "hidden" && isFixed(props, node)) {
    return props.path.length === 0 && !props.bare ? <Fixed value={node.const as Json} /> : null;
  }
  if (inside && props.value === undefined && typeof props.path.at(-1) !== "number") {
    if (control === "container" || control === "choice")
      return <Folded {...props} node={node} trail={trail} />;
  }
  return <Drawn {...props} node={node} trail={trail} />;
}

/** A constant that is sent without being asked for. */
function isFixed({ value, required, path }: NodeProps, node: JsonObject): boolean {
  if (value === undefined) return required || path.length === 0;
  return shows("hidden", node, value);
}

function Fixed({ value }: { value: Json }): ReactNode {
  return <p className="nbf-note">{strings.question.fixed(JSON.stringify(value))}</p>;
}

/** A schema inside itself is drawn when a person asks for it. */
function Folded(props: ControlProps): ReactNode {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) firstIn(box.current)?.focus();
  }, [open]);
  if (open) {
    return (
      <div ref={box}>
        <Drawn {...props} />
      </div>
    );
  }
  return (
    <div className="nbf-field">
      <div>
        <button type="button" className="nbf-button nbf-quiet-button" onClick={() => setOpen(true)}>
          <Icon name="plus" />
          {strings.question.expand(titleOf(props) || strings.question.value)}
        </button>
      </div>
    </div>
  );
}

function firstIn(box: HTMLElement | null): HTMLElement | null | undefined {
  return box?.querySelector<HTMLElement>(
    "input:not([type=hidden]), select, textarea, button:not(.nbf-link)",
  );
}

function Drawn(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, value, path } = props;
  const [opened, setOpened] = useState<Why | null>(null);
  const [epoch, setEpoch] = useState(0);
  const body = useRef<HTMLDivElement>(null);
  const control = drawnBy(controlOf(node, shared.root));
  const fitting = shows(control, node, value);
  if (!fitting && opened === null) setOpened("value");
  const forced = node.readOnly === true ? null : whyJson(node, shared.root, path.length);
  const why = forced ?? opened ?? (fitting ? null : "value");
  useEffect(() => {
    if (epoch > 0) firstIn(body.current)?.focus();
  }, [epoch]);
  const renew = (next: Why | null): void => {
    shared.forget(path);
    setOpened(next);
    setEpoch((n) => n + 1);
  };
  const put = (next: Json | undefined): void => {
    renew(null);
    props.onChange(next);
  };
  const tools = node.readOnly === true ? [] : valueTools(props, control, shared, put);
  if (node.readOnly !== true && forced === null && control !== "any") {
    tools.push(...shapeTools(props, why, fitting, renew));
  }
  return (
    <Frame {...props} control={control} why={why} tools={tools}>
      <div className="nbf-body" ref={body} key={epoch}>
        {node.readOnly === true ? (
          <Shown {...props} />
        ) : why ? (
          <JsonField {...props} />
        ) : (
          <Body {...props} control={control} />
        )}
      </div>
    </Frame>
  );
}

/** An optional constant is a choice between it and nothing. */
function drawnBy(control: Control): Control {
  return control === "hidden" ? "options" : control;
}

function shapeTools(
  props: ControlProps,
  why: Why | null,
  fitting: boolean,
  renew: (next: Why | null) => void,
): Tool[] {
  const title = titleOf(props) || strings.question.value;
  const tool = (key: "asField" | "asJson", next: Why | null): Tool => ({
    key,
    label: strings.tools[key](""),
    name: `${strings.tools[key]("")}: ${title}`,
    act: () => renew(next),
  });
  if (why) return fitting ? [tool("asField", null)] : [];
  return unknownIn(props.node).length > 0 ? [tool("asJson", "asked")] : [];
}

/** What is not to be changed: it is sent as it came. */
function Shown({ value, node, path }: ControlProps): ReactNode {
  const { idOf } = useFormShared();
  const secret = node.format === "password" || node.writeOnly === true;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <output className="nbf-shown" id={idOf(path)}>
      {value === undefined ? strings.question.notSet : secret ? "••••" : text}
    </output>
  );
}

function Body(props: ControlProps & { control: Control }): ReactNode {
  switch (props.control) {
    case "container":
      return kindOf(props.node) === "array" ? <ListField {...props} /> : <ObjectField {...props} />;
    case "choice":
      return <ChoiceField {...props} />;
    case "any":
      return <AnyField {...props} />;
    case "file":
      return <FileField {...props} />;
    default:
      return <ScalarField {...props} />;
  }
}
