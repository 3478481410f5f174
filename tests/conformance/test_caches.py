"""What every cache does: numbers 222, 224, 225 and 231."""

from __future__ import annotations

import asyncio
import logging
import math
import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langgraph.cache import memory as oracle_memory
from langgraph.cache import sqlite as oracle_sqlite

from nbflow import serde
from nbflow._database import sqlite_file
from nbflow.cache._kept import Entry, KeptCache, _check
from nbflow.cache.base import BaseCache, FullKey
from nbflow.cache.memory import InMemoryCache
from nbflow.cache.sqlite import SqliteCache
from nbflow.errors import StorageError

A, B = ("essay", "v1"), ("essay", "v2")
K: FullKey = (A, "k")
"""A key that most tests use."""


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "cache.sqlite")


@pytest.fixture(params=["memory", "sqlite"])
def cache(request: pytest.FixtureRequest, path: str, clock: Clock) -> Iterator[KeptCache[Any]]:
    made: dict[str, Callable[[], KeptCache[Any]]] = {
        "memory": lambda: InMemoryCache(clock=clock),
        "sqlite": lambda: SqliteCache(path, clock=clock),
    }
    with made[request.param]() as cache:
        yield cache


def change(path: str, statement: str) -> None:
    raw = sqlite3.connect(path)
    with raw:
        raw.execute(statement)
    raw.close()


# -- get, set, clear ------------------------------------------------------------------------


def test_what_was_set_is_there(cache: KeptCache[Any]) -> None:
    """231"""
    other: FullKey = (B, "k")
    assert cache.get([K]) == cache.get([]) == {}
    cache.set({K: ({"x": (1, 2)}, None), other: ("two", 60)})
    cache.set({})

    assert cache.get([K]) == {K: {"x": (1, 2)}}
    assert cache.get([K, (A, "gone"), other, K]) == {K: {"x": (1, 2)}, other: "two"}
    assert cache.get([(["essay", "v1"], "k")]) == {K: {"x": (1, 2)}}  # type: ignore[list-item]
    cache.set({K: (3, None)})
    assert cache.get([K]) == {K: 3}


async def test_the_async_forms_do_the_same(cache: KeptCache[Any]) -> None:
    """231"""
    await cache.aset({K: (1, None), (B, "k"): (2, None)})
    assert await cache.aget([K, (B, "k")]) == {K: 1, (B, "k"): 2}
    await cache.aclear([A])
    assert await cache.aget([K, (B, "k")]) == {(B, "k"): 2}
    await cache.aclear()
    assert await cache.aget([(B, "k")]) == {}


@pytest.mark.parametrize("value", [None, 0, "", [], {}, False, 2**70, math.inf, b"\0", (1, [2])])
def test_every_value_is_one(cache: KeptCache[Any], value: Any) -> None:
    """225: None too."""
    cache.set({K: (value, None)})
    found = cache.get([K])
    assert found == {K: value}
    assert type(found[K]) is type(value)


def test_values_are_copied_in_and_out(cache: KeptCache[Any]) -> None:
    """231"""
    value = {"list": [1]}
    cache.set({K: (value, None)})
    value["list"].append(2)
    cache.get([K])[K]["list"].append(3)
    assert cache.get([K]) == {K: {"list": [1]}}


async def test_the_async_set_copies_before_anything_waits(cache: KeptCache[Any]) -> None:
    """231"""
    value = [1]
    setting = asyncio.ensure_future(cache.aset({K: (value, None)}))
    await asyncio.sleep(0)
    value.append(2)
    await setting
    assert cache.get([K]) == {K: [1]}


NAMESPACES: list[tuple[str, ...]] = [
    (), ("",), ("a",), ("a", "b"), ("a", "b", "c"), ("a,b",), ("a.b",), ("A",), ("a", ""), ("é🦉",),
    ('["a"]',), ("a\0",), ("\ud800",), ("' OR 1=1 --",),
]  # fmt: skip


