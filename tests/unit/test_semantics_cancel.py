"""Cancellation: numbers 216 to 219 of the semantics, and what helper coroutines may do.

Nothing sleeps: events make the order, and ``within`` turns a hang into a failure.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import NodeCancelledError
from nbflow.func import entrypoint, task
from nbflow.types import Command, RetryPolicy, interrupt
from tests.unit.drive import Config, Drive, kinds_of, on_thread, within

LIMIT_S = 8.0
EVERYTHING = RetryPolicy(initial_interval=0.001, jitter=False, retry_on=lambda exc: True)


async def _never() -> None:
    await asyncio.Event().wait()


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# -- raised by the code itself --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [asyncio.CancelledError, concurrent.futures.CancelledError])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
def test_a_task_that_raises_cancelled_error(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, plain: bool, kind: Any
) -> None:
    """216: it failed, and is not tried again"""
    ran: list[int] = []

    @task(retry_policy=EVERYTHING)
    def in_a_thread() -> None:
        ran.append(1)
        raise kind("own")

    @task(retry_policy=EVERYTHING)
    async def on_the_loop() -> None:
        ran.append(1)
        raise kind("own")

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        await (in_a_thread if plain else on_the_loop)()

    with pytest.raises(NodeCancelledError, match="nobody had cancelled it") as caught:
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))
    assert caught.value.node == ("in_a_thread" if plain else "on_the_loop")
    assert isinstance(caught.value.__cause__, kind)
    assert ran == [1]
    assert kinds_of(saver, caught.value.node) == ["error", "void"]


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
def test_a_body_that_raises_cancelled_error(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, plain: bool
) -> None:
    """216: the run failed"""

    @entrypoint(checkpointer=saver, name="workflow")
    def in_a_thread(n: int) -> None:
        raise asyncio.CancelledError("own")

    @entrypoint(checkpointer=saver, name="workflow")
    async def on_the_loop(n: int) -> None:
        raise asyncio.CancelledError("own")

    workflow = in_a_thread if plain else on_the_loop
    with pytest.raises(NodeCancelledError, match="'workflow'"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))
    state = drive.state(workflow, config)
    assert state.next == ("workflow",)
    assert "NodeCancelledError" in str(state.tasks[0].error)


def test_a_child_that_the_code_cancelled_and_waits_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """216, 51: the child was cancelled, its parent failed of it; on replay, too"""

    @task
    async def child() -> None:
        await _never()

    @task
    async def parent() -> None:
        future = child()
        future.cancel()
        await future

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await parent()
        except NodeCancelledError as exc:
            return [exc.node, interrupt("?")]

    assert "__interrupt__" in within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="!"), config))
    assert again == ["parent", "!"]
    assert kinds_of(saver, "parent") == ["error"]


# -- from outside ------------------------------------------------------------------------------


def test_cancelling_keeps_what_finished(saver: BaseCheckpointSaver, config: Config) -> None:
    """217, 70: running async tasks are cancelled, and run again"""
    ran: list[str] = []

    @task
    async def quick() -> str:
        ran.append("quick")
        return "quick"

    @task
    async def slow(started: list[asyncio.Event]) -> str:
        ran.append("slow")
        if ran.count("slow") == 1:
            started[0].set()
            try:
                await _never()
            except asyncio.CancelledError:
                ran.append("cancelled")
                raise
        return "slow"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await quick(), await slow(box)]

    box: list[Any] = []

    async def main() -> None:
        box[:] = [asyncio.Event()]
        running = asyncio.create_task(workflow.ainvoke(1, config))
        await box[0].wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    within(LIMIT_S, lambda: asyncio.run(main()))
    assert ran == ["quick", "slow", "cancelled"]
    assert workflow.get_state(config).next == ("workflow",)
    again = within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(None, config)))
    assert again == ["quick", "slow"]
    assert ran == ["quick", "slow", "cancelled", "slow"]


def test_a_time_out_around_the_whole_call(saver: BaseCheckpointSaver, config: Config) -> None:
    """217: asyncio's own means work"""

    @task
    async def slow() -> None:
        await _never()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        await slow()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await workflow.ainvoke(1, config)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workflow.ainvoke(None, config), 0.01)

    within(LIMIT_S, lambda: asyncio.run(main()))


