"""How savers grow: histories, chats, many tasks and long values; numbers 254 to 257."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbflow.checkpoint import _blobs
from nbflow.checkpoint._parts import LONGEST, SHORTEST, parts_of
from nbflow.checkpoint._recent import RecentValues
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError
from nbflow.func import entrypoint, task
from nbflow.testing._rows import a_checkpoint, a_run, an_op, begun
from nbflow.types import Command, interrupt
from nbflow.workflow import Workflow

Config = dict[str, Any]

THREAD: Config = {"configurable": {"thread_id": "t"}}
TABLES = ("thread", "run", "op", "ckpt", "blob", "blob_part")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture
def chance() -> random.Random:
    return random.Random(255)


def text(chance: random.Random, length: int) -> str:
    words = ("".join(chance.choices("etaoinshrdlu", k=chance.randint(1, 9))) for _ in range(length))
    return " ".join(words)[:length]


def size_of(path: Path) -> int:
    """Bytes of the database with its side files."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def counted(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    rows = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES}
    connection.close()
    return rows


# -- histories ---------------------------------------------------------------------------------


def test_a_history_of_1200_snapshots() -> None:
    """254: read page by page, with so many statements as there are pages, not snapshots."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    saver = SqliteSaver(connection)

    @task
    def work(n: int) -> str:
        return f"{n}" * 1_500

    @entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        work(n).result()
        return entrypoint.final(value=n, save=[n, f"{n}" * 800])

    for n in range(600):
        workflow.invoke(n, THREAD)

    def statements(read: Callable[[], Any]) -> tuple[int, Any]:
        heard: list[str] = []
        connection.set_trace_callback(heard.append)
        found = read()
        connection.set_trace_callback(None)
        return len(heard), found

    began = time.perf_counter()
    number, found = statements(lambda: list(saver.list(THREAD)))
    elapsed_s = time.perf_counter() - began

    assert [one.checkpoint["channel_values"]["__end__"] for one in found[::2]] == [
        *reversed(range(600))
    ]
    assert [len(one.pending_writes or ()) for one in found] == [0, 1] * 600
    assert number < 1_200 / 6
    assert elapsed_s < 3
    assert statements(lambda: next(saver.list(THREAD)))[0] < 10
    assert statements(lambda: list(saver.list(None, limit=20)))[0] < 10
    assert statements(lambda: list(saver.list(THREAD, filter={"step": 5})))[0] < 1_200 / 6
    saver.close()
    connection.close()


# -- chats -------------------------------------------------------------------------------------


def test_600_turns_of_1_kilobyte(path: Path, chance: random.Random) -> None:
    """255: a thread of 600 turns, each with 1 KB of ``previous``, takes less than 6 MB."""
    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def turn(message: str, *, previous: str | None = None) -> str:
            return message

        for _ in range(600):
            turn.invoke(text(chance, 1_000), THREAD)

    assert size_of(path) < 6_000_000


def test_a_chat_that_keeps_600_messages(path: Path, chance: random.Random) -> None:
    """255: 600 turns, each keeping a message of 1 KB more, take less than 20 MB, not 180."""
    messages = [text(chance, 1_000) for _ in range(600)]
    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def turn(message: str, *, previous: list[Any] | None = None) -> list[Any]:
            return [*(previous or []), {"role": "user", "content": message}]

        for message in messages:
            turn.invoke(message, THREAD)
    whole = size_of(path)

    with SqliteSaver(path) as saver:
        turn = entrypoint(checkpointer=saver)(turn.__wrapped__)
        kept = [one.checkpoint["channel_values"] for one in saver.list(THREAD, limit=40)]
        for number, values in enumerate(kept[::2]):
            said = [message["content"] for message in values["__previous__"]]
            assert said == messages[: 600 - number]
        saver.prune(["t"])
        assert turn.invoke("last", THREAD)[-2]["content"] == messages[-1]
        assert counted(path)["blob"] < 200
        saver.delete_thread("t")

    assert whole < 20_000_000
    assert counted(path) == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("change", ["at the end", "at the start", "in the middle", "window"])
def test_similar_values_share_their_parts(path: Path, chance: random.Random, change: str) -> None:
    """255: wherever a long value changes, only the parts around the change are stored again."""
    lines = [text(chance, 1_000).encode() for _ in range(400)]

    def value(turn: int) -> bytes:
        more = lines[300 : 300 + turn]
        if change == "at the end":
            return b"\n".join([*lines[:300], *more])
        if change == "at the start":
            return b"\n".join([*more, *lines[:300]])
        if change == "in the middle":
            return b"\n".join([*lines[:150], *more, *lines[150:300]])
        return b"\n".join(lines[turn : 300 + turn])

    with SqliteSaver(path) as saver:
        for turn in range(50):
            row = a_checkpoint(f"c{turn}", saved=value(turn), source="update")
            saver.update(row, turn or None)
    with SqliteSaver(path) as saver:
        for turn in (0, 7, 49):
            kept = saver.get_checkpoint("t", "", f"c{turn}")
            assert kept is not None
            assert kept.saved == value(turn)

    assert size_of(path) < 300_000 + 50 * 60_000


def test_what_shares_parts_is_deleted_alone(path: Path, chance: random.Random) -> None:
    """243, 255: parts stay as long as any value has them."""
    common = text(chance, 200_000).encode()
    with SqliteSaver(path) as saver:
        for name in ("a", "b"):
            run, epoch = begun(saver, a_run(int(name, 16), name, input=common + name.encode()))
            saver.append(run, epoch, [an_op(value=name.encode() + common), an_op(key=2)])
        saver.copy_thread("a", "copy")
        before = counted(path)
        for gone in ("a", "copy"):
            saver.delete_thread(gone)
            kept = saver.get_run(f"{11:032x}")
            assert kept is not None
            assert kept.input == common + b"b"
            assert [op.value for op in saver.get_ops(kept.id)] == [b"b" + common, b"\xa5hello"]
        assert counted(path)["blob"] < before["blob"]
        saver.delete_thread("b")
    assert counted(path) == dict.fromkeys(TABLES, 0)


PARTS = st.lists(
    st.tuples(st.sampled_from(["grow", "cut", "put", "delete", "read"]), st.integers(0, 3)),
    max_size=20,
)


@settings(max_examples=25, deadline=None)
@given(PARTS, st.integers(0, 999))
def test_any_history_of_long_values(steps: list[tuple[str, int]], seed: int) -> None:
    """255: whatever is stored and deleted, what is left reads as it was, and nothing else is."""
    chance = random.Random(seed)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    values: dict[str, list[bytes]] = {}
    with SqliteSaver(connection) as saver, InMemorySaver() as plain:
        for number, (what, which) in enumerate(steps):
            thread_id = f"t{which}"
            known = values.setdefault(thread_id, [])
            last = known[-1] if known else chance.randbytes(70_000)
            at = chance.randrange(len(last))
            if what == "delete":
                values[thread_id] = []
                for one in (saver, plain):
                    one.delete_thread(thread_id)
                continue
            value = {
                "grow": last + chance.randbytes(900),
                "cut": last[: at // 2] + last[at:],
                "put": last[:at] + b"changed" + last[at:],
                "read": last,
            }[what]
            known.append(value)
            for one in (saver, plain):
                epoch = None if (row := one.get_thread(thread_id)) is None else row.epoch
                one.update(a_checkpoint(f"c{number}", thread_id, saved=value, returned=last), epoch)
        for thread_id in values:
            assert list(saver.list_checkpoints(thread_id)) == list(
                plain.list_checkpoints(thread_id)
            )
            saver.delete_thread(thread_id)
    for table in TABLES:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()


@given(st.binary(max_size=200), st.integers(1, 2_000), st.binary(max_size=3))
def test_parts_are_the_value(unit: bytes, times: int, more: bytes) -> None:
    """255: in any content, monotonous content among it."""
    value = unit * times + more
    parts = parts_of(value)
    assert b"".join(parts) == value
    assert b"" not in parts


def test_parts_of_a_very_long_value() -> None:
    """257: so long a value has parts of 64 KB in the mean, and monotonous ones repeat."""
    parts = parts_of(random.Random(1).randbytes(16 << 20))
    assert 100 < len(parts) < 600
    assert max(map(len, parts)) <= 8 * 64 << 10
    assert len(set(parts_of(bytes(4 << 20)))) <= 2


def test_a_value_that_looks_like_the_parts_of_another(path: Path) -> None:
    """255: a list of parts has another name than a value of the same bytes."""
    value = random.Random(2).randbytes(900_000)
    with SqliteSaver(path) as saver:
        run, epoch = begun(saver, a_run(input=value))
        raw = sqlite3.connect(path)
        (hashes,) = raw.execute("SELECT data FROM blob WHERE codec = 'parts'").fetchone()
        raw.close()
        assert len(hashes) > 1_024
        saver.append(run, epoch, [an_op(value=hashes)])
    with SqliteSaver(path) as saver:
        found = saver.get_run(run.id)
        assert found is not None
        assert (found.input, [op.value for op in saver.get_ops(run.id)]) == (value, [hashes])


DAMAGE = [
    "UPDATE blob SET data = x'00' WHERE codec = 'parts'",
    "UPDATE blob SET data = CAST(data || x'00' AS BLOB) WHERE codec = 'parts'",
    "UPDATE blob SET data = 'text' WHERE codec = 'parts'",
    "UPDATE blob SET size = size + 1 WHERE codec = 'parts'",
    "UPDATE blob SET codec = 'raw' WHERE codec = 'parts'",
    "UPDATE blob SET data = zeroblob(length(data)) WHERE blob = 3",
    "UPDATE blob SET data = 7 WHERE blob = 3",
    "UPDATE blob SET h = 'x' WHERE blob = 3",
    "DELETE FROM blob WHERE blob = 3",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_parts_is_found(path: Path, damage: str) -> None:
    """260: a value of which a part does not fit is damaged; others are read."""
    chance = random.Random(3)
    with SqliteSaver(path) as saver:
        run, _ = begun(saver, a_run(input=chance.randbytes(100_000)))
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute(damage)
        raw.close()
        other, _ = begun(saver, a_run(2, "other", input=chance.randbytes(100_000)))
    with SqliteSaver(path) as saver:
        with pytest.raises(CorruptDataError, match=rf"Run {run.id} .* blob of column input"):
            saver.get_run(run.id)
        assert saver.get_run(other.id) == other
        saver.delete_thread("t")
        assert saver.get_run(other.id) == other


def test_the_values_used_last_are_kept_up_to_a_limit() -> None:
    """255: at most 16 MB of them, and by the object that was given."""
    recent = RecentValues()
    values = [bytes([n]) * (6 << 20) for n in range(4)]
    for n, value in enumerate(values):
        recent.put(str(n), value)
    again = bytes(bytearray(values[3]))
    recent.put("3", again)

    assert [recent.get(str(n)) is not None for n in range(4)] == [False, False, True, True]
    assert [recent.name_of(value) for value in (*values, again)] == [None, None, "2", None, "3"]
    recent.put("huge", bytes(17 << 20))
    assert recent.get("3") is recent.get("huge") is None


def test_a_known_value_that_was_deleted_is_stored_again(path: Path) -> None:
    """255: knowing a value's name is no proof that it is still there."""
    value = random.Random(4).randbytes(100_000)
    with SqliteSaver(path) as saver:
        for name in ("a", "b"):
            saver.update(a_checkpoint("c", name, saved=value, returned=value), None)
            saver.delete_thread(name)
        saver.update(a_checkpoint("c", "c", saved=value), None)
    with SqliteSaver(path) as saver:
        row = saver.get_checkpoint("c")
        assert row is not None
        assert row.saved == value


