"""Ends under ``max_concurrency``: whatever ends a task, its place is free (47)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nbflow.cache.memory import InMemoryCache
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import GraphDrained, NodeTimeoutError
from nbflow.func import entrypoint, task
from nbflow.runtime import RunControl
from nbflow.types import CachePolicy, Command, RetryPolicy, interrupt
from tests.unit.crowd import Crowd
from tests.unit.drive import Config, Drive, kinds_of, within

LIMIT_S = 15.0
ONE = {"max_concurrency": 1}


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_task_that_waits_for_its_place_is_cancelled(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """50, 51: it never runs, and is cancelled on replay, too"""
    ran: list[int] = []

    @task
    async def step(n: int) -> int:
        ran.append(n)
        await _turns()
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        one, two, three = step(1), step(2), step(3)
        two.cancel()
        try:
            found: Any = await two
        except asyncio.CancelledError:
            found = "cancelled"
        return [found, await one, await three, interrupt("?")]

    limited: Config = {**config, **ONE}
    assert "__interrupt__" in within(LIMIT_S, lambda: drive.invoke(workflow, 0, limited))
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="!"), limited))
    assert again == ["cancelled", 1, 3, "!"]
    assert ran == [1, 3]


def test_a_plain_task_that_waits_for_its_place_is_cancelled(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """50"""
    go, ran = threading.Event(), []

    @task
    def step(n: int) -> int:
        ran.append(n)
        go.wait(LIMIT_S)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        one, two, three = step(1), step(2), step(3)
        cancelled = two.cancel()
        go.set()
        return [cancelled, one.result(), three.result()]

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 0, {**config, **ONE})) == [True, 1, 3]
    assert ran == [1, 3]


def test_a_wait_that_is_given_up(drive: Drive) -> None:
    """47: the one that waited goes on, the other keeps its place or its turn"""
    go, started = threading.Event(), threading.Event()

    @task
    def slow() -> str:
        started.set()
        go.wait(LIMIT_S)
        return "slow"

    @task
    def parent() -> list[str]:
        future = slow()
        try:
            future.result(timeout=0.01)
        except TimeoutError:
            assert started.wait(LIMIT_S)
            go.set()
        return ["gave up once", future.result()]

    @entrypoint()
    def workflow(n: int) -> Any:
        return parent().result()

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, ONE)) == ["gave up once", "slow"]


def test_failures_leave_their_places(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47, 53"""

    @task
    def step(n: int) -> int:
        if n % 2:
            raise ValueError(n)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        made = [step(i) for i in range(n)]
        return [0 if one.exception() else one.result() for one in made]

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 6, {**config, **ONE})) == [
        0, 0, 2, 0, 4, 0,
    ]  # fmt: skip


def test_a_failure_ends_the_run_before_the_rest_began(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """57"""
    ran: list[int] = []

    @task
    async def step(n: int) -> int:
        ran.append(n)
        await _turns()
        if len(ran) == 1:
            raise ConnectionError(n)
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        return list(await asyncio.gather(*(step(i) for i in range(n))))

    limited: Config = {**config, **ONE}
    with pytest.raises(ConnectionError):
        within(LIMIT_S, lambda: drive.invoke(workflow, 4, limited))
    assert len(ran) <= 2
    assert within(LIMIT_S, lambda: drive.invoke(workflow, None, limited)) == [0, 1, 2, 3]


def test_a_pause_lets_the_others_finish(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """59, 101: every question that can be reached is asked, with one place, too"""

    @task
    def ask(n: int) -> Any:
        return interrupt(n)

    @task
    def work(n: int) -> int:
        return n

    @task
    def parent(n: int) -> Any:
        return [work(n).result(), ask(n).result()]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [parent(i) for i in range(n)]]

    limited: Config = {**config, **ONE}
    asked = within(LIMIT_S, lambda: drive.invoke(workflow, 3, limited))["__interrupt__"]
    assert [question.value for question in asked] == [0, 1, 2]
    answers = {question.id: question.value * 10 for question in asked}
    found = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume=answers), limited))
    assert found == [[0, 0], [1, 10], [2, 20]]


