"""Savers against each other, and what a file adds."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbflow.checkpoint._recent import RecentOps
from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    OpRow,
    RunRow,
)
from nbflow.checkpoint.memory import InMemorySaver, MemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    CorruptDataError,
    StorageError,
)
from nbflow.testing._rows import BIG, a_checkpoint, a_run, an_op, begun, contents


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runs.sqlite")


@pytest.fixture
def on_disk(path: str) -> Iterator[SqliteSaver]:
    with SqliteSaver(path) as saver:
        yield saver


STEPS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=3), st.integers(0, 3)), max_size=9)


def play(saver: BaseCheckpointSaver, steps: list[tuple[str, str, int]]) -> Any:
    """What a program sees that does these steps."""
    heard: list[Any] = []
    for number, (thread_id, ns, what) in enumerate(steps):
        thread = saver.get_thread(thread_id, ns)
        epoch = None if thread is None else thread.epoch
        row = a_checkpoint(f"c{number}", thread_id, ns)
        if what == 0:
            run = a_run(number, thread_id, ns)
            saver.append(run, saver.begin_run(run, row, "me", epoch), [an_op()])
        elif what == 1:
            saver.update(row, epoch)
        elif what == 2:
            saver.delete_thread(thread_id)
        else:
            heard.append(list(saver.list_checkpoints(thread_id, ns)))
        heard.append(saver.list_threads())
    heard += [saver.list_runs(t.thread_id, t.ns) for t in saver.list_threads()]
    return heard


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_all_savers_agree(steps: list[tuple[str, str, int]]) -> None:
    with SqliteSaver(":memory:") as on_sqlite:
        assert play(on_sqlite, steps) == play(InMemorySaver(), steps)


async def test_as_a_context_manager_of_either_kind(path: str) -> None:
    async with SqliteSaver.from_conn_string(path) as saver:
        begun(saver)
    with SqliteSaver.from_conn_string(path) as saver:
        assert len(saver.list_threads()) == 1
    with pytest.raises(StorageError, match="was closed"):
        saver.list_threads()
    assert MemorySaver is InMemorySaver


def test_another_connection_sees_everything(on_disk: SqliteSaver, path: str) -> None:
    run, epoch = begun(on_disk, a_run(input=BIG))
    on_disk.append(run, epoch, [an_op(), an_op(key=2, value=BIG)])

    with SqliteSaver(path) as other:
        assert contents(other, run) == contents(on_disk, run)
        other.append(run, epoch, [an_op(key=3)])
    assert len(on_disk.get_ops(run.id)) == 3


def test_what_was_read_is_not_read_again_but_what_came_since_is(
    on_disk: SqliteSaver, path: str
) -> None:
    run, epoch = begun(on_disk)
    on_disk.append(run, epoch, [an_op(), an_op(key=2)])
    first = on_disk.get_ops(run.id)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE op SET name = 'damaged' WHERE seq = 1")
    raw.close()

    with SqliteSaver(path) as other:
        other.append(run, epoch, [an_op("ask", key=3), an_op(key=4, value=BIG)])
        second = on_disk.get_ops(run.id)
        assert second[:2] == first
        assert [op.key[-1] for op in second] == [1, 2, 3, 4]
        assert [op.key[-1] for op in on_disk.get_ops(run.id, 3)] == [1, 2, 3]
        second.clear()
        assert len(on_disk.get_ops(run.id)) == 4
        with pytest.raises(CorruptDataError):
            other.get_ops(run.id)
        other.delete_thread("t")
    assert on_disk.get_ops(run.id) == []


def test_the_ops_read_last_are_kept_up_to_a_limit() -> None:
    recent = RecentOps()
    for number in range(5):
        recent.put(str(number), [an_op(value=bytes(6 << 20))])
    recent.put("4", [an_op(), an_op()])
    kept = [len(recent.get(str(number))) for number in range(5)]
    recent.put("huge", [an_op(value=bytes(17 << 20))])

    assert kept == [0, 0, 0, 1, 2]
    assert recent.get("huge") == recent.get("4") == []


def test_a_connection_tells_the_file(path: str) -> None:
    connection = sqlite3.connect(path)
    with SqliteSaver(connection) as saver:
        connection.close()
        run, epoch = begun(saver)
        asyncio.run(asyncio.to_thread(saver.append, run, epoch, [an_op()]))
    with SqliteSaver(Path(path)) as saver:
        assert len(saver.get_ops(run.id)) == 1


def test_a_connection_to_memory_is_used_itself() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    with SqliteSaver(connection) as saver:
        begun(saver)
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
    connection.close()


def test_what_the_user_of_a_connection_has_begun_is_the_users() -> None:
    connection = sqlite3.connect(":memory:", timeout=3, check_same_thread=False)
    with SqliteSaver(connection) as saver:
        connection.execute("CREATE TABLE own (n)")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO own VALUES (1)")
        with pytest.raises(StorageError, match="under way.*Commit it or roll it back"):
            begun(saver)
        assert connection.in_transaction
        connection.execute("COMMIT")
        begun(saver)
    assert connection.execute("SELECT n FROM own").fetchall() == [(1,)]
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (3_000,)
    connection.close()


@pytest.mark.skipif(os.name == "nt", reason="no file modes there")
def test_the_file_is_for_its_owner_alone(on_disk: SqliteSaver, path: str) -> None:
    begun(on_disk)
    for name in (path, f"{path}-wal", f"{path}-shm"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


def test_a_long_value_is_stored_once(on_disk: SqliteSaver, path: str) -> None:
    run, epoch = begun(on_disk, a_run(input=BIG))
    on_disk.append(run, epoch, [an_op(key=i, value=BIG) for i in range(3)])
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT size FROM blob").fetchall() == [(len(BIG),)]
    on_disk.delete_thread("t")
    for table in ("blob", "op", "run", "ckpt", "thread"):
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    raw.close()


def _answer_in_process(path: str, run: RunRow, epoch: int, number: int) -> bool:
    with SqliteSaver(path) as saver:
        try:
            saver.answer(run, epoch, [an_op("answer", value=bytes([number]))])
        except AlreadyAnsweredError:
            return False
        return True


def test_two_processes_open_and_answer_at_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    path = str(tmp_path / "shared.sqlite")
    with SqliteSaver(path) as saver, spawn.Pool(2) as pool:
        run, epoch = begun(saver)
        calls = [pool.apply_async(_answer_in_process, (path, run, epoch, i)) for i in range(4)]
        assert sum(call.get() for call in calls) == 1
        assert len(saver.get_ops(run.id)) == 1


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def open_it(number: int) -> int:
        together.wait()
        with SqliteSaver(tmp_path / "new.sqlite") as saver:
            begun(saver, a_run(number, f"t{number}"))
            return len(saver.list_threads())

    with ThreadPoolExecutor(6) as pool:
        assert max(pool.map(open_it, range(6))) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_a_fork_the_child_opens_anew(on_disk: SqliteSaver) -> None:
    run, epoch = begun(on_disk)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            on_disk.append(run, epoch, [an_op(key=1)])
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    on_disk.append(run, epoch, [an_op(key=2)])
    assert [op.key[-1] for op in on_disk.get_ops(run.id)] == [1, 2]


def test_a_locked_database(
    on_disk: SqliteSaver, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, epoch = begun(on_disk)
    monkeypatch.setattr("nbflow._database.sqlite_file.BUSY_TIMEOUT_S", 0.05)
    with SqliteSaver(path) as hasty:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for ops in ([an_op()], [an_op(), an_op(key=2)]):
            with pytest.raises(StorageError, match=r"runs\.sqlite.*locked.*Nothing.*Another"):
                hasty.append(run, epoch, ops)
        assert hasty.get_thread("t") is not None
        other.execute("ROLLBACK")
        other.close()
        hasty.append(run, epoch, [an_op()])
        assert len(hasty.get_ops(run.id)) == 1


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database" * 100)
    for path, remedy in (
        (tmp_path / "missing" / "x.sqlite", "folder"),
        (text, "something else"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(StorageError, match=re.escape(str(path))) as error:
            SqliteSaver(path)
        assert remedy in str(error.value)
        assert error.value.__cause__ is not None


def test_a_wait_that_is_interrupted_stores_nothing(on_disk: SqliteSaver) -> None:
    run, epoch = begun(on_disk)

    class Stop(BaseException):
        pass

    def ops() -> Iterator[OpRow]:
        yield an_op()
        raise Stop

    class Sequence(list[OpRow]):
        def __len__(self) -> int:
            return 2

        def __iter__(self) -> Iterator[OpRow]:
            return ops()

    with pytest.raises(Stop):
        on_disk.append(run, epoch, Sequence())
    assert on_disk.get_ops(run.id) == []
    on_disk.append(run, epoch, [an_op()])


COLUMNS = [
    ("op", "kind", "start"), ("op", "name", "other"), ("op", "lane", "1"), ("op", "n", 9),
    ("op", "args", b"x"), ("op", "attempt", 9), ("op", "gen", 9), ("op", "value", b"x"),
    ("op", "value", None), ("op", "value", "0" * 32), ("op", "check_", 1), ("op", "ts", 1.0),
    ("op", "dur", 1.0), ("op", "ts", "x"), ("op", "check_", "x"), ("op", "site", "x"),
    ("op", "key", b"x"), ("op", "key", "x"), ("op", "parent", b"x"),
    ("run", "input", b"x"), ("run", "meta", b"x"), ("run", "code_fp", b"x"), ("run", "fmt", 9),
    ("run", "workflow", "x"), ("run", "base", "x"), ("run", "upto", 9), ("run", "ts", 1.0),
    ("run", "ts", "x"), ("run", "check_", "x"),
    ("ckpt", "saved", b"x"), ("ckpt", "returned", b"x"), ("ckpt", "meta", b"x"),
    ("ckpt", "parent", "x"), ("ckpt", "run", "x"), ("ckpt", "source", "x"), ("ckpt", "step", 9),
    ("blob", "data", b"x"), ("blob", "data", BIG[1:] + b"x"), ("blob", "size", 9),
    ("blob", "codec", "zip"), ("blob", "h", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "value"), COLUMNS)
def test_damage_is_found(
    on_disk: SqliteSaver, path: str, table: str, column: str, value: Any
) -> None:
    run = a_run(input=BIG)
    opening = a_checkpoint("c", saved=BIG, run=run.id)
    epoch = on_disk.begin_run(run, opening, "me", None)
    on_disk.append(run, epoch, [an_op(value=BIG)])
    intact = begun(on_disk, a_run(2, "intact"))
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = 1", (value,))
    raw.close()

    with pytest.raises(CorruptDataError) as error:
        on_disk.get_run(run.id)
        on_disk.get_ops(run.id)
        on_disk.get_checkpoint("t")

    assert run.id in str(error.value) or "'t'" in str(error.value)
    if column == "value":
        assert "value" in str(error.value)
        assert "Op 1" in str(error.value)
    assert on_disk.get_run(intact[0].id) == intact[0]
    assert on_disk.get_ops(intact[0].id) == []


def test_a_damaged_text(on_disk: SqliteSaver, path: str) -> None:
    run, epoch = begun(on_disk)
    on_disk.append(run, epoch, [an_op()])
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE op SET name = CAST(x'ff41' AS TEXT)")
    raw.close()
    with pytest.raises(CorruptDataError, match=rf"Op 1 of run {run.id} .* column name of"):
        on_disk.get_ops(run.id)
    assert [seq for seq, _ in on_disk.damaged_ops(run.id)] == [1]


@pytest.mark.parametrize("column", ["source", "ns", "id"])
def test_a_damaged_text_of_one_checkpoint(on_disk: SqliteSaver, path: str, column: str) -> None:
    """Is left out of a list, once, and the others are listed."""
    for number in range(3):
        row = a_checkpoint(f"c{number}", parent=f"c{number - 1}" if number else None)
        on_disk.update(row, number or None)
    with sqlite3.connect(path) as raw:
        raw.execute(f"UPDATE ckpt SET {column} = CAST(x'ff41' AS TEXT) WHERE id = 'c1'")
    raw.close()
    with pytest.warns(RuntimeWarning, match="A checkpoint is left out: Checkpoint") as told:
        found = [*on_disk.list({"configurable": {"thread_id": "t", "checkpoint_ns": ""}})]
    assert [one.config["configurable"]["checkpoint_id"] for one in found] == ["c2", "c0"]
    assert len(told) <= 2
