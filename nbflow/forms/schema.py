"""One question as a form: what to read, what to fill in, what to begin with.

The invariant: a form is JSON, at most 200 KB, and holds no secret (nothing that its schema marks
``writeOnly`` or ``format: password``). The form's schema only draws; the engine judges the answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from nbflow.forms.conventions import plain, read
from nbflow.forms.fields import field_of
from nbflow.forms.portable import portable, shorten, visible
from nbflow.forms.preview import preview
from nbflow.forms.reading import DEFAULT_TITLE, NOTHING, Action, Decision, Reading
from nbflow.identity import responder

if TYPE_CHECKING:
    from nbflow.forms.model import Field, Form, FormAction, FormDecision, Terms
    from nbflow.types import Interrupt

__all__ = [
    "FORM_BYTES",
    "HIDDEN",
    "begun_with",
    "drawn_schema",
    "fillable",
    "form_of",
    "without_secrets",
]

FORM_BYTES = 200_000
"""The largest form that is sent to a page."""

_SCHEMA_BYTES = 120_000
_DEFAULT_CHARS = 500
_MOST_ASSIGNEES = 50
_DEEPEST = 20
_VALUE_CHARS = 20_000
HIDDEN = "••••••"
"""What is shown in place of a secret."""
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_WORDS = ("title", "description", "$comment")
_ONE_SCHEMA = ("items", "additionalProperties", "contains", "if", "then", "else", "not")

_log = logging.getLogger(__name__)


def form_of(interrupt: Interrupt, task_name: str | None = None) -> Form:
    """Return the form for one question; a payload that cannot be read gets a plain one.

    >>> from nbflow.types import Interrupt
    >>> form_of(Interrupt(value="Approve?", id="0" * 32))["title"]
    'Approve?'
    """
    try:
        reading = read(interrupt.value, interrupt.response_schema)
    except Exception:
        _log.warning("The payload of question %s could not be read", interrupt.id, exc_info=True)
        note = field_of("", "The question's payload could not be read; the log says why.")
        reading = Reading(title=DEFAULT_TITLE, context=[note], schema={})
    actions = _actions(reading.actions)
    if reading.actions and not actions:
        reading = plain.read(interrupt.value)  # too large to decide on: shown, answered as JSON
    schema, notes = ({}, []) if actions else _form_schema(interrupt.response_schema, reading)
    form: Form = {
        "interrupt_id": interrupt.id,
        "task": task_name,
        "title": visible(reading.title),
        "context": _bounded(
            notes + reading.context, FORM_BYTES - _size(schema) - _size(actions) - 10_000
        ),
        "schema": schema,
        "has_initial": "default" in schema,
        "actions": actions,
    }
    if form["has_initial"]:
        form["initial"] = schema["default"]
    if interrupt.deadline is not None or interrupt.assignees:
        form["terms"] = _terms(interrupt)
    return form


def _terms(interrupt: Interrupt) -> Terms:
    falls_back = interrupt.deadline is not None and interrupt.on_timeout == "default"
    default = without_secrets(interrupt.default, interrupt.response_schema)
    return {
        "deadline": interrupt.deadline,
        "otherwise": preview(default, _DEFAULT_CHARS) if falls_back else None,
        "assignees": [shorten(name, 200)[0] for name in interrupt.assignees[:_MOST_ASSIGNEES]],
        "you": responder().name,
    }


def _actions(actions: Sequence[Action]) -> list[FormAction]:
    """Return the actions as the page reads them; none when they are too large for it."""
    left = (FORM_BYTES - 20_000) // max(1, len(actions))
    found: list[FormAction] = []
    for action in actions:
        decisions = [_decision(one) for one in action.decisions]
        if _size(decisions) > left:
            return []
        found.append(
            {
                "name": visible(shorten(action.name, 200)[0]),
                "context": _bounded(action.context, left - _size(decisions) - 500),
                "decisions": decisions,
                "preferred": action.preferred,
            }
        )
    return found


def _decision(decision: Decision) -> FormDecision:
    schema = decision.schema
    drawn: FormDecision = {
        "kind": cast("Any", decision.kind),
        "schema": None if schema is None else (drawn_schema(schema) or {}),
        "optional": decision.optional,
        "has_initial": decision.initial is not NOTHING,
    }
    if decision.initial is not NOTHING:
        marked = schema is not None and _mentions_secret(schema)
        drawn["initial"] = (
            _drop(decision.initial, schema, schema, 0) if schema and marked else decision.initial
        )
    return drawn


def without_secrets(value: Any, schema: dict[str, Any] | None) -> Any:
    """Return ``value`` with every part hidden that ``schema`` marks as a secret.

    >>> schema = {"properties": {"token": {"type": "string", "format": "password"}}}
    >>> without_secrets({"user": "ada", "token": "1234"}, schema)
    {'user': 'ada', 'token': '••••••'}
    """
    if schema is None or not _mentions_secret(schema):
        return value
    from pydantic_core import to_jsonable_python

    try:
        plain = to_jsonable_python(value)
    except Exception:  # no JSON, so the schema does not say which part of it is secret
        return HIDDEN
    return _hide(plain, schema, schema, 0)


def fillable(value: Any, schema: dict[str, Any]) -> Any:
    """Return ``value`` as JSON that a form can begin with: without the parts that are secrets.

    Raises:
        ValueError: nothing is left, it is no JSON, or it is too large for a form.

    >>> schema = {"properties": {"token": {"type": "string", "format": "password"}}}
    >>> fillable({"user": "ada", "token": "1234"}, schema)
    {'user': 'ada'}
    """
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    if _holds_secret(schema, schema):
        raise ValueError("the value is a secret")
    try:
        plain = to_jsonable_python(value)
    except PydanticSerializationError as exc:
        raise ValueError(f"the value is no JSON: {exc}") from exc
    part = portable(_drop(plain, schema, schema, 0), chars=_VALUE_CHARS, depth=40, exact=True)
    if part.cut:
        raise ValueError("the value is too large")
    return part.value


def begun_with(schema: dict[str, Any]) -> Any:
    """Return what a form begins with: the default of the whole, else those of its properties.

    >>> begun_with({"properties": {"rate": {"type": "number", "default": 1.0}, "n": {}}})
    {'rate': 1.0}
    """
    return _begun(schema, schema, 0)


def _begun(schema: Any, root: dict[str, Any], depth: int) -> Any:
    if not _is_dict(schema) or depth > _DEEPEST:
        return {}
    if "default" in schema:
        return schema["default"]
    parts = schema.get("properties")
    if not isinstance(parts, dict):
        return _begun(_target(schema.get("$ref"), root), root, depth + 1)
    begun = {name: _begun(part, root, depth + 1) for name, part in parts.items()}
    return {name: part for name, part in begun.items() if part != {}}


def drawn_schema(schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return a schema for the page, without its secrets' defaults; None when it is too large.

    >>> drawn_schema({"type": "string", "format": "password", "default": "1234"})
    {'type': 'string', 'format': 'password'}
    """
    part = portable(schema, chars=_SCHEMA_BYTES, depth=64)
    if part.cut or not isinstance(part.value, dict) or _size(part.value) > _SCHEMA_BYTES:
        return None
    return _strip(part.value, part.value)


