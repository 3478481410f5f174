"""Postgres in trouble: connections that die, answers that get lost, a server that restarts.

Faults 12 and 13, and the moment after a commit of which nobody hears.
"""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import psycopg_pool
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.errors import StorageError, ThreadBusyError
from nbflow.func import entrypoint, task
from nbflow.store.postgres import PostgresStore
from nbflow.testing._programs import on
from nbflow.testing._rows import BIG, a_checkpoint, a_run, an_op, begun
from tests.postgres import running_server

VICTIMS = "SELECT pid, state, wait_event_type FROM pg_stat_activity WHERE application_name = %s"


def end_sessions(raw: psycopg.Connection[Any], name: str = "victim") -> int:
    ended = raw.execute(f"SELECT pg_terminate_backend(pid) FROM ({VICTIMS}) AS v", (name,))
    return len(ended.fetchall())


# -- 13: a connection dies ------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a DSN", "a pool"])
def test_connections_that_die_while_a_task_runs(
    postgres: str, raw: psycopg.Connection[Any], given: str
) -> None:
    """Fault 13: the next commit connects anew; nothing is lost, nothing runs twice."""
    dsn = f"{postgres}&application_name=victim"
    ran: list[int] = []

    @task
    def slow(n: int) -> int:
        ran.append(n)
        ended.append(end_sessions(raw))
        return n

    ended: list[int] = []
    with (
        psycopg_pool.ConnectionPool(dsn, min_size=3, max_size=3, open=True) as pool,
        PostgresSaver(pool if given == "a pool" else dsn) as saver,
        PostgresStore(pool if given == "a pool" else dsn) as store,
    ):
        pool.wait()

        @entrypoint(checkpointer=saver, store=store)
        def workflow(n: int) -> list[int]:
            done = [slow(k).result() for k in range(n)]
            end_sessions(raw)
            store.put(("a",), "k", {"n": n})
            end_sessions(raw)
            assert store.get(("a",), "k") is not None
            return done

        assert workflow.invoke(4, on("t")) == ran == [0, 1, 2, 3]
        end_sessions(raw)
        assert workflow.get_state(on("t")).values == [0, 1, 2, 3]
        assert workflow.invoke(None, on("t")) == [0, 1, 2, 3]
        (run,) = saver.list_runs("t")
        assert [op.kind for op in saver.get_ops(run.id)] == ["result"] * 4
    assert min(ended) > 0
    assert ran == [0, 1, 2, 3]


def test_a_connection_that_dies_under_a_statement(
    postgres: str, raw: psycopg.Connection[Any]
) -> None:
    """Fault 13: the statement is done once, on another connection."""
    with (
        psycopg.connect(postgres, autocommit=True) as beside,
        PostgresSaver(f"{postgres}&application_name=victim") as saver,
    ):
        run, epoch = begun(saver)
        for ops in ([an_op()], [an_op(key=2), an_op(key=3, value=BIG)]):
            with ThreadPoolExecutor(1) as pool, raw.transaction():
                raw.execute("SELECT 1 FROM nbflow_thread FOR UPDATE")
                storing = pool.submit(saver.append, run, epoch, ops)
                first = _waiting(beside)
                assert end_sessions(beside) > 0
                assert _waiting(beside, first)
            storing.result()
        assert [op.key[-1] for op in saver.get_ops(run.id)] == [1, 2, 3]


def _waiting(raw: psycopg.Connection[Any], known: Iterable[int] = ()) -> set[int]:
    """The sessions that wait for a lock, without known ones, once there are any."""
    while True:
        rows = raw.execute(VICTIMS, ("victim",)).fetchall()
        if waiting := {pid for pid, _, what in rows if what == "Lock"}.difference(known):
            return waiting


@pytest.mark.parametrize("isolation", ["read%5C%20committed", "serializable"])
@pytest.mark.parametrize("given", ["a DSN", "a pool"])
def test_a_long_value_that_is_deleted_while_another_thread_stores_it(
    postgres: str, raw: psycopg.Connection[Any], given: str, isolation: str
) -> None:
    """243, 255: whoever deletes waits for whoever stores, and sees then what was stored."""
    dsn = f"{postgres}%20-cdefault_transaction_isolation%3D{isolation}&application_name=victim"
    with (
        ThreadPoolExecutor(1) as worker,
        psycopg_pool.ConnectionPool(dsn, min_size=2, max_size=2, open=True) as pool,
        PostgresSaver(dsn if given == "a DSN" else pool) as saver,
    ):
        begun(saver, a_run(1, "gone", input=BIG))
        run, epoch = begun(saver, a_run(2))
        deleting: list[Future[None]] = []

        class Slow(list[Any]):
            def __iter__(self) -> Iterator[Any]:
                yield from super().__iter__()
                deleting.append(worker.submit(saver.delete_thread, "gone"))
                assert _waiting(raw)

        saver.append(run, epoch, Slow([an_op(value=BIG), an_op(key=2)]))
        deleting[0].result()
        assert [thread.thread_id for thread in saver.list_threads()] == ["t"]
        with PostgresSaver(postgres) as fresh:
            assert fresh.get_ops(run.id)[0].value == BIG


