"""Waits under ``max_concurrency``: however a task waits for another, its place is free (44-47)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from tests.unit.crowd import Crowd
from tests.unit.drive import Config, Drive, within

LIMIT_S = 15.0


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _by_result(made: list[Any]) -> list[int]:
    return [future.result() for future in made]


def _by_wait(made: list[Any]) -> list[int]:
    done, pending = concurrent.futures.wait(made)
    assert pending == set()
    return [future.result() for future in done]


def _by_first_completed(made: list[Any]) -> list[int]:
    found, pending = [], set(made)
    while pending:
        done, pending = concurrent.futures.wait(
            pending, return_when=concurrent.futures.FIRST_COMPLETED
        )
        found += [future.result() for future in done]
    return found


def _by_as_completed(made: list[Any]) -> list[int]:
    return [future.result() for future in concurrent.futures.as_completed(made)]


def _by_time_out(made: list[Any]) -> list[int]:
    return [future.result(timeout=LIMIT_S) for future in made]


def _in_threads(made: list[Any]) -> list[int]:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(contextvars.copy_context().run, one.result) for one in made]
        return [one.result() for one in asked]


@pytest.mark.parametrize("limit", [1, 3, None])
@pytest.mark.parametrize(
    "wait",
    [_by_result, _by_wait, _by_first_completed, _by_as_completed, _by_time_out, _in_threads],
)
def test_ways_to_wait(drive: Drive, wait: Any, limit: int | None) -> None:
    """44, 45: 40 parents, more than there are workers"""

    @task
    def child(n: int) -> int:
        return n

    @task
    def parent(n: int) -> int:
        return sum(wait([child(n), child(n + 100)]))

    @entrypoint()
    def workflow(width: int) -> int:
        return sum(wait([parent(n) for n in range(width)]))

    config = {"max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 40, config)) == 5560


async def _one_after_another(made: list[Any]) -> list[int]:
    return [await one for one in made]


async def _gathered(made: list[Any]) -> list[int]:
    return list(await asyncio.gather(*made))


async def _as_they_come(made: list[Any]) -> list[int]:
    return [await one for one in asyncio.as_completed(made)]


async def _waited(made: list[Any]) -> list[int]:
    found, pending = [], set(made)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        found += [one.result() for one in done]
    return found


async def _in_time(made: list[Any]) -> list[int]:
    return [await asyncio.wait_for(one, LIMIT_S) for one in made]


async def _shielded(made: list[Any]) -> list[int]:
    return [await asyncio.shield(one) for one in made]


async def _by_helpers(made: list[Any]) -> list[int]:
    async def helper(one: Any) -> int:
        found: int = await one
        return found

    async with asyncio.TaskGroup() as group:
        helpers = [group.create_task(helper(one)) for one in made]
    return [one.result() for one in helpers]


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize(
    "wait",
    [_one_after_another, _gathered, _as_they_come, _waited, _in_time, _shielded, _by_helpers],
)
def test_async_ways_to_wait(drive: Drive, wait: Any, limit: int, plain: bool) -> None:
    """44, 45"""
    crowd = Crowd()

    @task
    def in_a_thread(n: int) -> int:
        with crowd.inside():
            return n

    @task
    async def on_the_loop(n: int) -> int:
        with crowd.inside():
            await _turns()
        return n

    child = in_a_thread if plain else on_the_loop

    @task
    async def parent(n: int) -> int:
        return sum(await wait([child(n), child(n + 100)]))

    @entrypoint()
    async def workflow(width: int) -> int:
        return sum(await wait([parent(n) for n in range(width)]))

    config = {"max_concurrency": limit}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 20, config)) == 2380
    assert crowd.most <= limit


@pytest.mark.parametrize("limit", [1, 2])
def test_a_plain_body_waits_for_async_tasks(config: Config, limit: int) -> None:
    """41, 47"""
    crowd = Crowd()

    @task
    async def child(n: int) -> int:
        with crowd.inside():
            await _turns()
        return n

    @task
    def parent(n: int) -> int:
        return child(n).result() + child(n + 100).result()

    @entrypoint()
    def workflow(width: int) -> int:
        return sum(f.result() for f in [parent(n) for n in range(width)])

    limited = {"max_concurrency": limit}
    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(20, limited))) == 2380
    assert crowd.most <= limit


def test_a_workflow_called_on_the_loop_needs_no_place(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """31, 47: the loop stands still meanwhile, so nobody could give one up"""

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    def inner(n: int) -> int:
        return double(n).result() + double(n + 1).result()

    @task
    async def slow() -> str:
        await _turns()
        return "slow"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = slow()
        await asyncio.sleep(0)
        return [inner.invoke(n), await future]

    limited: Config = {**config, "max_concurrency": 1}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, limited)) == [6, "slow"]