def test_namespaces_say_nothing_of_each_other(cache: KeptCache[Any]) -> None:
    """222, 231: LangGraph's file takes ("a,b",) for ("a", "b")."""
    everything: dict[FullKey, tuple[Any, None]] = {
        (namespace, key): ([*namespace, key], None)
        for namespace in NAMESPACES
        for key in ("", "k", "K", "k\0", "é", "\udc00")
    }
    cache.set(everything)
    assert cache.get(list(everything)) == {key: value for key, (value, _) in everything.items()}

    for namespace in NAMESPACES:
        cache.clear([namespace])
        for key in [key for key in everything if key[0] == namespace]:
            del everything[key]
        assert len(cache.get([*everything, (namespace, "k")])) == len(everything)


def test_clearing(cache: KeptCache[Any]) -> None:
    """222"""
    keys: list[FullKey] = [(A, "k"), (B, "k"), (("essay",), "k"), ((*A, "x"), "k")]
    cache.set(dict.fromkeys(keys, (1, None)))
    cache.clear([])
    cache.clear([("nothing",)])
    assert len(cache.get(keys)) == 4
    cache.clear([("essay",), A])
    assert list(cache.get(keys)) == [(B, "k"), ((*A, "x"), "k")]
    cache.clear()
    assert cache.get(keys) == {}
    cache.set({K: (2, None)})
    assert cache.get([K]) == {K: 2}


@pytest.mark.parametrize("key", ["k", ("a", "k"), (("a",), 1), ((1,), "k"), (("a",),), None, 3])
def test_what_is_no_key_is_refused(cache: KeptCache[Any], key: Any) -> None:
    """231"""
    for use in (
        lambda: cache.get([key]),
        lambda: cache.set({key: (1, None)}),
        lambda: cache.clear([3 if key is None else "a"]),  # type: ignore[list-item]
    ):
        with pytest.raises(TypeError, match="Give a tuple of strings"):
            use()


# -- time -----------------------------------------------------------------------------------


def test_what_has_expired_is_a_miss(cache: KeptCache[Any], clock: Clock) -> None:
    """224: in seconds, and not counted from the last use."""
    cache.set({(A, "1"): (1, 10), (A, "2"): (2, 20.5), (A, "3"): (3, None)})
    keys: list[FullKey] = [(A, "1"), (A, "2"), (A, "3")]
    clock.now += 9.9
    assert len(cache.get(keys)) == 3
    clock.now += 0.1
    assert list(cache.get(keys)) == keys[1:]
    clock.now += 11
    assert list(cache.get(keys)) == keys[2:]
    clock.now += 1e12
    assert list(cache.get(keys)) == keys[2:]


def test_setting_anew_sets_the_time_anew(cache: KeptCache[Any], clock: Clock) -> None:
    """224"""
    cache.set({K: (1, 10)})
    clock.now += 9
    cache.set({K: (2, 10)})
    clock.now += 9
    assert cache.get([K]) == {K: 2}
    cache.set({K: (3, None)})
    clock.now += 1_000
    assert cache.get([K]) == {K: 3}


def test_no_time_at_all_is_a_miss_at_once(cache: KeptCache[Any]) -> None:
    """224"""
    for ttl in (0, -1):
        cache.set({K: (1, None)})
        cache.set({K: (2, ttl)})
        assert cache.get([K]) == {}


@pytest.mark.parametrize("ttl", ["1", True, math.nan])
def test_a_time_that_is_none_is_refused(cache: KeptCache[Any], ttl: Any) -> None:
    """224"""
    with pytest.raises(TypeError, match="seconds"):
        cache.set({K: (1, ttl)})


def test_what_has_expired_is_dropped_in_the_end(
    cache: KeptCache[Any], clock: Clock, path: str
) -> None:
    """224"""
    for n in range(3_000):
        clock.now += 1
        cache.set({(A, str(n)): (n, 10)})
    if isinstance(cache, InMemoryCache):
        assert len(cache._entries[A]) <= 1_010
        return
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT count(*) FROM cache_entry").fetchone() == (10,)
    raw.close()


# -- what goes wrong ------------------------------------------------------------------------


