"""A database with flipped bits and cut values: an error says so, and no other value is taken."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from ormsgpack import packb

from nbflow._engine.replay import Journal
from nbflow.checkpoint.base import OpRow, RunRow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError, NbflowError, UnknownThreadError
from nbflow.func import entrypoint, task
from nbflow.pending import pending
from nbflow.repair import orphans, repair
from nbflow.threads import events_of, history_of, thread_of
from nbflow.types import Command, interrupt

_FLIPS = 3
"""Of each column."""

CONTENT = {
    "thread": ("status", "run"),
    "run": ("base", "upto", "workflow", "code_fp", "fmt", "input", "meta", "ts", "check_"),
    "op": ("parent", "key", "kind", "name", "lane", "n", "args", "attempt", "gen", "value",
           "check_", "ts", "dur", "site"),
    "ckpt": ("id", "parent", "run", "source", "step", "saved", "returned", "meta", "ts", "check_"),
    "blob": ("h", "codec", "size", "data"),
}  # fmt: skip
"""Columns with what a run is."""

PLACES = {
    "thread": ("thread_id", "ns", "head", "epoch", "owner", "changed", "lease_until"),
    "run": ("run", "id", "thread_id", "ns", "parent_run"),
    "op": ("seq", "run", "epoch"),
    "op_mark": ("seq",),
    "ckpt": ("seq", "thread_id", "ns"),
    "blob": ("blob",),
}
"""Columns with the place of a row, which is missed where it was."""


def on(thread_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread_id}}


def program(saver: SqliteSaver) -> Any:
    """Something of everything: a caught failure, long values, a nested workflow, a question."""

    @task
    def small(n: int) -> int:
        return n + 1

    @task
    def long(who: str, n: int) -> str:
        return f"{who} {n} " * 2_000

    @task
    def fails(n: int) -> None:
        raise ValueError(n)

    @entrypoint(checkpointer=True)
    def inner(n: int, *, previous: int | None = None) -> int:
        return small(n).result() + (previous or 0)

    @entrypoint(checkpointer=saver)
    def workflow(given: tuple[str, int], *, previous: Any = None) -> Any:
        who, n = given
        with suppress(ValueError):
            fails(n).result()
        first, second = small(n), small(n + 1)
        found = [first.result(), second.result(), long(who, n).result(), inner.invoke(n)]
        return entrypoint.final(value=[previous, found, interrupt(f"{who} {n}?")], save=n)

    return workflow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two threads, each with two runs that are over, a branch that ends, and a run that asks."""
    path = tmp_path_factory.mktemp("whole") / "runs.sqlite"
    with SqliteSaver(path) as saver:
        workflow = program(saver)
        for who in "ab":
            for n in (1, 2):
                workflow.invoke((who, n), on(who))
                workflow.invoke(Command(resume=f"{who} {n}!"), on(who))
            over = workflow.get_state(on(who)).config
            workflow.invoke(None, workflow.fork(on(who)))
            workflow.update_state(over, f"{who} by hand")
            workflow.invoke((who, 3), on(who))
    return path


OVER = 2
"""Which of a thread's runs, newest first, is over: not the one that asks, nor its fork."""

Looks = dict[str, tuple[str, Any]]
"""By name: whether it was read, or how it was refused; and what was read, or said."""

GOES_ON = ("goes on", "then")
"""These look not only: the run goes on."""

LISTED = {("op", "run"), ("op", "seq"), ("run", "run"), ("ckpt", "thread_id"), ("ckpt", "ns")}
"""What these lead to may be missed in a view of the past; it is listed."""

MOVED = {("ckpt", "seq")}
"""The place of a checkpoint among those of other branches."""


