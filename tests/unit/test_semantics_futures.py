"""Futures and concurrency: numbers 35 to 48 of the semantics.

Nothing sleeps: barriers and events make the order, and ``within`` turns a deadlock into a failure.
"""

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from tests.unit.drive import Config, Drive, within

LIMIT_S = 8.0
"""Longer than anything here takes; a wait this long is a failure."""


def test_calls_return_at_once_and_run_together(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """35, 36"""
    together = threading.Barrier(4, timeout=LIMIT_S)

    @task
    def meet(n: int) -> int:
        together.wait()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        futures = [meet(i) for i in range(n)]
        return [f.result() for f in futures]

    assert drive.invoke(workflow, 4, config) == [0, 1, 2, 3]


def test_futures_can_be_waited_for_in_any_order_and_twice(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """36"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = [double(i) for i in range(n)]
        backwards = [f.result() for f in reversed(futures)]
        return [backwards, futures[0].result(), all(f.done() for f in futures)]

    assert drive.invoke(workflow, 3, config) == [[4, 2, 0], 0, True]


def test_gather(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """37, 38"""

    @task
    def sync_double(n: int) -> int:
        return 2 * n

    @task
    async def async_double(n: int) -> int:
        await asyncio.sleep(0)
        return 2 * n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        return list(await asyncio.gather(sync_double(n), async_double(n + 1), sync_double(n + 2)))

    assert drive.invoke(workflow, 1, config) == [2, 4, 6]


def test_async_tasks_run_together(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """35, 37"""

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[int]:
        arrived = 0
        everybody = asyncio.Event()

        @task
        async def meet(i: int) -> int:
            nonlocal arrived
            arrived += 1
            if arrived == n:
                everybody.set()
            await asyncio.wait_for(everybody.wait(), LIMIT_S)
            return i

        return list(await asyncio.gather(*(meet(i) for i in range(n))))

    assert drive.invoke(workflow, 3, config) == [0, 1, 2]


def test_sync_task_does_not_block_the_loop(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """38"""
    go = threading.Event()

    @task
    def wait() -> bool:
        return go.wait(LIMIT_S)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> bool:
        future = wait()
        await asyncio.sleep(0)
        go.set()
        return await future

    assert drive.invoke(workflow, 1, config) is True


def test_sync_entrypoint_in_a_loop(saver: BaseCheckpointSaver, config: Config) -> None:
    """39"""
    go = threading.Event()

    @task
    def wait() -> bool:
        return go.wait(LIMIT_S)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> bool:
        return wait().result()

    async def main() -> bool:
        running = asyncio.create_task(workflow.ainvoke(1, config))
        await asyncio.sleep(0)
        go.set()
        result: bool = await running
        return result

    assert asyncio.run(main()) is True


def test_result_in_an_async_entrypoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """40"""

    @task
    async def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return double(n).result()

    with pytest.raises(Exception, match="await"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))


def _async_in_sync(saver: BaseCheckpointSaver) -> Any:
    @task
    async def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return double(n).result()

    return workflow


def test_async_task_in_a_sync_entrypoint(saver: BaseCheckpointSaver, config: Config) -> None:
    """41"""
    with pytest.raises(RuntimeError, match="ainvoke"):
        _async_in_sync(saver).invoke(1, config)


def test_async_task_in_a_sync_entrypoint_under_ainvoke(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """41"""
    workflow = _async_in_sync(saver)
    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(4, config))) == 8


def _async_workflow(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        await asyncio.sleep(0)
        return 2 * n

    return workflow


def test_invoke_of_an_async_entrypoint(saver: BaseCheckpointSaver, config: Config) -> None:
    """42"""
    assert _async_workflow(saver).invoke(2, config) == 4


def test_invoke_of_an_async_entrypoint_in_a_running_loop(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """42: as in a notebook's cell"""

    async def main() -> Any:
        return _async_workflow(saver).invoke(2, config)

    assert within(LIMIT_S, lambda: asyncio.run(main())) == 4


def test_future_awaited_in_a_loop_of_the_users(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """43"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        async def both() -> list[int]:
            return list(await asyncio.gather(double(n), double(n + 1)))

        return asyncio.run(both())

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == [2, 4]


def _fan(saver: BaseCheckpointSaver) -> Any:
    @task
    def leaf(n: int) -> int:
        return n

    @task
    def branch(n: int) -> int:
        return sum(f.result() for f in [leaf(n * 10 + i) for i in range(3)])

    @entrypoint(checkpointer=saver)
    def workflow(width: int) -> int:
        return sum(f.result() for f in [branch(n) for n in range(width)])

    return workflow


@pytest.mark.parametrize("limit", [1, 2, None])
def test_nested_tasks_never_deadlock(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, limit: int | None
) -> None:
    """44, 45"""
    workflow = _fan(saver)
    options: Config = {} if limit is None else {"max_concurrency": limit}
    result = within(LIMIT_S, lambda: drive.invoke(workflow, 20, {**config, **options}))
    assert result == sum(n * 10 + i for n in range(20) for i in range(3))


def test_deep_recursion(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """46"""

    @task
    def depth(n: int) -> int:
        return 0 if n == 0 else 1 + depth(n - 1).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return depth(n).result()

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 40, config)) == 40


def test_deep_async_recursion(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """46"""

    @task
    async def depth(n: int) -> int:
        return 0 if n == 0 else 1 + await depth(n - 1)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return await depth(n)

    limited: Config = {**config, "max_concurrency": 1}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 40, limited)) == 40


COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


def test_context_variables(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """48"""

    @task
    def change(to: str) -> str:
        seen = COLOUR.get()
        COLOUR.set(to)
        return seen

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[str]:
        outside = COLOUR.get()
        COLOUR.set("red")
        return [outside, change("green").result(), COLOUR.get(), change("blue").result()]

    COLOUR.set("white")
    assert drive.invoke(workflow, 1, config) == ["white", "red", "red", "red"]
    assert COLOUR.get() == "white"


def test_context_variables_async(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """48"""

    @task
    async def change(to: str) -> str:
        seen = COLOUR.get()
        COLOUR.set(to)
        return seen

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[str]:
        COLOUR.set("red")
        return [await change("green"), COLOUR.get(), await change("blue")]

    assert drive.invoke(workflow, 1, config) == ["red", "red", "red"]
