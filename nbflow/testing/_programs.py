"""Workflows that savers are tried with, and how their threads are read."""

from __future__ import annotations

from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

__all__ = ["HEX", "Config", "counter", "ids_of", "newest", "on", "values_of", "with_metadata"]


class _Hex:
    """Equal to every text of 32 hex digits."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and len(other) == 32 and set(other) <= set("0123456789abcdef")

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "HEX"


HEX: Any = _Hex()
"""Stands for an id where its value does not matter."""

Config = dict[str, Any]


def on(thread_id: str, **more: Any) -> Config:
    return {"configurable": {"thread_id": thread_id, **more}}


def counter(saver: BaseCheckpointSaver) -> Any:
    """Adds up what it is given; asks when that is negative."""

    @task
    def add(n: int, to: int) -> int:
        return n + to

    @entrypoint(checkpointer=saver)
    def count(n: int, *, previous: int | None = None) -> Any:
        total = add(n, previous or 0).result()
        if n < 0:
            return interrupt({"below": n}) + total
        return total

    return count


def with_metadata(config: Config, **metadata: Any) -> Config:
    return {**config, "metadata": metadata}


def values_of(saver: BaseCheckpointSaver, config: Config | None, **choice: Any) -> list[Any]:
    return [one.checkpoint["channel_values"] for one in saver.list(config, **choice)]


def ids_of(saver: BaseCheckpointSaver, config: Config | None, **choice: Any) -> list[str]:
    return [one.checkpoint["id"] for one in saver.list(config, **choice)]


def newest(saver: BaseCheckpointSaver, config: Config) -> CheckpointTuple:
    found = saver.get_tuple(config)
    assert found is not None
    return found