# -- after the commit, before the caller hears ----------------------------------------------


class Proxy:
    """Between client and server; ends a connection after a statement, when that was done."""

    cut_after: bytes | None
    """What a statement has in it of which the answer gets lost; None afterwards."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after = None
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def was_cut(self) -> bool:
        """Whether an answer got lost since it was asked for."""
        return self.cut_after is None

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass_on, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    with suppress(ConnectionError):
                        data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is server:
                        client.sendall(data)
                        continue
                    server.sendall(data)
                    if self.cut_after is not None and self.cut_after in data:
                        self.cut_after = None
                        server.recv(1)
                        return


@pytest.fixture
def proxy(postgres: str) -> Iterator[Proxy]:
    proxy = Proxy(int(str(conninfo_to_dict(postgres)["port"])))
    yield proxy
    proxy.close()


@pytest.fixture
def far(postgres: str, proxy: Proxy) -> Iterator[PostgresSaver]:
    """A saver behind the proxy."""
    settings: dict[str, Any] = {**conninfo_to_dict(postgres), "port": proxy.port}
    with PostgresSaver(make_conninfo(**settings)) as saver:
        yield saver


COMMIT = b"COMMIT"


def test_a_run_begins_once(far: PostgresSaver, proxy: Proxy, raw: psycopg.Connection[Any]) -> None:
    for expected in (None, 1):
        run = a_run(expected or 0)
        opening = a_checkpoint(f"c{expected}", run=run.id)
        proxy.cut_after = COMMIT
        assert far.begin_run(run, opening, "me", expected) == (expected or 0) + 1
        assert proxy.was_cut()
        assert far.get_checkpoint("t") == opening
        assert opening.seq > 0
    assert len(far.list_runs("t")) == 2
    proxy.cut_after = COMMIT
    with pytest.raises(ThreadBusyError):
        begun(far, a_run(7), 1)


@pytest.mark.parametrize(
    ("marks", "ops"),
    [
        ([b"INSERT INTO nbflow_op", COMMIT], [an_op()]),
        ([b"INSERT INTO nbflow_op"], [an_op("start")]),
        ([COMMIT], [an_op("start"), an_op(key=2), an_op("ask", key=3, value=BIG)]),
        ([COMMIT], [an_op(value=BIG)]),
        ([COMMIT], [an_op("answer")]),
    ],
)
def test_ops_are_stored_once(
    far: PostgresSaver, proxy: Proxy, marks: list[bytes], ops: list[Any]
) -> None:
    run, epoch = begun(far)
    proxy.cut_after = marks[0]
    if ops[0].kind == "answer":
        far.answer(run, epoch, ops)
    else:
        far.append(run, epoch, ops)
    assert proxy.was_cut()
    assert [op.seq for op in far.get_ops(run.id)] == [op.seq for op in ops]
    assert ops[0].seq > 0
    assert [op.kind for op in far.get_ops(run.id)] == [op.kind for op in ops]


def test_a_run_ends_once(far: PostgresSaver, proxy: Proxy) -> None:
    run, epoch = begun(far)
    proxy.cut_after = b"UPDATE nbflow_thread"
    far.renew(run, epoch)
    proxy.cut_after = COMMIT
    kept = a_checkpoint("kept", ns="nested")
    far.append(run, epoch, [], kept)
    assert list(far.list_checkpoints("t", "nested")) == [kept]
    proxy.cut_after = COMMIT
    closing = a_checkpoint("end", run=run.id, source="loop", saved=BIG)
    far.finish(run, epoch, "idle", [an_op("error")], closing)
    assert proxy.was_cut()
    assert far.get_checkpoint("t") == closing
    assert len(far.get_ops(run.id)) == 1
    again = far.claim("t", "", "me", epoch)
    proxy.cut_after = b"UPDATE nbflow_thread"
    far.finish(run, again, "interrupted")
    assert proxy.was_cut()
    thread = far.get_thread("t")
    assert thread is not None
    assert (thread.status, thread.owner) == ("interrupted", None)


def test_a_claim_of_which_nobody_heard_is_no_claim(far: PostgresSaver, proxy: Proxy) -> None:
    """Another claim of the same process may have won: it is told as busy, and can be taken over."""
    run, epoch = begun(far)
    proxy.cut_after = b"UPDATE nbflow_thread"
    with pytest.raises(ThreadBusyError):
        far.claim("t", "", "me", epoch)
    assert far.claim("t", "", "me", epoch + 1) == epoch + 2
    assert far.get_run(run.id) == run


def test_the_rest_is_stored_once(far: PostgresSaver, proxy: Proxy) -> None:
    for epoch in (None, 1):
        row = a_checkpoint(f"u{epoch}", source="update", saved=BIG)
        proxy.cut_after = COMMIT
        far.update(row, epoch)
        assert far.get_checkpoint("t") == row
    cares: list[Callable[[], None]] = [lambda: far.prune(["t"]), lambda: far.delete_thread("t")]
    for care in cares:
        proxy.cut_after = COMMIT
        care()
        assert proxy.was_cut()
    assert far.list_threads() == []


# -- databases that cannot be used -----------------------------------------------------------


def test_databases_that_cannot_be_used() -> None:
    """Faults 6 and 7: errors say what to do; what may only be read is read, and runs nothing."""
    ran: list[int] = []
    with running_server() as server, psycopg.connect(server.dsn, autocommit=True) as raw:
        settings: dict[str, Any] = dict(conninfo_to_dict(server.dsn))

        def dsn(**changed: str) -> str:
            return make_conninfo(**{**settings, **changed})

        raw.execute("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
        for role in ("guest", "reader", "single"):
            raw.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        raw.execute("ALTER ROLE single CONNECTION LIMIT 1")
        single = psycopg.connect(dsn(user="single", password="x"))
        for source, said in (
            (dsn(dbname="latin"), "encoding LATIN1.*ENCODING UTF8"),
            (dsn(user="guest", password="x"), "permission denied.*Let this user make"),
            (dsn(options="-csearch_path=nowhere"), "no schema.*search_path"),
            (dsn(user="single", password="x"), "too many connections.*smaller pool"),
        ):
            with pytest.raises(StorageError, match=said):
                PostgresSaver(source)
        single.close()
        with PostgresSaver(server.dsn) as saver:
            begun(saver)
        raw.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        raw.execute("ALTER ROLE reader SET default_transaction_read_only = on")
        with PostgresSaver(dsn(user="reader", password="x")) as reader:

            @entrypoint(checkpointer=reader)
            def workflow(n: int) -> None:
                ran.append(n)

            assert [thread.thread_id for thread in reader.list_threads()] == ["t"]
            with pytest.raises(StorageError, match="Nothing was stored.*primary"):
                workflow.invoke(1, on("new"))
        raw.execute("BEGIN; LOCK TABLE nbflow_thread IN ACCESS EXCLUSIVE MODE")
        with (
            PostgresSaver(dsn(options="-clock_timeout=50")) as hasty,
            pytest.raises(StorageError, match="lock timeout.*Nothing was stored.*try again"),
        ):
            begun(hasty, a_run(2, "u"))
        raw.execute("ROLLBACK")
    assert ran == []


# -- 12: the server restarts ----------------------------------------------------------------


@pytest.mark.timeout(180)
def test_a_server_that_restarts_under_many_runs() -> None:
    """Fault 12: all runs finish, and no op is recorded twice."""
    runs, steps, restarts = 60, 5, 6
    ran: Counter[tuple[int, int]] = Counter()
    counting = threading.Lock()
    left = threading.Semaphore(0)

    @task
    def step(n: int, k: int) -> int:
        with counting:
            ran[n, k] += 1
        return n * k

    with running_server() as server:
        with PostgresSaver(server.dsn) as saver:

            @entrypoint(checkpointer=saver)
            def workflow(n: int) -> list[int]:
                return [step(n, k).result() for k in range(steps)]

            def until_it_ends(n: int) -> list[int]:
                while True:
                    with suppress(StorageError, ThreadBusyError):
                        begun = saver.get_thread(str(n)) is not None
                        found: list[int] = workflow.invoke(None if begun else n, on(str(n)))
                        left.release()
                        return found

            with ThreadPoolExecutor(6) as pool:
                ending = [pool.submit(until_it_ends, n) for n in range(runs)]
                for number in range(restarts):
                    for _ in range(runs // restarts - 1):
                        left.acquire()
                    server.stop(signal.SIGQUIT if number % 2 else signal.SIGINT)
                    server.start()
                assert [one.result() for one in ending] == [
                    [n * k for k in range(steps)] for n in range(runs)
                ]
        with PostgresSaver(server.dsn) as fresh:
            threads = fresh.list_threads()
            assert {(t.thread_id, t.status) for t in threads} == {
                (str(n), "idle") for n in range(runs)
            }
            for thread in threads:
                (run,) = fresh.list_runs(thread.thread_id)
                results = [op.key for op in fresh.get_ops(run.id) if op.kind == "result"]
                assert len(results) == len(set(results)) == steps
                assert len(list(fresh.list_checkpoints(thread.thread_id))) == 2
    assert len(ran) == runs * steps
    assert sum(ran.values()) <= runs * steps + 6 * restarts