def test_retries_keep_to_the_limit(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47, 79: a parent waits for its children before it runs again"""
    crowd, calls = Crowd(), [0]

    @task
    def child(n: int) -> int:
        with crowd.inside():
            return n

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    def parent() -> int:
        made = [child(n) for n in range(5)]
        calls[0] += 1
        if calls[0] < 3:
            raise ConnectionError
        return sum(one.result() for one in made)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return parent().result()

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, {**config, **ONE})) == 10
    assert (crowd.most, calls) == (1, [3])


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
def test_equal_calls_that_wait_for_one_another(drive: Drive, plain: bool) -> None:
    """47, 226: who waits for the result of an equal call is not counted"""
    ran: list[int] = []

    @task
    def leaf(n: int) -> int:
        return n

    @task(cache_policy=CachePolicy())
    def plain_parent(n: int) -> int:
        ran.append(n)
        return leaf(n).result()

    @task(cache_policy=CachePolicy())
    async def async_parent(n: int) -> int:
        ran.append(n)
        await _turns()
        return await leaf(n)

    @entrypoint(cache=InMemoryCache())
    def plain_workflow(n: int) -> int:
        return sum(f.result() for f in [plain_parent(1) for _ in range(n)])

    @entrypoint(cache=InMemoryCache())
    async def async_workflow(n: int) -> int:
        return sum(await asyncio.gather(*(async_parent(1) for _ in range(n))))

    workflow: Any = plain_workflow if plain else async_workflow
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 6, ONE)) == 6
    assert ran == [1]


def test_a_nested_workflow_needs_a_place(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """31, 47"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    def inner(n: int) -> int:
        return sum(f.result() for f in [double(n), double(n)])

    @task
    def step(n: int) -> int:
        return int(inner.invoke(n))

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return sum(f.result() for f in [step(i) for i in range(n)]) + int(inner.invoke(n))

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 4, {**config, **ONE})) == 40


def test_a_nested_workflow_that_is_streamed_in_a_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47, 173: who reads its stream waits for it"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    def inner(n: int) -> int:
        return double(n).result()

    @task
    def step(n: int) -> Any:
        return list(inner.stream(n, stream_mode="values"))

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [step(i) for i in range(n)]]

    found = within(LIMIT_S, lambda: drive.invoke(workflow, 3, {**config, **ONE}))
    assert found == [[0], [2], [4]]


def test_a_time_out_leaves_its_place(saver: BaseCheckpointSaver, config: Config) -> None:
    """47, 210: queued calls of an attempt that was given up never run"""
    ran: list[str] = []

    @task
    async def child(name: str) -> str:
        ran.append(name)
        await asyncio.Event().wait()
        return name

    @task(timeout=0.02)
    async def parent() -> None:
        await asyncio.gather(child("a"), child("b"))

    @task
    async def other() -> str:
        return "other"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await parent()
        except NodeTimeoutError:
            return await other()

    found = within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, {**config, **ONE})))
    assert (found, ran) == ("other", ["a"])


def test_a_stopped_run_begins_nothing_more(saver: BaseCheckpointSaver, config: Config) -> None:
    """217: cancelled while tasks wait for their places"""
    ran: list[int] = []

    async def main() -> None:
        started = asyncio.Event()

        @task
        async def step(n: int) -> None:
            ran.append(n)
            started.set()
            await asyncio.Event().wait()

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> None:
            await asyncio.gather(*(step(i) for i in range(n)))

        running = asyncio.create_task(workflow.ainvoke(5, {**config, **ONE}))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    within(LIMIT_S, lambda: asyncio.run(main()))
    assert ran == [0]
    assert kinds_of(saver, "step") == []


def test_leaving_a_stream_begins_nothing_more(saver: BaseCheckpointSaver, config: Config) -> None:
    """177: while tasks wait for their places"""
    ran: list[int] = []

    @task
    def step(n: int) -> int:
        ran.append(n)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return sum(f.result() for f in [step(i) for i in range(n)])

    def first() -> Any:
        for chunk in workflow.stream(500, {**config, **ONE}):
            return chunk

    assert within(LIMIT_S, first) == {"step": 0}
    assert len(ran) < 500
    assert within(LIMIT_S, lambda: workflow.invoke(None, {**config, **ONE})) == 124_750
    assert sorted(ran) == list(range(500))


def test_a_drained_run_finishes_what_waits_for_a_place(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""
    control, ran = RunControl(), []

    @task
    def step(n: int) -> int:
        ran.append(n)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = [step(i) for i in range(n)]
        control.request_drain()
        made.append(step(n))
        return [one.result() for one in made]

    limited: Config = {**config, **ONE}
    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 3, limited, control=control))
    assert sorted(ran) == [0, 1, 2]
    assert within(LIMIT_S, lambda: drive.invoke(workflow, None, limited)) == [0, 1, 2, 3]
