"""What nbflow's own stores do beside what every store does: numbers 277 to 292."""

from __future__ import annotations

import asyncio
import datetime as dt
import doctest
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from nbflow.errors import NbflowError
from nbflow.store import _embedding, _texts
from nbflow.store._kept import KeptStore
from nbflow.store.base import (
    NOT_PROVIDED,
    BaseStore,
    InvalidNamespaceError,
    Item,
    Result,
    ensure_embeddings,
)
from nbflow.store.memory import InMemoryStore
from nbflow.store.sqlite import SqliteStore
from nbflow.testing._store_vectors import Documents, aembed, embed
from nbflow.testing._stores import Clock, Make, keys, value_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Make]:
    made: list[KeptStore] = []

    def make_one(**choice: Any) -> KeptStore:
        choice = {"clock": clock, **choice}
        if request.param == "memory":
            made.append(InMemoryStore(**choice))
        else:
            made.append(SqliteStore(tmp_path / f"{len(made)}.sqlite", **choice))
        return made[-1]

    yield make_one
    for store in made:
        store.close()


# -- 277: operations ------------------------------------------------------------------------


def test_a_store_of_ones_own_needs_one_method() -> None:
    """277"""

    class Shouting(BaseStore):
        def batch(self, ops: Any) -> list[Result]:
            return [inner.batch([op])[0] for op in ops]

    inner = InMemoryStore()
    store = Shouting()
    store.put(("a",), "k", {"n": 1})

    assert value_of(store.get(("a",), "k")) == {"n": 1}
    assert value_of(asyncio.run(store.aget(("a",), "k"))) == {"n": 1}
    with pytest.raises(NotImplementedError, match="Nothing expires in a Shouting"):
        store.put(("a",), "k", {}, ttl=5)
    store.put(("a",), "k", {"n": 2}, ttl=None)
    store.put(("a",), "k", {"n": 3}, ttl=NOT_PROVIDED)
    assert value_of(store.get(("a",), "k")) == {"n": 3}


# -- 278, 279: namespaces -------------------------------------------------------------------


def test_the_error_is_in_the_tree_and_says_what_to_do() -> None:
    """278"""
    with pytest.raises(InvalidNamespaceError) as caught:
        InMemoryStore().put(("users", ""), "k", {})
    assert isinstance(caught.value, NbflowError)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == (
        "The label '' in namespace ('users', '') is empty. Nothing was stored. Give a tuple of "
        "non-empty strings, such as ('users', 'ada')."
    )


# -- 282 to 284, 288, 291, 292: values ------------------------------------------------------


def test_the_clock_of_the_machine_is_used_without_another() -> None:
    """291"""
    before = dt.datetime.now(dt.UTC)
    store = InMemoryStore()
    store.put(("a",), "k", {})
    item = store.get(("a",), "k")
    assert item is not None
    assert before - dt.timedelta(seconds=1) <= item.created_at <= dt.datetime.now(dt.UTC)


# -- 285: what expires ----------------------------------------------------------------------


def test_the_sweeper_sweeps_until_it_is_stopped(make: Make, clock: Clock) -> None:
    """285"""
    swept = threading.Event()

    def watched() -> float:
        if threading.current_thread().name == "nbflow-store-sweeper":
            swept.set()
        return clock.now

    store = make(clock=watched, ttl={"omit_expired": False, "sweep_interval_minutes": 1e-4})
    store.put(("a",), "k", {}, ttl=1)
    clock.now += 61
    ended = store.start_ttl_sweeper()
    assert store.start_ttl_sweeper() is ended
    assert swept.wait(10)

    assert store.stop_ttl_sweeper(10)
    assert ended.result(10) is None
    assert store.get(("a",), "k") is None
    assert store.stop_ttl_sweeper()
    assert sweepers() == []


def test_the_sweeper_ends_with_its_future_its_store_or_close(make: Make) -> None:
    """285"""
    store = make()
    ended = store.start_ttl_sweeper(1_000)
    assert ended.cancel()
    assert store.stop_ttl_sweeper(10)

    store.start_ttl_sweeper(1_000)
    store.close()
    assert sweepers() == []

    forgotten = InMemoryStore()
    ended = forgotten.start_ttl_sweeper(1_000)
    del forgotten
    assert ended.result(10) is None


def sweepers() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name == "nbflow-store-sweeper"]


