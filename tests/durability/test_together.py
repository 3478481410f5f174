"""Outcomes that come while another one is being stored are stored in one commit, all or none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import wait
from typing import Any

import pytest

from nbflow.checkpoint.base import CheckpointRow, OpRow, RunRow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import RunCancelled, StorageError
from nbflow.func import entrypoint, task

CONFIG = {"configurable": {"thread_id": "1"}}
COUNT = 5
"""Tasks beside the first one."""


class Slow(SqliteSaver):
    """Stores the first outcome only when all others wait, and notes what was stored together."""

    is_at_hand = False

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self.execution: Any = None
        self.commits: list[list[str]] = []
        self.fault: BaseException | None = None
        """What keeps the others from being stored."""
        self.stores_first = threading.Event()
        self._waited = threading.Event()

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        outcomes = [op.name for op in ops if op.kind == "result"]
        if outcomes == ["first"]:
            self.stores_first.set()
            while len(self.execution._waiting) < COUNT:
                self._waited.wait(0.001)
        elif outcomes and self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        super().append(run, epoch, ops, checkpoint)
        self.commits.append(outcomes)


@pytest.fixture
def saver(tmp_path: Any) -> Slow:
    return Slow(tmp_path / "runs.sqlite")


def in_threads(saver: Slow) -> Any:
    @task
    def first() -> int:
        return -1

    @task
    def other(n: int) -> int:
        saver.stores_first.wait()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        saver.execution = first_execution()
        calls = [other(n) for n in range(COUNT)]
        calls.insert(0, first())
        wait(calls)
        return [call.result() for call in calls]

    return workflow


def on_a_loop(saver: Slow) -> Any:
    @task
    async def first() -> int:
        return -1

    @task
    async def other(n: int) -> int:
        await asyncio.to_thread(saver.stores_first.wait)
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        saver.execution = first_execution()
        return list(await asyncio.gather(first(), *[other(n) for n in range(COUNT)]))

    return workflow


def first_execution() -> Any:
    from nbflow._current import current_frame

    frame = current_frame.get()
    assert frame is not None
    return frame.execution


@pytest.fixture(params=["threads", "loop"])
def play(request: pytest.FixtureRequest, saver: Slow) -> Any:
    if request.param == "threads":
        return lambda: in_threads(saver).invoke(1, CONFIG)
    return lambda: asyncio.run(on_a_loop(saver).ainvoke(1, CONFIG))


def stored(saver: Slow) -> list[str]:
    [run] = saver.list_runs("1")
    return [op.name for op in saver.get_ops(run.id) if op.kind == "result"]


def test_those_that_wait_are_stored_together(saver: Slow, play: Any) -> None:
    assert play() == [-1, *range(COUNT)]
    assert [names for names in saver.commits if names] == [["first"], ["other"] * COUNT]
    assert stored(saver) == ["first", *["other"] * COUNT]


def test_none_of_them_is_seen_when_they_cannot_be_stored(saver: Slow, play: Any) -> None:
    saver.fault = StorageError("The disk is full.")
    with pytest.raises(StorageError, match="full"):
        play()
    assert stored(saver) == ["first"]
    saver.stores_first.clear()
    assert play() == [-1, *range(COUNT)]


def test_who_stores_for_others_is_stopped(saver: Slow) -> None:
    """The others hear that, and wait no more."""
    saver.fault = SystemExit(3)
    with pytest.raises((SystemExit, RunCancelled)):
        in_threads(saver).invoke(1, CONFIG)
    assert stored(saver) == ["first"]
