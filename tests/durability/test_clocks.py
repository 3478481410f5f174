"""The order of what happened is the database's, whatever the clock says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.events import RunEnded, TaskFinished
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}
HOUR_S = 3_600.0


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock on or back by so many seconds."""
    right, off = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: right() + off[0])

    def step(seconds: float) -> None:
        off[0] += seconds

    return step


def test_the_newest_run_is_the_one_committed_last(
    saver: BaseCheckpointSaver, step: Callable[[float], None]
) -> None:
    """Fault 28: an hour on, two back: ``previous``, the head and the history follow the commits."""

    @task
    def add(n: int, to: int) -> int:
        return n + to

    @entrypoint(checkpointer=saver)
    def count(n: int, *, previous: int | None = None) -> int:
        return add(n, previous or 0).result()

    expected = 0
    for n, seconds in enumerate((0, HOUR_S, -2 * HOUR_S, -HOUR_S, 3 * HOUR_S, -HOUR_S / 2), 1):
        step(seconds)
        expected += n
        assert count.invoke(n, THREAD) == expected
        assert count.get_state(THREAD).values == expected

    history = [*count.get_state_history(THREAD)]
    assert [one.values for one in history if not one.next] == [21, 15, 10, 6, 3, 1]
    assert [one.parent_config for one in history] == [*(one.config for one in history[1:]), None]
    runs = saver.list_runs("t")
    assert [run.base for run in runs[:-1]] == [
        one.config["configurable"]["checkpoint_id"] for one in history if not one.next
    ][1:]


def test_a_clock_that_is_set_back_during_a_run(
    saver: BaseCheckpointSaver, step: Callable[[float], None]
) -> None:
    """Fault 28: in a task and at a question: nothing took less than no time."""

    @task
    def work(n: int) -> int:
        step(-HOUR_S)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [work(n).result(), interrupt("Which?"), work(n + 1).result()]

    run = workflow.start(1, thread_id="t")
    assert run.wait(10) == "interrupted"
    step(-24 * HOUR_S)
    run.resume("this")
    assert run.result(10) == [1, "this", 2]

    took = [one.duration_s for one in run.events() if isinstance(one, TaskFinished | RunEnded)]
    assert len(took) >= 4 and min(took) >= 0.0
    (stored,) = saver.list_runs("t")
    assert min(op.dur for op in saver.get_ops(stored.id)) >= 0.0


def test_an_answer_after_the_clock_was_set_back(
    saver: BaseCheckpointSaver, step: Callable[[float], None]
) -> None:
    """Fault 28: it is in time as long as the clock says so."""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("Which?", timeout=60)

    workflow.invoke(1, THREAD)
    step(-HOUR_S)
    assert workflow.invoke(Command(resume="this"), THREAD) == "this"
