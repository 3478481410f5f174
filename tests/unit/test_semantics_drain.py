"""Draining a run: numbers 191 and 192 of the semantics."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import GraphDrained, NbflowError
from nbflow.func import entrypoint, task
from nbflow.runtime import RunControl, Runtime, get_runtime
from nbflow.types import Command, RetryPolicy, interrupt
from tests.unit.drive import Config, Drive, kinds_of, within

LIMIT_S = 8.0


class Drained:
    """Runs that are drained by their own code the first time."""

    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.control = RunControl()

    def once(self) -> None:
        if not self.ran.count("drained"):
            self.ran.append("drained")
            self.control.request_drain("maintenance")


def test_it_stops_at_the_next_op_and_goes_on(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191, 192"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Runtime[None]) -> Any:
        first = step("a").result()
        if ran == ["a"]:
            assert runtime.control is not None
            runtime.control.request_drain("maintenance")
            assert (runtime.drain_requested, runtime.drain_reason) == (True, "maintenance")
        ran.append("body")
        return [first, step("b").result()]

    control = RunControl()
    with pytest.raises(GraphDrained, match="maintenance") as caught:
        drive.invoke(workflow, 1, config, control=control)
    assert isinstance(caught.value, NbflowError)
    assert (caught.value.reason, control.drain_reason) == ("maintenance", "maintenance")
    assert ran == ["a", "body"]
    state = drive.state(workflow, config)
    assert (state.next, state.values) == (("workflow",), None)
    assert drive.invoke(workflow, None, config) == ["a", "b"]
    assert ran == ["a", "body", "body", "b"]


def test_a_run_that_calls_nothing_more_ends(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        found = step(n).result()
        control.request_drain()
        return found

    control = RunControl()
    assert drive.invoke(workflow, 1, config, control=control) == 1
    assert control.drain_reason == "shutdown"


@pytest.mark.parametrize("durability", ["sync", "exit"])
def test_a_run_that_is_drained_before_it_begins(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, durability: str
) -> None:
    """191, 192"""
    ran: list[int] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        ran.append(n)
        return n * 10

    control = RunControl()
    control.request_drain()
    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=control, durability=durability)
    assert (ran, drive.state(workflow, config).next) == ([], ("workflow",))
    with pytest.raises(GraphDrained):
        drive.invoke(workflow, None, config, control=control)
    assert drive.invoke(workflow, None, config) == 10


def test_progress_is_kept_with_durability_exit(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """86, 192"""
    drained = Drained()

    @task
    def step(n: int) -> int:
        drained.ran.append(n)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = step(1).result()
        drained.once()
        return [first, step(2).result()]

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=drained.control, durability="exit")
    assert drive.invoke(workflow, None, config) == [1, 2]
    assert drained.ran == [1, "drained", 2]


def test_tasks_in_flight_finish_with_all_that_they_call(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""
    drained, go = Drained(), threading.Event()

    @task
    def child(n: int) -> int:
        drained.ran.append(f"child {n}")
        return n

    @task
    def parent(n: int) -> int:
        assert go.wait(LIMIT_S)
        found = child(n).result()
        drained.ran.append(f"parent {n}")
        return found

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = [parent(1), parent(2)]
        drained.once()
        go.set()
        made.append(parent(3))
        return [one.result() for one in made]

    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config, control=drained.control))
    assert kinds_of(saver, "parent") == ["result", "result"]
    assert within(LIMIT_S, lambda: drive.invoke(workflow, None, config)) == [1, 2, 3]
    for n in (1, 2, 3):
        assert drained.ran.count(f"parent {n}") == drained.ran.count(f"child {n}") == 1


def test_async_tasks_in_flight_finish(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191: they are not cancelled"""
    drained = Drained()

    @task
    async def child(n: int) -> int:
        await asyncio.sleep(0)
        return n

    @task
    async def parent(n: int) -> int:
        for _ in range(5):
            await asyncio.sleep(0)
        drained.ran.append(n)
        return await child(n)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        made = [parent(1), parent(2)]
        drained.once()
        made.append(parent(3))
        return list(await asyncio.gather(*made))

    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config, control=drained.control))
    assert kinds_of(saver, "parent") == ["result", "result"]
    assert within(LIMIT_S, lambda: drive.invoke(workflow, None, config)) == [1, 2, 3]
    assert drained.ran == ["drained", 1, 2, 3]


@pytest.mark.parametrize("how", ["gather", "group", "caught", "values"])
def test_code_cannot_swallow_it(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, how: str
) -> None:
    """191: whatever it makes of it, its return is not taken"""
    drained = Drained()

    @task
    async def step(n: int) -> int:
        return n

    async def helper(n: int) -> int:
        return await step(n)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        first: Any = await step(0)
        drained.once()
        if how == "gather":
            return [first, *await asyncio.gather(helper(1), helper(2))]
        if how == "values":
            found = await asyncio.gather(helper(1), helper(2), return_exceptions=True)
            return [first, *found]
        if how == "group":
            async with asyncio.TaskGroup() as group:
                made = [group.create_task(helper(n)) for n in (1, 2)]
            return [first, *(one.result() for one in made)]
        try:
            return [first, await step(1), await step(2)]
        except BaseException:
            return "swallowed"

    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config, control=drained.control))
    assert within(LIMIT_S, lambda: drive.invoke(workflow, None, config)) == [0, 1, 2]


