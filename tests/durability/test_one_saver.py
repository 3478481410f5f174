"""One saver serves whoever comes: threads, event loops one after another and side by side."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

_TURNS = 5


def on(thread_id: object) -> dict[str, Any]:
    return {"configurable": {"thread_id": str(thread_id)}}


def counting(saver: BaseCheckpointSaver) -> tuple[Any, Any]:
    """One workflow in plain code and one in async code, on the same threads."""

    @task
    def add(n: int, to: int) -> int:
        return n + to

    @task
    async def add_later(n: int, to: int) -> int:
        await asyncio.sleep(0)
        return n + to

    @entrypoint(checkpointer=saver, name="count")
    def plain(n: int, *, previous: int | None = None) -> int:
        return add(n, previous or 0).result()

    @entrypoint(checkpointer=saver, name="count")
    async def later(n: int, *, previous: int | None = None) -> int:
        return await add_later(n, previous or 0)

    return plain, later


def test_two_loops_and_threads_side_by_side(saver: BaseCheckpointSaver) -> None:
    """Fault 40: each on threads of its own, all at once, none hears of the others."""
    plain, later = counting(saver)
    together = threading.Barrier(6, timeout=15)

    async def in_a_loop(who: int) -> int:
        for n in range(_TURNS):
            await later.ainvoke(n, on(who))
        state = await later.aget_state(on(who))
        return int(state.values)

    def work(who: int) -> int:
        together.wait()
        if who % 2:
            return asyncio.run(in_a_loop(who))
        for n in range(_TURNS):
            plain.invoke(n, on(who))
        return int(plain.get_state(on(who)).values)

    with ThreadPoolExecutor(6) as pool:
        assert [*pool.map(work, range(6))] == [sum(range(_TURNS))] * 6
    assert sorted(one.thread_id for one in saver.list_threads()) == [*"012345"]


def test_plain_calls_in_a_loop_that_runs(saver: BaseCheckpointSaver) -> None:
    """Fault 40: by code of a cell, for example, whose kernel has a loop."""
    plain, later = counting(saver)

    async def cell() -> list[int]:
        return [
            plain.invoke(1, on("t")),
            await later.ainvoke(2, on("t")),
            await asyncio.to_thread(plain.invoke, 3, on("t")),
            plain.get_state(on("t")).values,
            (await plain.aget_state(on("t"))).values,
        ]

    assert asyncio.run(cell()) == [1, 3, 6, 6, 6]


def test_a_loop_after_another_was_closed(saver: BaseCheckpointSaver) -> None:
    """Fault 40: what one asked is answered in the next, and at last without any."""

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [n, interrupt("first?"), interrupt("second?"), interrupt("third?")]

    asyncio.run(workflow.ainvoke(1, on("t")))
    asyncio.run(workflow.ainvoke(Command(resume="a"), on("t")))
    with asyncio.Runner() as runner:
        runner.run(workflow.ainvoke(Command(resume="b"), on("t")))
    assert workflow.invoke(Command(resume="c"), on("t")) == [1, "a", "b", "c"]
