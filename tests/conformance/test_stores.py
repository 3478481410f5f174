"""Stores against each other, against LangGraph's, and what a file adds."""

from __future__ import annotations

import asyncio
import logging
import math
import multiprocessing
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langgraph.store import base as oracle_base
from langgraph.store import memory as oracle_memory

from nbflow._database import scripts, sqlite_file
from nbflow.cache.sqlite import SqliteCache
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError, StorageError
from nbflow.func import entrypoint
from nbflow.store._embedding import similarities, similarities_without_numpy
from nbflow.store._kept import KeptStore
from nbflow.store.base import BaseStore, GetOp, Item, PutOp, get_text_at_path, tokenize_path
from nbflow.store.memory import InMemoryStore
from nbflow.store.sqlite import SqliteStore
from tests.conformance.older import set_back


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "store.sqlite")


@pytest.fixture
def on_disk(path: str) -> Iterator[SqliteStore]:
    with SqliteStore(path) as store:
        yield store


def contents(store: BaseStore) -> list[tuple[tuple[str, ...], str, Any]]:
    return [(item.namespace, item.key, item.value) for item in store.search((), limit=10_000)]


def change(path: str, statement: str, *values: Any) -> None:
    raw = sqlite3.connect(path)
    with raw:
        raw.execute(statement, values)
    raw.close()


# -- against each other ---------------------------------------------------------------------

LABELS = st.sampled_from(["a", "A", "ab", "a%", "a_", "*", "é", "🦉", "' OR 1=1 --", "x" * 300])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
KEYS = st.sampled_from(["", "k", "K", "k.k", "k\0", "🦉", "%"])
NAMES = st.sampled_from(["n", "m", "n.m", "größe"])
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=True), st.text(max_size=3)
)
VALUES = st.recursive(
    ATOMS,
    lambda part: st.one_of(
        st.lists(part, max_size=2), st.tuples(part), st.dictionaries(NAMES, part, max_size=2)
    ),
    max_leaves=4,
)
DICTS = st.dictionaries(NAMES, VALUES, max_size=3)
OPERATORS = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"])
FILTERS = st.one_of(
    st.none(),
    st.dictionaries(
        NAMES, st.one_of(VALUES, st.dictionaries(OPERATORS, VALUES, max_size=2)), max_size=2
    ),
)
SMALL = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("put"), NAMESPACES, KEYS, DICTS, st.sampled_from([None, 1, 2])),
    st.tuples(st.just("delete"), NAMESPACES, KEYS),
    st.tuples(st.just("get"), NAMESPACES, KEYS),
    st.tuples(st.just("search"), st.lists(LABELS, max_size=2).map(tuple), FILTERS, SMALL, SMALL),
    st.tuples(st.just("list"), st.lists(LABELS, max_size=2).map(tuple), SMALL, SMALL),
    st.tuples(st.just("wait"), st.integers(0, 90)),
    st.tuples(st.just("sweep")),
)


def play(store: KeptStore, clock: list[float], steps: list[Any]) -> list[str]:
    """What a program sees, as text, in which NaN equals itself."""
    seen: list[Any] = []
    for kind, *words in steps:
        if kind == "put":
            namespace, key, value, ttl = words
            store.put(namespace, key, value, ttl=ttl)
        elif kind == "delete":
            store.delete(*words)
        elif kind == "get":
            seen.append(store.get(*words))
        elif kind == "search":
            prefix, wanted, limit, offset = words
            seen.append(store.search(prefix, filter=wanted, limit=limit, offset=offset))
        elif kind == "list":
            prefix, limit, depth = words
            seen.append(store.list_namespaces(prefix=prefix, limit=limit, max_depth=depth or None))
        elif kind == "wait":
            clock[0] += words[0]
        else:
            seen.append(store.sweep_ttl())
    seen.append(store.search((), limit=100))
    seen.append(store.list_namespaces())
    return [repr(answer) for answer in seen]


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example([("put", ("a",), "k", {"n": 1}, 1), ("put", ("ab",), "k", {}, None), ("wait", 61),
          ("put", ("a",), "k", {"n": 2}, None), ("list", ("a",), 3, 0)])  # fmt: skip