def looks(path: Path, thread_id: str) -> Looks:
    """Everything that can be read of a thread; then it goes on."""

    def told(look: Callable[[], Any]) -> tuple[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                return "read", look()
            except NbflowError as error:
                return type(error).__name__, str(error)
            except RuntimeWarning as warning:
                left_out = "left out" in str(warning)
                return "CorruptDataError" if left_out else "another warning", str(warning)

    def columns(op: OpRow) -> list[Any]:
        return [getattr(op, name) for name in OpRow.__slots__]

    with SqliteSaver(path) as saver:
        workflow = program(saver)
        view: dict[str, Callable[[], Any]] = {
            "listed": lambda: [*orphans(saver), *repair(saver, "a"), *repair(saver, "b")],
            "state": lambda: repr(workflow.get_state(on(thread_id))),
            "history": lambda: [repr(one) for one in workflow.get_state_history(on(thread_id))],
            "newest": lambda: [repr(one) for one in history_of(saver, thread_id, limit=3)],
            "all": lambda: [repr(one) for one in history_of(saver, thread_id, limit=100)],
            "list": lambda: [repr(one) for one in saver.list(on(thread_id))],
            "runs": lambda: repr(saver.list_runs(thread_id)),
            "ops": lambda: [
                columns(op) for run in saver.list_runs(thread_id) for op in saver.get_ops(run.id)
            ],
            "audit": lambda: repr(workflow.audit(thread_id)),
            "events": lambda: repr(events_of(saver, thread_id)),
            "info": lambda: repr(thread_of(saver, thread_id)),
            "pending": lambda: [
                repr(one) for one in pending(saver) if one.thread_id == thread_id
            ],
            "goes on": lambda: workflow.invoke(Command(resume="go"), on(thread_id)),
            "then": lambda: workflow.get_state(on(thread_id)).values,
        }  # fmt: skip
        return {name: told(look) for name, look in view.items()}


def differences(now: Looks, before: Looks) -> dict[str, tuple[str, Any]]:
    """The looks at what is there that came out another way."""
    return {
        name: look for name, look in now.items() if look != before[name] and name != "listed"
    }  # fmt: skip


def flipped(value: Any, chance: random.Random) -> Any:
    """With one bit the other way."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(16))
    data = bytearray(
        struct.pack("<d", value)
        if isinstance(value, float)
        else value.encode()
        if isinstance(value, str)
        else value
    )
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return struct.unpack("<d", data)[0] if isinstance(value, float) else bytes(data)


def flip(path: Path, table: str, column: str, chance: random.Random) -> str | None:
    """Flip a bit of a column in any row of the threads; says what, or None where there is none."""
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        rows = raw.execute(f"SELECT rowid, {column}, typeof({column}) FROM {table}").fetchall()
        rows = [row for row in rows if row[1] not in (None, "", b"")]
        if not rows:
            return None
        rowid, before, kind = chance.choice(rows)
        after = flipped(before, chance)
        cast = "CAST(? AS TEXT)" if kind == "text" else "?"
        raw.execute(f"UPDATE {table} SET {column} = {cast} WHERE rowid = ?", (after, rowid))
        return f"{table}.{column} of row {rowid}: {before!r:.60} is now {after!r:.60}"
    except sqlite3.IntegrityError:
        return None  # the database itself refuses it
    finally:
        raw.close()


def damaged(
    whole: Path, folder: Path, seed: int, columns: dict[str, tuple[str, ...]]
) -> Iterator[tuple[Path, str]]:
    """Copies, each with one flipped bit."""
    for table, names in columns.items():
        for column in names:
            for number in range(_FLIPS):
                path = folder / f"{table}-{column}-{number}.sqlite"
                shutil.copy(whole, path)
                what = flip(path, table, column, random.Random(f"{seed} {path.name}"))
                if what is not None:
                    yield path, what


@pytest.mark.timeout(120)  # 140 databases, read twice
def test_a_flipped_bit_in_what_a_run_is(whole: Path, tmp_path: Path) -> None:
    """Fault 9: of any column: the value is as it was, or an error says that it is not."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    shutil.copy(whole, tmp_path / "whole.sqlite")
    expected = {who: looks(tmp_path / "whole.sqlite", who) for who in "ab"}
    found = 0
    for path, what in damaged(whole, tmp_path, seed, CONTENT):
        harmed = set()
        for who in "ab":
            for name, now in differences(looks(path, who), expected[who]).items():
                assert now[0] == "CorruptDataError", (what, name, now)
                if name != "pending":  # of all threads
                    harmed.add(who)
        assert len(harmed) <= 1, what
        found += bool(harmed)
    assert found > 50


@pytest.mark.timeout(120)
def test_a_flipped_bit_in_the_place_of_a_row(whole: Path, tmp_path: Path) -> None:
    """Fault 9: what is read is as it was, or an error says that something is missing.

    Nothing goes on without a row that is not found where it was. A view of the past may lack an op
    that no pause counts, or the last checkpoint of a branch that ended: then that is listed.
    """
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    shutil.copy(whole, tmp_path / "whole.sqlite")
    expected = {who: looks(tmp_path / "whole.sqlite", who) for who in "ab"}
    assert {str(expected[who]["listed"]) for who in "ab"} == {"('read', [])"}
    noticed = 0
    for path, what in damaged(whole, tmp_path, seed, PLACES):
        table, column, _ = path.stem.split("-")
        for who in "ab":
            found = looks(path, who)
            for name, now in differences(found, expected[who]).items():
                is_listed = found["listed"] != ("read", [])
                noticed += is_listed
                if now[0] == "CorruptDataError":
                    continue
                assert now[0] == "read" and name not in GOES_ON, (what, name, now)
                if (table, column) in MOVED and name == "newest":
                    assert len(now[1]) == len(expected[who][name][1]), (what, name)
                    assert set(now[1]) <= set(expected[who]["all"][1]), (what, name)
                elif (table, column) in MOVED:
                    assert sorted(now[1]) == sorted(expected[who][name][1]), (what, name)
                else:
                    assert (table, column) in LISTED and is_listed, (what, name)
    assert noticed > 10


def test_every_column_is_flipped() -> None:
    """Fault 9: of all tables that hold runs."""
    raw = sqlite3.connect(":memory:")
    SqliteSaver(raw)
    of_runs = {*CONTENT, *PLACES}
    there = {
        (table, row[1])
        for table in of_runs
        for row in raw.execute(f"PRAGMA table_info({table})").fetchall()
    }
    raw.close()
    assert there == {
        (t, c) for kind in (CONTENT, PLACES) for t, names in kind.items() for c in names
    }


def test_a_value_that_was_cut(whole: Path, tmp_path: Path) -> None:
    """Fault 9: the error names the op and the column; other threads go on."""
    path = tmp_path / "cut.sqlite"
    shutil.copy(whole, path)
    with SqliteSaver(path) as saver:
        run = saver.list_runs("a")[0]
        cut = next(op for op in saver.get_ops(run.id) if op.kind == "result")
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("UPDATE op SET value = substr(value, 1, 0) WHERE seq = ?", (cut.seq,))
    raw.close()

    with SqliteSaver(path) as saver:
        workflow = program(saver)
        told = rf"Op {cut.seq} of run {run.id} in .*cut\.sqlite cannot be read: column value"
        with pytest.raises(CorruptDataError, match=told):
            workflow.get_state(on("a"))
        with pytest.raises(CorruptDataError, match=told):
            workflow.invoke(Command(resume="go"), on("a"))
        assert workflow.invoke(Command(resume="go"), on("b"))[2] == "go"


def the_ask(path: Path, thread_id: str) -> tuple[RunRow, OpRow, OpRow]:
    """A run that is over, its question and the answer."""
    with SqliteSaver(path) as saver:
        run = saver.list_runs(thread_id)[OVER]
        of_kind = {op.kind: op for op in saver.get_ops(run.id)}
    return run, of_kind["ask"], of_kind["answer"]


def change(path: Path, statement: str, *values: Any) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    assert raw.execute(statement, values).rowcount == 1
    raw.close()


def test_an_answer_before_its_question(whole: Path, tmp_path: Path) -> None:
    """Fault 9: the error names the op and the column that may be damaged."""
    path = tmp_path / "early.sqlite"
    shutil.copy(whole, path)
    run, ask, answer = the_ask(path, "a")
    for before, after in ((ask.seq, -1), (answer.seq, ask.seq), (-1, answer.seq)):
        change(path, "UPDATE op SET seq = ? WHERE seq = ?", after, before)
    with SqliteSaver(path) as saver:
        told = rf"Op {ask.seq} \(answer, .*column seq or run"
        with pytest.raises(CorruptDataError, match=told):
            Journal(saver.get_ops(run.id))
        assert program(saver).invoke(Command(resume="go"), on("b"))[2] == "go"


@pytest.mark.parametrize("copied", [False, True])
def test_an_op_of_another_run(whole: Path, tmp_path: Path, copied: bool) -> None:
    """Fault 9: is refused where it is found, and in a copy of the thread."""
    path = tmp_path / "strayed.sqlite"
    shutil.copy(whole, path)
    run, ask, _ = the_ask(path, "a")
    other, _, _ = the_ask(path, "b")
    to = "(SELECT run FROM run WHERE id = ?)"
    change(path, f"UPDATE op SET run = {to} WHERE seq = ?", other.id, ask.seq)
    with SqliteSaver(path) as saver:
        told = rf"Op {ask.seq} of run {other.id} .*the row is another run's"
        if copied:
            saver.copy_thread("b", "c")
            other, told = saver.list_runs("c")[OVER], "the row is another run's"
        with pytest.raises(CorruptDataError, match=told):
            saver.get_ops(other.id)
        saver.get_ops(saver.list_runs("b")[0].id)
        with pytest.raises(CorruptDataError, match="column seq or run"):
            Journal(saver.get_ops(run.id))


def test_rows_from_before_sums_of_the_run(whole: Path, tmp_path: Path) -> None:
    """Are read, and the copy of a thread has the sums of now."""
    path = tmp_path / "before.sqlite"
    shutil.copy(whole, path)
    raw = sqlite3.connect(path, isolation_level=None)
    columns = "kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site"
    for seq, check, *cells in raw.execute(f"SELECT seq, check_, {columns} FROM op").fetchall():
        old = check >> 32 << 32 | crc32(packb(tuple(cells)))
        assert old != check
        raw.execute("UPDATE op SET check_ = ? WHERE seq = ?", (old, seq))
    raw.close()

    with SqliteSaver(path) as saver:
        assert len(saver.get_ops(saver.list_runs("a")[OVER].id)) > 5
        saver.copy_thread("a", "c")
        copy, other = saver.list_runs("c")[OVER], saver.list_runs("b")[1]
        ask = next(op for op in saver.get_ops(copy.id) if op.kind == "ask")
        assert program(saver).invoke(Command(resume="go"), on("c"))[2] == "go"
    to = "(SELECT run FROM run WHERE id = ?)"
    change(path, f"UPDATE op SET run = {to} WHERE seq = ?", other.id, ask.seq)
    with SqliteSaver(path) as saver, pytest.raises(CorruptDataError, match="another run's"):
        saver.get_ops(other.id)


class Late(SqliteSaver):
    """Somebody deletes the thread between two looks at it."""

    def get_run(self, run_id: str) -> RunRow | None:
        self.delete_thread("a")
        return super().get_run(run_id)


def test_a_thread_that_was_deleted_meanwhile_is_not_damaged(whole: Path, tmp_path: Path) -> None:
    """Fault 9: what is gone on purpose is no damage."""
    path = tmp_path / "deleted.sqlite"
    shutil.copy(whole, path)
    with Late(path) as saver, pytest.raises(UnknownThreadError, match="deleted or changed"):
        program(saver).invoke(Command(resume="go"), on("a"))
