"""Durable replay: numbers 61 to 70 and 78 to 83 of the semantics."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    EmptyInputError,
    WorkflowMismatchError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, RetryPolicy, interrupt
from tests.unit.drive import HEX, Config, Drive, kinds_of, within

Rows = Callable[[], dict[str, int]]
ASKED = {"__interrupt__": [Interrupt(value="?", id=HEX)]}


def test_body_runs_again_and_finished_tasks_do_not(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """61"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        ran.append("body")
        first = step(name).result()
        answer = interrupt("?")
        return [first, answer, step(answer).result()]

    assert drive.invoke(workflow, "a", config) == ASKED
    assert drive.invoke(workflow, Command(resume="b"), config) == ["A", "b", "B"]
    assert ran == ["body", "a", "body", "b"]


def test_finished_parent_is_not_entered_again(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """62"""
    ran: list[str] = []

    @task
    def child(n: int) -> int:
        ran.append("child")
        return n + 1

    @task
    def parent(n: int) -> int:
        ran.append("parent")
        return 2 * child(n).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [parent(n).result(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [4, "!"]
    assert ran == ["parent", "child"]


def test_children_of_an_unfinished_parent_are_reused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """62, 92"""
    ran: list[str] = []

    @task
    def child(n: int) -> int:
        ran.append("child")
        return n + 1

    @task
    def parent(n: int) -> Any:
        ran.append("parent")
        return [child(n).result(), interrupt("?"), child(n).result()]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent(n).result()

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [2, "!", 2]
    assert ran == ["parent", "child", "parent", "child"]


def test_tasks_of_a_nested_entrypoint_are_reused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """63"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @entrypoint()
    def child(name: str) -> Any:
        return [step(name).result(), interrupt("?")]

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        before = step("before").result()
        return [before, child.invoke(name)]

    drive.invoke(workflow, "a", config)
    assert drive.invoke(workflow, Command(resume="!"), config) == ["BEFORE", ["A", "!"]]
    assert ran == ["before", "a"]


def test_replay_writes_nothing_twice(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """64"""

    @task
    def step(n: int) -> int:
        return n + 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(n).result(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    before = rows()
    drive.invoke(workflow, Command(resume="!"), config)
    after = rows()
    assert kinds_of(saver, "step") == ["result"]
    assert (after["ops"] - before["ops"], after["runs"] - before["runs"]) == (1, 0)


def test_continue_after_an_error(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """65"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        if name == "b" and ran.count("b") == 1:
            raise ValueError("once")
        return name.upper()

    @entrypoint(checkpointer=saver)
    def workflow(names: list[str]) -> list[str]:
        return [step(name).result() for name in names]

    with pytest.raises(ValueError, match="once"):
        drive.invoke(workflow, ["a", "b", "c"], config)
    assert drive.invoke(workflow, None, config) == ["A", "B", "C"]
    assert ran == ["a", "b", "b", "c"]


def test_continue_after_an_error_of_the_body(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """65"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> str:
        first = step(name).result()
        if len(ran) == 1:
            ran.append("broken")
            raise KeyError("body")
        return first

    with pytest.raises(KeyError):
        drive.invoke(workflow, "a", config)
    assert drive.invoke(workflow, None, config) == "A"
    assert ran == ["a", "broken"]


def test_continue_on_a_fresh_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """66"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    with pytest.raises(EmptyInputError):
        drive.invoke(workflow, None, config)
    assert rows()["runs"] == 0


def test_continue_on_a_finished_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """67"""
    ran: list[int] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        ran.append(n)
        return n + 1

    drive.invoke(workflow, 1, config)
    before = rows()
    assert drive.invoke(workflow, None, config) == 2
    assert drive.stream(workflow, None, config) == []
    assert (ran, rows()) == ([1], before)


def test_continue_while_interrupted(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """68, 103"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?")

    first = drive.invoke(workflow, 1, config)
    before = rows()
    assert drive.invoke(workflow, None, config) == first
    assert drive.invoke(workflow, None, config) == first
    assert rows() == before
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def _waiting_once(saver: BaseCheckpointSaver, ran: list[str], started: asyncio.Event) -> Any:
    """A workflow whose task ``b`` waits for ever on the first run."""

    @task
    async def step(name: str) -> str:
        ran.append(name)
        if name == "b" and ran.count("b") == 1:
            started.set()
            await asyncio.Event().wait()
        return name.upper()

    @entrypoint(checkpointer=saver)
    async def workflow(names: list[str]) -> list[str]:
        return [await step(name) for name in names]

    return workflow


def test_a_cancelled_run_goes_on(saver: BaseCheckpointSaver, config: Config) -> None:
    """70: finished tasks are kept, the one that the caller's cancellation hit runs again"""
    ran: list[str] = []

    async def main() -> Any:
        started = asyncio.Event()
        workflow = _waiting_once(saver, ran, started)
        running = asyncio.create_task(workflow.ainvoke(["a", "b", "c"], config))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert workflow.get_state(config).next == ("workflow",)
        return await workflow.ainvoke(None, config)

    assert within(8, lambda: asyncio.run(main())) == ["A", "B", "C"]
    assert ran == ["a", "b", "b", "c"]


def test_a_run_cancelled_before_it_awaits_goes_on(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """70"""
    ran: list[str] = []

    async def main() -> Any:
        workflow = _waiting_once(saver, ran, asyncio.Event())
        running = asyncio.create_task(workflow.ainvoke(["a", "c"], config))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return await workflow.ainvoke(None, config)

    assert within(8, lambda: asyncio.run(main())) == ["A", "C"]
    assert sorted(set(ran)) == ["a", "c"]


def test_a_retried_entrypoint_reuses_its_tasks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """78"""
    charged: list[int] = []
    attempts: list[int] = []

    @task
    def charge(amount: int) -> int:
        charged.append(amount)
        return amount

    @entrypoint(
        checkpointer=saver,
        retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, retry_on=ValueError),
    )
    def workflow(n: int) -> int:
        attempts.append(n)
        total = charge(n).result() + charge(n + 1).result()
        if len(attempts) < 3:
            raise ValueError("again")
        return total

    assert drive.invoke(workflow, 1, config) == 3
    assert (len(attempts), charged) == (3, [1, 2])


def test_a_retried_task_reuses_its_children(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """78"""
    charged: list[int] = []
    attempts: list[int] = []

    @task
    def charge(amount: int) -> int:
        charged.append(amount)
        return amount

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, retry_on=ValueError))
    def parent(n: int) -> int:
        attempts.append(n)
        paid = charge(n).result()
        if len(attempts) < 3:
            raise ValueError("again")
        return paid

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return parent(n).result()

    assert drive.invoke(workflow, 1, config) == 1
    assert (len(attempts), charged) == (3, [1])


def test_another_workflow_cannot_continue(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """80"""

    @entrypoint(checkpointer=saver)
    def transfer(n: int) -> Any:
        return interrupt("transfer?")

    @entrypoint(checkpointer=saver)
    def delete(n: int) -> Any:
        return interrupt("delete?")

    drive.invoke(transfer, 1, config)
    before = rows()
    with pytest.raises(WorkflowMismatchError, match=r"transfer.*delete|delete.*transfer"):
        drive.invoke(delete, Command(resume="yes"), config)
    with pytest.raises(WorkflowMismatchError):
        drive.invoke(delete, None, config)
    assert rows() == before
    assert drive.invoke(transfer, Command(resume="yes"), config) == "yes"


def test_new_input_while_interrupted(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """82, 130"""

    @entrypoint(checkpointer=saver)
    def workflow(name: str, previous: Any = None) -> Any:
        return [name, previous, interrupt(name)]

    (old,) = drive.invoke(workflow, "a", config)["__interrupt__"]
    with pytest.warns(UserWarning, match="some_thread_id.*open questions are dropped"):
        (new,) = drive.invoke(workflow, "b", config)["__interrupt__"]
    assert (old.value, new.value) == ("a", "b")
    assert drive.state(workflow, config).interrupts == (new,)
    assert len(saver.list_runs("some_thread_id")) == 2
    assert drive.invoke(workflow, Command(resume="!"), config) == ["b", None, "!"]
    assert [s.metadata["source"] for s in drive.history(workflow, config) if s.metadata] == [
        "loop",
        "input",
        "input",
    ]


def test_earlier_checkpoints_stay_readable(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """83"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    drive.invoke(workflow, 1, config)
    first = drive.state(workflow, config)
    drive.invoke(workflow, 2, config)
    assert drive.state(workflow, config).values == 2
    assert drive.state(workflow, first.config) == first
