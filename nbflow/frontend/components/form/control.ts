/** Which control draws a node, and why some nodes are drawn as JSON. */

import type { Json, JsonObject } from "../../protocol/messages";
import type { strings } from "../strings";
import { branchesOf } from "./branches";
import { allowsNull, isObject, optionsOf, typesOf } from "./schema";
import { CLASH, kindOf, listShape, shapeOf } from "./shape";
import { same } from "./value";

export type Control =
  | "any"
  | "boolean"
  | "checks"
  | "choice"
  | "container"
  | "file"
  | "hidden"
  | "null"
  | "number"
  | "options"
  | "text"
  | "textarea"
  | "password";

export type Why = keyof typeof strings.whyJson;

/** More branches than a person can look through. */
const WIDEST = 60;

/** Levels that the page draws; what lies deeper is JSON. */
const DEEPEST = 20;

/** Which control draws a node that {@link shapeOf} made. */
export function controlOf(node: JsonObject, root: JsonObject): Control {
  if (node.const !== undefined) return "hidden";
  if (optionsOf(node, root)) return "options";
  if (branchesOf(node, root)) return "choice";
  const types = typesOf(node);
  if (types.length === 0 && allowsNull(node)) return "null";
  const kind = kindOf(node);
  if (kind === "object") return hasFields(node) ? "container" : "any";
  if (kind === "array") return listControl(node, root);
  if (types.length !== 1) return "any";
  switch (types[0]) {
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    case "string":
      return textControl(node);
    default:
      return "any";
  }
}

function textControl(node: JsonObject): Control {
  if (isBinary(node)) return "file";
  if (node.format === "password" || node.writeOnly === true) return "password";
  const bounded = node.maxLength !== undefined || node.format !== undefined;
  return bounded || node.pattern !== undefined ? "text" : "textarea";
}

const BINARY = new Set(["binary", "byte", "base64", "data-url"]);

/** Whether a text stands for the bytes of a file. */
export function isBinary(node: JsonObject): boolean {
  return node.contentEncoding === "base64" || BINARY.has(String(node.format));
}

function listControl(node: JsonObject, root: JsonObject): Control {
  const { first, rest } = listShape(node);
  if (first.length === 0 && (rest === true || rest === false)) return "any";
  const items = shapeOf(rest, undefined, root);
  return node.uniqueItems === true && first.length === 0 && optionsOf(items, root)
    ? "checks"
    : "container";
}

function hasFields(node: JsonObject): boolean {
  if (isObject(node.properties) && Object.keys(node.properties).length > 0) return true;
  const open = [node.additionalProperties, node.patternProperties, node.unevaluatedProperties];
  return open.some(isObject);
}

/** Why a node is drawn as JSON; null when it need not be. */
export function whyJson(node: JsonObject, root: JsonObject, depth: number): Why | null {
  if (node[CLASH] !== undefined) return node[CLASH] as Why;
  if (node.$dynamicRef !== undefined || node.$recursiveRef !== undefined) return "dynamic";
  if (isObject(node.not) && Object.keys(node.not).length === 0) return "nothing";
  if (optionsOf(node, root)?.length === 0) return "nothing";
  if ((branchesOf(node, root)?.length ?? 0) > WIDEST && !optionsOf(node, root)) return "wide";
  return depth > DEEPEST && controlOf(node, root) === "container" ? "deep" : null;
}

/** Whether a control can show a value as it is. */
export function shows(control: Control, node: JsonObject, value: Json | undefined): boolean {
  if (value === undefined) return true;
  switch (control) {
    case "hidden":
      return same(node.const, value);
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean" || (value === null && allowsNull(node));
    case "container":
      return kindOf(node) === "array" ? Array.isArray(value) : isObject(value);
    case "checks":
      return Array.isArray(value);
    case "number":
      return typeof value === "number" || isText(node, value);
    case "any":
    case "choice":
    case "options":
      return true;
    default:
      return isText(node, value);
  }
}

function isText(node: JsonObject, value: Json): boolean {
  return typeof value === "string" || (value === null && allowsNull(node));
}

const KNOWN = new Set(
  `$anchor $comment $defs $dynamicAnchor $id $ref $schema $vocabulary additionalItems
  additionalProperties allOf anyOf const contains contentEncoding contentMediaType contentSchema
  default definitions dependencies dependentRequired dependentSchemas deprecated description
  discriminator else enum enumNames example examples exclusiveMaximum exclusiveMinimum
  externalDocs format id if items maxContains maxItems maxLength maxProperties maximum minContains
  minItems minLength minProperties minimum multipleOf not oneOf pattern patternProperties
  prefixItems properties propertyNames readOnly required then title type unevaluatedItems
  unevaluatedProperties uniqueItems writeOnly`.split(/\s+/),
);

/** Keywords that no draft has and no convention marks as a note. */
export function unknownIn(node: JsonObject): string[] {
  return Object.keys(node).filter((key) => !KNOWN.has(key) && !/^(x-|ui:|\$)/.test(key));
}
