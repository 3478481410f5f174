"""Time-outs: numbers 209 to 211, 214 and 215 of the semantics, and 30.

The loop's clock jumps over every wait, so seconds here cost none.
"""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import DeclarationError, NodeTimeoutError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime, get_runtime
from nbflow.types import Command, RetryPolicy, StreamWriter, TimeoutPolicy, interrupt
from tests.unit.ahead import run_ahead, skip
from tests.unit.drive import Config, Drive, kinds_of, within

LIMIT_S = 8.0
QUICK = RetryPolicy(initial_interval=0.001, jitter=False)


async def _never(n: int = 0) -> None:
    await asyncio.Event().wait()


def _plain(n: int = 0) -> None:
    return None


@pytest.mark.parametrize("decorate", [task, entrypoint])
@pytest.mark.parametrize(
    "timeout",
    [
        0, -1, 0.0, math.nan, math.inf, True, "1", timedelta(0), timedelta(seconds=-1),
        TimeoutPolicy(run_timeout=0), TimeoutPolicy(run_timeout=1, idle_timeout=-1),
        TimeoutPolicy(idle_timeout=timedelta(0)),
        TimeoutPolicy(run_timeout=1, refresh_on="sometimes"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_at_declaration(decorate: Any, timeout: Any) -> None:
    """209"""
    with pytest.raises(ValueError, match="_never") as refused:
        decorate(timeout=timeout)(_never)
    assert isinstance(refused.value, DeclarationError)


@pytest.mark.parametrize("decorate", [task, entrypoint])
@pytest.mark.parametrize("timeout", [1, timedelta(seconds=1), TimeoutPolicy(idle_timeout=1)])
def test_a_plain_function_cannot_be_stopped(decorate: Any, timeout: Any) -> None:
    """209"""
    with pytest.raises(ValueError, match="plain function"):
        decorate(timeout=timeout)(_plain)


def test_no_limit_is_no_limit() -> None:
    """209"""
    assert task(timeout=TimeoutPolicy())(_plain).func is _plain
    assert task(timeout=None)(_plain).func is _plain


@pytest.mark.parametrize(
    "timeout", [3, 3.0, timedelta(seconds=3), TimeoutPolicy(run_timeout=timedelta(seconds=3))]
)
def test_a_task_that_takes_too_long(
    saver: BaseCheckpointSaver, config: Config, timeout: Any
) -> None:
    """209, 210"""
    slow = task(timeout=timeout, name="slow")(_never)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        await slow()

    with pytest.raises(NodeTimeoutError, match="'slow' took longer than its run_timeout") as caught:
        run_ahead(workflow.ainvoke(1, config))
    late = caught.value
    assert (late.node, late.kind, late.elapsed) == ("slow", "run", 3.0)
    assert (late.timeout, late.run_timeout, late.idle_timeout) == (3.0, 3.0, None)
    assert not isinstance(late, TimeoutError)
    assert kinds_of(saver, "slow") == ["error", "void"]


def test_under_invoke_too(drive: Drive) -> None:
    """209, 210"""
    slow = task(timeout=0.01)(_never)

    @entrypoint(timeout=LIMIT_S)
    async def workflow(n: int) -> None:
        await slow()

    with pytest.raises(NodeTimeoutError, match="_never"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1))


def test_a_plain_body_calls_a_timed_task() -> None:
    """209, 41"""
    slow = task(timeout=0.01)(_never)

    @entrypoint()
    def workflow(n: int) -> str:
        try:
            slow().result()
        except NodeTimeoutError as late:
            return late.node
        return "in time"

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1))) == "_never"


def test_within_its_time(saver: BaseCheckpointSaver, config: Config) -> None:
    """209: a question and a retry have nothing to do with the time-out; each attempt has its own"""
    ran: list[int] = []

    @task(timeout=3, retry_policy=QUICK)
    async def step(n: int) -> Any:
        ran.append(n)
        await asyncio.sleep(2)
        if len(ran) == 1:
            raise ConnectionError
        answer = interrupt("?")
        await asyncio.sleep(0.5)
        return [n, answer]

    @entrypoint(checkpointer=saver, timeout=10)
    async def workflow(n: int) -> Any:
        return await step(n)

    assert "__interrupt__" in run_ahead(workflow.ainvoke(1, config))
    assert run_ahead(workflow.ainvoke(Command(resume="!"), config)) == [1, "!"]
    assert len(ran) == 3


