"""What a time-out leaves behind: numbers 212 and 213 of the semantics.

The loop's clock jumps over every wait, so seconds here cost none.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import NodeTimeoutError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime, get_runtime
from nbflow.types import RetryPolicy, StreamWriter, interrupt
from tests.unit.ahead import run_ahead
from tests.unit.drive import Config, kinds_of, within

LIMIT_S = 8.0
QUICK = RetryPolicy(initial_interval=0.001, jitter=False)


async def _never(n: int = 0) -> None:
    await asyncio.Event().wait()


@task
async def quick(n: int) -> int:
    return n


# -- what comes late ------------------------------------------------------------------------


def test_what_comes_late_is_dropped(saver: BaseCheckpointSaver, config: Config) -> None:
    """212: writes, calls, questions and the value"""
    refused: list[str] = []

    @task(timeout=1, retry_policy=RetryPolicy(max_attempts=2, jitter=False))
    async def stubborn(writer: StreamWriter, runtime: Runtime[None]) -> str:
        info = runtime.execution_info
        assert info is not None
        writer(f"attempt {info.node_attempt}")
        if info.node_attempt == 2:
            return "second"
        try:
            await _never()
        except asyncio.CancelledError:
            writer("late")
            runtime.stream_writer("late")
            for late in (lambda: quick(1), lambda: interrupt("late?")):
                try:
                    late()
                except BaseException as exc:
                    refused.append(type(exc).__name__)
        return "late"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await stubborn()  # type: ignore[call-arg]  # injected

    async def main() -> list[Any]:
        return [c async for c in workflow.astream(1, config, stream_mode=["custom", "updates"])]

    assert run_ahead(main()) == [
        ("custom", "attempt 1"),
        ("custom", "attempt 2"),
        ("updates", {"stubborn": "second"}),
        ("updates", {"workflow": "second"}),
    ]
    assert refused == ["RunCancelled", "RunCancelled"]
    assert kinds_of(saver, "quick") == []
    assert kinds_of(saver, "stubborn") == ["result"]


def test_what_comes_much_later_is_dropped(saver: BaseCheckpointSaver, config: Config) -> None:
    """212: from an attempt that is left to itself, while the next one works"""

    @task(timeout=1, retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    async def stubborn(writer: StreamWriter, runtime: Runtime[None]) -> str:
        info = runtime.execution_info
        assert info is not None
        me = info.node_attempt
        try:
            await _never() if me == 1 else await asyncio.sleep(0.9)
        except asyncio.CancelledError:
            await asyncio.sleep(1.5)
        writer(f"attempt {me}")
        assert get_runtime().execution_info.node_attempt == me  # type: ignore[union-attr]
        return f"attempt {me}"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        first = await stubborn()  # type: ignore[call-arg]  # injected
        await asyncio.sleep(5)
        return first

    async def main() -> list[Any]:
        return [c async for c in workflow.astream(1, config, stream_mode=["custom", "values"])]

    assert run_ahead(main()) == [("custom", "attempt 2"), ("values", "attempt 2")]


def test_a_call_of_an_attempt_that_was_given_up_runs_again(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """212, 79: what the attempt finished is kept, what was cancelled with it is not"""
    ran: list[str] = []

    @task
    async def step(name: str) -> str:
        ran.append(name)
        if name == "slow" and ran.count("slow") == 1:
            await below()
        return name

    @task
    async def below() -> None:
        ran.append("below")
        await _never()

    @task(timeout=1, retry_policy=QUICK)
    async def parent() -> list[str]:
        return [await step("quick"), await step("slow")]

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await parent()

    assert run_ahead(workflow.ainvoke(1, config)) == ["quick", "slow"]
    assert ran == ["quick", "slow", "below", "slow"]
    assert kinds_of(saver, "step") == ["result", "result"]
    assert kinds_of(saver, "below") == []


def test_what_a_time_out_cancelled_runs_again_after_it_ended_the_run(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """65, 212"""
    ran: list[str] = []

    @task
    async def below(n: int) -> int:
        ran.append(f"below {n}")
        if len(ran) < 3:
            await _never()
        return n

    @task
    async def middle(n: int) -> int:
        return await below(n)

    @task(timeout=1)
    async def parent() -> int:
        async with asyncio.TaskGroup() as group:
            made = [group.create_task(_call(middle, n)) for n in range(2)]
        return sum(one.result() for one in made)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await parent()

    with pytest.raises(NodeTimeoutError):
        run_ahead(workflow.ainvoke(1, config))
    assert run_ahead(workflow.ainvoke(None, config)) == 1
    assert ran == ["below 0", "below 1", "below 0", "below 1"]


async def _call(step: Any, *args: Any) -> Any:
    return await step(*args)


def test_a_plain_task_finishes_for_the_next_attempt(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """212, 213: a thread cannot be stopped, so it is not started twice"""
    go, ran = threading.Event(), []

    @task
    def charge() -> str:
        ran.append("charge")
        go.wait(LIMIT_S)
        return "charged"

    attempts: list[int] = []

    @task(timeout=0.05, retry_policy=QUICK)
    async def pay() -> str:
        attempts.append(1)
        try:
            return await charge()
        finally:
            go.set()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await pay()

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config))) == "charged"
    assert (ran, len(attempts)) == (["charge"], 2)


def test_a_time_out_does_not_wait_for_a_thread(saver: BaseCheckpointSaver, config: Config) -> None:
    """210: the task fails now; the run ends when the thread does"""
    go = threading.Event()

    @task
    def block() -> str:
        go.wait(LIMIT_S)
        return "late"

    @task(timeout=0.02)
    async def parent() -> str:
        return await block()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            return await parent()
        except NodeTimeoutError as late:
            assert not go.is_set()
            go.set()
            return late.node

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config))) == "parent"
    assert kinds_of(saver, "block") == ["result"]


# -- entrypoints ------------------------------------------------------------------------------


def test_an_entrypoint_that_takes_too_long(saver: BaseCheckpointSaver, config: Config) -> None:
    """213: what finished is kept"""
    ran: list[str] = []

    @task
    async def step() -> str:
        ran.append("step")
        return "step"

    @entrypoint(checkpointer=saver, timeout=2)
    async def workflow(n: int) -> Any:
        found = await step()
        ran.append("body")
        if ran.count("body") == 1:
            await _never()
        return found

    with pytest.raises(NodeTimeoutError) as caught:
        run_ahead(workflow.ainvoke(1, config))
    assert (caught.value.node, caught.value.elapsed) == ("workflow", 2.0)
    assert workflow.get_state(config).tasks[0].error is not None
    assert run_ahead(workflow.ainvoke(None, config)) == "step"
    assert ran == ["step", "body", "body"]


def test_an_entrypoint_is_tried_again(saver: BaseCheckpointSaver, config: Config) -> None:
    """78, 213"""
    ran: list[str] = []

    @task
    async def step() -> str:
        ran.append("step")
        return "step"

    @entrypoint(checkpointer=saver, timeout=2, retry_policy=QUICK)
    async def workflow(n: int) -> Any:
        found = await step()
        ran.append("body")
        if ran.count("body") == 1:
            await _never()
        return found

    assert run_ahead(workflow.ainvoke(1, config)) == "step"
    assert ran == ["step", "body", "body"]


def test_tasks_that_an_entrypoint_had_started(saver: BaseCheckpointSaver, config: Config) -> None:
    """213: plain ones finish and are kept, async ones are cancelled and run again"""
    go, ran = threading.Event(), []

    @task
    def plain() -> str:
        ran.append("plain")
        go.wait(LIMIT_S)
        return "plain"

    @task
    async def on_the_loop() -> str:
        ran.append("async")
        if ran.count("async") == 1:
            try:
                await _never()
            finally:
                go.set()
        return "async"

    @entrypoint(checkpointer=saver, timeout=0.05)
    async def workflow(n: int) -> Any:
        first, second = plain(), on_the_loop()
        if ran.count("async") == 0:
            await _never()
        return [await first, await second]

    with pytest.raises(NodeTimeoutError):
        within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config)))
    found = within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(None, config)))
    assert found == ["plain", "async"]
    assert sorted(ran) == ["async", "async", "plain"]


def test_a_nested_entrypoint_that_takes_too_long(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """31, 213"""

    @entrypoint(timeout=1)
    async def inner(n: int) -> None:
        await _never()

    @entrypoint(checkpointer=saver)
    async def outer(n: int) -> str:
        try:
            await inner.ainvoke(n)
        except NodeTimeoutError as late:
            return late.node
        return "in time"

    assert run_ahead(outer.ainvoke(1, config)) == "inner"


# -- the end of the whole run ----------------------------------------------------------------


def test_the_run_is_cancelled_before_the_time_is_up(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """217: the task hears of it and may clean up"""
    heard: list[str] = []

    @task(timeout=100)
    async def slow() -> None:
        try:
            await _never()
        finally:
            await asyncio.sleep(1)
            heard.append("cleaned up")

    @entrypoint(checkpointer=saver, timeout=200)
    async def workflow(n: int) -> None:
        await slow()

    async def main() -> None:
        running = asyncio.create_task(workflow.ainvoke(1, config))
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run_ahead(main())
    assert heard == ["cleaned up"]
    assert workflow.get_state(config).next == ("workflow",)


def test_an_exit_in_a_timed_task() -> None:
    """219: it ends the run, and not the loop"""

    @task(timeout=100)
    async def leave() -> None:
        raise SystemExit(3)

    @entrypoint(checkpointer=InMemorySaver(), timeout=100)
    async def workflow(n: int) -> int:
        if n == 1:
            await leave()
        return n

    with pytest.raises(SystemExit):
        within(LIMIT_S, lambda: workflow.invoke(1, {"configurable": {"thread_id": "1"}}))
    again = within(LIMIT_S, lambda: workflow.invoke(2, {"configurable": {"thread_id": "1"}}))
    assert again == 2
