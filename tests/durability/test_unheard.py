"""Storing that ends in an exception: whoever waits hears of it, and what is on record counts."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from nbflow._hooks import hooks
from nbflow.cache.memory import InMemoryCache
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import RunCancelled, StorageError
from nbflow.events import Event, TaskStarted
from nbflow.func import entrypoint, task
from nbflow.testing.faults import FaultPoint, armed
from nbflow.types import CachePolicy, Command, interrupt
from tests.unit.drive import Drive, within

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}
LIMIT_S = 8.0

both = pytest.mark.parametrize("drive", [Drive("sync"), Drive("async")], ids=["sync", "async"])


def lost() -> NoReturn:
    raise StorageError("the connection was lost")


def stop() -> NoReturn:
    raise KeyboardInterrupt


def steps(saver: BaseCheckpointSaver, drive: Drive, ran: list[int]) -> Any:
    """A workflow of four steps."""

    @task
    def plain(n: int) -> int:
        ran.append(n)
        return n

    @task
    async def step(n: int) -> int:
        ran.append(n)
        return n

    if drive.mode == "sync":

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> int:
            return sum(plain(i).result() for i in range(n))

        return workflow

    @entrypoint(checkpointer=saver)
    async def aworkflow(n: int) -> int:
        return sum([await step(i) for i in range(n)])

    return aworkflow


@pytest.mark.parametrize(
    ("point", "durability"),
    [
        ("before commit", "sync"), ("after commit", "sync"), ("before end", "sync"),
        ("after end", "sync"), ("before end", "exit"),
    ],
)  # fmt: skip
def test_a_stop_while_a_fact_is_stored(
    saver: BaseCheckpointSaver, point: FaultPoint, durability: str
) -> None:
    """Fault 38: a second Ctrl+C, which comes at once wherever the engine is, ends the run, too."""
    ran: list[int] = []
    workflow = steps(saver, Drive("sync"), ran)

    def play() -> None:
        with armed(point, stop, nth=1 if "end" in point else 2), pytest.raises(KeyboardInterrupt):
            workflow.invoke(4, THREAD, durability=durability)

    within(LIMIT_S, play)
    thread = saver.get_thread("t")
    assert thread is not None
    assert (thread.status, thread.owner) == ("cancelled", None)
    assert workflow.invoke(None, THREAD) == 6
    assert sorted(ran) == [0, 1, 1, 2, 3] if point == "before commit" else [0, 1, 2, 3]


def test_a_task_that_ends_after_its_run(saver: BaseCheckpointSaver) -> None:
    """Fault 38: whoever waits for a task that was called as the run ended is told so."""
    ends, begun, let_go = threading.Event(), threading.Event(), threading.Event()
    heard: list[BaseException] = []

    @task
    def late() -> str:
        begun.set()
        let_go.wait(LIMIT_S)
        return "late"

    def call_late() -> None:
        ends.wait(LIMIT_S)
        try:
            late().result()
        except BaseException as exc:
            heard.append(exc)

    callers: list[threading.Thread] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        context = contextvars.copy_context()
        callers.append(threading.Thread(target=context.run, args=(call_late,)))
        callers[0].start()
        return n

    def end() -> None:
        ends.set()
        begun.wait(LIMIT_S)

    with armed("before end", end):
        assert workflow.invoke(1, THREAD) == 1
    let_go.set()
    callers[0].join(LIMIT_S)
    assert [type(exc) for exc in heard] == [RunCancelled]


@both
def test_a_fact_that_is_stored_though_its_commit_failed(
    saver: BaseCheckpointSaver, drive: Drive
) -> None:
    """Fault 13: this process goes on from what is on record, not from what it heard."""
    ran: list[int] = []
    workflow = steps(saver, drive, ran)
    name = "plain" if drive.mode == "sync" else "step"
    with armed("after commit", lost, task=name, nth=2), pytest.raises(StorageError, match="lost"):
        drive.invoke(workflow, 4, THREAD)
    assert drive.invoke(workflow, None, THREAD) == 6
    assert ran == [0, 1, 2, 3]


def test_facts_held_back_that_are_stored_though_the_commit_failed(
    saver: BaseCheckpointSaver,
) -> None:
    """Fault 13: they are not stored again with the end."""
    ran: list[str] = []

    @task
    def step() -> str:
        ran.append("step")
        return "step"

    @task(at_most_once=True)
    def once() -> str:
        ran.append("once")
        return "once"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[str]:
        return [step().result(), once().result()]

    with armed("after commit", lost, task="once"), pytest.raises(StorageError, match="lost"):
        workflow.invoke(1, THREAD, durability="exit")
    thread = saver.get_thread("t")
    assert thread is not None
    assert (thread.status, thread.owner) == ("error", None)
    [run] = saver.list_runs("t")
    facts = [(op.name, op.kind) for op in saver.get_ops(run.id)]
    assert facts.count(("step", "result")) == 1
    assert ran == ["step"]


def test_a_pause_after_a_commit_that_failed(saver: BaseCheckpointSaver) -> None:
    """Fault 13: the pause counts what is on record, and the thread can be read."""

    asked = asyncio.Event()

    @task
    async def ask() -> Any:
        asked.set()
        return interrupt("?")

    @task
    async def other() -> int:
        await asked.wait()
        return 1

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[Any]:
        return [*await asyncio.gather(ask(), other())]

    with armed("after commit", lost, task="other"):
        paused = asyncio.run(workflow.ainvoke(1, THREAD))
    assert [question.value for question in paused["__interrupt__"]] == ["?"]
    assert asyncio.run(workflow.ainvoke(Command(resume="!"), THREAD)) == ["!", 1]


def asking(saver: BaseCheckpointSaver, works: Callable[[], object]) -> Any:
    """A workflow that works on while two questions are open."""

    @task
    def ask(n: int) -> Any:
        return interrupt(n)

    @task
    def work() -> str:
        works()
        return "worked"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[Any]:
        made = [ask(1), ask(2), work()]
        return [one.result() for one in made]

    return workflow


@pytest.mark.parametrize("point", ["before answer", "after answer"])
def test_an_answer_that_came_while_the_run_worked(
    saver: BaseCheckpointSaver, point: FaultPoint
) -> None:
    """Fault 13: it counts if it is on record, even if whoever gave it heard of a fault."""
    let_go = threading.Event()
    workflow = asking(saver, lambda: let_go.wait(LIMIT_S))
    asked = threading.Semaphore(0)
    run = workflow.start(1, thread_id="t")
    run.subscribe(lambda event: asked.release() if type(event).__name__ == "Asked" else None)
    while len(run.interrupts) < 2:
        assert asked.acquire(timeout=LIMIT_S)
    first, second = sorted(run.interrupts, key=lambda question: question.value)
    with armed(point, lost), pytest.raises(StorageError, match="lost"):
        run.answer(first.id, "one")
    let_go.set()
    assert run.wait(LIMIT_S) == "interrupted"
    open_now = [question.value for question in workflow.get_state(THREAD).interrupts]
    assert open_now == [2] if point == "after answer" else [1, 2]
    if point == "before answer":
        run.answer(first.id, "one")
        assert run.wait(LIMIT_S) == "interrupted"
    run.answer(second.id, "two")
    assert run.result(LIMIT_S) == ["one", "two", "worked"]


class Full(InMemoryCache[Any]):
    """Takes nothing; the warning that says so is an error in these tests."""

    def set(self, pairs: Any) -> None:
        raise OSError("no room")


@both
@pytest.mark.parametrize("whole", [False, True], ids=["task", "entrypoint"])
def test_what_follows_from_a_stored_outcome_fails(
    saver: BaseCheckpointSaver, drive: Drive, whole: bool
) -> None:
    """Fault 38: nobody waits for an outcome that is there, and the thread is given up."""
    kept = CachePolicy()
    of_task, of_run = (None, kept) if whole else (kept, None)
    workflow: Any
    if drive.mode == "sync":

        @task(cache_policy=of_task)
        def step(n: int) -> int:
            return n

        @entrypoint(checkpointer=saver, cache=Full(), cache_policy=of_run)
        def plain(n: int) -> int:
            return step(n).result()

        workflow = plain
    else:

        @task(cache_policy=of_task)
        async def astep(n: int) -> int:
            return n

        @entrypoint(checkpointer=saver, cache=Full(), cache_policy=of_run)
        async def on_a_loop(n: int) -> int:
            return await astep(n)

        workflow = on_a_loop

    with pytest.raises(UserWarning, match="could not be cached: no room"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, THREAD))
    assert drive.invoke(workflow, None, THREAD) == 1


def test_a_listener_that_fails_as_a_task_begins(saver: BaseCheckpointSaver) -> None:
    """Fault 38: the task has not begun, and whoever waits for it hears of that."""

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return step(n).result()

    def hear(event: Event) -> None:
        if isinstance(event, TaskStarted):
            raise KeyboardInterrupt

    hooks.observers.append(lambda: hear)
    try:
        with pytest.raises(KeyboardInterrupt):
            within(LIMIT_S, lambda: workflow.invoke(1, THREAD))
    finally:
        hooks.observers.pop()
    assert workflow.invoke(None, THREAD) == 1
