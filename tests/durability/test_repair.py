"""fault 10: what is damaged is listed, and can be dropped from its first op on."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError, ThreadBusyError, UnknownThreadError
from nbflow.func import entrypoint, task
from nbflow.pending import keep_answer, pending
from nbflow.repair import orphans, repair
from nbflow.threads import events_of, thread_of
from nbflow.types import Command, interrupt

THREAD: Any = {"configurable": {"thread_id": "t"}}
OTHER: Any = {"configurable": {"thread_id": "other"}}

Damage = Callable[[int], None]


def spoil_sqlite(path: Path) -> Damage:
    def spoil(seq: int) -> None:
        with sqlite3.connect(path) as raw:
            cut = "UPDATE op SET value = substr(value, 1, 3) WHERE seq = ?"
            assert raw.execute(cut, (seq,)).rowcount == 1
        raw.close()

    return spoil


def spoil_postgres(dsn: str) -> Damage:
    def spoil(seq: int) -> None:
        with psycopg.connect(dsn) as raw:
            cut = "UPDATE nbflow_op SET value = substring(value from 1 for 3) WHERE seq = %s"
            assert raw.execute(cut, (seq,)).rowcount == 1

    return spoil


@pytest.fixture(params=["sqlite", "postgres"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[Callable[[], BaseCheckpointSaver], Damage]:
    """Opens the database anew, and damages the value of an op."""
    if request.param == "sqlite":
        path = tmp_path / "runs.sqlite"
        return lambda: SqliteSaver(path), spoil_sqlite(path)
    dsn: str = request.getfixturevalue("postgres")
    return lambda: PostgresSaver(dsn), spoil_postgres(dsn)


Change = Callable[[str], int]
"""Executes a statement with ``{}`` before the names of tables; returns how many rows it changed."""


@pytest.fixture(params=["sqlite", "postgres"])
def changed(
    request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[Callable[[], BaseCheckpointSaver], Change]:
    """Opens the database anew, and changes its rows."""
    if request.param == "sqlite":
        path = tmp_path / "runs.sqlite"

        def on_sqlite(statement: str) -> int:
            with closing(sqlite3.connect(path, isolation_level=None)) as raw:
                return raw.execute(statement.replace("{}", "")).rowcount

        return lambda: SqliteSaver(path), on_sqlite
    dsn: str = request.getfixturevalue("postgres")

    def on_postgres(statement: str) -> int:
        with psycopg.connect(dsn) as raw:
            return raw.execute(statement.replace("{}", "nbflow_").encode()).rowcount

    return lambda: PostgresSaver(dsn), on_postgres


def program(saver: BaseCheckpointSaver, ran: list[str]) -> Any:
    @task
    def step(name: str) -> str:
        ran.append(name)
        return f"done {name}"

    @entrypoint(checkpointer=True)
    def count(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        found = [step(f"{name} {n}").result() for n in range(3)]
        total = count.invoke(1)
        return [*found, total, interrupt("Go on?")]

    return workflow


def number_of(saver: BaseCheckpointSaver, thread: str, value: bytes) -> int:
    (run, *_) = saver.list_runs(thread)
    (seq,) = [op.seq for op in saver.get_ops(run.id) if op.value and value in op.value]
    return seq


def test_a_thread_goes_on_from_before_what_is_damaged(opened: Any) -> None:
    make, spoil = opened
    with make() as saver:
        workflow = program(saver, [])
        workflow.invoke("a", OTHER)
        workflow.invoke("b", THREAD)
        seq = number_of(saver, "t", b"done b 1")
    spoil(seq)
    ran: list[str] = []
    with make() as saver:
        workflow = program(saver, ran)
        with pytest.raises(CorruptDataError):
            workflow.invoke(Command(resume=True), THREAD)
        (damage,) = repair(workflow, "t")
        assert damage.seq == seq and f"Op {seq} of run" in damage.message
        assert repair(saver, "t") == (damage,) and ran == []
        assert workflow.invoke(Command(resume=1), OTHER)[-2:] == [1, 1]

        assert repair(workflow, "t", drop=True) == (damage,)
        assert repair(workflow, "t") == ()
        (question,) = workflow.invoke(None, THREAD)["__interrupt__"]
        assert question.value == "Go on?"
        assert ran == ["b 1", "b 2"]
        value = workflow.invoke(Command(resume=True), THREAD)
        assert value == ["done b 0", "done b 1", "done b 2", 1, True]
        assert ran == ["b 1", "b 2"]
    with make() as saver:
        assert program(saver, ran).get_state(THREAD).values == value


def test_a_run_that_is_done_keeps_its_value(opened: Any) -> None:
    make, spoil = opened
    with make() as saver:
        workflow = program(saver, [])
        workflow.invoke("a", THREAD)
        value = workflow.invoke(Command(resume=True), THREAD)
        seq = number_of(saver, "t", b"done a 2")
    spoil(seq)
    with make() as saver:
        ran: list[str] = []
        workflow = program(saver, ran)
        assert [one.seq for one in repair(workflow, "t", drop=True)] == [seq]
        assert workflow.get_state(THREAD).values == value
        assert workflow.invoke(None, THREAD) == value and ran == []
        workflow.invoke("b", THREAD)
        assert workflow.invoke(Command(resume=2), THREAD)[-2:] == [1, 2]


def test_a_fork_of_what_is_damaged_begins_before_it(opened: Any) -> None:
    make, spoil = opened
    with make() as saver:
        workflow = program(saver, [])
        workflow.invoke("a", THREAD)
        seq = number_of(saver, "t", b"done a 0")
        workflow.fork(THREAD)
        workflow.invoke(None, THREAD)
    spoil(seq)
    with make() as saver:
        ran: list[str] = []
        workflow = program(saver, ran)
        assert [one.seq for one in repair(workflow, "t", drop=True)] == [seq]
        assert "__interrupt__" in workflow.invoke(None, THREAD)
        assert ran == ["a 0", "a 1", "a 2"]
        assert workflow.invoke(Command(resume=1), THREAD)[-2:] == [1, 1]


def test_what_is_sound_or_busy_is_left_alone(opened: Any) -> None:
    make, spoil = opened
    refused: list[Any] = []
    with make() as saver:

        @task
        def first() -> str:
            return "done first"

        @task
        def spoiled() -> None:
            spoil(number_of(saver, "t", b"done first"))
            with make() as again, pytest.raises(ThreadBusyError) as busy:
                refused.append(repair(again, "t"))
                repair(again, "t", drop=True)
            refused.append(busy.type)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> int:
            first().result()
            spoiled().result()
            return n

        workflow.invoke(1, THREAD)
        assert [len(refused[0]), refused[1]] == [1, ThreadBusyError]
        with pytest.raises(UnknownThreadError):
            repair(saver, "none")


LOST = {
    "op": ("{}op SET run = run + 900 WHERE seq = {seq}", r"Op {seq} is of run {run}, and stands"),
    "run": ("{}run SET thread_id = 'u' WHERE id = '{run}'", r"Run {run} is of thread 'u', which"),
    "run of a checkpoint": ("{}run SET id = 'f' WHERE id = '{run}'", r"is of run {run}, which is"),
    "checkpoint": ("{}ckpt SET thread_id = 'u' WHERE id = '{head}'", r"Checkpoint {head} is of"),
    "head": ("{}ckpt SET ns = 'u' WHERE id = '{head}'", r"newest checkpoint {head}, which is not"),
    "thread": ("{}thread SET thread_id = 'u' WHERE run = '{run}'", r"thread 't', which has no row"),
    "newest run": ("{}thread SET run = 'f' WHERE run = '{run}'", r"newest run f, which is not"),
    "fork": ("{}run SET id = 'f' WHERE id = '{first}'", r"is a fork of run {first}, which is not"),
    "followed": (
        "{}ckpt SET ns = 'u' WHERE source = 'input' AND run = '{first}'",
        r"follows checkpoint .*, which is",
    ),
}


@pytest.mark.parametrize("what", LOST)
def test_what_has_lost_its_place_is_listed(changed: Any, what: str) -> None:
    make, change = changed
    with make() as saver:
        workflow = program(saver, [])
        workflow.invoke("a", OTHER)
        workflow.invoke("b", THREAD)
        workflow.fork(THREAD)
        seq = number_of(saver, "other", b"done a 1")
        run, first = saver.list_runs("t")
        (other,) = saver.list_runs("other")
        names = {"run": run.id, "first": first.id, "head": saver.get_thread("t").head, "seq": seq}
        assert orphans(workflow) == repair(workflow, "t") == ()
    if what == "op":
        names["run"] = other.id
    statement, told = LOST[what]
    for name, value in names.items():
        statement = statement.replace(f"{{{name}}}", str(value))
        told = told.replace(f"{{{name}}}", str(value))
    assert change(f"UPDATE {statement}") == 1
    with make() as saver:
        found = [one.message for one in orphans(saver)]
        assert any(re.search(told, message) for message in found), found
        if what == "op":
            assert [one.message for one in repair(saver, "other")] == found
            assert repair(saver, "t") == ()


def test_nothing_goes_on_with_a_run_that_has_lost_all_its_ops(changed: Any) -> None:
    make, change = changed
    with make() as saver:
        workflow = program(saver, [])
        (question,) = workflow.invoke("a", THREAD)["__interrupt__"]
        workflow.invoke("b", OTHER)
    own = "(SELECT run FROM {}run WHERE thread_id = 't')"
    assert change(f"UPDATE {{}}op SET run = run + 900 WHERE run = {own}") > 5
    with make() as saver:
        ran: list[str] = []
        workflow = program(saver, ran)
        for look in (
            lambda: workflow.invoke(Command(resume=True), THREAD),
            lambda: workflow.invoke(None, THREAD),
            lambda: keep_answer(saver, "t", question.id, True),
            lambda: workflow.get_state(THREAD),
            lambda: [*workflow.get_state_history(THREAD)],
            lambda: thread_of(saver, "t"),
            lambda: events_of(saver, "t"),
            lambda: pending(saver),
        ):
            with pytest.raises(CorruptDataError, match="'t' has lost all its ops"):
                look()
        assert ran == []
        assert workflow.invoke(Command(resume=1), OTHER)[-1] == 1


@pytest.mark.parametrize("forks", [1, 2])
def test_a_fork_whose_parent_is_missing(changed: Any, forks: int) -> None:
    make, change = changed
    with make() as saver:
        workflow = program(saver, [])
        workflow.invoke("a", THREAD)
        first = saver.list_runs("t")[0].id
        for _ in range(forks):
            at = workflow.fork(THREAD)
    assert change(f"UPDATE {{}}run SET id = 'f' WHERE id = '{first}'") == 1
    with make() as saver:
        ran: list[str] = []
        workflow = program(saver, ran)
        for look in (
            lambda: workflow.invoke(Command(resume=True), THREAD),
            lambda: workflow.invoke(None, at),
            lambda: workflow.fork(at),
            lambda: workflow.get_state(THREAD),
            lambda: pending(saver),
        ):
            with pytest.raises(CorruptDataError, match=f"run {first}, which is not there"):
                look()
        assert ran == []
        assert workflow.invoke("b", THREAD)["__interrupt__"]