def test_both_stores_answer_alike(steps: list[Any]) -> None:
    """279, 280, 281, 285, 286, 287"""
    clock = [1_000.0]
    memory = play(InMemoryStore(clock=lambda: clock[0]), clock, steps)
    clock[0] = 1_000.0
    with SqliteStore(":memory:", clock=lambda: clock[0]) as store:
        assert play(store, clock, steps) == memory


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
@settings(max_examples=50, deadline=None)
def test_both_stores_find_alike(puts: list[tuple[int, bool]]) -> None:
    """289"""

    def embed(texts: list[str]) -> list[list[float]]:
        return [[float(text.count("a")), float(len(text))] for text in texts]

    answers = []
    for store in (
        InMemoryStore(index={"dims": 2, "embed": embed, "fields": ["t"]}),
        SqliteStore(":memory:", index={"dims": 2, "embed": embed, "fields": ["t"]}),
    ):
        for number, (size, indexed) in enumerate(puts):
            text = {"t": "a" * size + "b"}
            store.put(("d", str(size % 2)), str(number % 7), text, None if indexed else False)
        found = store.search(("d",), query="aab", limit=8, offset=1)
        answers.append([(item.namespace, item.key, item.value, item.score) for item in found])
        store.close()
    assert answers[0] == answers[1]


def test_similarities_with_and_without_numpy() -> None:
    """289"""
    pytest.importorskip("numpy")
    one = SqliteStore(":memory:", index={"embed": lambda texts: [[1.5, -2.0, 0.25]] * len(texts)})
    one.put(("a",), "k", {})
    ((_, vector),) = one._vectors((), 0.0)
    one.close()

    made = [vector, bytes(12), vector[4:] + vector[:4]]
    plain = similarities_without_numpy(vector, made)
    assert similarities(vector, made) == pytest.approx(plain)
    assert plain[:2] == [pytest.approx(1.0), 0.0]


# -- against LangGraph ----------------------------------------------------------------------

TREE = {
    "t": "x", "n": 5, "f": 1.5, "b": True, "z": None, "e": "", "é": "ü", "x y": "sp",
    "a": {"b": {"e": "be"}, "d": {"e": "de"}, "c": ["1", {"e": "q"}]},
    "l": [{"c": "p"}, [1, 2]], "ll": [["u", "v"], ["w"]],
}  # fmt: skip
PATHS = [
    "$", "", "t", "n", "f", "b", "z", "e", "é", "x y", "a", "a.b", "a.b.e", "a..b", "a.b.", ".t",
    "missing", "t.x", "l", "l[0]", "l[0].c", "l[-2].c", "l[5].c", "l[*]", "l[*].c", "l[*][*]",
    "l[1][0]", "l.*", "l.0", "ll[*][0]", "ll[*]", "a.*", "*.b", "*.b.e", "*.*.e", "*", "a.c[*]",
    "a.c[*].e", "a.c[x]", "a.c[0", "a[", "a]", "[0]", "[*]", "{t,n}", "{t , a.b.e}", "a.{b,d}",
    "a{b,d}", "{}", "{,t}", "{t,t}", "a.c[*].{e}", "l[*].{c,d}", "$.t", "t[0]", "a.c[+1].e",
]  # fmt: skip


@pytest.mark.parametrize("where", PATHS)
def test_paths_are_langgraphs(where: str) -> None:
    """289"""
    assert tokenize_path(where) == oracle_base.tokenize_path(where)
    assert get_text_at_path(TREE, where) == oracle_base.get_text_at_path(TREE, where)


