"""What Postgres adds to a store: many who write at once, damage, one database with a saver."""

from __future__ import annotations

import math
import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import psycopg_pool
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.errors import CorruptDataError, InvalidNameError, StorageError
from nbflow.func import entrypoint
from nbflow.store.base import BaseStore, GetOp, PutOp
from nbflow.store.memory import InMemoryStore
from nbflow.store.postgres import PostgresStore
from tests.conformance.test_stores import STEPS, contents, play

TABLES = ("nbflow_store_namespace", "nbflow_store_item", "nbflow_store_vector")


@pytest.fixture
def store(postgres: str) -> Iterator[PostgresStore]:
    with PostgresStore(postgres) as store:
        yield store


@given(st.lists(STEPS.filter(lambda step: "k\0" not in step), max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(60)
def test_it_answers_as_the_one_in_memory(
    postgres: str, raw: psycopg.Connection[Any], steps: list[Any]
) -> None:
    """279, 280, 281, 285, 286, 287"""
    clock = [1_000.0]
    memory = play(InMemoryStore(clock=lambda: clock[0]), clock, steps)
    clock[0] = 1_000.0
    with PostgresStore(raw, clock=lambda: clock[0]) as store:
        raw.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
        assert play(store, clock, steps) == memory


def test_what_is_stored_is_there_when_it_is_opened_again(postgres: str) -> None:
    """277"""
    with PostgresStore.from_conn_string(postgres) as store:
        store.setup()
        store.put(("a", "b"), "k", {"at": (1, 2)}, ttl=60)
        first = store.get(("a", "b"), "k")
    with pytest.raises(StorageError, match="was closed"):
        store.get(("a",), "k")
    store.close()
    with PostgresStore(postgres) as again:
        assert again.get(("a", "b"), "k") == first
        with pytest.raises(InvalidNameError, match="Nothing was stored"):
            again.batch([PutOp(("c",), "k", {}), PutOp(("a",), "x\0", {})])
        assert again.get(("a",), "x\0") is None
        assert again.list_namespaces() == [("a", "b")]


def test_more_vectors_than_are_read_at_once(postgres: str) -> None:
    """289"""

    def embed(texts: list[str]) -> list[list[float]]:
        return [[math.cos(int(text) / 300), math.sin(int(text) / 300)] for text in texts]

    index: Any = {"dims": 2, "embed": embed, "fields": ["n[*]"]}
    with PostgresStore(postgres, index=index) as store:
        store.batch([PutOp(("a",), str(n), {"n": [n, -n]}) for n in range(1, 300)])
        found = store.search((), query="-299", limit=2)
        assert [item.key for item in found] == ["299", "298"]
        store.batch([PutOp(("a",), str(n), None) for n in range(1, 300)])
        assert store.search((), query="1") == []


@pytest.mark.parametrize(
    "damage", ["value = '\\x00'", "check_ = check_ + 1", "created = created + 1", "ttl = 3",
               "key = 'other'"],
)  # fmt: skip
def test_a_damaged_row_is_named_and_leaves_the_others(
    store: PostgresStore, raw: psycopg.Connection[Any], damage: str
) -> None:
    """283: an error, never a wrong value."""
    store.put(("a",), "good", {"n": 1})
    store.put(("a",), "bad", {"n": 2})
    raw.execute(f"UPDATE nbflow_store_item SET {damage} WHERE key = 'bad'")
    key = "other" if damage.startswith("key") else "bad"

    with pytest.raises(CorruptDataError, match=f"{key!r} in namespace 'a'.*check sum"):
        store.get(("a",), key)
    with pytest.raises(CorruptDataError):
        store.search(("a",), filter={"n": 2})
    store.delete(("a",), key)
    store.put(("a",), "bad", {"n": 3})
    assert contents(store) == [(("a",), "good", {"n": 1}), (("a",), "bad", {"n": 3})]


def test_a_saver_and_a_store_share_a_pool(postgres: str) -> None:
    """277"""
    with (
        psycopg_pool.ConnectionPool(postgres, min_size=1, max_size=1, open=True) as pool,
        PostgresSaver(pool) as saver,
        PostgresStore(pool) as store,
    ):

        @entrypoint(checkpointer=saver, store=store)
        def count(n: int, *, store: BaseStore, previous: int | None) -> int:
            total = n + (previous or 0)
            store.put(("totals",), str(total), {"total": total})
            return total

        config: Any = {"configurable": {"thread_id": "t"}}
        assert [count.invoke(n, config) for n in (1, 2)] == [1, 3]
        saver.delete_thread("t")
        assert [value for _, _, value in contents(store)] == [{"total": 1}, {"total": 3}]


def left_over(raw: psycopg.Connection[Any]) -> list[Any]:
    """Items without a namespace, namespaces without an item, vectors without an item."""
    return raw.execute(
        "SELECT 'item', item FROM nbflow_store_item AS i WHERE NOT EXISTS"
        " (SELECT 1 FROM nbflow_store_namespace AS n WHERE n.ns = i.ns)"
        " UNION ALL SELECT 'namespace', ns FROM nbflow_store_namespace AS n WHERE NOT EXISTS"
        " (SELECT 1 FROM nbflow_store_item AS i WHERE n.ns = i.ns)"
        " UNION ALL SELECT 'vector', vector FROM nbflow_store_vector AS v WHERE NOT EXISTS"
        " (SELECT 1 FROM nbflow_store_item AS i WHERE v.item = i.item)"
    ).fetchall()


@pytest.mark.timeout(60)
def test_many_put_delete_and_sweep_at_once(postgres: str, raw: psycopg.Connection[Any]) -> None:
    """277, 285: a namespace goes with its last item, and never with one that comes meanwhile."""
    now = [1_000.0]
    index: Any = {"dims": 1, "embed": lambda texts: [[1.0] for _ in texts]}
    together = threading.Barrier(6)
    with PostgresStore(postgres, index=index, clock=lambda: now[0]) as store:

        def use(number: int) -> None:
            together.wait()
            for n in range(25):
                key = str((n + number) % 3)
                if number == 5:
                    now[0] += 40
                    store.sweep_ttl()
                elif number % 2:
                    store.put(("shared",), key, {"by": number}, ttl=1)
                    store.batch([GetOp(("shared",), key), PutOp(("own", str(number)), key, {})])
                else:
                    store.batch([PutOp(("shared",), key, None), PutOp(("b",), key, {"n": n})])
                    store.batch([PutOp(("b",), key, None), PutOp(("shared",), key, {"n": n})])
                store.search((), limit=50)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(use, range(6)))
        assert left_over(raw) == []
        assert store.list_namespaces(prefix=("own",)) == [("own", "1"), ("own", "3")]
        for key in ("0", "1", "2"):
            store.put(("shared",), key, {"n": key})
        assert [item.value for item in store.search(("shared",))] != []


def _put_in_process(dsn: str, number: int) -> int:
    with PostgresStore(dsn, ttl={"default_ttl": 5}) as store:
        for n in range(15):
            store.put(("a", str(number)), str(n), {"by": number})
            store.put(("shared",), str(n), {"by": number})
            assert store.get(("shared",), str(n)) is not None
    return number


@pytest.mark.timeout(60)
def test_processes_use_one_database(postgres: str) -> None:
    """277"""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.starmap(_put_in_process, [(postgres, n) for n in range(3)], 1) == [0, 1, 2]
    with PostgresStore(postgres) as store:
        assert len(store.search(("a",), limit=100)) == 45
        assert len(store.search(("shared",), limit=100)) == 15
