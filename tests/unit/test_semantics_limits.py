"""How much runs at once: numbers 44 to 47 and 194 of the semantics, and fault 39.

Nothing sleeps: barriers and events make the order, and ``within`` turns a deadlock into a failure.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import InvalidConfigError
from nbflow.func import entrypoint, task
from nbflow.types import RetryPolicy
from tests.unit.crowd import Crowd
from tests.unit.drive import Config, Drive, within

LIMIT_S = 15.0
QUICK = RetryPolicy(initial_interval=0.001, jitter=False)


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# -- what may be asked for ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max_concurrency", "recursion_limit"])
@pytest.mark.parametrize("limit", [0, -1, 1.5, "2", True])
def test_a_limit_is_a_whole_number_from_one(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, name: str, limit: Any
) -> None:
    """47, 194"""
    ran: list[int] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        ran.append(n)

    with pytest.raises(ValueError, match=name) as refused:
        drive.invoke(workflow, 1, {**config, name: limit})
    assert isinstance(refused.value, InvalidConfigError)
    with pytest.raises(ValueError, match=name):
        workflow.start(1, config={name: limit})
    assert (ran, saver.list_threads()) == ([], [])


@pytest.mark.parametrize("name", ["max_concurrency", "recursion_limit"])
@pytest.mark.parametrize("limit", [None, 1, 25, 10_000])
def test_limits_that_can_be_meant(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, name: str, limit: Any
) -> None:
    """47, 194: a functional run needs one step only"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return double(double(n).result()).result()

    assert drive.invoke(workflow, 1, {**config, name: limit}) == 4


# -- how many -----------------------------------------------------------------------------------


def test_max_concurrency(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """47"""
    pairs, crowd = threading.Barrier(2, timeout=LIMIT_S), Crowd()

    @task
    def meet(n: int) -> int:
        with crowd.inside():
            pairs.wait()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        return [f.result() for f in [meet(i) for i in range(n)]]

    limited: Config = {**config, "max_concurrency": 2}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 8, limited)) == list(range(8))
    assert crowd.most == 2


def test_max_concurrency_of_async_tasks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47"""
    crowd = Crowd()

    @task
    async def count(n: int) -> int:
        with crowd.inside():
            await _turns(5)
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        return list(await asyncio.gather(*(count(i) for i in range(n))))

    limited: Config = {**config, "max_concurrency": 3}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 9, limited)) == list(range(9))
    assert crowd.most == 3
    crowd.most = 0
    drive.invoke(workflow, 9, config)
    assert crowd.most == 9


def test_plain_and_async_tasks_share_the_places(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47"""
    crowd = Crowd()

    @task
    def plain(n: int) -> int:
        with crowd.inside():
            return n

    @task
    async def on_the_loop(n: int) -> int:
        with crowd.inside():
            await _turns()
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        made = [step(i) for i in range(n) for step in (plain, on_the_loop)]
        return list(await asyncio.gather(*made))

    limited: Config = {**config, "max_concurrency": 1}
    found = within(LIMIT_S, lambda: drive.invoke(workflow, 5, limited))
    assert found == [n for n in range(5) for _ in range(2)]
    assert crowd.most == 1


