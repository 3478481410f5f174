"""What the disk, the file system and other programs do to a database while a run uses it."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from nbflow._database import scripts, sqlite_file
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import StorageError
from nbflow.func import entrypoint, task
from nbflow.testing.faults import die
from nbflow.types import Command, interrupt
from tests.conformance.older import set_back
from tests.durability.dying import ends, killed

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def steps(saver: SqliteSaver, ran: list[int], at: dict[int, Callable[[], object]]) -> Any:
    """Ten tasks, one after another, each with a result of some kilobytes.

    Args:
        ran: where each notes that it runs.
        at: what happens in the code of the n-th, the first time.
    """

    @task
    def step(n: int) -> bytes:
        ran.append(n)
        if ran.count(n) == 1:
            at.get(n, int)()
        return bytes([n]) * 5_000

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        return [step(k).result()[0] for k in range(n)]

    return workflow


# -- no room -----------------------------------------------------------------------------------


def _fill_up(path: Path) -> None:
    """In a process of its own: what a file may grow to is a limit of the process."""
    ran: list[int] = []
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        used = max(os.stat(f"{path}{side}").st_size for side in ("", "-wal"))  # noqa: PTH116
        resource.setrlimit(resource.RLIMIT_FSIZE, (used, unlimited[1]))

    with SqliteSaver(path) as saver:
        workflow = steps(saver, ran, {4: fill})
        with pytest.raises(StorageError, match=r"(disk is full|disk I/O error).*free|space"):
            workflow.invoke(10, THREAD)
        assert ran == [0, 1, 2, 3, 4]
        with pytest.raises(StorageError):
            workflow.invoke(None, THREAD)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        assert workflow.invoke(None, THREAD) == list(range(10))
    assert ran in ([0, 1, 2, 3, 4, 4, *range(5, 10)], [0, 1, 2, 3, 4, *range(4, 10)])
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_a_disk_that_gets_full(path: Path) -> None:
    """Fault 5: the run stops there, no later task starts, and it goes on when there is room."""
    ends(_fill_up, path)


def test_a_database_that_gets_full(path: Path) -> None:
    """Fault 5: the same when SQLite itself says that there is no room."""
    ran: list[int] = []

    def fill() -> None:
        connection = saver._file.connection()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with SqliteSaver(path) as saver:
        workflow = steps(saver, ran, {4: fill})
        with pytest.raises(StorageError, match="The disk is full: free some space"):
            workflow.invoke(10, THREAD)
        assert ran == [0, 1, 2, 3, 4]
        with saver._file.lock:
            saver._file.connection().execute("PRAGMA max_page_count = 100000")
        assert workflow.invoke(None, THREAD) == list(range(10))
    assert ran == [0, 1, 2, 3, 4, *range(4, 10)]


# -- read-only ---------------------------------------------------------------------------------


def test_a_database_that_can_only_be_read(path: Path) -> None:
    """Fault 6: reading works; a run, an answer and a fork are refused before any code runs."""
    ran: list[str] = []

    def asking(saver: SqliteSaver) -> Any:
        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            ran.append("body")
            return [n, interrupt("Which?")]

        return workflow

    with SqliteSaver(path) as saver:
        asking(saver).invoke(1, THREAD)
    before, ran[:] = path.read_bytes(), []
    with SqliteSaver(f"file:{path}?mode=ro") as saver:
        workflow = asking(saver)
        (question,) = workflow.get_state(THREAD).interrupts
        assert question.value == "Which?"
        assert len([*workflow.get_state_history(THREAD)]) == 1
        refusals: list[Callable[[], object]] = [
            lambda: workflow.invoke(2, {"configurable": {"thread_id": "new"}}),
            lambda: workflow.invoke(Command(resume="this"), THREAD),
            lambda: workflow.invoke(None, THREAD),
            lambda: workflow.fork(THREAD, before=question.id),
        ]
        for refused in refusals:
            with pytest.raises(StorageError, match=r"runs\.sqlite.*read-only: let this user write"):
                refused()
    assert ran == []
    assert path.read_bytes() == before
    with SqliteSaver(path) as saver:
        assert asking(saver).invoke(Command(resume="this"), THREAD) == [1, "this"]


# -- locked ------------------------------------------------------------------------------------


def _hold(path: Path, talk: Any, seconds: float) -> None:
    """In another process: keep the database locked for a while, once told to."""
    other = sqlite3.connect(path, isolation_level=None)
    talk.recv()
    other.execute("BEGIN IMMEDIATE")
    talk.send("locked")
    talk.poll(seconds)
    other.execute("ROLLBACK")
    other.close()


@pytest.fixture
def lock(path: Path) -> Iterator[Callable[[float], Any]]:
    """Starts a process that will hold the database; gives the connection that tells it to."""
    children: list[Any] = []

    def start(seconds: float) -> Any:
        ours, theirs = get_context("spawn").Pipe()
        child = get_context("spawn").Process(target=_hold, args=(path, theirs, seconds))
        child.start()
        children.append((child, ours))
        return ours

    yield start
    for child, ours in children:
        with suppress(OSError):  # it may have ended
            ours.send("let go")
        child.join(10)
        assert child.exitcode == 0


@pytest.mark.parametrize("patience", [10.0, 0.05], ids=["for a moment", "for longer"])
def test_another_process_holds_the_database(
    path: Path, lock: Any, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 7: a run waits as long as it says, then stops before its next op; nothing is half."""
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", patience)
    ran: list[int] = []

    def be_locked() -> None:
        talk.send("lock")
        assert talk.recv() == "locked"

    with SqliteSaver(path) as saver:
        talk = lock(0.3 if patience > 1 else 60)
        workflow = steps(saver, ran, {3: be_locked})
        if patience > 1:
            assert workflow.invoke(6, THREAD) == list(range(6))
            assert ran == list(range(6))
            return
        with pytest.raises(StorageError, match="locked.*Another process held it for"):
            workflow.invoke(6, THREAD)
        assert ran == [0, 1, 2, 3]
        (run,) = saver.list_runs("t")
        assert [op.kind for op in saver.get_ops(run.id)] == ["result"] * 3
        talk.send("let go")
        monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 10.0)
    with SqliteSaver(path) as saver:
        assert steps(saver, ran, {}).invoke(None, THREAD) == list(range(6))
    assert ran == [0, 1, 2, 3, 3, 4, 5]


