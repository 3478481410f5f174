"""The process dies where it is not sure what is on record; see ``nbflow.testing.faults``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbflow._engine import faults
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    DeclarationError,
    OutcomeUnknownError,
    StorageError,
)
from nbflow.events import Event, TaskStarted
from nbflow.func import entrypoint, task
from nbflow.runtime import get_runtime
from nbflow.testing.faults import FaultPoint, armed, die
from nbflow.types import Command, RetryPolicy, interrupt
from tests.durability.dying import killed
from tests.durability.forks import note_in

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def ran(path: Path) -> list[str]:
    """What the tasks noted, in all processes."""
    notes = path.with_suffix(".notes")
    return notes.read_text().split() if notes.exists() else []


def noting(path: Path) -> Callable[[str], None]:
    return note_in(str(path.with_suffix(".notes")))


def invoke_and_die(
    make: Callable[[SqliteSaver, Path], Any],
    path: Path,
    given: Any,
    point: FaultPoint,
    of: str | None = None,
    nth: int = 1,
    config: dict[str, Any] = THREAD,
) -> None:
    """In another process."""
    with armed(point, die, task=of, nth=nth):
        make(SqliteSaver(path), path).invoke(given, config)


def started(run: Any, name: str) -> list[tuple[int, int]]:
    """Attempts at a task that the events tell of, each with the unknown outcomes before it."""
    events: list[Event] = run.events()
    return [
        (event.attempt, event.unknown_outcomes)
        for event in events
        if isinstance(event, TaskStarted) and event.name == name
    ]


# -- a task ------------------------------------------------------------------------------------


def nested(saver: BaseCheckpointSaver, path: Path) -> Any:
    note = noting(path)

    @task
    def inner() -> int:
        note("inner")
        return 1

    @task(retry_policy=RetryPolicy(max_attempts=2, initial_interval=0.0, jitter=False))
    def outer(fails: int) -> int:
        attempt = get_runtime().execution_info.node_attempt  # type: ignore[union-attr]
        note(f"outer-{attempt}")
        inner().result()
        if attempt > 1 and attempt <= 1 + fails:
            raise ConnectionError("later")
        return attempt

    @entrypoint(checkpointer=saver)
    def workflow(fails: int) -> int:
        return outer(fails).result()

    return workflow


def test_a_step_whose_outcome_nobody_knows_runs_again(path: Path) -> None:
    """Fault 3: as the next attempt, and the events say that the outcome before is not known."""
    killed(invoke_and_die, nested, path, 0, "task returned", "outer")
    assert ran(path) == ["outer-1", "inner"]

    with SqliteSaver(path) as saver:
        run = nested(saver, path).start(None, thread_id="t")
        assert run.result(10) == 2

    assert started(run, "outer") == [(2, 1)]
    assert started(run, "inner") == []
    assert ran(path) == ["outer-1", "inner", "outer-2"]


def test_a_process_that_died_takes_no_attempt_from_the_policy(path: Path) -> None:
    """Fault 3: the policy counts what it sees."""
    killed(invoke_and_die, nested, path, 1, "task returned", "outer")

    with SqliteSaver(path) as saver:
        assert nested(saver, path).invoke(None, THREAD) == 3
    assert ran(path) == ["outer-1", "inner", "outer-2", "outer-3"]


def test_what_was_stored_before_the_caller_heard_is_there(path: Path) -> None:
    """Fault 3: a result whose commit came through is not made again."""
    killed(invoke_and_die, nested, path, 0, "after commit", "outer")

    with SqliteSaver(path) as saver:
        assert nested(saver, path).invoke(None, THREAD) == 1
    assert ran(path) == ["outer-1", "inner"]


def test_a_pause_is_no_unknown_outcome(path: Path) -> None:
    """Fault 3: a task that asked, and one beside it, are as they were without a crash."""

    @task
    def ask(n: int) -> Any:
        return interrupt(n)

    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            asked = [ask(n), ask(n + 1)]
            return [one.result() for one in asked]

        run = workflow.start(1, thread_id="t")
        assert run.wait(10) == "interrupted"
        run.resume({question.id: question.value for question in run.interrupts})
        assert run.result(10) == [1, 2]

    assert started(run, "ask") == [(1, 0)] * 4


# -- a task that must not run twice --------------------------------------------------------------


def shop(saver: BaseCheckpointSaver, path: Path) -> Any:
    note = noting(path)

    @task(at_most_once=True)
    def pay(amount: int) -> int:
        note("pay")
        return amount

    @entrypoint(checkpointer=saver)
    def workflow(amount: int) -> int:
        return pay(amount).result()

    return workflow


def async_shop(saver: BaseCheckpointSaver, path: Path) -> Any:
    note = noting(path)

    @task(at_most_once=True)
    async def pay(amount: int) -> int:
        note("pay")
        return amount

    @entrypoint(checkpointer=saver)
    async def workflow(amount: int) -> int:
        return await pay(amount)

    return workflow


def invoke_and_die_async(path: Path, point: FaultPoint, nth: int) -> None:
    with armed(point, die, task="pay", nth=nth):
        asyncio.run(async_shop(SqliteSaver(path), path).ainvoke(5, THREAD))


def again(workflow: Any, is_async: bool, config: dict[str, Any] = THREAD) -> Any:
    if is_async:
        return asyncio.run(workflow.ainvoke(None, config))
    return workflow.invoke(None, config)


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize(
    ("point", "nth", "before", "refused", "after"),
    [
        ("before commit", 1, 0, False, 1),  # nothing tells that it was about to begin
        ("after commit", 1, 0, True, 0),  # for all that is known, it has begun
        ("task returned", 1, 1, True, 1),
        ("before commit", 2, 1, True, 1),
        ("after commit", 2, 1, False, 1),  # its result is on record
    ],
)
def test_at_most_once(
    path: Path, is_async: bool, point: FaultPoint, nth: int, before: int, refused: bool, after: int
) -> None:
    """Fault 3: where a call began and nothing tells what came of it, it never runs again."""
    if is_async:
        killed(invoke_and_die_async, path, point, nth)
    else:
        killed(invoke_and_die, shop, path, 5, point, "pay", nth)
    assert ran(path) == ["pay"] * before

    with SqliteSaver(path) as saver:
        workflow = (async_shop if is_async else shop)(saver, path)
        for _ in range(2):
            if refused:
                with pytest.raises(OutcomeUnknownError, match="'pay', called at test_amb") as error:
                    again(workflow, is_async)
                assert error.value.task == "pay"
                assert error.value.site.startswith("test_ambiguous_moments.py:")
            else:
                assert again(workflow, is_async) == 5
            assert ran(path) == ["pay"] * after

        if refused:  # the remedy that the error names
            forked = workflow.fork(THREAD, before=error.value.task_id)
            assert again(workflow, is_async, forked) == 5
            assert ran(path) == ["pay"] * (after + 1)


def asking_shop(saver: BaseCheckpointSaver, path: Path) -> Any:
    note = noting(path)

    @task(at_most_once=True)
    def pay(amount: int) -> int:
        note("pay")
        return amount

    @entrypoint(checkpointer=saver)
    def workflow(amount: int) -> Any:
        try:
            paid = pay(amount).result()
        except OutcomeUnknownError:
            paid = interrupt("Was it paid?")
        return [paid, interrupt("Send it?")]

    return workflow


def test_who_catches_it_can_ask(path: Path) -> None:
    """Fault 3: on every replay the code gets the same error, and takes the same branch."""
    killed(invoke_and_die, asking_shop, path, 5, "task returned", "pay")

    with SqliteSaver(path) as saver:
        workflow = asking_shop(saver, path)
        workflow.invoke(None, THREAD)
        workflow.invoke(Command(resume=4), THREAD)
        assert workflow.invoke(Command(resume=True), THREAD) == [4, True]
    assert ran(path) == ["pay"]


def queue(saver: BaseCheckpointSaver, path: Path) -> Any:
    note = noting(path)

    @task
    def work() -> int:
        note("work")
        return 1

    @task(at_most_once=True)
    def pay() -> int:
        note("pay")
        return 2

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        first, second = work(), pay()
        return first.result() + second.result()

    return workflow


def test_a_call_that_had_not_begun_runs(path: Path) -> None:
    """Fault 3: that it was called is on record, and that it had not begun is, too."""
    one_at_a_time = {**THREAD, "max_concurrency": 1}
    killed(invoke_and_die, queue, path, 0, "after commit", "work", 1, one_at_a_time)
    assert ran(path) == ["work"]

    with SqliteSaver(path) as saver:
        (run,) = saver.list_runs("t")
        assert ("start", "pay", 0) in [
            (op.kind, op.name, op.attempt) for op in saver.get_ops(run.id)
        ]
        assert queue(saver, path).invoke(None, one_at_a_time) == 3
    assert ran(path) == ["work", "pay"]


def test_at_most_once_where_facts_are_held_back(path: Path) -> None:
    """Fault 3: ``durability='exit'`` holds back results, and not that such a task begins."""
    killed(invoke_with_exit_and_die, path)

    with SqliteSaver(path) as saver, pytest.raises(OutcomeUnknownError):
        shop(saver, path).invoke(None, THREAD)
    assert ran(path) == ["pay"]


def invoke_with_exit_and_die(path: Path) -> None:
    with armed("before end", die):
        shop(SqliteSaver(path), path).invoke(5, THREAD, durability="exit")


def test_a_failure_is_an_outcome(saver: BaseCheckpointSaver) -> None:
    """Fault 3: after it a task that must not run twice may run again."""
    attempts: list[int] = []

    @task(
        at_most_once=True,
        retry_policy=RetryPolicy(max_attempts=2, initial_interval=0.0, jitter=False),
    )
    def pay() -> int:
        attempts.append(get_runtime().execution_info.node_attempt)  # type: ignore[union-attr]
        if len(attempts) < 4:
            raise ConnectionError("refused")
        return 7

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return pay().result()

    with pytest.raises(ConnectionError):
        workflow.invoke(1, THREAD)
    assert workflow.invoke(None, THREAD) == 7
    assert attempts == [1, 2, 1, 2]


def test_what_was_cut_off_by_a_stop_is_not_known(saver: BaseCheckpointSaver) -> None:
    """Fault 3: nor is what came of an attempt that somebody cancelled with its run."""
    begun: list[str] = []
    begins = asyncio.Event()

    @task(at_most_once=True)
    async def pay() -> None:
        begun.append("pay")
        begins.set()
        await asyncio.sleep(60)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        await pay()

    async def cut_off() -> None:
        running = asyncio.ensure_future(workflow.ainvoke(1, THREAD))
        await begins.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cut_off())
    with pytest.raises(OutcomeUnknownError):
        asyncio.run(workflow.ainvoke(None, THREAD))
    assert begun == ["pay"]


def test_a_start_that_cannot_be_stored_is_no_start(saver: BaseCheckpointSaver) -> None:
    """Fault 3: a task that must not run twice does not run before its start is on record."""
    begun: list[str] = []

    @task(at_most_once=True)
    def pay() -> int:
        begun.append("pay")
        return 7

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return pay().result()

    def refuse() -> None:
        raise StorageError("no room")

    with armed("before commit", refuse), pytest.raises(StorageError, match="no room"):
        workflow.invoke(1, THREAD)
    assert begun == []
    assert workflow.invoke(None, THREAD) == 7


def test_a_task_that_must_not_run_twice_cannot_ask(saver: BaseCheckpointSaver) -> None:
    """Fault 3: since it runs again with the answer. Nor can what it calls."""

    @task
    def ask() -> Any:
        return interrupt("Now?")

    @task(at_most_once=True)
    def pay(itself: bool) -> Any:
        return interrupt("Now?") if itself else ask().result()

    @entrypoint(checkpointer=saver)
    def workflow(itself: bool) -> Any:
        return pay(itself).result()

    for itself in (True, False):
        with pytest.raises(DeclarationError, match="'pay' is declared at_most_once, and asks"):
            workflow.invoke(itself, THREAD)
        assert workflow.get_state(THREAD).interrupts == ()


def test_a_task_that_must_not_run_twice_needs_a_record(saver: BaseCheckpointSaver) -> None:
    """Fault 3: it is refused where steps are not stored; where no step is, nothing is replayed."""

    @task(at_most_once=True)
    def pay() -> int:
        return 7

    @entrypoint(checkpointer=False)
    def unkept(n: int) -> int:
        return pay().result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return unkept.invoke(n)

    with pytest.raises(DeclarationError, match="'pay' is declared at_most_once, and was called in"):
        workflow.invoke(1, THREAD)
    assert unkept.invoke(1) == 7


# -- the run itself ----------------------------------------------------------------------------


def asking(saver: BaseCheckpointSaver, path: Path) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, interrupt("Which?")]

    return workflow


@pytest.mark.parametrize("point", ["before answer", "after answer"])
def test_between_an_answer_and_the_resume(path: Path, point: FaultPoint) -> None:
    """Fault 3: an answer is on record, or the question is open; nothing else."""
    with SqliteSaver(path) as saver:
        (question,) = asking(saver, path).invoke(1, THREAD)["__interrupt__"]
    killed(invoke_and_die, asking, path, Command(resume="this"), point)

    with SqliteSaver(path) as saver:
        workflow = asking(saver, path)
        if point == "before answer":
            assert [q.value for q in workflow.get_state(THREAD).interrupts] == ["Which?"]
            assert workflow.invoke(Command(resume="that"), THREAD) == [1, "that"]
        else:
            with pytest.raises(AlreadyAnsweredError):
                workflow.invoke(Command(resume={question.id: "that"}), THREAD)
            assert workflow.invoke(None, THREAD) == [1, "this"]


@pytest.mark.parametrize("point", ["before opening", "after opening", "before end", "after end"])
def test_at_the_begin_and_at_the_end(path: Path, point: FaultPoint) -> None:
    """Fault 3: a run is there whole or not at all, and done or not."""
    killed(invoke_and_die, shop, path, 5, point)

    with SqliteSaver(path) as saver:
        workflow = shop(saver, path)
        if point == "before opening":
            assert saver.list_threads() == []
            assert workflow.invoke(6, THREAD) == 6
        else:
            assert (saver.list_threads()[0].status == "idle") == (point == "after end")
            assert workflow.invoke(None, THREAD) == 5
    assert ran(path) == ["pay"]


def test_points_are_inert_unless_armed() -> None:
    """Fault 3: nothing is left behind, even when it was armed twice and failed."""
    met: list[str] = []
    with (
        pytest.raises(RuntimeError),
        armed("before opening", lambda: met.append("outer")),
        armed("before opening", lambda: met.append("inner")),
    ):
        asking(InMemorySaver(), Path()).invoke(1, THREAD)
        raise RuntimeError
    assert met == ["outer", "inner"]
    assert faults.hook is None
