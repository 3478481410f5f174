/** `oneOf`, `anyOf` and several types: nothing is chosen until the person or the value says so. */

import { type ReactNode, useState } from "react";
import type { Json, JsonObject } from "../../protocol/messages";
import { strings } from "../strings";
import { JsonField } from "./AnyField";
import { branchesOf, carriedOver, chosenAt, constantsOf, nameOf, withConstants } from "./branches";
import { type ControlProps, type FormShared, type TextSlot, useFormShared } from "./context";
import { defaultsFor } from "./finish";
import { labelId, Pick } from "./inputs";
import { Node } from "./Node";
import { isObject } from "./schema";
import { kindOf, shapeOf } from "./shape";
import { wiringOf } from "./wiring";

export function ChoiceField(props: ControlProps): ReactNode {
  const shared = useFormShared();
  const { node, path, value, nested = 0 } = props;
  const wiring = wiringOf(props, shared);
  const branches = branchesOf(node, shared.root) ?? [];
  const slot: TextSlot = `branch${nested}`;
  const [first] = useState(() => chosenAt(value, branches, shared.root));
  const kept = shared.textOf(path, slot);
  const chosen = kept ? Number(kept.text) : first;
  const branch = branches[chosen];
  const pick = (index: number): void => {
    shared.forget(path);
    shared.setText(path, { kind: "branch", text: String(index) }, slot);
    props.onChange(startOf(props, branches, chosen, index, shared));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the label is drawn by the field around it
    <div className="nbf-choice" role="group" aria-labelledby={labelId(wiring.id)}>
      <Pick
        wiring={{ ...wiring, id: `${wiring.id}__choice${nested || ""}` }}
        options={branches.map((item, index) => ({
          value: index,
          label: nameOf(item, shared.root, index),
        }))}
        chosen={chosen}
        onPick={pick}
      />
      {branch && (
        <div className="nbf-branch">
          <Node {...props} key={chosen} schema={branch} bare nested={nested + 1} />
        </div>
      )}
      {!branch && value !== undefined && (
        <div className="nbf-branch">
          <p className="nbf-note">{strings.whyJson.branch}</p>
          <JsonField {...props} />
        </div>
      )}
    </div>
  );
}

/** What a branch begins with: its constants and defaults, and what both branches call the same. */
function startOf(
  { value }: ControlProps,
  branches: readonly JsonObject[],
  from: number,
  to: number,
  { root }: FormShared,
): Json | undefined {
  const branch = branches[to];
  if (!branch) return undefined;
  const node = shapeOf(branch, undefined, root);
  if (node.type === "null") return null;
  if (kindOf(node) !== "object") return node.const ?? node.default;
  const kept = carriedOver(value, branches[from], branch, root);
  const begun = defaultsFor(branch, root);
  const filled = { ...(isObject(begun) ? begun : {}), ...kept };
  return withConstants(filled, constantsOf(branch, root));
}