def test_texts_that_langgraph_does_not_find() -> None:
    """289: it stops at braces, and knows JSON only."""
    assert get_text_at_path(TREE, "a.{b,d}.e") == ["be", "de"]
    assert get_text_at_path(TREE, "{a.{b.e,d.e}}") == ["be", "de"]
    assert get_text_at_path({"p": (1, "z"), "s": {2}, "by": b"x"}, "{p[*],s,by}") == [
        "1",
        "z",
        "[2]",
    ]


def test_an_order_of_events_is_langgraphs() -> None:
    """277, 286, 287"""

    def run(store: Any) -> list[Any]:
        for n in range(12):
            store.put(("u", str(n % 3)), str(n), {"n": n, "odd": n % 2 == 1, "d": {"x": n}})
        store.put(("u", "0"), "0", {"n": 100})
        store.delete(("u", "1"), "1")
        searches: list[tuple[tuple[str, ...], dict[str, Any]]] = [
            (("u",), {}), (("u",), {"limit": 3, "offset": 4}), (("u", "1"), {}),
            ((), {"limit": 50}), (("u",), {"filter": {"n": {"$gte": 4}}}),
            (("u",), {"filter": {"d": {"x": {"$ne": 3}}}}), (("u",), {"filter": {"odd": True}}),
            (("u",), {"filter": {"gone": None}}), (("u",), {"query": "no index", "limit": 2}),
        ]  # fmt: skip
        seen = [[item.key for item in store.search(at, **choice)] for at, choice in searches]
        return [*seen, store.list_namespaces(), store.list_namespaces(max_depth=1)]

    theirs = run(oracle_memory.InMemoryStore())
    assert run(InMemoryStore()) == theirs
    with SqliteStore(":memory:") as store:
        assert run(store) == theirs


def test_scores_are_langgraphs() -> None:
    """289"""

    def embed(texts: list[str]) -> list[list[float]]:
        return [[float(len(text)), float(text.count("a")), 1.0] for text in texts]

    def run(store: Any) -> list[tuple[str, float | None]]:
        for n, text in enumerate(["banana", "cherry", "aaaa", "z", ""]):
            store.put(("d",), str(n), {"text": text}, index=None if n != 3 else False)
        return [(item.key, item.score) for item in store.search(("d",), query="aaab", limit=9)]

    index: Any = {"dims": 3, "embed": embed, "fields": ["text"]}
    theirs = run(oracle_memory.InMemoryStore(index=index))
    for store in (InMemoryStore(index=index), SqliteStore(":memory:", index=index)):
        ours = run(store)
        store.close()
        assert [key for key, _ in ours] == [key for key, _ in theirs]
        assert ours[-1][1] is theirs[-1][1] is None
        assert [score for _, score in ours[:-1]] == pytest.approx(
            [score for _, score in theirs[:-1]]
        )


# -- a file ---------------------------------------------------------------------------------


def test_what_is_stored_is_there_when_the_file_is_opened_again(path: str) -> None:
    """277"""
    with SqliteStore.from_conn_string(path) as store:
        store.setup()
        store.put(("a", "b"), "k", {"at": (1, 2)}, ttl=60)
        first = store.get(("a", "b"), "k")
    with pytest.raises(StorageError, match="was closed"):
        store.get(("a",), "k")
    store.close()
    with SqliteStore(Path(path)) as again:
        assert again.get(("a", "b"), "k") == first


async def test_as_an_async_context_manager(path: str) -> None:
    """277"""
    async with SqliteStore.from_conn_string(path, ttl={"default_ttl": 5}) as store:
        await store.aput(("a",), "k", {})
        assert await store.aget(("a",), "k") is not None
    with pytest.raises(StorageError, match="was closed"):
        await store.aget(("a",), "k")


