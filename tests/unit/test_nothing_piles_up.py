"""A process that runs workflows for days keeps no more than it needs."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

from nbflow._engine import recent
from nbflow._engine.replay import Journal
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Drive, on_thread, within

LIMIT_S = 8.0


class _Thing:
    """Something that a run holds."""


def test_a_run_that_has_ended_is_let_go_while_others_go_on() -> None:
    """Its tasks were begun by the starter thread, which has others to start all the time."""
    begun = threading.Event()

    @task
    def begin() -> None:
        begun.set()

    @entrypoint()
    def left_alone(given: Any) -> None:
        future = begin()
        assert begun.wait(LIMIT_S)
        future.result()

    def go_on() -> None:
        while things[0]() is not None:
            begun.clear()
            thing = _Thing()
            left_alone.invoke(thing)
            things.append(weakref.ref(thing))
            gc.collect()

    first = _Thing()
    things = [weakref.ref(first)]
    left_alone.invoke(first)
    del first
    within(LIMIT_S, go_on)
    assert things[0]() is None


def test_a_task_leaves_nothing_for_the_collector(saver: BaseCheckpointSaver) -> None:
    """A long run of short tasks would otherwise spend as much time on cycles as on tasks."""

    @task
    def add_one(n: int) -> int:
        return n + 1

    @task
    async def add_two(n: int) -> int:
        return n + 2

    @entrypoint(checkpointer=saver)
    def in_threads(count: int) -> int:
        gc.collect()
        for n in range(count):
            add_one(n).result()
        return gc.collect()

    @entrypoint(checkpointer=saver)
    async def on_the_loop(count: int) -> int:
        gc.collect()
        for n in range(count):
            await add_two(n)
        return gc.collect()

    gc.disable()
    try:
        for workflow in (in_threads, on_the_loop):  # other threads leave something now and then
            found = [workflow.invoke(100, on_thread("1")) for _ in range(3)]
            assert min(found) < 20, found  # of 100 tasks
    finally:
        gc.enable()


def test_journals_of_failed_runs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_MOST_FACTS", 1_000)
    saver = InMemorySaver()

    @entrypoint(checkpointer=saver)
    def failing(_: int) -> None:
        raise ValueError("no")

    for n in range(150):
        with pytest.raises(ValueError, match="no"):
            failing.invoke(n, on_thread(n))
    kept = [of for of in recent._journals if of[0] == saver.identity]
    assert 0 < len(kept) <= 100


def test_journals_are_weighed_by_their_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_MOST_FACTS", 100)
    saver = InMemorySaver()
    for run_id, facts in (("a", 20), ("b", 20), ("c", 30), ("b", 10), ("d", 30)):
        journal = Journal()
        journal.facts = facts
        recent.remember(saver, run_id, journal)
    assert [of[1] for of in recent._journals] == ["c", "b", "d"]
    assert recent._counted == sum(counts for _, counts in recent._journals.values()) <= 100


def test_types_of_answered_questions_are_forgotten(
    saver: BaseCheckpointSaver, drive: Drive
) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(typed: bool) -> Any:
        return interrupt("How many?", response_schema=int if typed else {"type": "integer"})

    for n in range(3):
        drive.invoke(workflow, True, on_thread(n))
    drive.invoke(workflow, False, on_thread("schema"))
    assert len(workflow.judges) == 3
    for n in range(3):
        assert drive.invoke(workflow, Command(resume=n), on_thread(n)) == n
    assert len(workflow.judges) == 0