def test_cancelling_at_every_turn_of_the_loop() -> None:
    """217, fault 38: whenever it comes, what finished is not run again"""
    ran: list[tuple[int, str]] = []

    @task
    async def leaf(turn: int, name: str) -> str:
        await _turns(1)
        ran.append((turn, name))
        return name

    @task
    def plain(turn: int, name: str) -> str:
        ran.append((turn, name))
        return name

    @task
    async def branch(turn: int, name: str) -> str:
        found = await asyncio.gather(leaf(turn, name + "1"), leaf(turn, name + "2"))
        return "".join(found)

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(turn: int) -> list[str]:
        found = list(await asyncio.gather(branch(turn, "a"), branch(turn, "b"), plain(turn, "c")))
        return [*found, await leaf(turn, "d")]

    async def main(turn: int) -> bool:
        running = asyncio.create_task(workflow.ainvoke(turn, on_thread(turn)))
        for _ in range(turn):
            await asyncio.sleep(0)
        was_done = running.done()
        running.cancel()
        ended = (await asyncio.gather(running, return_exceptions=True))[0]
        assert was_done or isinstance(ended, asyncio.CancelledError)
        begun = workflow.get_state(on_thread(turn)).created_at is not None
        again = await workflow.ainvoke(None if begun else turn, on_thread(turn))
        assert again == ["a1a2", "b1b2", "c", "d"]
        return was_done

    def every_turn() -> int:
        turn = 0
        while not asyncio.run(main(turn)):
            turn += 1
        return turn

    turns = within(60.0, every_turn)
    assert turns > 5
    assert all(ran.count(one) <= 2 for one in ran)


def test_a_thread_that_was_given_up_does_not_stop_the_run(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """54, 217: what it still calls is refused, and that is all"""
    go, refused = threading.Event(), threading.Event()

    @task
    def leaf() -> None:
        return None

    @task
    def block() -> None:
        go.wait(LIMIT_S)
        try:
            leaf().result()
        finally:
            refused.set()

    @task
    async def later() -> str:
        await asyncio.to_thread(refused.wait, LIMIT_S)
        await _turns(5)
        return "later"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await asyncio.wait_for(block(), 0.01)
        except TimeoutError:
            go.set()
        return await later()

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config))) == "later"
    assert kinds_of(saver, "leaf") == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("in_task", [True, False], ids=["task", "body"])
def test_an_exit_stops_at_the_next_op(
    saver: BaseCheckpointSaver, config: Config, kind: Any, in_task: bool
) -> None:
    """218, 219: no task begins after it"""
    ran: list[Any] = []

    @task
    def step(n: int) -> int:
        ran.append(n)
        if n == 1 and in_task and ran.count(1) == 1:
            raise kind
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        found = [step(0).result()]
        ran.append("body")
        if not in_task and ran.count("body") == 1:
            raise kind
        found.append(step(1).result())
        return [*found, *(one.result() for one in [step(i) for i in range(2, 100)])]

    with pytest.raises(kind):
        workflow.invoke(1, config)
    assert ran == ([0, "body", 1] if in_task else [0, "body"])
    assert workflow.invoke(None, config) == list(range(100))
    assert ran.count(0) == 1


def test_an_exit_in_an_async_task(saver: BaseCheckpointSaver, config: Config) -> None:
    """219"""

    @task
    async def leave() -> None:
        raise SystemExit(3)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        await leave()

    with pytest.raises(SystemExit):
        within(LIMIT_S, lambda: workflow.invoke(1, config))


# -- what is left running ----------------------------------------------------------------------


def test_children_that_nobody_awaits_below_a_plain_body(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """56: of an async task, called in a thread or on the loop"""
    go, ran = threading.Event(), []

    @task
    def plain() -> None:
        go.wait(LIMIT_S)
        ran.append("plain")

    @task
    async def on_the_loop() -> None:
        await _turns(9)
        ran.append("async")
        go.set()

    @task
    async def parent() -> str:
        plain()
        on_the_loop()
        return "parent"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> str:
        parent()
        return "body"

    assert within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config))) == "body"
    assert ran == ["async", "plain"]


