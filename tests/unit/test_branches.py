"""Branches of a thread, runs beside each other, and runs that go back: all savers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nbflow.branches import branches_of, checkpoint_id_of, first_difference, paired
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    MissingSaverError,
    ThreadBusyError,
    UnknownCheckpointError,
    UnknownOpError,
)
from nbflow.events import Answered, Asked, RunStarted
from nbflow.func import entrypoint, task
from nbflow.run import Run, hooks
from nbflow.types import Command, StateSnapshot, interrupt
from nbflow.workflow import Workflow
from tests.unit.drive import Config
from tests.unit.pages import WAIT_S


@task
def look(n: int) -> int:
    return n + 1


@task
def write(n: int, title: str) -> str:
    return f"{title} {n}"


def made(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    @entrypoint(checkpointer=saver)
    def essay(n: int, *, previous: Any = None) -> dict[str, Any]:
        seen = look(n).result()
        title = interrupt("Title?")
        return {"text": write(seen, title).result(), "before": previous}

    return essay


@pytest.fixture
def run(saver: BaseCheckpointSaver) -> Run:
    """A run that was answered and is done."""
    run = made(saver).start(1, thread_id="t")
    assert run.wait(WAIT_S) == "interrupted"
    run.resume("Cats")
    assert run.result() == {"text": "Cats 2", "before": None}
    return run


def op(shot: StateSnapshot, kind: str, name: str | None = None) -> Any:
    return next(one for one in shot.ops if one.kind == kind and one.name == name)


def shape(run: Run) -> list[tuple[int, int | None, list[str]]]:
    return [
        (one.number, one.parent, [(shot.metadata or {})["source"] for shot in one.checkpoints])
        for one in branches_of(run.history())
    ]


def test_turns_are_one_branch_and_forks_are_others(run: Run) -> None:
    stopped = run.begin(5)
    stopped.cancel()
    assert stopped.wait(WAIT_S) in ("cancelled", "interrupted")
    assert shape(run) == [(1, None, ["input", "loop", "input"])]
    opening = run.history()[-1]
    config = checkpoint_id_of(opening.config)

    fork = run.fork(checkpoint_id=config)
    assert fork.result() == {"text": "Cats 2", "before": None}
    assert run.again(config).wait(WAIT_S) == "interrupted"
    (again, *_) = branches_of(run.history())
    run.workflow.update_state(opening.config, "by hand", force=True)

    assert shape(run) == [
        (4, 1, ["update"]),
        (3, 1, ["fork"]),
        (2, 1, ["loop", "fork"]),
        (1, None, ["input", "loop", "input"]),
    ]
    assert again.leaves == config


def test_a_fork_before_a_question_asks_it_again(run: Run) -> None:
    opening = run.history()[-1]
    question = op(opening, "question")

    fork = run.fork(checkpoint_id=checkpoint_id_of(opening.config), before=question.id)

    assert (fork.status, [asked.value for asked in fork.interrupts]) == (
        "interrupted",
        ["Title?"],
    )
    assert fork.id != run.id and run.status == "done"
    fork.resume("Dogs")
    assert fork.result() == {"text": "Dogs 2", "before": None}
    assert run.workflow.thread("t") is fork


def test_the_first_op_that_differs_is_told(run: Run) -> None:
    opening = run.history()[-1]
    fork = run.fork(before=op(opening, "question").id)
    fork.resume("Dogs")
    fork.result()

    new, old = (one.checkpoints[-1].ops for one in branches_of(run.history()))
    pairs = paired(old, new)

    assert [(p.left.name, p.same_call, p.same) for p in pairs if p.left is not None] == [
        ("look", True, True),
        (None, True, False),
        ("write", False, False),
    ]
    assert first_difference(pairs) == 1
    assert first_difference(paired(old, old)) is None
    (short,) = (pair for pair in paired(old[:1], old) if pair.left is None and pair.right is old[1])
    assert not short.same


def test_the_same_input_runs_on_an_edited_state(run: Run) -> None:
    workflow, opening = run.workflow, run.history()[-1]
    assert workflow.get_input(opening.config) == 1

    config = workflow.update_state(opening.config, {"text": "none"})
    other = run.begin(workflow.get_input(opening.config), checkpoint_id_of(config))
    assert other.wait(WAIT_S) == "interrupted"
    other.resume("Cats")

    assert other.result() == {"text": "Cats 2", "before": {"text": "none"}}
    with pytest.raises(UnknownCheckpointError, match="has no input"):
        workflow.get_input(config)


def test_what_cannot_be_done_changes_nothing(run: Run, rows: Any) -> None:
    before = rows()

    with pytest.raises(UnknownOpError):
        run.fork(after="0" * 32)
    with pytest.raises(UnknownCheckpointError):
        run.again("no such checkpoint")
    assert rows() == before


def test_a_busy_thread_is_not_forked(run: Run) -> None:
    import threading

    go_on = threading.Event()
    started = threading.Event()

    @task
    def slow() -> int:
        started.set()
        assert go_on.wait(WAIT_S)
        return 1

    @entrypoint(checkpointer=run.workflow.saver)
    def essay(n: int) -> int:
        return slow().result()

    working = essay.start(1, thread_id="busy")
    assert started.wait(WAIT_S)
    with pytest.raises(ThreadBusyError):
        working.fork()
    go_on.set()
    assert working.result() == 1


def test_a_workflow_that_keeps_nothing_says_so() -> None:
    @entrypoint()
    def plain(n: int) -> int:
        return n

    run = plain.start(1)
    with pytest.raises(MissingSaverError, match="keeps nothing"):
        run.fork()
    with pytest.raises(MissingSaverError, match="keeps nothing"):
        run.again()
    with pytest.raises(MissingSaverError, match="keeps nothing"):
        run.begin(2)


def test_fifty_forks_are_fifty_branches_and_quick(run: Run) -> None:
    opening = run.history()[-1]
    question = op(opening, "question").id
    config: Config = dict(opening.config)
    for _ in range(50):
        run.workflow.fork(config, before=question)

    began = time.perf_counter()
    found = branches_of(run.history())
    spent = time.perf_counter() - began

    assert [one.number for one in found] == list(range(51, 0, -1))
    assert {one.parent for one in found} == {1, None}
    assert spent < 2, f"{spent:.2f} s for 50 forks"


def test_a_plain_invoke_of_a_fork_has_a_log_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Run] = []
    monkeypatch.setattr(hooks, "started", shown.append)
    before = len(run.events())
    opening = run.history()[-1]
    question = op(opening, "question").id

    run.workflow.invoke(None, run.workflow.fork(opening.config, before=question))
    run.workflow.invoke(Command(resume="Dogs"), {"configurable": {"thread_id": "t"}})
    run.workflow.invoke(None, opening.config)

    fork, same, again = shown
    assert fork is same is not again
    assert len(run.events()) == before
    assert fork.result() == {"text": "Dogs 2", "before": None}
    assert [kinds(one) for one in (fork, again)] == [
        ["Asked", "Asked", "Answered"],
        ["Asked"],
    ]
    assert again.status == "interrupted"


def kinds(run: Run) -> list[str]:
    events = run.events()
    assert {event.run_id for event in events if isinstance(event, RunStarted)} == {run.id}
    return [type(event).__name__ for event in events if isinstance(event, Asked | Answered)]
