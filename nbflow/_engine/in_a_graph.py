"""A workflow as a node of a LangGraph graph: what the graph hands down, and what it is given."""

from __future__ import annotations

import inspect
from typing import Any

from nbflow.errors import RunPendingError

__all__ = ["NODE_SIGNATURE", "answer_to_graph", "without_graph_metadata"]

NODE_SIGNATURE = inspect.Signature(
    [
        inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("config", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None),
    ]
)
"""What a graph looks at to know what a node takes."""


def without_graph_metadata(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the metadata that a graph adds for itself, which is not kept."""
    configurable = config.get("configurable") or {}
    if not any(str(key).startswith("__pregel_") for key in configurable):
        return config
    metadata = config.get("metadata") or {}
    own = {
        key: value
        for key, value in metadata.items()
        if key not in configurable and not key.startswith("langgraph_")
    }
    return {**config, "metadata": own}


def answer_to_graph(name: str, value: Any) -> Any:
    """The value, if the workflow has one: a graph has no use for questions given as a value.

    Raises:
        RunPendingError: the workflow asks.
    """
    if isinstance(value, dict) and value.keys() == {"__interrupt__"}:
        asked = [question.value for question in value["__interrupt__"]]
        raise RunPendingError(
            f"The workflow {name!r} was called like a function and asks {asked!r}, which its "
            "caller cannot answer. Its run waits on its thread. Call .invoke(...) and look at "
            "['__interrupt__']; in a LangGraph graph, ask in a node of the graph."
        )
    return value
