"""The JSON Schema of a graph's input, as a person can fill it in."""

from __future__ import annotations

import sys
import typing
import warnings
from copy import deepcopy
from typing import Any

import typing_extensions
from pydantic import TypeAdapter

__all__ = ["readable"]

_MESSAGE = {
    "type": "object",
    "properties": {
        "role": {"type": "string", "enum": ["user", "assistant", "system"], "default": "user"},
        "content": {"type": "string"},
    },
    "required": ["role", "content"],
    "additionalProperties": False,
}


def readable(graph: Any) -> dict[str, Any]:
    """Return it; ``{}``, which anything fits, where the graph has none.

    A list of LangChain's messages takes many kinds of them, each with a dozen fields. Here it
    takes ``{"role", "content"}``, which LangGraph understands as well.

    >>> from langgraph.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> readable(double)["type"]
    'integer'
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schema = deepcopy(_schema_of(graph))
    except Exception:  # of a state that Pydantic cannot describe
        return {}
    if not isinstance(schema, dict):
        return {}
    kinds = schema.get("$defs", {})
    parts = schema.get("properties", {})
    for name, part in parts.items():
        if _holds_messages(part):
            parts[name] = {"title": "Messages", "type": "array", "items": _MESSAGE, "minItems": 1}
    if kinds and "#/$defs/" not in repr({k: v for k, v in schema.items() if k != "$defs"}):
        del schema["$defs"]
    return schema


def _schema_of(graph: Any) -> Any:
    """Before Python 3.12 Pydantic reads no TypedDict of ``typing``, so it gets the same anew."""
    state: Any = getattr(getattr(graph, "builder", None), "input_schema", None)
    if sys.version_info >= (3, 12) or not typing.is_typeddict(state):
        return graph.get_input_jsonschema()
    hints = typing.get_type_hints(state, include_extras=True)
    make: Any = typing_extensions.TypedDict
    return TypeAdapter(make(state.__name__, hints, total=state.__total__)).json_schema()


def _holds_messages(part: Any) -> bool:
    items = part.get("items") if isinstance(part, dict) else None
    kinds = (items.get("oneOf") or items.get("anyOf")) if isinstance(items, dict) else None
    return any("HumanMessage" in str(one.get("$ref")) for one in kinds or ())