def test_it_is_retried_by_default(saver: BaseCheckpointSaver, config: Config) -> None:
    """204, 210"""
    ran: list[int] = []

    @task(timeout=1, retry_policy=RetryPolicy())
    async def slow() -> str:
        ran.append(get_runtime().execution_info.node_attempt)  # type: ignore[union-attr]
        if len(ran) < 3:
            await _never()
        return "third time"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await slow()

    assert run_ahead(workflow.ainvoke(1, config)) == "third time"
    assert ran == [1, 2, 3]


@pytest.mark.parametrize("then", ["return", "raise", "go on", "go on for ever"])
def test_it_cannot_be_swallowed(saver: BaseCheckpointSaver, config: Config, then: str) -> None:
    """210"""
    heard: list[str] = []

    @task(timeout=1)
    async def stubborn() -> str:
        try:
            await _never()
        except asyncio.CancelledError:
            heard.append(then)
        if then == "go on for ever":
            await _never()
        if then == "go on":
            await asyncio.sleep(0.3)
        if then == "raise":
            raise KeyError("another one")
        return "swallowed"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        await stubborn()

    with pytest.raises(NodeTimeoutError) as caught:
        run_ahead(workflow.ainvoke(1, config))
    assert (caught.value.elapsed, heard) == (1.0, [then])