def test_large_data(cache: KeptCache[Any]) -> None:
    """231"""
    value = {"bytes": bytes(5_000_000), "text": "é" * 1_000_000, "list": list(range(50_000))}
    cache.set({K: (value, 60)})
    assert cache.get([K]) == {K: value}


def test_what_cannot_be_stored_is_not_cached_and_fails_nobody(
    cache: KeptCache[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """231"""
    other: FullKey = (B, "k")
    cache.set({K: ({"lock": threading.Lock()}, None), other: (1, None)})
    assert cache.get([K, other]) == {other: 1}
    assert "is not cached" in caplog.text
    assert "$.lock" in caplog.text


@dataclass
class Order:
    """Stored by a process that knows it."""

    number: int


def _set_orders(path: str) -> None:
    with SqliteCache[Any](path) as cache:
        for key, value in (("1", Order(1)), ("2", [1, Order(2)]), ("3", {"a": (Order(3),)})):
            cache.set({(A, key): (value, None)})


def test_a_value_of_an_unknown_class_is_a_miss(tmp_path: Path) -> None:
    """231: the task itself makes a whole one."""
    path = str(tmp_path / "orders.sqlite")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(_set_orders, (path,))
    keys: list[FullKey] = [(A, "1"), (A, "2"), (A, "3")]
    with SqliteCache[Any](path) as cache:
        assert cache.get(keys) == {}
        serde.register(Order)
        assert list(cache.get(keys).values()) == [Order(1), [1, Order(2)], {"a": (Order(3),)}]


DAMAGE = [
    "value = x'00'", "value = 'text'", "value = x''", "value = substr(value, 1, 3)", "check_ = 1",
    "check_ = 'x'", "check_ = x'00'", "expires = 9e99", "expires = 'x'", "key = x'6C'",
    "value = CAST(x'ff' AS TEXT)",
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_a_miss_and_can_be_set_anew(
    path: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """231"""
    good, bad = (A, "good"), (A, "l" if damage.startswith("key") else "k")
    with SqliteCache[Any](path) as cache:
        cache.set({(A, "k"): ({"x": 1}, 60), good: (2, None)})
        change(path, f"UPDATE cache_entry SET {damage} WHERE key = CAST('k' AS BLOB)")

        assert cache.get([bad, good]) == {good: 2}
        assert "is damaged, so its task runs" in caplog.text
        cache.set({bad: (3, None)})
        assert cache.get([good, bad]) == {good: 2, bad: 3}


def test_bytes_of_a_newer_encoding_are_a_miss(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """231"""
    newer = b"\xc1\x02"
    with SqliteCache[Any](path) as cache:
        cache._write([(K, Entry(newer, _check(newer, K, None), None))], 0.0)
        assert cache.get([K]) == {}
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    "breaking", ["DROP TABLE cache_entry", "ALTER TABLE cache_entry RENAME TO other"]
)
def test_a_file_that_fails_is_a_miss_and_a_warning_told_once(
    path: str, breaking: str, caplog: pytest.LogCaptureFixture
) -> None:
    """231: and never an error of the task."""
    with SqliteCache[Any](path) as cache:
        cache.set({K: (1, None)})
        change(path, breaking)
        for _ in range(3):
            assert cache.get([K]) == {}
            cache.set({K: (2, None)})
            assert asyncio.run(cache.aget([K])) == {}
            asyncio.run(cache.aset({K: (2, None)}))
        warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
        assert [record.getMessage()[:39] for record in warnings] == [
            "Cached results could not be read, so th"
        ]
        with pytest.raises(StorageError, match="no such table"):
            cache.clear()


def test_a_closed_cache_is_a_miss(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """231"""
    cache = SqliteCache[Any](path)
    cache.set({K: (1, None)})
    cache.close()
    cache.close()
    assert cache.get([K]) == {}
    cache.set({K: (2, None)})
    assert "was closed" in caplog.text


def test_a_locked_file_costs_the_entry_and_not_the_task(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """231"""
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 0.05)
    with SqliteCache[Any](path) as cache:
        cache.set({K: (1, None)})
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        cache.set({K: (2, None)})
        assert "could not be cached" in caplog.text
        assert cache.get([K]) == {K: 1}
        raw.execute("ROLLBACK")
        raw.close()
        cache.set({K: (2, None)})
        assert cache.get([K]) == {K: 2}


def test_a_file_that_is_something_else_is_refused_at_once(path: str) -> None:
    """231: that is a mistake in the program."""
    Path(path).write_text("a poem" * 200)
    with pytest.raises(StorageError, match="something else"):
        SqliteCache(path)


# -- a file, threads, processes -------------------------------------------------------------


def test_what_is_cached_is_there_when_the_file_is_opened_again(path: str) -> None:
    """231"""
    with SqliteCache[Any](path=path) as cache:
        cache.set({K: ({"x": (1,)}, 60)})
    with SqliteCache[Any](Path(path)) as again:
        assert again.get([K]) == {K: {"x": (1,)}}


def test_many_threads_use_one_cache(cache: KeptCache[Any]) -> None:
    """231"""
    together = threading.Barrier(8)

    def use(number: int) -> None:
        together.wait()
        for n in range(40):
            key: FullKey = ((str(number % 2),), str(n))
            cache.set({key: (n, 60)})
            assert cache.get([key]) in ({key: n}, {})
            if n % 10 == 0:
                cache.clear([("nothing",)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    keys: list[FullKey] = [((str(m),), str(n)) for m in range(2) for n in range(40)]
    assert cache.get(keys) == {key: int(key[1]) for key in keys}


def _set_in_process(path: str, number: int) -> None:
    with SqliteCache[int](path) as cache:
        for n in range(25):
            cache.set({((str(number),), str(n)): (n, 60)})


def test_two_processes_use_one_file(tmp_path: Path) -> None:
    """231"""
    path = str(tmp_path / "shared.sqlite")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_set_in_process, [(path, 0), (path, 1)], 1)
    with SqliteCache[int](path) as cache:
        assert len(cache.get([((str(m),), str(n)) for m in range(2) for n in range(25)])) == 50


# -- against LangGraph ----------------------------------------------------------------------


def test_a_cache_of_ones_own_needs_three_methods() -> None:
    """231"""

    class Plain(BaseCache[int]):
        def __init__(self) -> None:
            self.kept: dict[FullKey, int] = {}

        def get(self, keys: Any) -> dict[FullKey, int]:
            return {key: self.kept[key] for key in keys if key in self.kept}

        def set(self, pairs: Any) -> None:
            self.kept.update({key: value for key, (value, _) in pairs.items()})

        def clear(self, namespaces: Any = None) -> None:
            self.kept.clear()

    async def use() -> list[dict[FullKey, int]]:
        cache = Plain()
        await cache.aset({K: (1, None)})
        first = await cache.aget([K])
        await cache.aclear()
        return [first, await cache.aget([K])]

    assert asyncio.run(use()) == [{K: 1}, {}]


def test_what_langgraphs_caches_do(tmp_path: Path) -> None:
    """222, 224, 225, 231"""

    def run(cache: Any) -> list[Any]:
        keys: list[FullKey] = [(A, "1"), (A, "2"), (B, "1"), (B, "none"), (B, "0")]
        cache.set({
            keys[0]: ({"x": [1]}, None), keys[1]: ("two", 1_000), keys[2]: (3, None),
            keys[3]: (None, 5), keys[4]: (5, 0),
        })  # fmt: skip
        seen = [cache.get(keys), cache.get([keys[0], keys[0]]), cache.get([])]
        cache.clear([])
        seen.append(cache.get(keys))
        cache.clear([A])
        seen.append(cache.get(keys))
        cache.clear()
        return [*seen, cache.get(keys)]

    ours = run(InMemoryCache[Any]())
    with SqliteCache[Any](":memory:") as file:
        assert run(file) == ours
    assert run(oracle_memory.InMemoryCache()) == ours
    theirs: Any = oracle_sqlite.SqliteCache(path=str(tmp_path / "theirs.sqlite"))
    assert run(theirs) == ours
    theirs._conn.close()