def test_a_vector_of_another_length_is_no_vector(path: str) -> None:
    """289: the index was changed since."""
    with SqliteStore(path, index={"dims": 2, "embed": lambda ts: [[1.0, 0.0] for _ in ts]}) as old:
        old.put(("a",), "old", {})
    with SqliteStore(path) as plain:
        plain.put(("a",), "plain", {})
    with SqliteStore(
        path, index={"dims": 3, "embed": lambda ts: [[1.0, 0.0, 0.0] for _ in ts]}
    ) as new:
        new.put(("a",), "new", {})
        found = new.search((), query="x")
        assert [(item.key, item.score) for item in found] == [
            ("new", pytest.approx(1.0)), ("old", None), ("plain", None)
        ]  # fmt: skip
        for key in ("old", "plain", "new"):
            new.delete(("a",), key)
    raw = sqlite3.connect(path)
    for table in ("store_item", "store_vector", "store_namespace"):
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    raw.close()


def test_more_vectors_than_are_read_at_once() -> None:
    """289"""

    def embed(texts: list[str]) -> list[list[float]]:
        return [[math.cos(int(text) / 300), math.sin(int(text) / 300)] for text in texts]

    with SqliteStore(":memory:", index={"dims": 2, "embed": embed, "fields": ["n[*]"]}) as store:
        store.batch([PutOp(("a",), str(n), {"n": [n, -n]}) for n in range(1, 700)])
        found = store.search((), query="-699", limit=2)
    assert [item.key for item in found] == ["699", "698"]


def test_a_page_decodes_only_what_it_gives(on_disk: SqliteStore, path: str) -> None:
    """286"""
    on_disk.batch([PutOp(("a",), str(n), {"n": n}) for n in range(300)])
    change(path, "UPDATE store_item SET value = x'ff' WHERE CAST(key AS INTEGER) NOT IN (5, 250)")

    assert [item.key for item in on_disk.search((), limit=1, offset=5)] == ["5"]
    assert [item.key for item in on_disk.search(("a",), limit=1, offset=250)] == ["250"]
    with pytest.raises(CorruptDataError, match="'6' in namespace 'a'"):
        on_disk.search((), limit=2, offset=5)


@pytest.mark.parametrize("name", ["list_items", "list_vectors"])
def test_a_page_needs_no_sorting(on_disk: SqliteStore, path: str, name: str) -> None:
    """286"""
    raw = sqlite3.connect(path)
    places = {"at": "a", "below": "a.", "beyond": "a/", "ns": -1, "item": -1, "vector": -1}
    page = {"alive": 0.0, "limit": 10, "offset": 0}
    query = scripts.queries("sqlite", "store")[name]
    plan = raw.execute(f"EXPLAIN QUERY PLAN {query}", {**places, **page}).fetchall()
    raw.close()
    steps = [row[3] for row in plan]
    assert any(step.startswith("SEARCH i USING") for step in steps)
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps), steps


@pytest.mark.parametrize(
    "damage",
    ["value = x'00'", "value = 'text'", "value = substr(value, 1, 3)", "check_ = check_ + 1",
     "check_ = 'x'", "created = created + 1", "updated = 0", "ttl = 3", "key = 'other'"],
)  # fmt: skip
def test_a_damaged_row_is_named_and_leaves_the_others(
    on_disk: SqliteStore, path: str, damage: str
) -> None:
    """283: an error, never a wrong value."""
    on_disk.put(("a",), "good", {"n": 1})
    on_disk.put(("a",), "bad", {"n": 2})
    change(path, f"UPDATE store_item SET {damage} WHERE key = 'bad'")
    key = "other" if damage.startswith("key") else "bad"

    with pytest.raises(CorruptDataError, match=f"{key!r} in namespace 'a'.*check sum"):
        on_disk.get(("a",), key)
    with pytest.raises(CorruptDataError):
        on_disk.search(("a",), filter={"n": 2})
    item = on_disk.get(("a",), "good")
    assert item is not None
    assert item.value == {"n": 1}
    on_disk.delete(("a",), key)
    on_disk.put(("a",), "bad", {"n": 3})
    assert contents(on_disk) == [(("a",), "good", {"n": 1}), (("a",), "bad", {"n": 3})]