# -- many tasks, long values -------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def saver(request: pytest.FixtureRequest, path: Path) -> Iterator[BaseCheckpointSaver]:
    with InMemorySaver() if request.param == "memory" else SqliteSaver(path) as saver:
        yield saver


def test_ten_thousand_tasks(saver: BaseCheckpointSaver) -> None:
    """256, fault 32: they run and resume, and a task costs no more than in a short run."""

    @task
    def work(n: int) -> int:
        ran.append(n)
        return n

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> Any:
        total = sum(work(n).result() for n in range(count))
        return [total, interrupt("?")]

    ran: list[int] = []
    seconds: dict[int, list[float]] = {}
    for count in (1_000, 10_000):
        config = {"configurable": {"thread_id": str(count)}}
        marks = [time.perf_counter()]
        workflow.invoke(count, config)
        marks.append(time.perf_counter())
        assert workflow.invoke(Command(resume="ok"), config) == [sum(range(count)), "ok"]
        marks.append(time.perf_counter())
        seconds[count] = [(b - a) / count for a, b in pairwise(marks)]

    assert len(ran) == 11_000
    for short, long in zip(*seconds.values(), strict=True):
        assert long < 5 * short + 200e-6


def test_a_result_of_200_megabytes(path: Path) -> None:
    """257, fault 33: stored once, though a task returned it and the run returns and saves it."""
    big = os.urandom(1 << 20) * 200

    with SqliteSaver(path) as saver:

        @task
        def load() -> bytes:
            return big

        @entrypoint(checkpointer=saver)
        def workflow(n: int, *, previous: bytes | None = None) -> Any:
            return load().result() if previous is None else len(previous)

        assert workflow.invoke(1, THREAD) == big
        assert workflow.invoke(1, THREAD) == len(big)

    assert len(big) > LONGEST
    assert size_of(path) < 1.05 * len(big)


