"""A stop that comes while something is stored, before or after the database has it (faults 14, 40).

The signal's handler runs between two lines of the saver, as Python has it in the main thread.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

CONFIG = {"configurable": {"thread_id": "1"}}


class Stopped(SqliteSaver):
    """Stops who stores once, at a moment."""

    def __init__(self, path: Path, at: Callable[[str, Any], bool], *, stored: bool) -> None:
        super().__init__(path)
        self._at: Callable[[str, Any], bool] | None = at
        self._stored = stored
        self.stop: BaseException = KeyboardInterrupt()

    def append(self, *given: Any) -> None:
        ops = given[2]
        self._or_stop("result" if [op for op in ops if op.kind == "result"] else "", given)

    def finish(self, *given: Any) -> None:
        self._or_stop(given[2], given)

    def _or_stop(self, moment: str, given: Any) -> None:
        store = super().append if not isinstance(given[2], str) else super().finish
        if self._at is None or not self._at(moment, given):
            return store(*given)
        self._at = None
        if self._stored:
            store(*given)
        raise self.stop


def of(shape: str, saver: SqliteSaver, ran: Counter[int]) -> Callable[[Any], Any]:
    def count(n: int) -> int:
        ran[n] += 1
        return n

    work, later = task(count, name="work"), task(name="later")(_later(count))

    @entrypoint(checkpointer=saver, name="workflow")
    def row(n: int) -> list[Any]:
        return [work(1).result(), work(2).result(), interrupt("?")]

    @entrypoint(checkpointer=saver, name="workflow")
    def parallel(n: int) -> list[Any]:
        calls = [work(i) for i in (1, 2)]
        return [call.result() for call in calls] + [interrupt("?")]

    @entrypoint(checkpointer=saver, name="workflow")
    async def loop(n: int) -> list[Any]:
        return [await later(1), await later(2), interrupt("?")]

    if shape == "loop":
        return lambda given: asyncio.run(loop.ainvoke(given, CONFIG))
    workflow = row if shape == "row" else parallel
    return lambda given: workflow.invoke(given, CONFIG)


def _later(count: Callable[[int], int]) -> Any:
    async def work(n: int) -> int:
        return count(n)

    return work


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("shape", ["row", "parallel", "loop"])
@pytest.mark.parametrize("moment", ["result", "interrupted", "idle"])
def test_the_run_ends_as_stopped_and_can_go_on(
    tmp_path: Path, shape: str, moment: str, stored: bool, stop: type[BaseException]
) -> None:
    ran: Counter[int] = Counter()
    saver = Stopped(tmp_path / "runs.sqlite", lambda now, _given: now == moment, stored=stored)
    saver.stop = stop()
    play = of(shape, saver, ran)
    given: Any = 7
    if moment == "idle":
        play(given)
        given = Command(resume="yes")
    with pytest.raises(stop):
        play(given)

    thread = saver.get_thread("1")
    assert thread is not None
    assert thread.owner is None
    last = play(None)
    if "__interrupt__" in last:
        last = play(Command(resume="yes"))
    assert last == [1, 2, "yes"]
    again = moment == "result" and (not stored) + (shape == "parallel")
    assert sum(ran.values()) <= 2 + again
