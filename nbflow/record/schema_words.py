"""What a JSON Schema says of a value, in words: its type, its choices, what it is about.

Only for reading; nothing is judged. A schema may come from a file or a stranger's payload, so every
look into it is bounded and believes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["about", "choices", "resolved", "type_words"]

_TYPES = {
    "array": "list",
    "boolean": "yes or no",
    "integer": "whole number",
    "null": "nothing",
    "number": "number",
    "object": "object",
    "string": "text",
}
_DEEPEST = 12
_MOST = 50


def resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with what it refers to, inside the same schema.

    >>> root = {"$defs": {"A": {"type": "string"}}}
    >>> resolved({"$ref": "#/$defs/A", "title": "Name"}, root)["type"]
    'string'
    """
    for _ in range(_DEEPEST):
        if not isinstance(schema, dict):
            return {}
        ref, alone = schema.get("$ref"), schema.get("allOf")
        if isinstance(ref, str) and ref.startswith("#/$defs/"):
            defs = root.get("$defs")
            found = defs.get(ref.removeprefix("#/$defs/")) if isinstance(defs, dict) else None
        elif isinstance(alone, list) and len(alone) == 1:
            found = alone[0]
        else:
            return schema
        if not isinstance(found, dict):
            return schema
        schema = {**found, **{k: v for k, v in schema.items() if k not in ("$ref", "allOf")}}
    return {}


def type_words(schema: Any, root: Mapping[str, Any]) -> str:
    """Return what kind of value a schema wants.

    >>> type_words({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {})
    'whole number or nothing'
    """
    return _type_words(schema, root, 0)


def _type_words(schema: Any, root: Mapping[str, Any], depth: int) -> str:
    node = resolved(schema, root)
    if isinstance(node.get("enum"), list):
        return "one of " + ", ".join(str(one) for one in node["enum"][:20])
    several = node.get("anyOf") or node.get("oneOf")
    if isinstance(several, list) and depth < _DEEPEST:
        words = [_type_words(one, root, depth + 1) for one in several[:10]]
        return " or ".join(dict.fromkeys(words))
    kinds = node.get("type", "any")
    return " or ".join(
        _TYPES.get(kind, str(kind)) if isinstance(kind, str) else "any"
        for kind in (kinds if isinstance(kinds, list) else [kinds])[:10]
    )


def about(schema: Any, root: Mapping[str, Any]) -> str:
    """Return a schema's description as one line; empty without one.

    >>> about({"description": "In  euros."}, {})
    'In euros.'
    """
    said = resolved(schema, root).get("description")
    return " ".join(said.split()) if isinstance(said, str) else ""


def choices(schema: Any, root: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return the values that a schema lets one choose from, each with its label; none when free.

    >>> choices({"type": "boolean"}, {})
    [(True, 'yes'), (False, 'no')]
    >>> choices({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, {})
    [(1, 'One'), (2, '2')]
    """
    node = resolved(schema, root)
    if isinstance(node.get("enum"), list):
        return [(one, _label(one)) for one in node["enum"][:_MOST]]
    if node.get("type") == "boolean":
        return [(True, "yes"), (False, "no")]
    several = node.get("oneOf") or node.get("anyOf")
    if not isinstance(several, list):
        return []
    found: list[tuple[Any, str]] = []
    for one in several[:_MOST]:
        part = resolved(one, root)
        if "const" in part:
            title = part.get("title")
            label = title if isinstance(title, str) else _label(part["const"])
            found.append((part["const"], label))
        elif part.get("type") == "null":
            found.append((None, "nothing"))
        elif isinstance(part.get("enum"), list):
            found += [(value, _label(value)) for value in part["enum"][:_MOST]]
        else:
            return []
    return found


def _label(value: Any) -> str:
    return value if isinstance(value, str) else {None: "nothing"}.get(value, str(value))