# -- 289: vectors ---------------------------------------------------------------------------


def test_embeddings_of_langchain(make: Make) -> None:
    """289"""
    store = make(index={"dims": 16, "embed": DeterministicFakeEmbedding(size=16), "fields": ["t"]})
    for key in ("one", "two", "three"):
        store.put(("d",), key, {"t": key})
    first, *_ = store.search(("d",), query="two")
    assert first.key == "two"
    assert first.score == pytest.approx(1.0)
    assert asyncio.run(store.asearch(("d",), query="three"))[0].key == "three"


def test_embeddings_of_functions() -> None:
    """289"""
    assert ensure_embeddings(embed).embed_query("aa") == [2.0, 2.0, 1.0]
    assert ensure_embeddings(aembed).embed_documents(["a", "b"]) == embed(["a", "b"])
    given = Documents()
    assert ensure_embeddings(given) is given


def test_examples_of_paths_and_embeddings() -> None:
    """289"""
    assert doctest.testmod(_texts) == (0, 3)
    assert doctest.testmod(_embedding) == (0, 1)


# -- 290: asked together --------------------------------------------------------------------


class Watched(InMemoryStore):
    """Notes what reaches the rows."""

    def __init__(self, **choice: Any) -> None:
        super().__init__(**choice)
        self.reads: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def _row(self, namespace: tuple[str, ...], key: str, alive: float) -> Any:
        self.gate.wait(10)
        self.reads.append(key)
        return super()._row(namespace, key, alive)

    def _rows(self, prefix: tuple[str, ...], *choice: Any) -> Any:
        self.reads.append("search")
        return super()._rows(prefix, *choice)

    def _namespaces(self, prefix: tuple[str, ...], alive: float) -> Any:
        self.reads.append("list")
        return super()._namespaces(prefix, alive)


async def test_equal_reads_of_one_tick_are_asked_once() -> None:
    """290"""
    store = Watched()
    await store.aput(("a",), "k", {"n": 1})

    answers = await asyncio.gather(
        *(store.aget(("a",), "k") for _ in range(5)), store.aget(("a",), "other"),
        store.asearch(("a",), filter={"n": 1}), store.asearch(("a",), filter={"n": 1}),
        store.asearch(("a",), filter={"n": True}), store.alist_namespaces(),
        store.alist_namespaces(), store.aput(("a",), "k", {"n": 2}), store.aput(("b",), "k", {}),
        store.aput(("a",), "k", {"n": 3}),
    )  # fmt: skip

    assert sorted(store.reads) == ["k", "list", "other", "search", "search"]
    assert [value_of(answer) for answer in answers[:5]] == [{"n": 1}] * 5
    assert len({id(answer) for answer in answers[:5]}) == 5
    assert [keys(found) for found in answers[6:9]] == [["k"], ["k"], []]  # type: ignore[arg-type]
    assert value_of(await store.aget(("a",), "k")) == {"n": 3}


async def test_a_cancelled_asker_stops_nobody_else() -> None:
    """290"""
    store = Watched()
    store.put(("a",), "k", {"n": 1})
    store.gate.clear()
    tasks = [asyncio.create_task(store.aget(("a",), "k")) for _ in range(3)]
    early = asyncio.create_task(store.aput(("a",), "early", {}))
    await asyncio.sleep(0)
    tasks[0].cancel()
    early.cancel()
    await asyncio.sleep(0)
    tasks[1].cancel()
    store.gate.set()

    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [
        asyncio.CancelledError, asyncio.CancelledError, Item
    ]  # fmt: skip
    assert value_of(await store.aget(("a",), "k")) == {"n": 1}
    assert store.get(("a",), "early") is None


async def test_work_that_is_cancelled_ends_its_askers_and_no_later_ones() -> None:
    """290"""
    store = Watched()
    store.gate.clear()
    before = asyncio.all_tasks()
    asking = asyncio.create_task(store.aget(("a",), "k"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - before - {asking}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    store.gate.set()

    await store.aput(("a",), "k", {"n": 1})
    assert value_of(await store.aget(("a",), "k")) == {"n": 1}


async def test_the_event_loop_goes_on_meanwhile() -> None:
    """290"""
    store = Watched()
    store.gate.clear()
    asking = asyncio.create_task(store.aget(("a",), "k"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not asking.done()
    store.gate.set()
    assert await asking is None
