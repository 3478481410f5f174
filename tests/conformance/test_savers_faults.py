"""Savers in trouble: odd text, old files, locks, damage, races, forks; numbers 252 to 262."""

from __future__ import annotations

import multiprocessing
import os
import re
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbflow._database import scripts, sqlite_file
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError, StorageError, ThreadBusyError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.conformance.older import set_back

Config = dict[str, Any]


THREAD: Config = {"configurable": {"thread_id": "t"}}


def on(thread_id: str) -> Config:
    return {"configurable": {"thread_id": thread_id}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture(params=["memory", "sqlite", "sqlite in memory"])
def saver(request: pytest.FixtureRequest, path: Path) -> Iterator[BaseCheckpointSaver]:
    made: dict[str, Callable[[], BaseCheckpointSaver]] = {
        "memory": InMemorySaver,
        "sqlite": lambda: SqliteSaver(path),
        "sqlite in memory": lambda: SqliteSaver(":memory:"),
    }
    with made[request.param]() as saver:
        yield saver


def counter(saver: BaseCheckpointSaver, ran: list[int] | None = None) -> Any:
    """Adds up what it is given, each time by a task."""

    @task
    def add(n: int, to: int) -> int:
        if ran is not None:
            ran.append(n)
        return n + to

    @entrypoint(checkpointer=saver)
    def count(n: int, *, previous: int | None = None) -> int:
        return add(n, previous or 0).result()

    return count


def test_nul_in_texts(saver: BaseCheckpointSaver) -> None:
    """252: a NUL survives in names, values, questions, answers, failures and metadata."""

    @task
    def say(text: str) -> str:
        if text.startswith("fail"):
            raise ValueError(text)
        return text

    @entrypoint(checkpointer=saver, name="a\0b")
    def workflow(text: str, *, previous: Any = None) -> Any:
        return {text: [say(text).result(), interrupt(text)], "previous": previous}

    config = {**on("t\0u"), "metadata": {"k\0": "v\0w"}}
    workflow.invoke("x\0y", config)
    (question,) = workflow.get_state(config).interrupts
    value = workflow.invoke(Command(resume="\0"), config)

    assert (question.value, value) == ("x\0y", {"x\0y": ["x\0y", "\0"], "previous": None})
    assert [thread.thread_id for thread in saver.list_threads()] == ["t\0u"]
    closed, opened = saver.list(config, filter={"k\0": "v\0w"})
    assert closed.checkpoint["channel_values"]["__end__"] == value
    assert [w[1:] for w in opened.pending_writes or ()] == [
        ("__resume__", ["\0"]), ("__interrupt__", [question]), ("__return__", "x\0y"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="fail\0ure"):
        workflow.invoke("fail\0ure", config)
    assert workflow.get_state(config).tasks[0].error == "ValueError('fail\\x00ure')"
    assert saver.get_tuple(on("t")) is None
    saver.delete_thread("t\0u")
    assert saver.list_threads() == []


@pytest.mark.parametrize("version", range(1, len(scripts.migrations("sqlite"))))
def test_a_file_of_an_older_version(path: Path, version: int) -> None:
    """253: it is migrated when it is opened, and its threads go on."""
    with SqliteSaver(path) as saver:
        count = counter(saver)
        count.invoke(1, THREAD)
        count.invoke(2, THREAD)
        before = list(saver.list(THREAD))
    set_back(path, version)

    with SqliteSaver(path) as saver:
        count = counter(saver)
        assert list(saver.list(THREAD)) == before
        assert count.invoke(3, THREAD) == 6
        count.update_state(THREAD, "x" * 100_000)
        saver.copy_thread("t", "copy")
        saver.delete_thread("t")
        assert count.get_state(on("copy")).values == "x" * 100_000
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (len(scripts.migrations("sqlite")),)
    raw.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 0.05)


@pytest.mark.usefixtures("hasty")
def test_a_locked_database(path: Path) -> None:
    """258: a typed error before any task runs; afterwards the thread is as it was."""
    ran: list[int] = []
    with SqliteSaver(path) as saver:
        count = counter(saver, ran)
        count.invoke(1, THREAD)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for locked in (
            lambda: count.invoke(2, THREAD),
            lambda: count.invoke(2, on("new")),
            lambda: count.update_state(THREAD, 5),
            lambda: saver.copy_thread("t", "copy"),
            lambda: saver.prune(["t"]),
            lambda: saver.delete_thread("t"),
        ):
            with pytest.raises(StorageError, match=r"locked.*Nothing was stored.*Another process"):
                locked()
        assert ran == [1]
        assert count.get_state(THREAD).values == 1
        other.execute("ROLLBACK")
        other.close()
        assert count.invoke(2, THREAD) == 3
        assert [thread.thread_id for thread in saver.list_threads()] == ["t"]


@pytest.mark.usefixtures("hasty")
def test_a_database_that_is_locked_during_a_run(path: Path) -> None:
    """258: the result that cannot be stored is not shown; what was stored before is not lost."""

    @task
    def work(n: int) -> int:
        ran.append(n)
        if n == 1 and len(ran) == 2:
            other.execute("BEGIN IMMEDIATE")
        return n

    ran: list[int] = []
    with SqliteSaver(path) as saver:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> list[int]:
            done = [work(0).result(), work(1).result()]
            ran.append(99)
            return done

        with pytest.raises(StorageError, match="locked"):
            workflow.invoke(1, THREAD)
        assert ran == [0, 1]
        other.execute("ROLLBACK")
        other.close()
        assert workflow.invoke(None, THREAD) == [0, 1]
    assert ran == [0, 1, 1, 99]


@pytest.mark.parametrize("how", ["by its address", "by its mode"])
def test_a_read_only_database(path: Path, how: str) -> None:
    """259: reading works; a run is refused by a typed error before its tasks."""
    if how == "by its mode" and (os.name == "nt" or os.geteuid() == 0):
        pytest.skip("who runs this may write any file")
    with SqliteSaver(path) as saver:
        counter(saver).invoke(1, THREAD)
        before = list(saver.list(THREAD))
    path.chmod(0o400)
    ran: list[int] = []
    with SqliteSaver(f"file:{path}?mode=ro" if how == "by its address" else path) as saver:
        count = counter(saver, ran)

        assert list(saver.list(THREAD)) == before
        assert count.get_state(THREAD).values == count.invoke(None, THREAD) == 1
        for refused in (
            lambda: count.invoke(2, THREAD),
            lambda: count.update_state(THREAD, 5),
            lambda: saver.copy_thread("t", "copy"),
            lambda: saver.delete_for_runs([before[0].metadata["run_id"]]),
            lambda: saver.delete_thread("t"),
        ):
            with pytest.raises(StorageError, match=r"Nothing was stored.*read-only"):
                refused()
        assert list(saver.list(THREAD)) == before
    assert ran == []


DAMAGE = [
    ("UPDATE ckpt SET step = 9 WHERE seq = 3", [4, 2, 1]),
    ("UPDATE ckpt SET saved = x'c1' WHERE seq = 3", [4, 2, 1]),
    ("UPDATE ckpt SET check_ = 'x' WHERE seq = 2", [4, 3, 1]),
    ("UPDATE run SET workflow = 'x' WHERE run = 1", [4, 3]),
    ("UPDATE run SET input = x'01' WHERE run = 2", [2, 1]),
    ("UPDATE op SET name = 'x' WHERE seq = 1", [4, 3, 2]),
    ("UPDATE op SET value = x'01' WHERE seq = 2", [4, 2, 1]),
    ("UPDATE blob SET data = zeroblob(length(data)) WHERE blob = 1", [4]),
    ("DELETE FROM blob", []),
]


@pytest.mark.parametrize(("damage", "readable"), DAMAGE)
def test_one_damaged_row(path: Path, damage: str, readable: list[int]) -> None:
    """260: the list leaves out what the row belongs to and names it; everything else is read."""

    @task
    def work(n: int) -> str:
        return f"{n} " * 1_000

    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def workflow(n: int, *, previous: Any = None) -> Any:
            return entrypoint.final(value=n, save=work(n).result())

        for n in (1, 2):
            workflow.invoke(n, THREAD)
        ids = [one.config["configurable"]["checkpoint_id"] for one in saver.list(THREAD)]
        counter(saver).invoke(5, on("other"))
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(damage)
    raw.close()

    with SqliteSaver(path) as saver, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = [one.config["configurable"]["checkpoint_id"] for one in saver.list(THREAD)]
        everything = list(saver.list(None))
    said = [str(one.message) for one in heard]
    assert found == [ids[4 - number] for number in readable]
    assert len(everything) == len(found) + 2
    assert len(said) == 2 * (4 - len(found))
    for message in said:
        assert re.match(r"A checkpoint is left out: (Checkpoint|Run|Op) \w+", message)
    with SqliteSaver(path) as saver:
        for number, checkpoint_id in zip((4, 3, 2, 1), ids, strict=True):
            config = {"configurable": {"thread_id": "t", "checkpoint_id": checkpoint_id}}
            if number in readable:
                assert saver.get_tuple(config) is not None
            else:
                with pytest.raises(CorruptDataError, match="damaged"):
                    saver.get_tuple(config)
        assert counter(saver).invoke(5, on("other")) == 10
        saver.delete_thread("t")
        assert list(saver.list(THREAD)) == []


def test_a_damaged_thread_goes_on_from_its_head(path: Path) -> None:
    """260: an old damaged row keeps no run from beginning, and no past from being removed."""
    with SqliteSaver(path) as saver:
        count = counter(saver)
        for n in (1, 2):
            count.invoke(n, THREAD)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("UPDATE ckpt SET step = 9 WHERE seq = 2")
        raw.close()
        assert count.invoke(3, THREAD) == 6
        with pytest.raises(CorruptDataError, match="Checkpoint .* of thread 't'"):
            list(saver.list_checkpoints("t"))
        with pytest.raises(CorruptDataError):
            saver.copy_thread("t", "copy")
        assert [thread.thread_id for thread in saver.list_threads()] == ["t"]
        saver.prune(["t"])
        assert len(list(saver.list(THREAD))) == 1
        assert count.invoke(4, THREAD) == 10


def test_a_damaged_row_raises_once(path: Path) -> None:
    """260: who goes on after the error gets the row behind it."""
    with SqliteSaver(path) as saver:
        count = counter(saver)
        for n in range(130):
            count.update_state(THREAD, n)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("UPDATE ckpt SET step = 999 WHERE seq IN (1, 60, 110, 111, 130)")
        raw.close()
        for rows in (saver.list_checkpoints("t"), saver.search_checkpoints()):
            steps: list[int | None] = []
            while True:
                try:
                    steps.append(next(rows).step)
                except StopIteration:
                    break
                except CorruptDataError:
                    steps.append(None)
            assert [n for n, step in enumerate(reversed(steps), 1) if step is None] == [
                1, 60, 110, 111, 130,
            ]  # fmt: skip
            assert len(steps) == 130


def _increment(path: str, times: int) -> int:
    ended = 0
    with SqliteSaver(path) as saver:
        count = counter(saver)
        while ended < times:
            try:
                count.invoke(1, THREAD)
            except ThreadBusyError:
                continue
            ended += 1
    return ended


def test_processes_on_one_thread(path: Path) -> None:
    """261: with patience, no increment of several processes is lost."""
    with SqliteSaver(path) as saver:
        counter(saver).invoke(0, THREAD)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        ended = pool.starmap(_increment, [(str(path), 8)] * 3)

    with SqliteSaver(path) as saver:
        assert counter(saver).get_state(THREAD).values == sum(ended) == 24


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_fork(path: Path) -> None:
    """262, fault 20: children and parent use one saver, and all 41 runs are there afterwards."""
    with SqliteSaver(path) as saver:
        count = counter(saver)
        count.invoke(1, on("before"))
        children = []
        for child in range(4):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    for n in range(8):
                        count.invoke(n, on(f"{child}-{n}"))
                    code = 0
                finally:
                    os._exit(code)
            children.append(pid)
        for n in range(8):
            count.invoke(n, on(f"parent-{n}"))
        assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0, 0]

        assert len(saver.list_threads()) == 41
        assert sum(len(saver.list_runs(t.thread_id)) for t in saver.list_threads()) == 41
        assert sorted(
            one.checkpoint["channel_values"]["__end__"]
            for one in saver.list(None, filter={"source": "loop"})
        ) == sorted([1, *(n for n in range(8) for _ in range(5))])


def test_a_connection_that_its_owner_closed() -> None:
    """Fault 8: it is told as any other fault, by single statements and by transactions."""
    connection = sqlite3.connect(":memory:")
    saver = SqliteSaver(connection)
    connection.close()
    for use in (saver.list_threads, lambda: saver.delete_thread("1")):
        with pytest.raises(StorageError, match="Its connection was closed"):
            use()