def test_the_caller_can_catch_it_and_so_does_the_replay(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """54, 210"""
    slow = task(timeout=TimeoutPolicy(run_timeout=9, idle_timeout=1))(_never)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await slow()
        except NodeTimeoutError as exc:
            late = exc
        return [interrupt("?"), late.node, late.kind, late.timeout, late.run_timeout, str(late)]

    asked = run_ahead(workflow.ainvoke(1, config))
    assert "__interrupt__" in asked
    text = "'_never' gave no sign of life for its idle_timeout of 1 s and was given up after 1.000"
    found = run_ahead(workflow.ainvoke(Command(resume="!"), config))
    assert found[:-1] == ["!", "_never", "idle", 1.0, 9.0]
    assert found[-1].startswith(text)


# -- signs of life --------------------------------------------------------------------------


async def _silent(step: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
    return None


async def _writes(step: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
    writer(step)


async def _beats(step: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
    runtime.heartbeat()


async def _calls(step: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
    quick(step)


async def _calls_something_that_writes(
    step: int, writer: StreamWriter, runtime: Runtime[None]
) -> None:
    await child_that_writes(step)  # type: ignore[call-arg]  # injected


async def _calls_something_that_beats(
    step: int, writer: StreamWriter, runtime: Runtime[None]
) -> None:
    await child_that_beats(step)  # type: ignore[call-arg]  # injected


async def _runs_a_chain(step: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
    await RunnableLambda(_same).ainvoke(step)


async def _same(n: int) -> int:
    return n


@task
async def quick(n: int) -> int:
    return n


@task
async def child_that_writes(n: int, writer: StreamWriter) -> None:
    writer(n)


@task
async def child_that_beats(n: int, runtime: Runtime[None]) -> None:
    runtime.heartbeat()


_AUTO = {
    _silent: False, _writes: True, _beats: True, _calls: True, _calls_something_that_writes: True,
    _calls_something_that_beats: True, _runs_a_chain: True,
}  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("sign", _AUTO, ids=lambda sign: sign.__name__)
def test_signs_of_life(sign: Any, strict: bool) -> None:
    """211"""
    policy = TimeoutPolicy(idle_timeout=1, refresh_on="heartbeat" if strict else "auto")

    @task(timeout=policy)
    async def step(writer: StreamWriter, runtime: Runtime[None]) -> str:
        for n in range(10):
            await asyncio.sleep(0.75)
            await sign(n, writer, runtime)
        return "alive"

    @entrypoint()
    async def workflow(n: int) -> Any:
        try:
            return await step()  # type: ignore[call-arg]  # injected
        except NodeTimeoutError as late:
            return late.kind

    lives = "beats" in sign.__name__ if strict else _AUTO[sign]
    assert run_ahead(workflow.ainvoke(1)) == ("alive" if lives else "idle")


def test_a_child_at_work_is_no_sign_of_life() -> None:
    """211: as in LangGraph, its start and its end are"""

    @task
    async def slow() -> str:
        await asyncio.sleep(5)
        return "slow"

    @task(timeout=TimeoutPolicy(idle_timeout=2))
    async def parent() -> str:
        return await slow()

    @entrypoint()
    async def workflow(n: int) -> Any:
        return await parent()

    with pytest.raises(NodeTimeoutError, match="parent"):
        run_ahead(workflow.ainvoke(1))


def test_the_end_of_a_child_is_a_sign_of_life() -> None:
    """211"""

    @task
    async def slow() -> None:
        await asyncio.sleep(0.9)

    @task(timeout=TimeoutPolicy(idle_timeout=1))
    async def parent() -> str:
        await slow()
        await asyncio.sleep(0.9)
        return "alive"

    @entrypoint()
    async def workflow(n: int) -> Any:
        return await parent()

    assert run_ahead(workflow.ainvoke(1)) == "alive"


def test_a_heartbeat_does_not_stretch_the_whole(drive: Drive) -> None:
    """211"""

    @task(timeout=TimeoutPolicy(run_timeout=2, idle_timeout=1))
    async def step(runtime: Runtime[None]) -> None:
        while True:
            await asyncio.sleep(0.5)
            runtime.heartbeat()

    @entrypoint()
    async def workflow(n: int) -> Any:
        return await step()  # type: ignore[call-arg]  # injected

    with pytest.raises(NodeTimeoutError) as caught:
        run_ahead(workflow.ainvoke(1))
    assert (caught.value.kind, caught.value.elapsed) == ("run", 2.0)


def test_a_heartbeat_without_a_time_out(saver: BaseCheckpointSaver, config: Config) -> None:
    """189, 211"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Runtime[None]) -> Any:
        return runtime.heartbeat()

    assert workflow.invoke(1, config) is None
    assert Runtime().heartbeat() is None  # type: ignore[func-returns-value]  # says so


# -- what cannot be stopped ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (TimeoutPolicy(run_timeout=1), "took 7.000 s, longer than its run_timeout of 1 s"),
        (TimeoutPolicy(idle_timeout=1), "took 7.000 s, longer than its idle_timeout of 1 s"),
    ],
)
def test_blocking_code_is_reported(
    saver: BaseCheckpointSaver, config: Config, policy: TimeoutPolicy, text: str
) -> None:
    """214: and its result counts, as in LangGraph"""

    @task(timeout=policy)
    async def heavy() -> str:
        skip(7)
        return "done"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await heavy()

    with pytest.warns(UserWarning, match=f"'heavy' {text}"):
        assert run_ahead(workflow.ainvoke(1, config)) == "done"


def test_blocking_code_that_lets_go_is_ended() -> None:
    """214"""

    @task(timeout=1)
    async def heavy() -> str:
        skip(7)
        await asyncio.sleep(0.1)
        return "done"

    @entrypoint()
    async def workflow(n: int) -> Any:
        return await heavy()

    with pytest.raises(NodeTimeoutError) as caught:
        run_ahead(workflow.ainvoke(1))
    assert caught.value.elapsed == 7.0


@pytest.mark.parametrize("decorate", [task, entrypoint])
def test_there_is_no_step_timeout(decorate: Any) -> None:
    """215: a functional run has one step, and its decorators never had this"""
    with pytest.raises(DeclarationError, match="step_timeout"):
        decorate(step_timeout=1)(_never)


# -- the caller's own -----------------------------------------------------------------------


def test_a_users_own_timeout_reaches_the_task(drive: Drive) -> None:
    """30"""

    @task(timeout=LIMIT_S)
    async def fetch(
        url: str,
        timeout: float,  # noqa: ASYNC109  # the user's own
        idle_timeout: float = 0,
    ) -> Any:
        return [url, timeout, idle_timeout]

    @task
    def read(path: str, **options: Any) -> Any:
        return [path, options]

    @entrypoint()
    async def workflow(n: int) -> Any:
        return [
            await fetch("u", timeout=3, idle_timeout=4),
            await read("p", timeout=5, idle_timeout=6, refresh_on="x"),
        ]

    assert drive.invoke(workflow, 1) == [
        ["u", 3, 4],
        ["p", {"timeout": 5, "idle_timeout": 6, "refresh_on": "x"}],
    ]