def test_a_long_state_is_read_when_somebody_looks_at_it(path: Path) -> None:
    """257, fault 33: until then nothing of it is read, not even that it is damaged."""
    value = random.Random(7).randbytes(2 << 20)

    def opened() -> Workflow[int, bytes]:
        @entrypoint(checkpointer=SqliteSaver(path), name="workflow")
        def workflow(n: int, *, previous: bytes | None = None) -> bytes:
            return value

        return workflow

    opened().invoke(1, THREAD)
    state, opening = opened().get_state_history(THREAD)
    assert (state.values, opening.tasks[0].result) == (value, value)
    row = SqliteSaver(path).get_checkpoint("t")
    assert row is not None
    assert row.saved is row.returned

    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE blob SET data = zeroblob(size) WHERE codec = 'raw'")
    connection.close()
    workflow = opened()
    state, opening = workflow.get_state_history(THREAD)
    assert (state.status, state.next) == ("done", ())
    for look in (lambda: state.values, lambda: opening.tasks, lambda: workflow.invoke(1, THREAD)):
        with pytest.raises(CorruptDataError, match="blob of column saved"):
            look()


async def test_a_long_state_is_read_beside_the_event_loop(path: Path) -> None:
    """257, fault 33: where a loop must not wait, what is looked at has been read already."""
    value = random.Random(8).randbytes(2 << 20)
    saver = SqliteSaver(path)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> bytes:
        return value

    await workflow.ainvoke(1, THREAD)
    elsewhere = entrypoint(checkpointer=SqliteSaver(path), name="workflow")(lambda n: n)
    state = await elsewhere.aget_state(THREAD)
    history = [state async for state in elsewhere.aget_state_history(THREAD)]
    saver.delete_thread("t")

    assert [one.values for one in (state, *history)] == [value, value, None]


