"""Runs across threads and event loops: nothing hangs, and what cannot work says so."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import OutsideRunError, StorageError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, on_thread, within

LIMIT_S = 8.0


def test_invoke_on_the_loop_it_needs_says_so(saver: BaseCheckpointSaver, config: Config) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    async def inner(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    async def outer(n: int) -> int:
        return int(inner.invoke(n, on_thread("another")))

    with pytest.raises(OutsideRunError, match="await inner.ainvoke"):
        within(LIMIT_S, lambda: outer.invoke(1, config))


def test_the_background_loop_survives_an_exit(saver: BaseCheckpointSaver, config: Config) -> None:
    @task
    async def leave() -> None:
        raise SystemExit(3)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        if n == 1:
            await asyncio.gather(asyncio.create_task(_awaited(leave)))
        return n

    with pytest.raises(SystemExit):
        within(LIMIT_S, lambda: workflow.invoke(1, config))
    assert within(LIMIT_S, lambda: workflow.invoke(2, config)) == 2


async def _awaited(step: Any) -> Any:
    return await step()


def test_an_async_task_that_a_plain_body_does_not_await(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """38, 56"""

    @task
    async def asks_late() -> Any:
        for _ in range(20):
            await asyncio.sleep(0)
        return interrupt("late?")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> str:
        asks_late()
        return "done"

    async def main() -> Any:
        asked = await workflow.ainvoke(1, config)
        return asked, await workflow.ainvoke(Command(resume=1), config)

    asked, answered = within(LIMIT_S, lambda: asyncio.run(main()))
    assert asked["__interrupt__"][0].value == "late?"
    assert answered == "done"


def test_cancelling_a_plain_body_cancels_its_async_tasks(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """217"""

    async def main() -> None:
        started = asyncio.Event()

        @task
        async def for_ever() -> None:
            started.set()
            await asyncio.Event().wait()

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> None:
            for_ever().result()

        running = asyncio.create_task(workflow.ainvoke(1, config))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    within(LIMIT_S, lambda: asyncio.run(main()))


def test_equal_calls_of_two_helpers_keep_their_results(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """60: below a plain body, too"""
    drawn = iter(range(100))
    first_wins = True

    async def main() -> Any:
        @task
        async def draw() -> int:
            return next(drawn)

        async def helper(turns: int) -> int:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await draw()

        @task
        async def parent() -> Any:
            turns = (1, 9) if first_wins else (9, 1)
            found = await asyncio.gather(*map(helper, turns))
            return interrupt({"found": list(found)}, key="found?") and list(found)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return parent().result()

        nonlocal first_wins
        asked = await workflow.ainvoke(1, config)
        first_wins = False
        return asked["__interrupt__"][0].value, await workflow.ainvoke(Command(resume=1), config)

    asked, answered = within(LIMIT_S, lambda: asyncio.run(main()))
    assert asked == {"found": [0, 1]}
    assert answered == [0, 1]


def test_a_cancelled_future_is_cancelled_again_on_replay(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """51"""
    gate = threading.Event()

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = step(1)
        cancelled = future.cancel()
        try:
            future.result()
        except concurrent.futures.CancelledError:
            return cancelled, interrupt("?")
        return "not cancelled"

    gate.set()
    first = within(LIMIT_S, lambda: workflow.invoke(1, config))
    if "__interrupt__" in first:
        assert workflow.invoke(Command(resume="!"), config) == (True, "!")
    else:
        assert first == "not cancelled"


def test_a_timeout_of_a_plain_task_is_replayed(saver: BaseCheckpointSaver, config: Config) -> None:
    """51, 54"""
    let_go = threading.Event()

    async def main() -> Any:
        @task
        def block() -> str:
            let_go.wait(LIMIT_S)
            return "late"

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> Any:
            future = block()
            future.cancel()
            try:
                found = await future
            except asyncio.CancelledError:
                found = "given up"
            return found, interrupt("?")

        asked = await workflow.ainvoke(1, config)
        let_go.set()
        return asked, await workflow.ainvoke(Command(resume="!"), config)

    asked, answered = within(LIMIT_S, lambda: asyncio.run(main()))
    assert "__interrupt__" in asked
    assert answered == ("given up", "!")


def test_a_task_called_in_a_thread_of_an_async_body(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return await asyncio.to_thread(lambda: double(n).result())

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(4, config))) == 8


def test_a_plain_task_calls_an_async_one_below_an_async_body(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    @task
    async def double(n: int) -> int:
        return 2 * n

    @task
    def plain(n: int) -> int:
        return double(n).result() + 1

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return await plain(n)

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(4, config))) == 9


def test_an_answer_while_the_run_works_cannot_leave_it_running(config: Config) -> None:
    class Unreliable(InMemorySaver):
        broken = False

        def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
            if self.broken:
                raise StorageError("the disk is gone")
            return super().claim(thread_id, ns, owner, expected_epoch)

    saver, go = Unreliable(), threading.Event()

    @task
    def asks() -> Any:
        return interrupt("?")

    @task
    def works() -> int:
        go.wait(LIMIT_S)
        return 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        asking, working = asks(), works()
        return asking.result(), working.result()

    run = workflow.start(1, thread_id="x")
    asked = threading.Event()
    run.subscribe(lambda _: asked.set() if run.interrupts else None)
    assert run.interrupts or asked.wait(LIMIT_S)
    run.answer(run.interrupts[0].id, "!")
    saver.broken = True
    go.set()
    with pytest.raises(StorageError):
        run.result(LIMIT_S)
    saver.broken = False
    run.resume()
    assert run.result(LIMIT_S) == ("!", 1)


def test_cancelling_an_async_run_stops_it_now() -> None:
    started = threading.Event()

    @task
    async def for_ever() -> None:
        started.set()
        await asyncio.Event().wait()

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(n: int) -> None:
        await for_ever()

    run = workflow.start(1, thread_id="x")
    started.wait(LIMIT_S)
    run.cancel()
    assert run.wait(LIMIT_S) == "cancelled"


def test_ten_thousand_tasks_at_once(config: Config) -> None:
    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return sum(f.result() for f in [double(i) for i in range(n)])

    assert within(LIMIT_S, lambda: workflow.invoke(10_000, config)) == 99_990_000


def test_tasks_called_in_threads_of_the_body(saver: BaseCheckpointSaver, config: Config) -> None:
    """49: with the remedy that the error names"""
    failing = [True]

    @task
    def step(n: int) -> int:
        if n == 1 and failing[0]:
            raise ConnectionError
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        found: dict[int, Any] = {}

        def work(n: int) -> None:
            found[n] = step(n)
            if found[n].exception() is None:
                found[n + 10] = step(n + 10)

        for n in (1, 2) if failing[0] else (2, 1, 3):
            thread = threading.Thread(target=contextvars.copy_context().run, args=(work, n))
            thread.start()
            thread.join()
        return [found[n].result() for n in sorted(found)]

    with pytest.raises(ConnectionError):
        workflow.invoke(0, config)
    failing[0] = False
    assert workflow.invoke(None, config) == [1, 2, 3, 11, 12, 13]
