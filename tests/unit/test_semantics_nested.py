"""A workflow called inside a run is a step of that run: numbers 16, 31, 61 to 63, 173, 195."""

from __future__ import annotations

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread


def _asked(*values: Any) -> dict[str, list[Interrupt]]:
    """What ``invoke`` returns when exactly these questions are open."""
    return {"__interrupt__": [Interrupt(value=value, id=HEX) for value in values]}


@pytest.mark.parametrize("thread_id", ["1", 1], ids=["text", "number"])
def test_called_with_the_configuration_of_its_caller(
    saver: BaseCheckpointSaver, drive: Drive, thread_id: str | int
) -> None:
    """16, 63, 195"""

    @entrypoint()
    def asks(n: int) -> Any:
        return interrupt("ok?")

    @entrypoint(checkpointer=True)
    def counts(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint(checkpointer=saver)
    def workflow(n: int, config: RunnableConfig) -> Any:
        return [counts.invoke(n, config), asks.invoke(n, config)]

    named = on_thread(thread_id)
    assert drive.invoke(workflow, 1, named) == _asked("ok?")
    assert drive.invoke(workflow, Command(resume="yes"), named) == [1, "yes"]
    assert drive.invoke(workflow, 2, named) == _asked("ok?")
    assert drive.invoke(workflow, Command(resume="no"), named) == [3, "no"]


def _stream(workflow: Any, n: int) -> Any:
    *steps, last = workflow.stream(n, stream_mode=["updates", "values"])
    return [steps, last]


def _invoke(workflow: Any, n: int) -> Any:
    *steps, last = workflow.invoke(n, stream_mode=["updates", "values"])
    return [steps, last]


def _channels(workflow: Any, n: int) -> Any:
    run = workflow.stream_events(n)
    return [[("updates", one) for one in run.updates], ("values", run.output)]


@pytest.mark.parametrize("keeps", [None, True, False])
@pytest.mark.parametrize("read", [_stream, _invoke, _channels])
def test_the_stream_of_a_finished_nested_workflow(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, read: Any, keeps: bool | None
) -> None:
    """61, 173: a replay shows its end as the first run did; its tasks were shown"""

    @task
    def step(n: int) -> int:
        return n + 1

    @entrypoint(checkpointer=keeps)
    def inner(n: int) -> int:
        return 10 * step(n).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [read(inner, n), interrupt(read(inner, n + 1), key="?")]

    end: list[Any] = [("updates", {"inner": 50})]
    first = [[("updates", {"step": 5}), *end], ("values", 50)]
    assert drive.invoke(workflow, 3, config) == _asked(first)
    again = drive.invoke(workflow, Command(resume="!"), config)
    steps: list[Any] = [("updates", {"step": 4})] if keeps is False else []
    assert again == [[[*steps, ("updates", {"inner": 40})], ("values", 40)], "!"]


async def test_the_stream_of_a_finished_nested_async_workflow(saver: BaseCheckpointSaver) -> None:
    """61, 173"""

    @entrypoint()
    async def inner(n: int) -> int:
        return 10 * n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        chunks = [chunk async for chunk in inner.astream(n, stream_mode=["updates", "values"])]
        return [chunks, interrupt(chunks)]

    config = on_thread("1")
    shown = [("updates", {"inner": 40}), ("values", 40)]
    assert await workflow.ainvoke(4, config) == _asked(shown)
    assert await workflow.ainvoke(Command(resume="!"), config) == [shown, "!"]


@pytest.mark.parametrize("asks", [False, True], ids=["at once", "with a question between"])
def test_two_calls_of_a_nested_workflow_that_remembers(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, asks: bool
) -> None:
    """32, 199: each has a memory of its own, also when the first one is only replayed"""

    @entrypoint(checkpointer=True)
    def counts(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [counts.invoke(n), asks and interrupt("?"), counts.invoke(10 * n)]

    found = []
    for n in (1, 2, 3):
        value = drive.invoke(workflow, n, config)
        found.append(drive.invoke(workflow, Command(resume=False), config) if asks else value)
    assert found == [[1, False, 10], [3, False, 30], [6, False, 60]]
