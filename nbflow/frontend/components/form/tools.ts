/** What may be done with a value beside typing: leave it out, take the default or what was given. */

import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import type { ControlProps, FormShared } from "./context";
import type { Control } from "./control";
import { titleOf } from "./Frame";
import { labelOf } from "./schema";
import { same } from "./value";

export interface Tool {
  readonly key: string;
  readonly label: string;
  /** For those who do not see which field it stands at. */
  readonly name: string;
  readonly act: () => void;
}

/** Controls that a person empties by hand. */
const EMPTIED = new Set<Control>(["boolean", "number", "options", "password", "text", "textarea"]);

export function valueTools(
  props: ControlProps,
  control: Control,
  shared: FormShared,
  put: (value: Json | undefined) => void,
): Tool[] {
  const { node, path, value, required } = props;
  /** A branch is the value of its choice, which offers to leave it out or to reset it. */
  const branch = (props.nested ?? 0) > 0;
  const title = titleOf(props) || strings.question.value;
  const tools: Tool[] = [];
  const add = (key: keyof typeof strings.tools, extra: string, next: Json | undefined): void => {
    const label = strings.tools[key](extra);
    tools.push({ key, label, name: `${label}: ${title}`, act: () => put(next) });
  };
  if (!branch && !required && value !== undefined && (!EMPTIED.has(control) || value === "")) {
    add("leaveOut", "", undefined);
  }
  const given = shared.givenAt(path);
  const changed = given !== undefined && !path.some((key) => typeof key === "number");
  if (changed && !branch && path.length > 0 && !same(given, value)) add("reset", "", given);
  const standard = defaultOf(node);
  if (standard !== undefined && !same(standard, value) && !(changed && same(standard, given))) {
    add("useDefault", shortened(standard), standard);
  }
  return tools;
}

function defaultOf(node: JsonObject): Json | undefined {
  return node.format === "password" || node.writeOnly === true ? undefined : node.default;
}

function shortened(value: Json): string {
  const text = value === "" ? '""' : labelOf(value);
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