def test_what_a_pause_cancels_below_a_task_runs_again(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """51, 59: a TaskGroup cancels the others when one of them asks"""
    first = [True]

    @task
    async def below() -> str:
        if first[0]:
            await _never()
        return "below"

    @task
    async def middle() -> str:
        return await below()

    @task
    async def ask() -> Any:
        await _turns(5)
        return interrupt("?")

    async def helper(step: Any) -> Any:
        return await step()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        async with asyncio.TaskGroup() as group:
            made = [group.create_task(helper(step)) for step in (ask, middle)]
        return [one.result() for one in made]

    assert "__interrupt__" in within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(1, config)))
    first[0] = False
    again = within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(Command(resume="!"), config)))
    assert again == ["!", "below"]


class Library:
    """Keeps an asyncio task of its own for as long as the loop runs, as connection pools do."""

    def __init__(self) -> None:
        self.pings: asyncio.Queue[str] = asyncio.Queue()
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.worker: asyncio.Task[None] | None = None

    async def ask(self, text: str) -> str:
        if self.worker is None:
            self.worker = asyncio.create_task(self._work())
        await self.pings.put(text)
        return await self.answers.get()

    async def _work(self) -> None:
        while True:
            await self.answers.put(f"{await self.pings.get()} pong")

    async def close(self) -> None:
        assert self.worker is not None
        self.worker.cancel()
        await asyncio.wait([self.worker])


@pytest.fixture
async def library() -> AsyncIterator[Library]:
    made = Library()
    yield made
    await made.close()


@pytest.mark.parametrize("end", ["pause", "failure", "pause in a task"])
async def test_a_librarys_own_task_outlives_the_run(library: Library, end: str) -> None:
    """217: only helpers that called or asked are cancelled"""

    @task
    async def uses() -> Any:
        assert await library.ask("task") == "task pong"
        return interrupt("?") if end == "pause in a task" else None

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(n: int) -> Any:
        if end == "pause in a task":
            return await uses()
        assert await library.ask("body") == "body pong"
        await uses()
        if end == "failure":
            raise KeyError
        return interrupt("?")

    if end == "failure":
        with pytest.raises(KeyError):
            await workflow.ainvoke(1, on_thread("1"))
    else:
        assert "__interrupt__" in await workflow.ainvoke(1, on_thread("1"))
    assert await library.ask("after") == "after pong"


async def test_a_helper_that_calls_for_ever_does_not_hold_the_pause() -> None:
    """59, 101"""
    ran: list[int] = []

    @task
    async def tick(n: int) -> int:
        ran.append(n)
        await asyncio.sleep(0)
        return n

    async def ticks() -> None:
        n = 0
        while True:
            n = await tick(n) + 1

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(n: int) -> Any:
        ticking = asyncio.create_task(ticks())
        try:
            return interrupt("?")
        finally:
            if n == 2:
                ticking.cancel()

    async with asyncio.timeout(LIMIT_S):
        assert "__interrupt__" in await workflow.ainvoke(1, on_thread("1"))
        after = len(ran)
        await _turns(20)
        assert len(ran) == after


async def test_questions_behind_tasks_are_asked_before_the_pause() -> None:
    """101: as far as the tasks under way carry the others"""

    @task
    async def step(n: int) -> int:
        await _turns(3)
        return n

    async def branch(steps: int) -> Any:
        for n in range(steps):
            await step(n)
        return interrupt(f"after {steps}")

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(n: int) -> Any:
        return await asyncio.gather(*(branch(steps) for steps in (0, 1, 7)))

    async with asyncio.timeout(LIMIT_S):
        asked = (await workflow.ainvoke(1, on_thread("1")))["__interrupt__"]
    assert sorted(question.value for question in asked) == ["after 0", "after 1", "after 7"]


async def test_a_helper_that_only_waits_is_left_and_can_do_nothing() -> None:
    """217: it may be a library's; in the run it begins nothing any more"""
    late = asyncio.Event()
    ran: list[str] = []

    @task
    async def charge() -> None:
        ran.append("charged")

    async def pays() -> None:
        await late.wait()
        try:
            await charge()
        except BaseException as exc:
            ran.append(type(exc).__name__)

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(n: int) -> Any:
        helpers.append(asyncio.create_task(pays()))
        return interrupt("?")

    helpers: list[asyncio.Task[None]] = []
    assert "__interrupt__" in await workflow.ainvoke(1, on_thread("1"))
    late.set()
    await helpers[0]
    assert ran == ["RunCancelled"]