async def test_a_damaged_row_fails_its_own_asker(on_disk: SqliteStore, path: str) -> None:
    """290"""
    on_disk.put(("a",), "good", {"n": 1})
    on_disk.put(("a",), "bad", {"n": 2})
    change(path, "UPDATE store_item SET value = x'00' WHERE key = 'bad'")
    good, bad, _ = await asyncio.gather(
        on_disk.aget(("a",), "good"), on_disk.aget(("a",), "bad"), on_disk.aput(("b",), "k", {}),
        return_exceptions=True,
    )  # fmt: skip
    assert isinstance(good, Item)
    assert isinstance(bad, CorruptDataError)
    assert on_disk.list_namespaces() == [("a",), ("b",)]


def test_an_embedding_is_no_part_of_a_transaction(path: str) -> None:
    """289: two stores whose embeddings wait for each other's writes."""
    with SqliteStore(path) as other:

        def embed(texts: list[str]) -> list[list[float]]:
            other.put(("b",), "k", {"from": "embed"})
            return [[1.0] for _ in texts]

        with SqliteStore(path, index={"dims": 1, "embed": embed}) as store:
            store.put(("a",), "k", {})
            assert len(store.search((), query="x")) == 2


def test_a_locked_file_is_an_error_and_stores_nothing(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """277"""
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 0.05)
    with SqliteStore(path) as store:
        store.put(("a",), "k", {"n": 1}, ttl=5)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked.*Another process"):
            store.batch([PutOp(("a",), "k", {"n": 2}), PutOp(("b",), "k", {})])
        assert [item.value for item in store.search((), refresh_ttl=False)] == [{"n": 1}]
        raw.execute("ROLLBACK")
        raw.close()
        store.put(("b",), "k", {})
        assert len(store.search(())) == 2