def test_very_long_values_are_cut_without_a_copy() -> None:
    """257, fault 33: their parts are views, however large the value is."""
    value = bytes(LONGEST) + b"end"
    parts = parts_of(value)
    assert all(isinstance(part, memoryview) for part in parts)
    assert b"".join(parts) == value


@pytest.mark.parametrize("length", [1_025, SHORTEST - 1, SHORTEST, LONGEST // 16])
def test_long_values_are_stored_once(path: Path, length: int) -> None:
    """257: whether in parts or not."""
    value = random.Random(5).randbytes(length)
    with SqliteSaver(path) as saver:
        run, epoch = begun(saver, a_run(input=value))
        saver.append(run, epoch, [an_op(value=value)])
        saver.finish(run, epoch, "idle", [], a_checkpoint("end", saved=value, returned=value))
        (op,) = saver.get_ops(run.id)
        assert op.value == value

    assert size_of(path) < 1.25 * length + 150_000


def test_values_in_one_piece_by_an_older_nbflow(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """253: long values that were stored before there were parts are read, shared and deleted."""
    value = random.Random(6).randbytes(100_000)
    monkeypatch.setattr(_blobs, "SHORTEST", LONGEST)
    with SqliteSaver(path) as saver:
        run, epoch = begun(saver, a_run(input=value))
    monkeypatch.undo()
    with SqliteSaver(path) as saver:
        saver.append(run, epoch, [an_op(value=value)])
        found = saver.get_run(run.id)
        assert found is not None
        assert [found.input, *(op.value for op in saver.get_ops(run.id))] == [value, value]
        saver.delete_thread("t")
    assert counted(path) == dict.fromkeys(TABLES, 0)
