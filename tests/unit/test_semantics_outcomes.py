"""Cancelled, failed and unawaited tasks: numbers 50 to 60 of the semantics.

Nothing sleeps: events make the order, and ``within`` turns a deadlock into a failure.
"""

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, kinds_of, within

LIMIT_S = 8.0
"""Longer than anything here takes; a wait this long is a failure."""


def _cancelling(saver: BaseCheckpointSaver, log: list[str]) -> Any:
    @task
    async def slow(started: list[asyncio.Event]) -> str:
        log.append("slow")
        started[0].set()
        await asyncio.Event().wait()
        return "never"

    @task
    async def quick() -> str:
        log.append("quick")
        return "done"

    @entrypoint(checkpointer=saver)
    async def workflow(ask: bool) -> Any:
        started = asyncio.Event()
        future, other = slow([started]), quick()
        if not log:
            await asyncio.wait_for(started.wait(), LIMIT_S)
        future.cancel()
        try:
            outcome = await future
        except asyncio.CancelledError:
            outcome = "cancelled"
        return [outcome, await other, interrupt("?") if ask else None]

    return workflow


def test_cancel_one_future(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """50"""
    log: list[str] = []
    assert drive.invoke(_cancelling(saver, log), False, config) == ["cancelled", "done", None]


def test_cancel_before_the_task_began(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """50"""
    ran: list[int] = []

    @task
    async def step(n: int) -> int:
        ran.append(n)
        return n

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = step(n)
        future.cancel()
        try:
            return await future
        except asyncio.CancelledError:
            return "cancelled"

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == "cancelled"
    assert ran == []


def test_a_cancelled_task_stays_cancelled(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """51"""
    log: list[str] = []
    workflow = _cancelling(saver, log)
    drive.invoke(workflow, True, config)
    ran = list(log)
    assert drive.invoke(workflow, Command(resume="!"), config) == ["cancelled", "done", "!"]
    assert log == ran


def test_a_failure_is_the_tasks_own_exception(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """52"""

    class Odd(Exception):
        pass

    @task
    def check(n: int) -> int:
        raise Odd(n)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return check(n).result()

    @entrypoint(checkpointer=saver)
    async def aworkflow(n: int) -> int:
        return await check(n)

    for made, thread in ((workflow, "1"), (aworkflow, "2")):
        with pytest.raises(Odd) as caught:
            drive.invoke(made, 5, {"configurable": {"thread_id": thread}})
        assert caught.value.args == (5,)


def test_a_caught_failure_lets_the_run_go_on(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """53, 162"""

    @task
    def bad() -> None:
        raise ValueError("bad")

    @task
    def good() -> str:
        return "good"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[str]:
        try:
            bad().result()
        except ValueError as exc:
            return [str(exc), good().result()]
        return []

    assert drive.stream(workflow, 1, config) == [
        {"good": "good"},
        {"workflow": ["bad", "good"]},
    ]


def test_a_caught_failure_is_replayed(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """54"""
    calls: list[int] = []

    @task
    def flaky() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("first time")
        return "fine"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            outcome = flaky().result()
        except ValueError as exc:
            outcome = f"failed: {exc}"
        return [outcome, interrupt(outcome)]

    assert drive.invoke(workflow, 1, config) == {
        "__interrupt__": [Interrupt(value="failed: first time", id=HEX)]
    }
    assert drive.invoke(workflow, Command(resume="go on"), config) == [
        "failed: first time",
        "go on",
    ]
    assert calls == [1]


def test_a_failure_that_nobody_waits_for_is_recorded(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """55"""

    @task
    def bad() -> None:
        raise ValueError("nobody looks")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> str:
        bad()
        return "done"

    with pytest.warns(UserWarning, match="bad.*nobody looks"):
        assert drive.invoke(workflow, 1, config) == "done"
    assert kinds_of(saver, "bad") == ["error"]


def test_unawaited_tasks_are_waited_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """56"""
    go = threading.Event()
    done: list[str] = []

    @task
    def late() -> str:
        go.wait(LIMIT_S)
        done.append("late")
        return "late"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> str:
        late()
        go.set()
        return "done"

    chunks = drive.stream(workflow, 1, config)
    assert sorted(chunks, key=str) == [{"late": "late"}, {"workflow": "done"}]
    assert done == ["late"]
    assert kinds_of(saver, "late") == ["result"]


def test_unawaited_async_tasks_are_waited_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """56"""

    @task
    async def late() -> str:
        for _ in range(3):
            await asyncio.sleep(0)
        return "late"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> str:
        late()
        return "done"

    chunks = drive.stream(workflow, 1, config)
    assert sorted(chunks, key=str) == [{"late": "late"}, {"workflow": "done"}]
    assert kinds_of(saver, "late") == ["result"]


def test_running_tasks_are_kept_when_another_fails(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """57, 69"""
    go = threading.Event()
    ran: list[str] = []

    @task
    def slow() -> str:
        go.wait(LIMIT_S)
        ran.append("slow")
        return "slow"

    @task
    def flaky() -> str:
        ran.append("flaky")
        if ran.count("flaky") == 1:
            raise ValueError("first time")
        return "fine"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[str]:
        kept = slow()
        try:
            return [flaky().result(), kept.result()]
        finally:
            go.set()

    with pytest.raises(ValueError, match="first time"):
        drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, None, config) == ["fine", "slow"]
    assert sorted(ran) == ["flaky", "flaky", "slow"]


def test_async_siblings_of_a_failure_are_cancelled(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """57"""
    log: list[str] = []

    @task
    async def endless() -> None:
        log.append("started")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    @task
    async def bad() -> None:
        await asyncio.sleep(0)
        raise ValueError("bad")

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        await asyncio.gather(endless(), bad())

    with pytest.raises(ValueError, match="bad"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))
    assert log == ["started", "cancelled"]


def test_every_failure_is_recorded(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """58"""

    together = threading.Barrier(3, timeout=LIMIT_S)

    @task
    def bad(n: int) -> None:
        together.wait()
        raise ValueError(f"bad {n}")

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> None:
        for future in [bad(n) for n in range(count)]:
            future.result()

    with pytest.raises(ValueError, match="bad 0"):
        drive.invoke(workflow, 3, config)
    assert kinds_of(saver, "bad").count("error") == 3


def test_a_question_does_not_stop_the_others(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """59"""
    asked = threading.Event()
    ran: list[str] = []

    @task
    def ask() -> Any:
        asked.set()
        return interrupt("?")

    @task
    def work() -> str:
        asked.wait(LIMIT_S)
        ran.append("work")
        return "worked"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = [ask(), work()]
        return [f.result() for f in futures]

    assert drive.stream(workflow, 1, config) == [
        {"work": "worked"},
        {"__interrupt__": (Interrupt(value="?", id=HEX),)},
    ]
    assert drive.invoke(workflow, Command(resume="!"), config) == ["!", "worked"]
    assert ran == ["work"]


def test_branches_of_a_gather_keep_their_own_results(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """60. Both branches make equal calls; on the first run the second branch overtakes the first,
    on replay it does not. Each gets back what it got before.
    """
    numbers: list[int] = []
    first_run = True

    @task
    async def number() -> int:
        numbers.append(len(numbers) + 1)
        return numbers[-1]

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        overtaken = asyncio.Event()

        async def slow() -> list[int]:
            one = await number()
            if first_run:
                await asyncio.wait_for(overtaken.wait(), LIMIT_S)
            return [one, await number()]

        async def quick() -> list[int]:
            both = [await number(), await number()]
            overtaken.set()
            return both

        branches = await asyncio.gather(slow(), quick())
        return [*branches, interrupt(branches)]

    expected = [[1, 4], [2, 3]]
    assert drive.invoke(workflow, 1, config) == {
        "__interrupt__": [Interrupt(value=expected, id=HEX)]
    }
    first_run = False
    assert drive.invoke(workflow, Command(resume="!"), config) == [*expected, "!"]
    assert numbers == [1, 2, 3, 4]


def test_swapped_results_of_different_calls(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """60"""

    @task
    async def a(n: int) -> str:
        for _ in range(3 - n):
            await asyncio.sleep(0)
        return f"A{n}"

    @task
    async def b(n: int) -> str:
        return f"B{n}"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        async def branch(k: int) -> list[str]:
            return [await a(k), await b(k)]

        return [await asyncio.gather(branch(1), branch(2)), interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [
        [["A1", "B1"], ["A2", "B2"]],
        "!",
    ]