def test_the_waiting_body_runs_no_task_beyond_the_limit(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47: it may run one itself, but then that one needs a place, too"""
    crowd, started, go = Crowd(), threading.Event(), threading.Event()

    @task
    def first() -> str:
        with crowd.inside():
            started.set()
            go.wait(LIMIT_S)
        return "first"

    @task
    def second() -> str:
        with crowd.inside():
            return "second"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[str]:
        one = first()
        assert started.wait(LIMIT_S)
        two = second()
        threading.Timer(0.02, go.set).start()
        return [two.result(), one.result()]

    limited: Config = {**config, "max_concurrency": 1}
    found = within(LIMIT_S, lambda: drive.invoke(workflow, 1, limited))
    assert (found, crowd.most) == (["second", "first"], 1)


def test_as_many_threads_as_asked_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """47: more than nbflow would take by itself"""
    together = threading.Barrier(100, timeout=LIMIT_S)

    @task
    def meet(n: int) -> int:
        together.wait()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return sum(f.result() for f in [meet(i) for i in range(n)])

    limited: Config = {**config, "max_concurrency": 100}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 100, limited)) == 4950


def test_each_run_has_its_own_places(saver: BaseCheckpointSaver) -> None:
    """47"""
    together = threading.Barrier(2, timeout=LIMIT_S)

    @task
    def meet(n: int) -> int:
        together.wait()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return meet(n).result()

    runs = [
        workflow.start(n, thread_id=n, config={"max_concurrency": 1}) for n in range(2)
    ]  # fmt: skip
    assert [run.result(LIMIT_S) for run in runs] == [0, 1]


# -- nesting ------------------------------------------------------------------------------------


def _plain_tree() -> Any:
    @task
    def leaf(n: int) -> int:
        return n

    @task
    def twig(n: int) -> int:
        return leaf(n).result()

    @task
    def branch(n: int) -> int:
        return twig(n).result()

    @entrypoint()
    def workflow(width: int) -> int:
        return sum(f.result() for f in [branch(n) for n in range(width)])

    return workflow


def _async_tree() -> Any:
    @task
    async def leaf(n: int) -> int:
        await asyncio.sleep(0)
        return n

    @task
    async def twig(n: int) -> int:
        return await leaf(n)

    @task
    async def branch(n: int) -> int:
        return await twig(n)

    @entrypoint()
    async def workflow(width: int) -> int:
        return sum(await asyncio.gather(*(branch(n) for n in range(width))))

    return workflow


def _mixed_tree() -> Any:
    @task
    def leaf(n: int) -> int:
        return n

    @task
    async def twig(n: int) -> int:
        return await leaf(n)

    @task
    async def branch(n: int) -> int:
        return await twig(n)

    @entrypoint()
    async def workflow(width: int) -> int:
        return sum(await asyncio.gather(*(branch(n) for n in range(width))))

    return workflow


@pytest.mark.parametrize("limit", [1, 7, None])
@pytest.mark.parametrize("tree", [_plain_tree, _async_tree, _mixed_tree])
def test_wide_nesting(drive: Drive, tree: Any, limit: int | None) -> None:
    """44, 45, fault 39: 500 wide, 3 deep"""
    workflow = tree()
    config = {"max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 500, config)) == 124_750


@pytest.mark.parametrize("limit", [1, 2, None])
def test_deep_recursion(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, limit: int | None
) -> None:
    """46, fault 39"""

    @task
    def depth(n: int) -> int:
        return 0 if n == 0 else 1 + depth(n - 1).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return depth(n).result()

    limited: Config = {**config, "max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 200, limited)) == 200


@pytest.mark.parametrize("limit", [1, 2, None])
def test_deep_async_recursion(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, limit: int | None
) -> None:
    """46, fault 39"""

    @task
    async def depth(n: int) -> int:
        return 0 if n == 0 else 1 + await depth(n - 1)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return await depth(n)

    limited: Config = {**config, "max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 200, limited)) == 200


def test_a_branching_recursion(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """46"""

    @task
    def fib(n: int) -> int:
        if n < 2:
            return n
        left, right = fib(n - 1), fib(n - 2)
        return left.result() + right.result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return fib(n).result()

    limited: Config = {**config, "max_concurrency": 1}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 9, limited)) == 34


@pytest.mark.parametrize("limit", [1, 2])
def test_a_parent_that_waits_is_not_counted(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, limit: int
) -> None:
    """47: and one that works is"""
    crowd = Crowd()

    @task
    def child(n: int) -> int:
        with crowd.inside():
            return n

    @task
    def parent(n: int) -> int:
        with crowd.inside():
            futures = [child(n), child(n + 10)]
        found = [f.result() for f in futures]
        with crowd.inside():
            return sum(found)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return sum(f.result() for f in [parent(i) for i in range(n)])

    limited: Config = {**config, "max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 10, limited)) == 190
    assert crowd.most <= limit
