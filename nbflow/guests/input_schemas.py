"""The JSON Schema of a graph's input, as a person can fill it in."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

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
            schema = deepcopy(graph.get_input_jsonschema())
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


def _holds_messages(part: Any) -> bool:
    items = part.get("items") if isinstance(part, dict) else None
    kinds = (items.get("oneOf") or items.get("anyOf")) if isinstance(items, dict) else None
    return any("HumanMessage" in str(one.get("$ref")) for one in kinds or ())