def _form_schema(
    declared: dict[str, Any] | None, reading: Reading
) -> tuple[dict[str, Any], list[Field]]:
    """Return the schema to draw, and notes where it could not be used as it is."""
    if declared is None:
        return reading.schema, []
    drawn = drawn_schema(declared)
    if drawn is None:
        note = "The answer's schema is too large to be drawn as a form; the answer is checked."
        return {}, [field_of("", note)]
    return drawn, []


def _strip(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Copy a schema without the defaults and examples of its secrets, its words made visible."""
    result: dict[str, Any] = {}
    for key, part in schema.items():
        if key in _MAPS_OF_SCHEMAS and isinstance(part, dict):
            result[key] = {name: _strip_any(sub, root) for name, sub in part.items()}
            if key == "properties":
                result[key] = {name: _named(name, sub, root) for name, sub in result[key].items()}
        elif key in _LISTS_OF_SCHEMAS and isinstance(part, list):
            result[key] = [_strip_any(sub, root) for sub in part]
        elif key in _ONE_SCHEMA:
            result[key] = _strip_any(part, root)
        elif key in ("default", "examples"):
            if not _holds_secret(schema, root):
                result[key] = _drop(part, schema, root, 0) if key == "default" else part
        else:
            result[key] = visible(part) if key in _WORDS else part
    return result


def _strip_any(part: Any, root: dict[str, Any]) -> Any:
    return _strip(part, root) if isinstance(part, dict) else part


def _named(name: str, schema: Any, root: dict[str, Any]) -> Any:
    """Name a property by its key where only what it refers to has a title.

    Pydantic gives such a property no title, and that of its class is the same for every
    property of the class: two addresses would both be called "Address".
    """
    if not isinstance(schema, dict) or "title" in schema:
        return schema
    combined = [one for key in _LISTS_OF_SCHEMAS[:3] for one in schema.get(key) or ()]
    targets = [_target(one.get("$ref"), root) for one in (schema, *combined) if _is_dict(one)]
    if not any(_is_dict(target) and "title" in target for target in targets):
        return schema
    return {"title": name.replace("_", " ").title() if name.islower() else name, **schema}


def _is_dict(schema: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(schema, dict)


def _is_secret(schema: dict[str, Any]) -> bool:
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def _holds_secret(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    return any(_is_secret(one) for one in _branches(schema, root))


def _mentions_secret(schema: Any) -> bool:
    """Whether any part of a schema is marked, wherever it belongs."""
    queue = [schema]
    for one in queue:
        if isinstance(one, dict):
            if _is_secret(one):
                return True
            queue += one.values()
        elif isinstance(one, list):
            queue += one
    return False


def _branches(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a schema and every schema that describes the same value: references, combinations."""
    found: list[dict[str, Any]] = []
    queue: list[Any] = [schema]
    while queue and len(found) < 200:
        one = queue.pop()
        if not isinstance(one, dict) or any(one is other for other in found):
            continue
        found.append(one)
        for key in ("allOf", "anyOf", "oneOf"):
            queue += one[key] if isinstance(one.get(key), list) else []
        queue += [one.get(key) for key in ("then", "else")]
        queue.append(_target(one.get("$ref"), root))
    return found


def _target(ref: Any, root: dict[str, Any]) -> Any:
    """Return what a reference inside the same schema points at; None for any other."""
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    at: Any = root
    for step in ref[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        at = at.get(key) if isinstance(at, dict) else None
    return at


def _children(value: Any, branches: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Return, for each part of ``value``, one schema that combines all that describe it."""
    parts: dict[Any, list[Any]] = {}
    for one in branches:
        if isinstance(value, dict):
            properties = one.get("properties")
            properties = properties if isinstance(properties, dict) else {}
            for name in value:
                sub = properties.get(name, one.get("additionalProperties"))
                parts.setdefault(name, []).append(sub)
            patterns = one.get("patternProperties")
            for sub in patterns.values() if isinstance(patterns, dict) else ():
                for name in value:
                    parts.setdefault(name, []).append(sub)
        elif isinstance(value, list):
            prefix = one.get("prefixItems")
            prefix = prefix if isinstance(prefix, list) else []
            for at in range(len(value)):
                sub = prefix[at] if at < len(prefix) else one.get("items")
                parts.setdefault(at, []).append(sub)
    return {
        key: {"allOf": [sub for sub in subs if isinstance(sub, dict)]}
        for key, subs in parts.items()
    }


def _hide(value: Any, schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    branches = _branches(schema, root)
    if any(_is_secret(one) for one in branches):
        return HIDDEN
    if depth > 40 or not isinstance(value, dict | list):
        return value
    children = _children(value, branches)
    if isinstance(value, dict):
        return {
            key: _hide(part, children.get(key, {}), root, depth + 1) for key, part in value.items()
        }
    return [_hide(part, children.get(at, {}), root, depth + 1) for at, part in enumerate(value)]


def _drop(value: Any, schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    """Return a default value without the members that are secrets."""
    if depth > 40 or not isinstance(value, dict | list):
        return value
    children = _children(value, _branches(schema, root))
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    kept = [
        (key, _drop(part, children.get(key, {}), root, depth + 1))
        for key, part in parts
        if not _holds_secret(children.get(key, {}), root)
    ]
    return dict(kept) if isinstance(value, dict) else [part for _, part in kept]


def _bounded(context: list[Field], left: int) -> list[Field]:
    """Return as many fields as fit, and a note when some do not."""
    kept: list[Field] = []
    for at, field in enumerate(context):
        left -= _size(field)
        if left < 0:
            kept.append(field_of("", f"… {len(context) - at:,} more entries are too large to show"))
            break
        kept.append(field)
    return kept


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
