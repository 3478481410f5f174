"""What every saver does, whatever keeps the data."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbflow.checkpoint._recent import RecentOps
from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointRow,
    OpRow,
    RunRow,
    ThreadRow,
)
from nbflow.checkpoint.memory import InMemorySaver, MemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    CorruptDataError,
    InvalidNameError,
    LeaseLostError,
    StorageError,
    ThreadBusyError,
    UnknownCheckpointError,
)

BIG = bytes(range(256)) * 40


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runs.sqlite")


@pytest.fixture(params=["memory", "sqlite", "sqlite in memory", "postgres"])
def saver(request: pytest.FixtureRequest, path: str) -> Iterator[BaseCheckpointSaver]:
    made: dict[str, Callable[[], BaseCheckpointSaver]] = {
        "memory": InMemorySaver,
        "sqlite": lambda: SqliteSaver(path),
        "sqlite in memory": lambda: SqliteSaver(":memory:"),
        "postgres": lambda: PostgresSaver(request.getfixturevalue("postgres")),
    }
    with made[request.param]() as saver:
        yield saver


@pytest.fixture
def on_disk(path: str) -> Iterator[SqliteSaver]:
    with SqliteSaver(path) as saver:
        yield saver


def a_run(number: int = 1, thread_id: str = "t", ns: str = "", **changed: Any) -> RunRow:
    values: dict[str, Any] = {
        "id": f"{number:032x}", "thread_id": thread_id, "ns": ns, "base": None,
        "parent_run": None, "upto": 0, "workflow": "essay", "code_fp": b"\x01" * 16, "fmt": 1,
        "input": b"\xa2hi", "meta": b"\x80", "ts": 12.5,
    }  # fmt: skip
    return RunRow(**{**values, **changed})


def a_checkpoint(name: str, thread_id: str = "t", ns: str = "", **changed: Any) -> CheckpointRow:
    values: dict[str, Any] = {
        "id": name, "thread_id": thread_id, "ns": ns, "parent": None, "run": None,
        "source": "input", "step": -1, "saved": None, "returned": None, "meta": b"\x80",
        "ts": 13.5,
    }  # fmt: skip
    return CheckpointRow(**{**values, **changed})


def an_op(kind: str = "result", key: int = 1, **changed: Any) -> OpRow:
    values: dict[str, Any] = {
        "kind": kind, "key": key.to_bytes(16, "big"), "parent": b"\0" * 16, "name": "step",
        "args": b"\x91\x80", "lane": "0", "n": 2, "value": b"\xa5hello", "attempt": 1, "gen": 0,
        "ts": 14.25, "dur": 0.5, "site": "essay.py:12",
    }  # fmt: skip
    return OpRow(**{**values, **changed})


def shown(op: OpRow) -> dict[str, Any]:
    return {name: getattr(op, name) for name in OpRow.__slots__}


def begun(
    saver: BaseCheckpointSaver, run: RunRow | None = None, expected: int | None = None
) -> tuple[RunRow, int]:
    run = run or a_run()
    opening = a_checkpoint(f"open-{run.id[-4:]}", run.thread_id, run.ns, run=run.id)
    return run, saver.begin_run(run, opening, "host/1/0/x", expected)


def contents(saver: BaseCheckpointSaver, run: RunRow) -> Any:
    return (
        saver.get_thread(run.thread_id, run.ns),
        [shown(op) for op in saver.get_ops(run.id)],
        [asdict(c) for c in saver.list_checkpoints(run.thread_id, run.ns)],
    )


# -- threads and runs -----------------------------------------------------------------------


def test_empty(saver: BaseCheckpointSaver) -> None:
    assert saver.get_thread("t") is None
    assert saver.list_threads() == []
    assert saver.get_run("0" * 32) is None
    assert saver.list_runs("t") == []
    assert saver.get_ops("0" * 32) == []
    assert saver.get_checkpoint("t") is None
    assert list(saver.list_checkpoints("t")) == []
    saver.delete_thread("t")


def test_a_run_begins(saver: BaseCheckpointSaver) -> None:
    run = a_run(input=BIG, meta=BIG[:2000], base="b", parent_run="f" * 32, upto=7)
    opening = a_checkpoint("c1", run=run.id, saved=BIG, returned=b"\xc0", meta=BIG)

    assert saver.begin_run(run, opening, "me", None) == 1

    assert saver.get_thread("t") == ThreadRow("t", "", "c1", run.id, "running", 1, "me")
    assert saver.get_run(run.id) == run
    assert saver.list_runs("t") == [run]
    assert saver.get_checkpoint("t") == opening
    assert opening.seq > 0


def test_what_was_read_belongs_to_the_reader(saver: BaseCheckpointSaver) -> None:
    run, _ = begun(saver)
    thread, checkpoint = saver.get_thread("t"), saver.get_checkpoint("t")
    assert thread is not None
    assert checkpoint is not None
    before = contents(saver, run)

    thread.status = checkpoint.source = "changed"
    run.workflow = "changed"

    assert contents(saver, run) == before
    stored = saver.get_run(run.id)
    assert stored is not None
    assert stored.workflow == "essay"


def test_an_epoch_that_moved_on_is_busy(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    other = a_run(2)
    before = contents(saver, run)

    for expected in (None, epoch - 1, epoch + 1):
        with pytest.raises(ThreadBusyError, match="'t'"):
            begun(saver, other, expected)
        with pytest.raises(ThreadBusyError):
            saver.update(a_checkpoint("u", source="update"), expected)
    with pytest.raises(ThreadBusyError):
        saver.claim("t", "", "me", epoch + 1)
    with pytest.raises(ThreadBusyError):
        saver.claim("unknown", "", "me", 1)

    assert saver.get_run(other.id) is None
    assert contents(saver, run) == before
    assert saver.get_thread("unknown") is None


def test_expecting_a_thread_that_is_not_there(saver: BaseCheckpointSaver) -> None:
    with pytest.raises(ThreadBusyError):
        begun(saver, expected=1)
    assert saver.list_threads() == []


def test_claim_keeps_head_and_run(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    saver.finish(run, epoch, "interrupted")

    assert saver.claim("t", "", "you", epoch) == epoch + 1

    head = f"open-{run.id[-4:]}"
    assert saver.get_thread("t") == ThreadRow("t", "", head, run.id, "running", epoch + 1, "you")


def test_the_old_owner_can_store_nothing(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    saver.claim("t", "", "you", epoch)
    before = contents(saver, run)

    attempts: list[Callable[[], None]] = [
        lambda: saver.append(run, epoch, [an_op()]),
        lambda: saver.append(run, epoch, [an_op(), an_op(key=2)]),
        lambda: saver.append(run, epoch, [an_op(value=BIG)]),
        lambda: saver.answer(run, epoch, [an_op("answer")]),
        lambda: saver.finish(run, epoch, "idle"),
        lambda: saver.finish(run, epoch, "idle", [an_op()], a_checkpoint("end")),
    ]
    for store in attempts:
        with pytest.raises(LeaseLostError, match="Nothing was stored"):
            store()

    assert contents(saver, run) == before


def test_finish(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    closing = a_checkpoint("end", run=run.id, source="loop", step=0, saved=BIG, returned=BIG)
    op = an_op("error", value=BIG)

    saver.finish(run, epoch, "idle", [op], closing)

    assert saver.get_thread("t") == ThreadRow("t", "", "end", run.id, "idle", epoch, None)
    assert saver.get_checkpoint("t") == closing
    assert [shown(o) for o in saver.get_ops(run.id)] == [shown(op)]


def test_update(saver: BaseCheckpointSaver) -> None:
    first = a_checkpoint("u1", source="update", step=0, saved=b"\x01", returned=b"\x01")
    saver.update(first, None)
    thread = saver.get_thread("t")
    assert thread == ThreadRow("t", "", "u1", None, "idle", 1, None)

    second = a_checkpoint("u2", source="update", step=1, parent="u1", saved=b"\x02")
    saver.update(second, 1)

    assert saver.get_thread("t") == ThreadRow("t", "", "u2", None, "idle", 2, None)
    assert list(saver.list_checkpoints("t")) == [second, first]
    run, epoch = begun(saver, expected=2)
    assert (epoch, saver.list_runs("t")) == (3, [run])


def test_threads_latest_change_first(saver: BaseCheckpointSaver) -> None:
    runs = {name: begun(saver, a_run(i, name)) for i, name in enumerate("abc")}
    assert [t.thread_id for t in saver.list_threads()] == ["c", "b", "a"]

    saver.finish(*runs["b"], "idle")
    saver.claim("a", "", "me", runs["a"][1])

    assert [t.thread_id for t in saver.list_threads()] == ["a", "b", "c"]


def test_runs_newest_first(saver: BaseCheckpointSaver) -> None:
    epoch = None
    for number in (3, 1, 2):
        _, epoch = begun(saver, a_run(number), epoch)
    assert [int(run.id, 16) for run in saver.list_runs("t")] == [2, 1, 3]


# -- ops ------------------------------------------------------------------------------------


def test_ops_come_back_as_they_were_in_order(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    kinds = ("start", "ask", "answer", "result", "error", "cancel", "void", "pause")
    ops = [
        an_op(kind, key=i, value=value, gen=i, n=2**40, attempt=3, site="", args=BIG)
        for i, (kind, value) in enumerate((k, v) for k in kinds for v in (None, b"\xc0", BIG))
    ]
    for op in ops[:5]:
        saver.append(run, epoch, [op])
    saver.append(run, epoch, ops[5:])

    assert [shown(op) for op in saver.get_ops(run.id)] == [shown(op) for op in ops]
    numbers = [op.seq for op in ops]
    assert numbers == sorted(set(numbers))
    assert [op.seq for op in saver.get_ops(run.id, numbers[6])] == numbers[:7]
    assert saver.get_ops(run.id, 0) == []


def test_sequence_grows_over_all_threads_and_is_never_given_twice(
    saver: BaseCheckpointSaver,
) -> None:
    a, b = begun(saver, a_run(1, "a")), begun(saver, a_run(2, "b"))
    seen = []
    for number in range(6):
        op = an_op(key=number)
        saver.append(*(a, b)[number % 2], [op])
        seen.append(op.seq)
    saver.delete_thread("b")
    op = an_op(key=99)
    saver.append(*a, [op])
    seen.append(op.seq)

    assert seen == sorted(set(seen))


def test_no_ops(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    saver.append(run, epoch, [])
    with pytest.raises(LeaseLostError):
        saver.append(run, epoch + 1, [])
    assert saver.get_ops(run.id) == []


@pytest.mark.parametrize("kind", ["result", "error", "cancel", "pause"])
def test_an_outcome_is_stored_once_per_life(saver: BaseCheckpointSaver, kind: str) -> None:
    run, epoch = begun(saver)
    saver.append(run, epoch, [an_op("result")])

    with pytest.raises(StorageError, match="already holds"):
        saver.append(run, epoch, [an_op(kind)])
    with pytest.raises(StorageError):
        saver.append(run, epoch, [an_op(key=5), an_op(kind)])
    with pytest.raises(StorageError):
        saver.append(run, epoch, [an_op(kind, key=6), an_op(kind, key=6)])
    saver.append(run, epoch, [an_op("start"), an_op("void"), an_op(kind, gen=1)])

    assert [(op.kind, op.gen) for op in saver.get_ops(run.id)] == [
        ("result", 0), ("start", 0), ("void", 0), (kind, 1),
    ]  # fmt: skip


def test_an_answer_is_taken_once(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    saver.append(run, epoch, [an_op("ask"), an_op("ask", key=2)])
    saver.answer(run, epoch, [an_op("answer", value=b"\x01")])

    for repeated in (
        [an_op("answer", value=b"\x02")],
        [an_op("answer", key=2), an_op("answer", value=b"\x02")],
        [an_op("answer", key=3), an_op("answer", key=3)],
    ):
        with pytest.raises(AlreadyAnsweredError) as error:
            saver.answer(run, epoch, repeated)
        assert error.value.reason == "answered"
    saver.answer(run, epoch, [an_op("answer", key=2), an_op("answer", gen=1)])

    answers = [op for op in saver.get_ops(run.id) if op.kind == "answer"]
    assert [(op.key[-1], op.gen, op.value) for op in answers] == [
        (1, 0, b"\x01"), (2, 0, b"\xa5hello"), (1, 1, b"\xa5hello"),
    ]  # fmt: skip


def test_of_many_answers_at_once_one_is_taken(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)
    saver.append(run, epoch, [an_op("ask")])
    together = threading.Barrier(8)

    def answer(number: int) -> bool:
        together.wait()
        try:
            saver.answer(run, epoch, [an_op("answer", value=bytes([number]))])
        except AlreadyAnsweredError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(answer, range(8))) == 1
    assert len(saver.get_ops(run.id)) == 2


def test_of_many_owners_at_once_one_begins(saver: BaseCheckpointSaver) -> None:
    together = threading.Barrier(8)

    def begin(number: int) -> bool:
        together.wait()
        try:
            begun(saver, a_run(number))
        except ThreadBusyError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(8))) == 1
    assert len(saver.list_runs("t")) == 1


def test_from_threads_and_event_loops(saver: BaseCheckpointSaver) -> None:
    run, epoch = begun(saver)

    async def store(first: int) -> None:
        saver.append(run, epoch, [an_op(key=first)])
        await asyncio.to_thread(saver.append, run, epoch, [an_op(key=first + 1)])

    for first in range(0, 8, 2):
        asyncio.run(store(first))
    assert [op.key[-1] for op in saver.get_ops(run.id)] == list(range(8))


# -- checkpoints ----------------------------------------------------------------------------


def test_history(saver: BaseCheckpointSaver) -> None:
    rows = [a_checkpoint(f"c{i}", step=i, saved=BIG + bytes([i % 7])) for i in range(230)]
    for epoch, row in enumerate(rows):
        saver.update(row, epoch or None)
    newest_first = rows[::-1]

    assert list(saver.list_checkpoints("t")) == newest_first
    assert list(saver.list_checkpoints("t", limit=3)) == newest_first[:3]
    assert list(saver.list_checkpoints("t", limit=100)) == newest_first[:100]
    assert list(saver.list_checkpoints("t", limit=0)) == []
    assert list(saver.list_checkpoints("t", limit=10**18)) == newest_first
    assert list(saver.list_checkpoints("t", before="c150", limit=120)) == newest_first[80:200]
    assert list(saver.list_checkpoints("t", before="c0")) == []
    assert saver.get_checkpoint("t") == rows[-1]
    assert saver.get_checkpoint("t", "", "c7") == rows[7]
    assert saver.get_checkpoint("t", "", "c999") is None
    assert saver.get_checkpoint("t", "other", "c7") is None
    with pytest.raises(UnknownCheckpointError, match="c999"):
        saver.list_checkpoints("t", before="c999")
    with pytest.raises(ValueError, match="limit is -1"):
        saver.list_checkpoints("t", limit=-1)


# -- names ----------------------------------------------------------------------------------

HOSTILE = [
    "", "a\0b", "a\0", "'; DROP TABLE thread; --", '"', "%", "_", "🦉" * 50, "x" * 10_000, "\u202e",
    "NULL", "1", "a b\n",
]  # fmt: skip


def test_names_are_data(saver: BaseCheckpointSaver) -> None:
    addresses = [(t, ns) for t in HOSTILE for ns in ("", *HOSTILE[1:4])]
    for number, (thread_id, ns) in enumerate(addresses):
        begun(saver, a_run(number, thread_id, ns, workflow=thread_id))

    for number, (thread_id, ns) in enumerate(addresses):
        thread = saver.get_thread(thread_id, ns)
        assert thread is not None
        assert (thread.thread_id, thread.ns) == (thread_id, ns)
        assert [int(run.id, 16) for run in saver.list_runs(thread_id, ns)] == [number]
        assert len(list(saver.list_checkpoints(thread_id, ns))) == 1


@pytest.mark.parametrize("name", ["\ud800", "a\udfffb", 7])
def test_names_that_no_database_holds(saver: BaseCheckpointSaver, name: Any) -> None:
    for run in (a_run(1, name), a_run(1, "t", name), a_run(1, workflow=name)):
        with pytest.raises(InvalidNameError, match="Use another"):
            begun(saver, run)
    with pytest.raises(ValueError, match="cannot be stored"):
        saver.update(a_checkpoint("u", name), None)
    if isinstance(name, str):
        assert saver.get_thread(name) is None
    assert saver.list_threads() == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=3), st.integers(0, 3)), max_size=9))
def test_all_savers_agree(steps: list[tuple[str, str, int]]) -> None:
    def play(saver: BaseCheckpointSaver) -> Any:
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

    with SqliteSaver(":memory:") as on_sqlite:
        assert play(on_sqlite) == play(InMemorySaver())


# -- deleting -------------------------------------------------------------------------------


def test_delete_thread(saver: BaseCheckpointSaver) -> None:
    kept = begun(saver, a_run(1, "kept", input=BIG))
    saver.append(*kept, [an_op(value=BIG)])
    gone = [begun(saver, a_run(2 + i, "gone", ns, input=BIG)) for i, ns in enumerate(("", "x"))]
    for run, epoch in gone:
        saver.append(run, epoch, [an_op(value=BIG), an_op("ask", value=BIG + b"more")])
    before = contents(saver, kept[0])

    saver.delete_thread("gone")
    saver.delete_thread("gone")

    assert contents(saver, kept[0]) == before
    assert saver.get_run(kept[0].id) == kept[0]
    for run, epoch in gone:
        assert (saver.get_run(run.id), saver.list_runs("gone", run.ns)) == (None, [])
        assert contents(saver, run) == (None, [], [])
        with pytest.raises(LeaseLostError):
            saver.append(run, epoch, [an_op()])


def test_a_deleted_thread_begins_anew(saver: BaseCheckpointSaver) -> None:
    old, epoch = begun(saver)
    saver.delete_thread("t")
    new, _ = begun(saver, a_run(2))

    with pytest.raises(LeaseLostError):
        saver.append(old, epoch, [an_op()])
    with pytest.raises(LeaseLostError):
        saver.finish(old, epoch, "idle")
    assert saver.list_runs("t") == [new]


def test_close_twice(saver: BaseCheckpointSaver) -> None:
    saver.close()
    saver.close()


async def test_as_a_context_manager_of_either_kind(path: str) -> None:
    async with SqliteSaver.from_conn_string(path) as saver:
        begun(saver)
    with SqliteSaver.from_conn_string(path) as saver:
        assert len(saver.list_threads()) == 1
    with pytest.raises(StorageError, match="was closed"):
        saver.list_threads()
    assert MemorySaver is InMemorySaver


# -- SQLite ---------------------------------------------------------------------------------


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
    with pytest.raises(CorruptDataError, match="'name'"):
        on_disk.get_ops(run.id)