def test_a_file_that_cannot_be_written_can_be_read(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """285: and reading tells that no time starts anew."""
    with SqliteStore(path) as store:
        store.put(("a",), "k", {"n": 1}, ttl=5)
        store.put(("a",), "l", {"n": 2})
    with SqliteStore(f"file:{path}?mode=ro") as reader, caplog.at_level(logging.WARNING):
        assert contents(reader) == [(("a",), "k", {"n": 1}), (("a",), "l", {"n": 2})]
        assert "did not start anew" in caplog.text
        caplog.clear()
        assert reader.get(("a",), "l") is not None
        assert caplog.text == ""
        with pytest.raises(StorageError, match="readonly"):
            reader.put(("a",), "k", {})


@pytest.mark.skipif(os.name == "nt", reason="no file modes there")
def test_the_file_is_for_its_owner_alone(on_disk: SqliteStore, path: str) -> None:
    """277"""
    on_disk.put(("a",), "k", {})
    for name in (path, f"{path}-wal", f"{path}-shm"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


def test_a_large_value(on_disk: SqliteStore) -> None:
    """283"""
    value = {"text": "é" * 2_000_000, "bytes": bytes(3_000_000)}
    on_disk.put(("a",), "k", value)
    item = on_disk.get(("a",), "k")
    assert item is not None
    assert item.value == value


# -- one file for all -----------------------------------------------------------------------


def test_a_saver_a_store_and_a_cache_share_a_file(path: str) -> None:
    """277"""
    with SqliteSaver(path) as saver, SqliteStore(path) as store, SqliteCache[int](path) as cache:

        @entrypoint(checkpointer=saver, store=store)
        def count(n: int, *, store: BaseStore, previous: int | None) -> int:
            total = n + (previous or 0)
            store.put(("totals",), str(total), {"total": total})
            return total

        config: Any = {"configurable": {"thread_id": "t"}}
        assert [count.invoke(n, config) for n in (1, 2)] == [1, 3]
        cache.set({(("a",), "k"): (1, None)})
        assert contents(store) == [
            (("totals",), "1", {"total": 1}),
            (("totals",), "3", {"total": 3}),
        ]
        assert cache.get([(("a",), "k")]) == {(("a",), "k"): 1}
        saver.delete_thread("t")
        cache.clear()
        assert len(contents(store)) == 2


def test_a_file_of_the_first_release_is_brought_up_to_date(path: str) -> None:
    """277"""
    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def keep(n: int) -> int:
            return n

        keep.invoke(7, {"configurable": {"thread_id": "t"}})
    set_back(path, 1)
    with SqliteSaver(f"file:{path}?mode=ro") as reader:
        assert len(reader.list_threads()) == 1
    with (
        SqliteStore(f"file:{path}?mode=ro") as unable,
        pytest.raises(StorageError, match="no such table.*older nbflow"),
    ):
        unable.get(("a",), "k")
    with SqliteStore(path) as store, SqliteSaver(path) as saver:
        store.put(("a",), "k", {"n": 1})
        assert len(saver.list_threads()) == 1
        assert len(store.search(())) == 1


def test_one_connection_to_memory_serves_saver_store_and_cache_in_many_threads() -> None:
    """277"""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    store, cache = SqliteStore(connection), SqliteCache[int](connection)
    saver = SqliteSaver(connection)
    together = threading.Barrier(6)

    @entrypoint(checkpointer=saver)
    def keep(n: int) -> int:
        return n

    def use(number: int) -> None:
        together.wait()
        for n in range(20):
            store.batch([PutOp(("a",), f"{number}/{n}", {}), PutOp(("b",), f"{number}/{n}", {})])
            cache.set({((str(number),), str(n)): (n, 60)})
            keep.invoke(n, {"configurable": {"thread_id": str(number)}})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(use, range(6)))

    assert len(store.search((), limit=1_000)) == 240
    assert len(saver.list_threads()) == 6
    assert connection.execute("SELECT count(*) FROM cache_entry").fetchone() == (120,)
    connection.close()


# -- threads, processes ---------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def either(request: pytest.FixtureRequest, path: str) -> Iterator[KeptStore]:
    with InMemoryStore() if request.param == "memory" else SqliteStore(path) as store:
        yield store


def test_many_threads_use_one_store(either: KeptStore) -> None:
    """277"""
    together = threading.Barrier(8)

    def use(number: int) -> int:
        together.wait()
        for n in range(30):
            either.put((str(number % 2), "x"), str(n), {"by": number}, ttl=5)
            either.batch([GetOp(("0", "x"), str(n)), PutOp(("z", str(n)), "k", None)])
            either.search(("0",), limit=5)
            either.sweep_ttl()
        return len(either.search((str(number % 2),), limit=100))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == {30}
    assert either.list_namespaces() == [("0", "x"), ("1", "x")]


def _put_in_process(path: str, number: int) -> int:
    with SqliteStore(path, ttl={"default_ttl": 5}) as store:
        for n in range(25):
            store.put(("a", str(number)), str(n), {"by": number})
            store.put(("shared",), str(n), {"by": number})
            assert store.get(("shared",), str(n)) is not None
    return number


def test_two_processes_use_one_file(tmp_path: Path) -> None:
    """277"""
    path = str(tmp_path / "shared.sqlite")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(_put_in_process, [(path, 0), (path, 1)], 1) == [0, 1]
    with SqliteStore(path) as store:
        assert len(store.search(("a",), limit=100)) == 50
        assert len(store.search(("shared",), limit=100)) == 25


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_after_a_fork_the_child_opens_anew(on_disk: SqliteStore) -> None:
    """277"""
    on_disk.put(("a",), "parent", {})
    child = os.fork()
    if child == 0:
        try:
            on_disk.put(("a",), "child", {})
            os._exit(0 if len(on_disk.search(())) == 2 else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [item.key for item in on_disk.search(())] == ["parent", "child"]
