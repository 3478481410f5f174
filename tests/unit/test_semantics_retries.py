"""Retries: numbers 201 to 208 and 220 of the semantics, and the old names 17 and 18."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from nbflow._engine.retry import wait_before_retry
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import DeclarationError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime
from nbflow.types import (
    Command,
    RetryPolicy,
    StreamWriter,
    TimeoutPolicy,
    default_retry_on,
    interrupt,
)
from tests.unit.ahead import run_ahead
from tests.unit.drive import Config, Drive, kinds_of

QUICK = RetryPolicy(initial_interval=0.001, jitter=False)


class Own(Exception):
    """A class that nobody knows."""


class Answer:
    def __init__(self, status: int) -> None:
        self.status_code = status


def _http(status: int) -> Exception:
    error = Own(status)
    error.response = Answer(status)  # type: ignore[attr-defined]  # as HTTP libraries do
    return error


def test_the_fields_and_their_defaults() -> None:
    """201"""
    policy = RetryPolicy()
    assert (policy.initial_interval, policy.backoff_factor, policy.max_interval) == (0.5, 2.0, 128)
    assert (policy.max_attempts, policy.jitter, policy.retry_on) == (3, True, default_retry_on)


def test_waits_grow_up_to_the_longest() -> None:
    """201"""
    policy = RetryPolicy(max_attempts=12, jitter=False)
    waits = [wait_before_retry([policy], Own(), n, lambda: 0.7) for n in range(1, 13)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 128, 128, None]


def test_jitter_adds_up_to_a_second() -> None:
    """201"""
    policy = RetryPolicy(initial_interval=1, max_interval=2, max_attempts=9)
    waits = [wait_before_retry([policy], Own(), n, lambda: 0.7) for n in (1, 2, 3)]
    assert waits == [1.7, 2.7, 2.7]


def test_the_waits_are_waited(saver: BaseCheckpointSaver, config: Config) -> None:
    """201"""
    times: list[float] = []

    @task(retry_policy=RetryPolicy(max_attempts=4, jitter=False))
    async def flaky() -> str:
        times.append(asyncio.get_running_loop().time())
        if len(times) < 4:
            raise ConnectionError
        return "fourth time"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> str:
        return await flaky()

    assert run_ahead(workflow.ainvoke(1, config)) == "fourth time"
    assert times == [0.0, 0.5, 1.5, 3.5]


@pytest.mark.parametrize(
    ("retry_on", "calls"),
    [
        (ValueError, 3),
        (Exception, 3),
        (KeyError, 1),
        ([KeyError, ValueError], 3),
        ((KeyError, OSError), 1),
        (lambda exc: "no" in str(exc), 3),
        (lambda exc: False, 1),
    ],
)
def test_what_is_retried(drive: Drive, retry_on: Any, calls: int) -> None:
    """202"""
    ran: list[int] = []

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, retry_on=retry_on))
    def broken() -> None:
        ran.append(1)
        raise ValueError("no")

    @entrypoint()
    def workflow(n: int) -> None:
        broken().result()

    with pytest.raises(ValueError, match="no"):
        drive.invoke(workflow, 1)
    assert len(ran) == calls


@pytest.mark.parametrize("retry_on", ["ValueError", 3, [ValueError, "KeyError"], None])
def test_something_else_is_refused(retry_on: Any) -> None:
    """202"""
    with pytest.raises(TypeError, match="retry_on"):
        task(retry_policy=RetryPolicy(retry_on=retry_on))(len)
    with pytest.raises(DeclarationError, match="RetryPolicy"):
        task(retry_policy=retry_on or "x")(len)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initial_interval", -1), ("initial_interval", math.nan), ("initial_interval", "1"),
        ("backoff_factor", -2.0), ("backoff_factor", None), ("max_interval", -1),
        ("max_attempts", "3"), ("max_attempts", None), ("max_attempts", math.nan),
    ],
)  # fmt: skip
def test_a_number_that_means_nothing_is_refused(field: str, value: Any) -> None:
    """201: at declaration, of tasks and entrypoints, alone and among several"""
    policy = RetryPolicy(**{field: value})
    for given in (policy, [RetryPolicy(), policy]):
        with pytest.raises(DeclarationError, match=rf"RetryPolicy\({field}={value!r}\): give "):
            task(len, retry_policy=given)
        with pytest.raises(DeclarationError, match=rf"RetryPolicy\({field}={value!r}\): give "):
            entrypoint(retry_policy=given)(lambda n: n)


@pytest.mark.parametrize(
    "exc",
    [
        ConnectionError(), ConnectionResetError(), Exception(), Own(), EOFError(), _http(500),
        _http(503), ExceptionGroup("two", [ValueError()]), TimeoutError(),
    ],
    ids=repr,
)  # fmt: skip
def test_retried_by_default(exc: Exception) -> None:
    """203; 204: time-outs, too, though they are OSErrors"""
    assert default_retry_on(exc)


@pytest.mark.parametrize(
    "exc",
    [
        ValueError(), TypeError(), ZeroDivisionError(), ImportError(), KeyError(), NameError(),
        SyntaxError(), RuntimeError(), NotImplementedError(), ReferenceError(), StopIteration(),
        StopAsyncIteration(), OSError(), FileNotFoundError(), _http(404), _http(429),
    ],
    ids=repr,
)  # fmt: skip
def test_not_retried_by_default(exc: Exception) -> None:
    """203"""
    assert not default_retry_on(exc)


def test_a_time_out_of_the_tasks_own_is_retried(drive: Drive) -> None:
    """204"""
    ran: list[int] = []

    @task(retry_policy=QUICK)
    async def fetch() -> str:
        ran.append(1)
        if len(ran) == 1:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        return "fetched"

    @entrypoint()
    async def workflow(n: int) -> str:
        return await fetch()

    assert (drive.invoke(workflow, 1), ran) == ("fetched", [1, 1])


def test_several_policies_share_the_counter(drive: Drive) -> None:
    """205: the first that wants the exception decides"""
    ran: list[int] = []
    policies = [
        RetryPolicy(initial_interval=0.001, jitter=False, max_attempts=3, retry_on=ConnectionError),
        RetryPolicy(initial_interval=0.001, jitter=False, max_attempts=5, retry_on=Exception),
    ]

    @task(retry_policy=policies)
    def broken() -> None:
        ran.append(1)
        raise ConnectionError if len(ran) == 3 else KeyError

    @entrypoint()
    def workflow(n: int) -> None:
        broken().result()

    with pytest.raises(ConnectionError):
        drive.invoke(workflow, 1)
    assert len(ran) == 3


@pytest.mark.parametrize(("attempts", "calls"), [(-1, 1), (0, 1), (1, 1), (2, 2)])
def test_few_attempts(drive: Drive, attempts: int, calls: int) -> None:
    """206"""
    ran: list[int] = []

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, max_attempts=attempts))
    def broken() -> None:
        ran.append(1)
        raise ConnectionError

    @entrypoint()
    def workflow(n: int) -> None:
        broken().result()

    with pytest.raises(ConnectionError):
        drive.invoke(workflow, 1)
    assert len(ran) == calls


def test_failed_attempts_leave_nothing(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """207: but what was written to the stream was written"""
    ran: list[int] = []

    @task(retry_policy=QUICK)
    def flaky(writer: StreamWriter, runtime: Runtime[None]) -> str:
        ran.append(1)
        assert runtime.execution_info is not None
        writer(runtime.execution_info.node_attempt)
        if len(ran) < 3:
            raise ConnectionError
        return "third"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return flaky().result()  # type: ignore[call-arg]  # injected

    assert drive.stream(workflow, 1, config, stream_mode=["custom", "updates"]) == [
        ("custom", 1),
        ("custom", 2),
        ("custom", 3),
        ("updates", {"flaky": "third"}),
        ("updates", {"workflow": "third"}),
    ]
    assert kinds_of(saver, "flaky") == ["result"]
    (thread,) = saver.list_threads()
    ops = saver.get_ops(saver.list_runs(thread.thread_id)[0].id)
    assert [op.attempt for op in ops if op.kind == "result"] == [3]


def test_a_question_is_not_retried(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """207"""
    ran: list[int] = []

    @task(retry_policy=RetryPolicy(initial_interval=0.001, retry_on=Exception))
    def ask() -> Any:
        ran.append(1)
        return interrupt("?")

    @entrypoint(checkpointer=saver, retry_policy=QUICK)
    def workflow(n: int) -> Any:
        return ask().result()

    assert "__interrupt__" in drive.invoke(workflow, 1, config)
    assert len(ran) == 1
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_the_last_exception_is_raised_with_notes(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """208, 220"""
    ran: list[int] = []

    @task(retry_policy=QUICK)
    def broken() -> None:
        ran.append(1)
        raise Own(f"attempt {len(ran)}")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        broken().result()

    with pytest.raises(Own) as caught:
        drive.invoke(workflow, 1, config)
    assert caught.value.args == ("attempt 3",)
    notes = ["During task 'broken', attempt 3.", "During entrypoint 'workflow'."]
    assert caught.value.__notes__ == notes
    (open_task,) = drive.state(workflow, config).tasks
    assert "attempt 3" in str(open_task.error)
    assert "Own" in str(open_task.error)


@pytest.mark.parametrize("decorate", [task, entrypoint])
def test_the_old_name_of_retry_policy(drive: Drive, decorate: Any) -> None:
    """17"""
    ran: list[int] = []

    def flaky(n: int) -> int:
        ran.append(n)
        if len(ran) < 2:
            raise ConnectionError
        return n

    with pytest.warns(DeprecationWarning, match="retry_policy="):
        made = decorate(retry=QUICK)(flaky)

    @entrypoint()
    def workflow(n: int) -> int:
        return int(made(n).result())

    assert drive.invoke(made if decorate is entrypoint else workflow, 7) == 7
    assert ran == [7, 7]
    with pytest.warns(DeprecationWarning, match="retry_policy="):
        decorate(retry=RetryPolicy(max_attempts=1), retry_policy=QUICK)(flaky)


def test_the_old_name_of_context_schema(drive: Drive) -> None:
    """18"""
    with pytest.warns(DeprecationWarning, match="context_schema="):
        made = entrypoint(config_schema=dict, context_schema=None)

    @made
    def workflow(n: int, runtime: Runtime[dict[str, int]]) -> Any:
        return runtime.context

    assert drive.invoke(workflow, 1, context={"a": 1}) == {"a": 1}
    with pytest.warns(DeprecationWarning, match="context_schema="):
        entrypoint(config_schema=dict, context_schema=dict)


def test_policies_say_what_they_are() -> None:
    """201, 209: by name, as in LangGraph"""
    assert TimeoutPolicy(run_timeout=1) == TimeoutPolicy(run_timeout=1, idle_timeout=None)
    assert hash(RetryPolicy()) == hash(RetryPolicy())
