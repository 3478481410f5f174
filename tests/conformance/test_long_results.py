"""Long results of tasks: once they are stored only the database has them (257, fault 33)."""

from __future__ import annotations

import os
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError
from nbflow.func import entrypoint, task
from nbflow.types import Command, RetryPolicy, interrupt

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}
AT_ONCE = RetryPolicy(initial_interval=0, jitter=False, max_attempts=2, retry_on=OSError)
LENGTH = 2 << 20


def _counting() -> tuple[list[int], Callable[[int], bytes]]:
    made: list[int] = []

    def make(n: int) -> bytes:
        made.append(n)
        return bytes([n]) * LENGTH

    return made, make


def test_a_second_attempt_takes_them_from_the_record(saver: BaseCheckpointSaver) -> None:
    made, make = _counting()
    make_long = task(make, name="make_long")
    tries: list[int] = []

    @entrypoint(checkpointer=saver, retry_policy=AT_ONCE)
    def workflow(count: int) -> list[tuple[int, int]]:
        found = [make_long(n).result() for n in range(count)]
        tries.append(len(found))
        if len(tries) == 1:
            raise OSError("again")
        return [(value[0], len(value)) for value in found]

    assert workflow.invoke(3, THREAD) == [(n, LENGTH) for n in range(3)]
    assert (made, tries) == ([0, 1, 2], [3, 3])


async def test_a_second_attempt_on_a_loop_does_so_too(saver: BaseCheckpointSaver) -> None:
    made, make = _counting()

    @task
    async def make_long(n: int) -> bytes:
        return make(n)

    @task(retry_policy=AT_ONCE)
    async def both() -> list[int]:
        found = [await make_long(n) for n in (1, 2)]
        if len(tries) == 0:
            tries.append(1)
            raise OSError("again")
        return [len(value) for value in found]

    tries: list[int] = []

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        return await both()

    assert await workflow.ainvoke(1, THREAD) == [LENGTH, LENGTH]
    assert made == [1, 2]


def test_the_same_process_goes_on_with_them(saver: BaseCheckpointSaver) -> None:
    made, make = _counting()
    make_long = task(make, name="make_long")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[Any]:
        value = make_long(7).result()
        return [value[0], len(value), interrupt("first?"), interrupt("second?")]

    workflow.invoke(1, THREAD)
    workflow.invoke(Command(resume="a"), THREAD)
    assert workflow.invoke(Command(resume="b"), THREAD) == [7, LENGTH, "a", "b"]
    assert made == [7]


def test_a_long_failure_is_raised_again(saver: BaseCheckpointSaver) -> None:
    tries: list[int] = []

    @task
    def fail() -> None:
        tries.append(1)
        raise ValueError("x" * LENGTH)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[Any]:
        try:
            fail().result()
        except ValueError as exc:
            return [len(str(exc)), interrupt("?")]
        return []

    workflow.invoke(1, THREAD)
    assert workflow.invoke(Command(resume="a"), THREAD) == [LENGTH, "a"]
    assert tries == [1]


def test_a_run_does_not_grow_with_them(tmp_path: Path) -> None:
    """Fifty results of 2 MB, none of which the code keeps."""

    @task
    def make_long(n: int) -> bytes:
        return os.urandom(LENGTH)

    @entrypoint(checkpointer=SqliteSaver(tmp_path / "runs.sqlite"))
    def workflow(count: int) -> int:
        return sum(len(make_long(n).result()) for n in range(count))

    workflow.invoke(1, THREAD)
    tracemalloc.start()
    try:
        workflow.invoke(50, THREAD)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 25 * LENGTH


def test_one_that_vanished_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    made, make = _counting()
    make_long = task(make, name="make_long")

    @entrypoint(checkpointer=SqliteSaver(path), retry_policy=AT_ONCE)
    def workflow(n: int) -> int:
        length = len(make_long(n).result())
        with sqlite3.connect(path) as connection:
            connection.execute("DELETE FROM op")
        raise OSError(f"again, after {length} bytes")

    with pytest.raises(CorruptDataError, match=r"make_long\(.*\) at .* is not there any more"):
        workflow.invoke(1, THREAD)
    assert made == [1]