# -- gone --------------------------------------------------------------------------------------


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at each commit whether the file is there."""
    monkeypatch.setattr(sqlite_file, "_LOOK_S", 0.0)


def gone(path: Path) -> None:
    for side in ("", "-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)


@pytest.mark.usefixtures("watchful")
def test_a_file_that_is_deleted_during_a_run(path: Path, tmp_path: Path) -> None:
    """Fault 8: the error names it, no new one is made, and it goes on when the file is back."""
    ran: list[int] = []

    def delete() -> None:
        for side in ("", "-wal", "-shm"):
            Path(f"{path}{side}").rename(f"{path}{side}.kept")

    with SqliteSaver(path) as saver:
        workflow = steps(saver, ran, {3: delete})
        with pytest.raises(StorageError, match=r"runs\.sqlite was deleted or replaced.*Nothing"):
            workflow.invoke(6, THREAD)
        assert ran == [0, 1, 2, 3]
        for look in (
            lambda: workflow.get_state(THREAD),
            saver.list_threads,
            lambda: workflow.invoke(1, {"configurable": {"thread_id": "new"}}),
        ):
            with pytest.raises(StorageError, match="deleted or replaced"):
                look()
        assert not path.exists()

        for side in ("", "-wal", "-shm"):
            Path(f"{path}{side}.kept").rename(f"{path}{side}")
        assert workflow.invoke(None, THREAD) == list(range(6))
    assert ran == [0, 1, 2, 3, 3, 4, 5]


@pytest.mark.usefixtures("watchful")
def test_a_file_that_is_replaced_during_a_run(path: Path, tmp_path: Path) -> None:
    """Fault 8: the one that is there now gets nothing, and loses nothing."""
    other_path = tmp_path / "other.sqlite"
    other = SqliteSaver(other_path)
    steps(other, [], {}).invoke(2, {"configurable": {"thread_id": "theirs"}})

    def replace() -> None:
        gone(path)
        for side in ("", "-wal"):
            shutil.copy(f"{other_path}{side}", f"{path}{side}")

    ran: list[int] = []
    with SqliteSaver(path) as saver:
        with pytest.raises(StorageError, match=r"runs\.sqlite was deleted or replaced"):
            steps(saver, ran, {3: replace}).invoke(6, THREAD)
        assert ran == [0, 1, 2, 3]
    other.close()
    with SqliteSaver(path) as saver:
        assert [thread.thread_id for thread in saver.list_threads()] == ["theirs"]
        (run,) = saver.list_runs("theirs")
        assert len(saver.get_ops(run.id)) == 2


def test_a_child_makes_no_new_file_either(path: Path) -> None:
    """Fault 8: nor does one that has just opened the file of its parent again."""
    with SqliteSaver(path) as saver:
        gone(path)
        saver._file.forget_parent(saver._file.lock)  # what a fork does in the child
        with pytest.raises(StorageError, match="deleted or replaced"):
            saver.list_threads()
    assert not path.exists()


# -- another version ---------------------------------------------------------------------------


def _migrate_and_die(path: Path, after: int) -> None:
    """In another process: die when so many statements of the migrations were executed."""
    statements, left = sqlite_file._statements, [after]

    def dying(script: str) -> Iterator[str]:
        for statement in statements(script):
            if left[0] == 0:
                die()
            left[0] -= 1
            yield statement
        if left[0] == 0:
            die()

    sqlite_file._statements = dying
    SqliteSaver(path)


def _how_many(scripts_left: list[str]) -> int:
    return sum(len([*sqlite_file._statements(script)]) for script in scripts_left)


@pytest.mark.parametrize("version", [0, 1])
def test_a_migration_that_is_killed(path: Path, version: int) -> None:
    """Fault 11: the file is of the old version or of the new one, and keeps what it had."""
    made = scripts.migrations("sqlite")
    if version:
        with SqliteSaver(path) as saver:
            steps(saver, [], {}).invoke(3, THREAD)
        set_back(path, version)
    last = _how_many(made[version:])

    for after in sorted({1, last // 3, last // 2, last}):
        killed(_migrate_and_die, path, after)
        raw = sqlite3.connect(path)
        assert raw.execute("PRAGMA user_version").fetchone() == (version,)
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        raw.close()

    with SqliteSaver(path) as saver:
        if version:
            assert steps(saver, [], {}).invoke(None, THREAD) == [0, 1, 2]
        else:
            assert saver.list_threads() == []
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (len(made),)
    raw.close()
