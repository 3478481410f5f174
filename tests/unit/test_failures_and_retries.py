"""What failed runs again when the run is continued; what the code caught does not."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import DeclarationError
from nbflow.func import entrypoint, task
from nbflow.types import Command, RetryPolicy, interrupt
from tests.unit.drive import Config, Drive, within

LIMIT_S = 8.0
QUICK = RetryPolicy(initial_interval=0.001, jitter=False, retry_on=ConnectionError)


class Flaky:
    """Fails with ConnectionError so many times, then returns how often it was called."""

    def __init__(self, failures: int = 1) -> None:
        self.calls = 0
        self.failures = failures

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError(f"call {self.calls}")
        return self.calls


def test_a_failure_seen_after_a_pause_runs_again(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    flaky = Flaky()

    @task
    def fetch() -> int:
        return flaky()

    @task
    def ask() -> Any:
        return interrupt("?")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        failing, asking = fetch(), ask()
        return asking.result(), failing.result()

    assert "__interrupt__" in drive.invoke(workflow, 1, config)
    with pytest.raises(ConnectionError):
        drive.invoke(workflow, Command(resume="!"), config)
    assert drive.invoke(workflow, None, config) == ("!", 2)


def test_the_entrypoint_is_retried_with_its_failed_tasks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """78, fault 27"""
    flaky, done = Flaky(2), Flaky(0)

    @task
    def fetch() -> int:
        return flaky()

    @task
    def once() -> int:
        return done()

    @entrypoint(checkpointer=saver, retry_policy=QUICK)
    def workflow(n: int) -> Any:
        return once().result(), fetch().result()

    assert drive.invoke(workflow, 1, config) == (1, 3)
    assert done.calls == 1


def test_a_parent_is_retried_with_its_failed_children(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """79, fault 27"""
    flaky, done = Flaky(), Flaky(0)

    @task
    def fetch() -> int:
        return flaky()

    @task
    def once() -> int:
        return done()

    @task(retry_policy=QUICK)
    def parent() -> Any:
        return once().result(), fetch().result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent().result()

    assert drive.invoke(workflow, 1, config) == (1, 2)
    assert done.calls == 1


def test_a_retried_parent_waits_for_its_running_children(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    started, go = threading.Event(), threading.Event()
    flaky, slow_calls = Flaky(), Flaky(0)

    @task
    def slow() -> int:
        started.set()
        go.wait(LIMIT_S)
        return slow_calls()

    @task(retry_policy=QUICK)
    def parent() -> Any:
        future = slow()
        started.wait(LIMIT_S)
        threading.Timer(0.02, go.set).start()
        return flaky(), future.result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent().result()

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == (2, 1)


def test_a_caught_failure_stays_caught_when_the_next_task_fails(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """54, fault 26: the branch that the code took is the branch of the replay"""
    first, other = Flaky(), Flaky()

    @task
    def fetch() -> int:
        return first()

    @task
    def fallback() -> str:
        return "fallback"

    @task
    def finish() -> int:
        return other()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            return fetch().result()
        except ConnectionError:
            return fallback().result(), finish().result()

    with pytest.raises(ConnectionError):
        drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, None, config) == ("fallback", 2)
    assert first.calls == 1


class ApiError(Exception):
    def __init__(self, code: int, body: str) -> None:
        super().__init__(f"{code}: {body}")
        self.code = code


@pytest.mark.parametrize(
    ("fail", "look"),
    [
        (lambda: (_ for _ in ()).throw(ApiError(404, "gone")), lambda e: (type(e), e.code, str(e))),
        (lambda: json.loads("{]"), lambda e: (type(e), e.pos, str(e))),
        (b"\xff".decode, lambda e: (type(e), e.start, str(e))),
        (
            lambda: (_ for _ in ()).throw(ExceptionGroup("two", [ValueError(1), KeyError("k")])),
            lambda e: (type(e), e.message, [(type(x), x.args) for x in e.exceptions]),
        ),
    ],
    ids=["attribute", "json", "unicode", "group"],
)
def test_a_recorded_failure_is_the_same_failure(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, fail: Any, look: Any
) -> None:
    """52, 275"""
    seen: list[Any] = []

    @task
    def broken() -> None:
        fail()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            broken().result()
        except Exception as exc:
            seen.append(look(exc))
        return interrupt("?")

    drive.invoke(workflow, 1, config)
    drive.invoke(workflow, Command(resume=1), config)
    assert seen[0] == seen[1]


def test_a_predicate_that_raises_ends_the_run(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """202"""

    def predicate(exc: Exception) -> bool:
        raise KeyError("boom")

    @task(retry_policy=RetryPolicy(retry_on=predicate))
    def broken() -> None:
        raise ValueError

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return broken().result()

    for value in (1, 2):
        with pytest.raises(KeyError):
            within(LIMIT_S, lambda value=value: drive.invoke(workflow, value, config))  # type: ignore[misc]
    with pytest.raises(KeyError):
        within(LIMIT_S, lambda: drive.stream(workflow, 3, config))


def test_retry_on_says_something_about_exceptions() -> None:
    """202"""
    with pytest.raises(DeclarationError, match="retry_on"):
        task(retry_policy=RetryPolicy(retry_on="ValueError"))(len)  # type: ignore[arg-type]


def test_a_task_group_pauses_and_goes_on(saver: BaseCheckpointSaver, config: Config) -> None:
    started: list[str] = []

    async def main() -> tuple[Any, Any]:
        @task
        async def slow(name: str) -> str:
            started.append(name)
            for _ in range(20):
                await asyncio.sleep(0)
            return name

        async def asks() -> Any:
            return interrupt("?")

        async def works() -> str:
            return await slow("b")

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> Any:
            async with asyncio.TaskGroup() as group:
                a, b = group.create_task(asks()), group.create_task(works())
            return a.result(), b.result()

        return (
            await workflow.ainvoke(1, config),
            await workflow.ainvoke(Command(resume="!"), config),
        )

    asked, answered = within(LIMIT_S, lambda: asyncio.run(main()))
    assert "__interrupt__" in asked
    assert answered == ("!", "b")


def test_a_task_group_fails_and_is_continued(saver: BaseCheckpointSaver, config: Config) -> None:
    flaky = Flaky()

    async def main() -> Any:
        @task
        async def fetch() -> int:
            await asyncio.sleep(0)
            return flaky()

        @task
        async def slow() -> str:
            for _ in range(20):
                await asyncio.sleep(0)
            return "b"

        async def one() -> int:
            return await fetch()

        async def two() -> str:
            return await slow()

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> Any:
            async with asyncio.TaskGroup() as group:
                a, b = group.create_task(one()), group.create_task(two())
            return a.result(), b.result()

        with pytest.raises(ExceptionGroup):
            await workflow.ainvoke(1, config)
        return await workflow.ainvoke(None, config)

    assert within(LIMIT_S, lambda: asyncio.run(main())) == (2, "b")


def test_helpers_end_with_the_pause(saver: BaseCheckpointSaver, config: Config) -> None:
    charged: list[str] = []

    async def main() -> Any:
        late = asyncio.Event()

        @task
        async def charge() -> str:
            charged.append("charge")
            return "charged"

        async def asks() -> Any:
            return interrupt("?")

        async def pays() -> str:
            await late.wait()
            return await charge()

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> Any:
            return await asyncio.gather(asks(), pays())

        assert "__interrupt__" in await workflow.ainvoke(1, config)
        late.set()
        for _ in range(10):
            await asyncio.sleep(0)
        assert charged == []
        return await workflow.ainvoke(Command(resume="!"), config)

    assert within(LIMIT_S, lambda: asyncio.run(main())) == ["!", "charged"]
    assert charged == ["charge"]
