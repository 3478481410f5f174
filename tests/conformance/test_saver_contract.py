"""One program, read through LangGraph's saver and nbflow's: numbers 233 to 242 of the semantics."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph import func as lg_func
from langgraph import types as lg_types
from langgraph.checkpoint import memory as lg_memory

import nbflow.func
import nbflow.types
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.testing._programs import on


def _play(library: Any, types: Any, saver: Any) -> list[Any]:
    @library.task  # type: ignore[untyped-decorator]  # of either library
    def half(n: int) -> float:
        if n > 8:
            raise ValueError("too much")
        return n / 2

    @library.entrypoint(checkpointer=saver)  # type: ignore[untyped-decorator]
    def workflow(n: int, *, previous: Any = None) -> Any:
        halves = [half(n).result(), half(n + 1).result()]
        answer = types.interrupt({"halves": halves})
        return library.entrypoint.final(value=halves, save=[answer, previous])

    config = {**on("t"), "metadata": {"own": "x"}}
    seen = []

    def look() -> None:
        found = list(saver.list(config))
        assert found[0] == saver.get_tuple(config)
        seen.append([_shape(one, found) for one in found])

    workflow.invoke(4, config)
    look()
    workflow.invoke(types.Command(resume="yes"), config)
    look()
    with pytest.raises(ValueError, match="too much"):
        workflow.invoke(9, config)
    look()
    workflow.update_state(config, {"by": "hand"})
    look()
    return seen


def _shape(one: Any, found: list[Any]) -> Any:
    """What both libraries have, without what is random or is nbflow's own."""
    names = {other.checkpoint["id"]: n for n, other in enumerate(reversed(found))}
    above = one.parent_config
    writes = [
        (channel, [q.value for q in value] if channel == "__interrupt__" else value)
        for task_id, channel, value in one.pending_writes
        if channel not in ("__end__", "__previous__") and not task_id.startswith("00000000-0000")
    ]
    return {
        "values": {k: _listed(v) for k, v in one.checkpoint["channel_values"].items()},
        "channels": sorted(one.checkpoint["channel_versions"]),
        "keys": sorted(one.checkpoint),
        "v": one.checkpoint["v"],
        "updated": one.checkpoint["updated_channels"],
        "metadata": {k: _listed(v) for k, v in one.metadata.items() if k != "run_id"},
        "parent": None if above is None else names[above["configurable"]["checkpoint_id"]],
        "keys of config": sorted(one.config["configurable"]),
        "writes": sorted(writes, key=repr),
    }


def _listed(value: Any) -> Any:
    """LangGraph's metadata and values come back with lists for tuples."""
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


def test_the_same_as_langgraph(saver: BaseCheckpointSaver) -> None:
    """233-242: one program, read through both libraries' savers."""
    theirs = _play(lg_func, lg_types, lg_memory.InMemorySaver())

    assert _play(nbflow.func, nbflow.types, saver) == theirs