def test_an_except_clause_does_not_see_it(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""
    drained = Drained()

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        drained.once()
        try:
            return step(n).result()
        except Exception:
            drained.ran.append("fallback")

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=drained.control)
    assert (drive.invoke(workflow, None, config), drained.ran) == (1, ["drained"])


def test_a_question_is_an_op_too(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """191: it is asked when the run goes on"""
    drained = Drained()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        drained.once()
        return interrupt("?")

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=drained.control)
    assert drive.state(workflow, config).interrupts == ()
    asked = drive.invoke(workflow, None, config)["__interrupt__"]
    assert [question.value for question in asked] == ["?"]
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_a_question_in_flight_is_asked(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191, 59: by a task that was called before"""
    drained, go = Drained(), threading.Event()

    @task
    def ask() -> Any:
        assert go.wait(LIMIT_S)
        return interrupt("?")

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        asking = ask()
        drained.once()
        go.set()
        return [step(n).result(), asking.result()]

    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config, control=drained.control))
    asked = within(LIMIT_S, lambda: drive.invoke(workflow, None, config))["__interrupt__"]
    assert [question.value for question in asked] == ["?"]
    assert within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume=9), config)) == [1, 9]


def test_a_nested_workflow_stops_between_its_ops(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""
    drained = Drained()

    @task
    def step(name: str) -> str:
        drained.ran.append(name)
        return name

    @entrypoint()
    def inner(n: int) -> list[str]:
        found = [step("first").result()]
        drained.once()
        return [*found, step("second").result()]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return inner.invoke(n)

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=drained.control)
    assert drained.ran == ["first", "drained"]
    assert drive.invoke(workflow, None, config) == ["first", "second"]
    assert drained.ran == ["first", "drained", "second"]


def test_a_nested_workflow_in_a_task_finishes_with_it(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191"""
    drained, asked = Drained(), threading.Event()

    @task
    def step(name: str) -> str:
        drained.ran.append(name)
        return name

    @entrypoint()
    def inner(n: int) -> list[str]:
        found = [step("first").result()]
        drained.once()
        asked.set()
        return [*found, step("second").result()]

    @task
    def calls_inner() -> Any:
        return inner.invoke(1)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        calling = calls_inner()
        assert asked.wait(LIMIT_S)
        return [step("after").result(), calling.result()]

    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config, control=drained.control))
    assert drained.ran == ["first", "drained", "second"]
    assert drive.invoke(workflow, None, config) == ["after", ["first", "second"]]
    assert drained.ran == ["first", "drained", "second", "after"]


def test_a_drain_between_two_attempts(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """191: of the body; a task in flight has all its attempts"""
    drained = Drained()

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    def flaky() -> str:
        drained.ran.append("flaky")
        drained.once()
        if drained.ran.count("flaky") < 3:
            raise ConnectionError
        return "third time"

    @entrypoint(
        checkpointer=saver,
        retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, retry_on=KeyError),
    )
    def workflow(n: int) -> Any:
        found = flaky().result()
        drained.ran.append("body")
        if drained.ran.count("body") == 1:
            raise KeyError
        return found

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=drained.control)
    assert drained.ran == ["flaky", "drained", "flaky", "flaky", "body"]
    assert drive.invoke(workflow, None, config) == "third time"
    assert drained.ran[5:] == ["body"]


def test_a_drained_stream(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """175, 191: what happened is delivered, then the exception"""
    drained = Drained()

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = step(1).result()
        drained.once()
        return [first, step(2).result()]

    chunks: list[Any] = []
    with pytest.raises(GraphDrained):
        drive.stream_into(chunks, workflow, 1, config, control=drained.control)
    assert chunks == [{"step": 1}]
    assert drive.stream(workflow, None, config)[-2:] == [{"step": 2}, {"workflow": [1, 2]}]


def test_without_a_checkpointer(drive: Drive) -> None:
    """191"""
    control = RunControl()
    control.request_drain("now")

    @entrypoint()
    def workflow(n: int) -> int:
        return n

    with pytest.raises(GraphDrained, match="now"):
        drive.invoke(workflow, 1, control=control)


def test_every_run_has_a_control(drive: Drive) -> None:
    """189, 191"""

    @task
    def step(control: Any) -> bool:
        return get_runtime().control is control

    @entrypoint()
    def workflow(n: int, runtime: Runtime[None]) -> Any:
        assert runtime.control is not None
        return [runtime.drain_requested, runtime.drain_reason, step(runtime.control).result()]

    assert drive.invoke(workflow, 1) == [False, None, True]
    assert Runtime().control is None
    assert (Runtime().drain_requested, Runtime().drain_reason) == (False, None)


def test_from_another_thread(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """191: as a signal handler would"""
    control, working, ran = RunControl(), threading.Event(), []

    @task
    def step(n: int) -> int:
        ran.append(n)
        working.set()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        at = 0
        while at < n:
            at += step(1).result()
        return at

    def drain() -> None:
        working.wait(LIMIT_S)
        control.request_drain()

    thread = threading.Thread(target=drain)
    thread.start()
    with pytest.raises(GraphDrained):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1_000_000, config, control=control))
    thread.join()
    assert 0 < len(ran) < 1_000_000
