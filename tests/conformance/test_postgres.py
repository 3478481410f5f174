"""What Postgres adds: where a database is, what its errors become, migrations, owners, forks."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import psycopg_pool
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from nbflow._database import postgres_server, scripts
from nbflow.checkpoint.base import RunRow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    CorruptDataError,
    InvalidConfigError,
    InvalidNameError,
    StorageError,
    ThreadBusyError,
)
from nbflow.testing._programs import counter, on
from nbflow.testing._rows import BIG, a_checkpoint, a_run, an_op, begun, contents
from tests.conformance.test_savers import STEPS, play
from tests.postgres import PASSWORD, own_schema

TABLES = ("version", "thread", "run", "op", "ckpt", "blob", "blob_part")


@pytest.fixture
def saver(postgres: str) -> Iterator[PostgresSaver]:
    with PostgresSaver(postgres) as saver:
        yield saver


def settings_of(dsn: str) -> dict[str, Any]:
    return dict(conninfo_to_dict(dsn))


def counted(raw: psycopg.Connection[Any]) -> dict[str, int]:
    found = {}
    for table in TABLES[1:]:
        row = raw.execute(f"SELECT count(*) FROM nbflow_{table}").fetchone()
        found[table] = row[0] if row else -1
    return found


# -- where ----------------------------------------------------------------------------------


def test_ways_to_name_a_database(postgres: str, raw: psycopg.Connection[Any]) -> None:
    keywords = make_conninfo(**settings_of(postgres))
    with psycopg_pool.ConnectionPool(
        postgres, min_size=1, max_size=2, kwargs={"row_factory": dict_row}, open=True
    ) as pool:
        sources: list[Any] = [postgres, keywords, raw, pool]
        for number, source in enumerate(sources):
            with PostgresSaver(source) as saver:
                saver.setup()
                run, epoch = begun(saver, a_run(number, f"t{number}", input=BIG))
                saver.append(run, epoch, [an_op()])
                saver.append(run, epoch, [an_op(key=2), an_op(key=3, value=BIG)])
                assert len(saver.get_ops(run.id)) == 3
                assert len(saver.list_threads()) == number + 1
        with pool.connection() as connection:
            row: Any = connection.execute("SELECT 1 AS one").fetchone()
            assert row == {"one": 1}
    assert raw.execute("SELECT 1").fetchone() == (1,)


async def test_as_a_context_manager_of_either_kind(postgres: str) -> None:
    async with PostgresSaver.from_conn_string(postgres) as saver:
        begun(saver)
    with PostgresSaver.from_conn_string(postgres) as saver:
        assert len(saver.list_threads()) == 1
    saver.close()
    with pytest.raises(StorageError, match="was closed"):
        saver.list_threads()


def test_identity(postgres: str, postgres_server: str) -> None:
    with PostgresSaver(postgres) as one, PostgresSaver(postgres) as same:
        assert one.identity == same.identity
        assert PASSWORD not in str(one.identity)
        with own_schema(postgres_server) as elsewhere, PostgresSaver(elsewhere) as other:
            assert other.identity != one.identity
            begun(other)
            assert one.list_threads() == []


@pytest.mark.parametrize(
    "source", [7, None, Path("/tmp"), psycopg_pool.AsyncConnectionPool, "postgresql://u:a@b@c/d"]
)
def test_what_is_no_database(source: Any) -> None:
    with pytest.raises(InvalidConfigError, match="xpected") as error:
        PostgresSaver(source)
    assert "a@b" not in str(error.value)


def test_no_message_has_the_password(
    postgres_server: str, postgres: str, raw: psycopg.Connection[Any]
) -> None:
    """Not of a DSN that is wrong, cannot be read or cannot be reached, nor in what is shown."""
    settings = {**settings_of(postgres_server), "password": PASSWORD}
    secret = PASSWORD
    sources = [
        make_conninfo(**{**settings, "dbname": "nowhere"}),
        make_conninfo(**{**settings, "port": "1"}),
        make_conninfo(**{**settings, "user": "nobody"}),
        make_conninfo(**{**settings, "sslmode": "require"}),
        f"postgresql://u:{secret}@127.0.0.1/d",
        f"host=127.0.0.1 password='{secret}",
        f"{secret}",
    ]
    parts = [part for part in re.split(r"[@/:?#]", secret) if len(part) > 5]
    assert parts
    for source in sources:
        with pytest.raises((StorageError, InvalidConfigError)) as error:
            PostgresSaver(source)
        fault: BaseException | None = error.value
        while fault is not None:
            for text in (str(fault), repr(fault)):
                assert not any(part in text for part in (secret, *parts))
            fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    secret = str(settings_of(postgres).get("password") or PASSWORD)
    with PostgresSaver(postgres) as saver:
        shown = [repr(saver), repr(saver._server), saver._server.name, str(saver.identity)]
        assert not any(secret in text for text in shown)
        raw.execute("DROP TABLE nbflow_thread")
        with pytest.raises(StorageError, match=r"nbflow_thread.*Nothing was stored") as error:
            saver.list_threads()
        assert secret not in str(error.value)


def test_errors_say_what_to_do(postgres_server: str) -> None:
    settings = settings_of(postgres_server)
    for changed, remedy in (
        ({"password": "wrong"}, "Check user and password"),
        ({"dbname": "nowhere"}, "Name a database and a user that exist"),
        ({"port": "1"}, "Check that the server runs"),
    ):
        with pytest.raises(StorageError, match=remedy) as error:
            PostgresSaver(make_conninfo(**{**settings, **changed}))
        assert error.value.__cause__ is not None


def test_a_pool_that_others_use_up(postgres: str) -> None:
    with (
        psycopg_pool.ConnectionPool(
            postgres, min_size=1, max_size=1, timeout=0.1, open=True
        ) as pool,
        PostgresSaver(pool) as saver,
    ):
        with pool.connection(), pytest.raises(StorageError, match="others use all connections"):
            begun(saver)
        begun(saver)


# -- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\0", "\ud800", "".join(map(chr, range(0x4E00, 0x9000)))])
def test_names_that_postgres_does_not_hold(saver: PostgresSaver, name: str) -> None:
    """252: refused with nothing stored; nothing is found under them."""
    for store in (
        lambda: begun(saver, a_run(1, name)),
        lambda: begun(saver, a_run(1, "t", name)),
        lambda: saver.update(a_checkpoint("u", name), None),
    ):
        with pytest.raises(InvalidNameError, match="stored"):
            store()
    run, epoch = begun(saver)
    if len(name) < 5:
        with pytest.raises(InvalidNameError):
            saver.append(run, epoch, [an_op(name=name)])
        with pytest.raises(InvalidNameError):
            saver.copy_thread("t", name)
        assert saver.get_run(name) is None
        assert saver.get_runs([name, run.id]) == {run.id: run}
        assert saver.get_ops_of([name, run.id]) == {name: [], run.id: []}
    assert saver.get_thread(name) is None
    assert [*saver.search_checkpoints(name)] == []
    saver.delete_for_runs([name]) if len(name) < 5 else None
    assert len(saver.list_threads()) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS.filter(lambda steps: all("\0" not in t + ns for t, ns, _ in steps)))
@pytest.mark.timeout(60)
def test_it_agrees_with_the_one_in_memory(
    saver: PostgresSaver, raw: psycopg.Connection[Any], steps: list[tuple[str, str, int]]
) -> None:
    raw.execute("TRUNCATE nbflow_thread, nbflow_run, nbflow_op, nbflow_ckpt RESTART IDENTITY")
    assert play(saver, steps) == play(InMemorySaver(), steps)


# -- migrations -----------------------------------------------------------------------------


def structure(raw: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    columns = raw.execute(
        "SELECT table_name, ordinal_position, column_name, data_type, collation_name, is_nullable,"
        " column_default, is_identity FROM information_schema.columns"
        " WHERE table_schema = current_schema()"
    ).fetchall()
    indexes = raw.execute(
        "SELECT tablename, indexname, replace(indexdef, current_schema() || '.', '')"
        " FROM pg_indexes WHERE schemaname = current_schema()"
    ).fetchall()
    sequences = raw.execute(
        "SELECT sequencename, data_type::text, start_value, increment_by FROM pg_sequences"
        " WHERE schemaname = current_schema()"
    ).fetchall()
    return {("column", *row) for row in columns} | {("index", *row) for row in indexes + sequences}


def test_the_migrations_end_at_the_schema(
    postgres: str, raw: psycopg.Connection[Any], postgres_server: str
) -> None:
    PostgresSaver(postgres).close()
    with own_schema(postgres_server) as dsn, psycopg.connect(dsn, autocommit=True) as written:
        written.execute(scripts.schema("postgres"))
        assert structure(raw) == structure(written)
    known = len(scripts.migrations("postgres"))
    assert raw.execute("SELECT version FROM nbflow_version").fetchall() == [(known,)]


def test_a_newer_schema_is_refused(postgres: str, raw: psycopg.Connection[Any]) -> None:
    PostgresSaver(postgres).close()
    raw.execute("UPDATE nbflow_version SET version = 99")

    known = len(scripts.migrations("postgres"))
    with pytest.raises(StorageError, match=rf"version 99.*version {known}\b"):
        PostgresSaver(postgres)


def test_migrations_are_applied_whole(
    postgres: str, raw: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scripts.migrations("postgres")
    monkeypatch.setattr(postgres_server, "_MIGRATIONS", made[:1])
    with PostgresSaver(postgres) as saver:
        begun(saver)
    before = structure(raw)
    broken = "CREATE TABLE later (a INTEGER);\nINSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr(postgres_server, "_MIGRATIONS", [*made, broken])
    with pytest.raises(StorageError, match="nowhere"):
        PostgresSaver(postgres)
    assert structure(raw) == before

    monkeypatch.setattr(postgres_server, "_MIGRATIONS", made)
    for _ in range(2):
        with PostgresSaver(postgres) as saver:
            assert len(saver.list_threads()) == 1
    assert raw.execute("SELECT version FROM nbflow_version").fetchall() == [(len(made),)]


def test_many_open_a_new_schema_at_once(postgres: str) -> None:
    together = threading.Barrier(6)

    def open_it(number: int) -> int:
        together.wait()
        with PostgresSaver(postgres) as saver:
            begun(saver, a_run(number, f"t{number}"))
            return len(saver.list_threads())

    with ThreadPoolExecutor(6) as pool:
        assert max(pool.map(open_it, range(6))) == 6


def test_tables_of_another_program_are_left_alone(
    postgres: str, raw: psycopg.Connection[Any]
) -> None:
    raw.execute("CREATE TABLE nbflow_run (mine INTEGER)")
    before = structure(raw)

    with pytest.raises(StorageError, match="already exists"):
        PostgresSaver(postgres)

    assert structure(raw) == before


# -- long values, damage --------------------------------------------------------------------


def test_what_shares_parts_is_deleted_alone(
    saver: PostgresSaver, raw: psycopg.Connection[Any]
) -> None:
    """243, 255: long values lie once, and as long as anything has them."""
    common = b"".join(b"%d " % (n * n) for n in range(30_000))
    for number, name in enumerate("ab"):
        run, epoch = begun(saver, a_run(number, name, input=common + name.encode()))
        saver.append(run, epoch, [an_op(value=common), an_op(key=2, value=BIG)])
        saver.finish(run, epoch, "idle", [], a_checkpoint("end", name, saved=BIG, returned=BIG))
    saver.copy_thread("a", "copy")
    before = counted(raw)
    for gone in ("a", "copy"):
        saver.delete_thread(gone)
    kept = saver.get_run(f"{1:032x}")
    assert kept is not None
    assert kept.input == common + b"b"
    with PostgresSaver(raw) as other:
        assert [op.value for op in other.get_ops(kept.id)] == [common, BIG]
        row = other.get_checkpoint("b")
        assert row is not None
        assert (row.saved, row.returned) == (BIG, BIG)
    assert 0 < counted(raw)["blob"] < before["blob"]
    saver.delete_thread("b")
    assert counted(raw) == dict.fromkeys(TABLES[1:], 0)


def test_long_values_stored_while_others_delete_them(saver: PostgresSaver) -> None:
    """243, 255: whoever stores a value that somebody deletes at that moment has it afterwards."""
    stop = threading.Event()

    def churn(number: int) -> int:
        rounds = 0
        while not stop.is_set():
            name = f"gone{number}"
            run, epoch = begun(saver, a_run(100 + number, name, input=BIG))
            saver.append(run, epoch, [an_op(value=BIG + b"x"), an_op(key=2, value=BIG)])
            saver.delete_thread(name)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(3) as pool:
        churning = [pool.submit(churn, number) for number in range(2)]
        try:
            for number in range(30):
                run, epoch = begun(saver, a_run(number, f"t{number}", input=BIG))
                saver.append(run, epoch, [an_op(value=BIG), an_op(key=2, value=BIG + b"x")])
        finally:
            stop.set()
        assert min(one.result() for one in churning) > 0
    for number in range(30):
        found = saver.get_run(f"{number:032x}")
        assert found is not None
        assert found.input == BIG
        assert [op.value for op in saver.get_ops(found.id)] == [BIG, BIG + b"x"]


DAMAGE = [
    ("op", "kind = 'start'"), ("op", "name = 'other'"), ("op", "n = 9"), ("op", "args = 'x'"),
    ("op", "value = '\\x00ff'"), ("op", "value = NULL"), ("op", "value = ''"),
    ("op", "value = '\\x01ff'"), ("op", "value = convert_to(E'\\001' || repeat('0', 32), 'UTF8')"),
    ("op", "check_ = 1"), ("op", "ts = 1"), ("op", "site = 'x'"), ("op", "key = 'x'"),
    ("run", "input = '\\x00ff'"), ("run", "meta = '\\x0000'"), ("run", "upto = 9"),
    ("run", "workflow = 'x'"), ("ckpt", "saved = '\\x00ff'"), ("ckpt", "returned = '\\x00ff'"),
    ("ckpt", "meta = '\\x00'"), ("ckpt", "parent = 'x'"), ("ckpt", "step = 9"),
    ("blob", "data = 'x'"), ("blob", "size = 9"), ("blob", "codec = 'zip'"), ("blob", "h = '0'"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "damage"), DAMAGE)
def test_damage_is_found(
    saver: PostgresSaver, raw: psycopg.Connection[Any], table: str, damage: str
) -> None:
    """260: an error that names the row, never a wrong value; other threads are read."""
    run = a_run(input=BIG)
    epoch = saver.begin_run(run, a_checkpoint("c", saved=BIG, run=run.id), "me", None)
    saver.append(run, epoch, [an_op(value=BIG)])
    intact = begun(saver, a_run(2, "intact"))
    raw.execute(f"UPDATE nbflow_{table} SET {damage} WHERE ctid = '(0,1)'")

    with pytest.raises(CorruptDataError) as error:
        saver.get_run(run.id)
        saver.get_ops(run.id)
        saver.get_checkpoint("t")

    assert run.id in str(error.value) or "'t'" in str(error.value)
    assert saver.get_run(intact[0].id) == intact[0]
    saver.delete_thread("t")
    assert len(saver.list_threads()) == 1


# -- many owners ----------------------------------------------------------------------------


def _answer_in_process(dsn: str, run: RunRow, epoch: int, number: int) -> bool:
    with PostgresSaver(dsn) as saver:
        try:
            saver.answer(run, epoch, [an_op("answer", value=bytes([number]))])
        except AlreadyAnsweredError:
            return False
        return True


def _increment(dsn: str, times: int) -> int:
    ended = 0
    with PostgresSaver(dsn) as saver:
        count = counter(saver)
        while ended < times:
            try:
                count.invoke(1, on("t"))
            except ThreadBusyError:
                continue
            ended += 1
    return ended


@pytest.mark.timeout(60)
def test_processes_on_one_database(postgres: str) -> None:
    """261: one answer of several is taken, and no increment is lost."""
    with PostgresSaver(postgres) as saver:
        run, epoch = begun(saver, a_run(1, "answered"))
        counter(saver).invoke(0, on("t"))
        with multiprocessing.get_context("spawn").Pool(3) as pool:
            calls = [
                pool.apply_async(_answer_in_process, (postgres, run, epoch, i)) for i in range(4)
            ]
            assert sum(call.get() for call in calls) == 1
            ended = pool.starmap(_increment, [(postgres, 6)] * 3)
        assert len(saver.get_ops(run.id)) == 1
        assert counter(saver).get_state(on("t")).values == sum(ended) == 18


def test_parallel_ops_are_read_in_the_order_of_their_commits(
    saver: PostgresSaver, postgres: str
) -> None:
    """What was read is not read again, so nothing may be committed before what was read."""
    run, epoch = begun(saver)

    def append(number: int) -> None:
        for at in range(20):
            saver.append(run, epoch, [an_op(key=100 * number + at)])

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(append, number) for number in range(1, 5)]:
            while not one.done():
                saver.get_ops(run.id)
            one.result()
    with PostgresSaver(postgres) as other:
        assert contents(saver, run) == contents(other, run)
    assert len(saver.get_ops(run.id)) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_a_fork_the_child_connects_anew(postgres: str) -> None:
    """262, fault 20: children and parent use one saver, which had a connection before the fork."""
    with psycopg_pool.ConnectionPool(postgres, min_size=1, open=True) as pool:
        for saver in (PostgresSaver(postgres), PostgresSaver(pool)):
            with saver:
                count = counter(saver)
                before = len(saver.list_threads())
                children = []
                for child in range(3):
                    pid = os.fork()
                    if pid == 0:
                        code = 1
                        try:
                            for n in range(4):
                                count.invoke(n, on(f"{before}-{child}-{n}"))
                            code = 0
                        finally:
                            os._exit(code)
                    children.append(pid)
                for n in range(4):
                    count.invoke(n, on(f"{before}-parent-{n}"))
                assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
                assert len(saver.list_threads()) == before + 16
