"""What every store does, in memory and in a file alike: numbers 277 to 292."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import doctest
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from nbflow.errors import InvalidNameError, NbflowError, NotSerializableError
from nbflow.store import _embedding, _texts
from nbflow.store._kept import KeptStore
from nbflow.store.base import (
    NOT_PROVIDED,
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    ensure_embeddings,
)
from nbflow.store.memory import InMemoryStore
from nbflow.store.sqlite import SqliteStore

Make = Callable[..., KeptStore]


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


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


@pytest.fixture
def store(make: Make) -> KeptStore:
    return make()


def value_of(item: Result) -> Any:
    assert isinstance(item, Item)
    return item.value


def keys(items: Sequence[Item]) -> list[str]:
    return [item.key for item in items]


# -- 277: operations ------------------------------------------------------------------------


def test_put_get_delete(store: KeptStore) -> None:
    """277"""
    assert store.get(("a",), "k") is None
    store.put(("a",), "k", {"n": 1})
    store.put(("a", "b"), "k", {"n": 2})
    store.put(("a",), "k", {"n": 3})

    assert value_of(store.get(("a",), "k")) == {"n": 3}
    assert value_of(store.get(("a", "b"), "k")) == {"n": 2}
    store.delete(("a",), "k")
    store.delete(("a",), "k")
    assert store.get(("a",), "k") is None
    assert value_of(store.get(("a", "b"), "k")) == {"n": 2}


async def test_the_async_forms_do_the_same(store: KeptStore) -> None:
    """277"""
    await store.aput(("a",), "k", {"n": 1})
    await store.aput(("a",), "l", {"n": 2})

    assert value_of(await store.aget(("a",), "k")) == {"n": 1}
    assert keys(await store.asearch(("a",), filter={"n": 2})) == ["l"]
    assert await store.alist_namespaces(prefix=("a",)) == [("a",)]
    await store.adelete(("a",), "k")
    assert await store.aget(("a",), "k") is None


BATCH: list[Op] = [
    GetOp(("a",), "k"),
    PutOp(("a",), "k", {"n": 1}),
    GetOp(("a",), "k"),
    SearchOp(("a",)),
    PutOp(("b",), "k", {"n": 1}),
    ListNamespacesOp(),
    PutOp(("a",), "k", {"n": 2}),
    PutOp(("c",), "k", {"n": 2}),
    PutOp(("c",), "k", None),
]


def check_batch(store: KeptStore, answers: list[Result]) -> None:
    assert [type(answer) for answer in answers] == [
        Item, type(None), Item, list, type(None), list, type(None), type(None), type(None)
    ]  # fmt: skip
    assert value_of(answers[0]) == value_of(answers[2]) == {"n": 0}
    assert answers[5] == [("a",)]
    assert value_of(store.get(("a",), "k")) == {"n": 2}
    assert store.list_namespaces() == [("a",), ("b",)]


def test_a_batch_answers_in_order_and_reads_what_was_there_before(store: KeptStore) -> None:
    """277"""
    store.put(("a",), "k", {"n": 0})
    check_batch(store, store.batch(iter(BATCH)))


async def test_an_async_batch_does_the_same(store: KeptStore) -> None:
    """277"""
    store.put(("a",), "k", {"n": 0})
    check_batch(store, await store.abatch(iter(BATCH)))


def test_a_batch_stores_all_or_nothing(store: KeptStore) -> None:
    """277"""
    bad: list[Op] = [
        PutOp((), "k", {}),
        PutOp(("a",), "k", {"lock": threading.Lock()}),
        PutOp(("a",), "k", {}, ttl=-1),
        SearchOp(("a",), limit=-1),
    ]
    for op in bad:
        with pytest.raises((NbflowError, ValueError)):
            store.batch([PutOp(("z",), "k", {"n": 1}), op])
    assert store.list_namespaces() == []
    with pytest.raises(TypeError, match="no operation"):
        store.batch(["put"])  # type: ignore[list-item]
    assert store.batch([]) == []


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


@pytest.mark.parametrize(
    "namespace",
    [(), ("",), ("a", ""), ("a.b",), ("a", "."), ("a", 1), (None,), ["a"], "a", None,
     ("langgraph",), ("langgraph", "a"), ("a\0b",), ("\ud800",)],
)  # fmt: skip
def test_what_is_no_namespace_holds_no_value(store: KeptStore, namespace: Any) -> None:
    """278"""
    with pytest.raises(InvalidNamespaceError):
        store.put(namespace, "k", {"n": 1})
    with pytest.raises(InvalidNamespaceError):
        store.batch([PutOp(namespace, "k", {"n": 1})])
    with pytest.raises(InvalidNamespaceError):
        asyncio.run(store.aput(namespace, "k", {"n": 1}))
    assert store.search(()) == []


@pytest.mark.parametrize("namespace", [("",), ("a.b",), ("a", 1), ("a\0b",), "a", None, {"a"}])
def test_what_is_no_label_is_refused_in_reading_too(store: KeptStore, namespace: Any) -> None:
    """278"""
    for read in (
        lambda: store.get(namespace, "k"),
        lambda: store.delete(namespace, "k"),
        lambda: store.search(namespace),
    ):
        with pytest.raises(InvalidNamespaceError):
            read()
    if namespace is not None:
        with pytest.raises(InvalidNamespaceError):
            store.list_namespaces(prefix=namespace)
        with pytest.raises(InvalidNamespaceError):
            store.list_namespaces(suffix=namespace)


def test_nothing_is_found_where_nothing_can_be(store: KeptStore) -> None:
    """278"""
    for namespace in ((), ("langgraph",)):
        assert store.get(namespace, "k") is None
        store.delete(namespace, "k")
    assert store.search(("langgraph",)) == []


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


def test_a_key_is_a_text(store: KeptStore) -> None:
    """278"""
    for key in ("", "a.b", "x\0y", "k" * 10_000, "' OR 1=1 --", "%", "🦉"):
        store.put(("a",), key, {"is": key})
        assert value_of(store.get(("a",), key)) == {"is": key}
    wrong: list[Any] = [None, 1, b"k"]
    for one in wrong:
        with pytest.raises(TypeError, match="no name"):
            store.put(("a",), one, {})
    with pytest.raises(InvalidNameError, match="lone surrogate"):
        store.put(("a",), "\ud800", {})


def test_a_search_keeps_to_the_borders_of_labels(store: KeptStore) -> None:
    """279"""
    for namespace in (
        ("u1",), ("u10",), ("u1", "x"), ("u1-",), ("u1/",), ("U1",), ("u",), ("u1", "x", "y"),
    ):  # fmt: skip
        store.put(namespace, "k", {})

    def found(*prefix: str) -> list[tuple[str, ...]]:
        return [item.namespace for item in store.search(prefix)]

    assert found("u1") == [("u1",), ("u1", "x"), ("u1", "x", "y")]
    assert found("u1", "x") == [("u1", "x"), ("u1", "x", "y")]
    assert found("U1") == [("U1",)]
    assert found("x") == []
    assert len(found()) == 8
    assert [item.namespace for item in store.search(["u1", "x"])] == found("u1", "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", ["%", "_", "*", "?", "[a]", "'", '"', "\\", "--", ";", "é", "🦉"])
def test_signs_stand_for_themselves(store: KeptStore, sign: str) -> None:
    """279"""
    store.put(("ab",), "k", {})
    store.put((f"a{sign}",), sign, {sign: sign})

    assert [item.namespace for item in store.search((f"a{sign}",))] == [(f"a{sign}",)]
    assert store.search((sign,)) == []
    assert store.list_namespaces(prefix=(f"a{sign}",)) == [(f"a{sign}",)]
    assert value_of(store.get((f"a{sign}",), sign)) == {sign: sign}


# -- 280, 281: filters ----------------------------------------------------------------------

DAY = dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)
VALUE: dict[str, Any] = {
    "n": 5, "one": 1, "yes": True, "none": None, "half": 0.5, "text": "abc", "big": 2**70,
    "list": [1, {"x": 1, "y": 2}], "pair": (1, 2), "flags": [True],
    "d": {"x": 1, "y": {"q": 2}}, "a.b": 7, "day": DAY, "cost": decimal.Decimal("1.10"),
    "nan": math.nan, "bytes": b"ab", "größe": 3, "empty": {},
}  # fmt: skip
FITTING: list[dict[str, Any]] = [
    {}, {"n": 5}, {"n": 5.0}, {"yes": True}, {"none": None}, {"gone": None}, {"text": "abc"},
    {"n": 5, "text": "abc"}, {"pair": [1, 2]}, {"pair": (1, 2)}, {"day": DAY}, {"größe": 3},
    {"n": {"$eq": 5}}, {"n": {"$ne": 6}}, {"gone": {"$ne": 6}}, {"gone": {"$eq": None}},
    {"n": {"$gt": 4}}, {"n": {"$gte": 5}}, {"n": {"$lt": 5.5}}, {"n": {"$lte": 5}},
    {"n": {"$gt": 4, "$lt": 6}}, {"text": {"$gt": "abb"}}, {"big": {"$gt": 2**69}},
    {"yes": {"$gt": False}}, {"day": {"$lt": DAY + dt.timedelta(1)}}, {"cost": {"$gt": 1}},
    {"bytes": {"$lte": b"ab"}}, {"yes": {"$ne": 1}}, {"nan": {"$ne": math.nan}},
    {"text": {"$ne": None}}, {"pair": {"$eq": [1, 2]}}, {"cost": decimal.Decimal("1.1")},
]  # fmt: skip
NOT_FITTING: list[dict[str, Any]] = [
    {"n": 6}, {"n": "5"}, {"n": None}, {"gone": 1}, {"yes": 1}, {"one": True},
    {"one": {"$eq": True}}, {"yes": {"$eq": 1}}, {"flags": [1]}, {"flags": {"$eq": [1]}},
    {"n": 5, "text": "x"}, {"n": {"$ne": 5}}, {"n": {"$gt": 5}}, {"n": {"$gt": 4, "$lt": 5}},
    {"n": {"$gt": "4"}}, {"text": {"$gt": 1}}, {"none": {"$gt": 1}}, {"gone": {"$lt": 1}},
    {"n": {"$gt": None}},
    {"yes": {"$gt": 0}}, {"n": {"$gt": math.nan}}, {"nan": math.nan}, {"pair": {"$gt": [1]}},
    {"day": {"$gt": DAY.replace(tzinfo=None)}}, {"day": {"$gt": DAY.isoformat()}},
    {"list": [1]}, {"list": 1}, {"d": {"$gt": {}}}, {"pair": [1, 2, 3]}, {"empty": None},
]  # fmt: skip


@pytest.mark.parametrize("filter", FITTING, ids=str)
def test_filters_that_fit(store: KeptStore, filter: dict[str, Any]) -> None:
    """280"""
    store.put(("a",), "k", VALUE)
    assert keys(store.search((), filter=filter)) == ["k"]


@pytest.mark.parametrize("filter", NOT_FITTING, ids=str)
def test_filters_that_do_not_fit(store: KeptStore, filter: dict[str, Any]) -> None:
    """280: True is not 1, and what has no order is neither more nor less."""
    store.put(("a",), "k", VALUE)
    assert store.search((), filter=filter) == []


@pytest.mark.parametrize(
    "filter",
    [{"n": {"$foo": 5}}, {"n": {"$in": [5]}}, {"n": {"$gt": 4, "x": 1}}, {"$and": []}, {"": 1},
     {"n' OR 1=1 --": 1}, {"a b": 1}, {1: 1}, {"x\0": 1}, {"n;": {"$eq": 1}},
     {"n": {"x": {"$no": 1}}}, {"n": {"a b": 1}}, {"list": [{"$no": 1}]}],
    ids=str,
)  # fmt: skip
def test_filters_that_mean_nothing(store: KeptStore, filter: dict[str, Any]) -> None:
    """280: refused even where nothing is stored."""
    with pytest.raises(ValueError, match="Unsupported operator|Invalid filter key"):
        store.search((), filter=filter)
    with pytest.raises(ValueError, match="Unsupported operator|Invalid filter key"):
        asyncio.run(store.asearch((), filter=filter))


def test_a_filter_is_a_dict(store: KeptStore) -> None:
    """280"""
    with pytest.raises(TypeError, match="not list"):
        store.search((), filter=["n"])  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["' OR '1'='1", "%", '"; DROP TABLE store_item; --', "\0", "🦉"])
def test_a_filter_value_is_only_a_value(store: KeptStore, value: str) -> None:
    """280"""
    store.put(("a",), "1", {"v": value})
    store.put(("a",), "2", {"v": "other"})
    assert keys(store.search((), filter={"v": value})) == ["1"]
    assert keys(store.search((), filter={"v": {"$ne": value}})) == ["2"]


@pytest.mark.parametrize(
    ("filter", "fits"),
    [({"d": {"x": 1}}, True), ({"d": {"x": 1, "y": {"q": 2}}}, True),
     ({"d": {"y": {"q": 2}}}, True), ({"d": {"y": {"q": 3}}}, False),
     ({"d": {"x": {"$gt": 0}}}, True), ({"d": {"x": {"$gt": 1}}}, False),
     ({"d.x": 1}, True), ({"d.y.q": 2}, True), ({"d.y.q": {"$lt": 2}}, False),
     ({"d.y": {"q": 2}}, True), ({"a.b": 7}, True), ({"d": {}}, True), ({"n": {}}, False),
     ({"gone": {}}, False), ({"d": {"gone": None}}, True), ({"n": {"x": None}}, False),
     ({"n.x": None}, True), ({"d": {"$eq": {"x": 1}}}, False),
     ({"d": {"$eq": {"y": {"q": 2}, "x": 1}}}, True), ({"d": {"$ne": {"x": 1}}}, True),
     ({"list": [1, {"x": 1}]}, True), ({"list": [1, {"x": 2}]}, False),
     ({"list": [1, {"x": {"$lt": 2}}]}, True), ({"list": {"$eq": [1, {"x": 1}]}}, False)],
    ids=str,
)  # fmt: skip
def test_nested_filters_have_one_meaning(
    store: KeptStore, filter: dict[str, Any], fits: bool
) -> None:
    """281"""
    store.put(("a",), "k", VALUE)
    assert bool(store.search((), filter=filter)) is fits


def test_arrays_can_be_filtered(store: KeptStore) -> None:
    """281"""
    np = pytest.importorskip("numpy")
    store.put(("a",), "k", {"x": np.array([1.0, 2.0]), "n": np.int64(4)})

    assert keys(store.search((), filter={"x": np.array([1.0, 2.0])})) == ["k"]
    assert store.search((), filter={"x": np.array([1.0, 3.0])}) == []
    assert keys(store.search((), filter={"n": 4})) == ["k"]
    assert keys(store.search((), filter={"n": {"$gt": 3.5}})) == ["k"]


# -- 282 to 284, 288, 291, 292: values ------------------------------------------------------


def test_values_are_copied_in_and_out(store: KeptStore) -> None:
    """282"""
    value: dict[str, Any] = {"list": [1]}
    store.put(("a",), "k", value)
    value["list"].append(2)
    value_of(store.get(("a",), "k"))["list"].append(3)
    store.search(("a",))[0].value["list"].append(4)

    assert value_of(store.get(("a",), "k")) == {"list": [1]}


async def test_the_async_put_copies_before_anything_waits(store: KeptStore) -> None:
    """282"""
    value: dict[str, Any] = {"list": [1]}
    putting = asyncio.ensure_future(store.aput(("a",), "k", value))
    await asyncio.sleep(0)
    value["list"].append(2)
    await putting
    first, second = await asyncio.gather(store.aget(("a",), "k"), store.aget(("a",), "k"))
    value_of(first)["list"].append(3)

    assert value_of(second) == value_of(store.get(("a",), "k")) == {"list": [1]}


def test_values_keep_their_types(store: KeptStore) -> None:
    """283"""
    value: dict[Any, Any] = {
        "tuple": (1, (2,)), "set": {1}, "day": DAY, "big": 2**70, "bytes": b"\0", "inf": -math.inf,
        "surrogate": "\ud800", 3: None, "ordered": OrderedDict(b=1, a=2),
        "cost": decimal.Decimal("1.10"),
    }  # fmt: skip
    store.put(("a",), "k", value)
    store.put(("a",), "nan", {"nan": math.nan})

    found = value_of(store.get(("a",), "k"))
    assert found == value
    assert {key: type(part) for key, part in found.items()} == {
        key: type(part) for key, part in value.items()
    }
    assert math.isnan(value_of(store.get(("a",), "nan"))["nan"])


def test_what_cannot_be_stored_is_named(store: KeptStore) -> None:
    """283"""
    store.put(("a",), "k", {"n": 1})
    with pytest.raises(NotSerializableError) as caught:
        store.put(("a",), "k", {"rows": [threading.Lock()]})
    assert "rows" in caught.value.path
    assert value_of(store.get(("a",), "k")) == {"n": 1}


def test_none_deletes(store: KeptStore) -> None:
    """284"""
    store.put(("a",), "k", {"n": 1})
    store.put(("a",), "k", None)
    store.put(("a",), "never", None)
    assert store.search(()) == []
    assert store.list_namespaces() == []


def test_text_of_all_scripts_comes_back(store: KeptStore) -> None:
    """288"""
    value = {"größe": "日本語", "🦉": ["Ωμέγα", "مرحبا", "e\u0301", "é", "\0"]}
    store.put(("用户", "ada🦉"), "clé", value)

    assert value_of(store.get(("用户", "ada🦉"), "clé")) == value
    assert store.list_namespaces(prefix=("用户",)) == [("用户", "ada🦉")]
    assert keys(store.search(("用户",), filter={"größe": "日本語"})) == ["clé"]


def test_times_of_an_item(store: KeptStore, clock: Clock) -> None:
    """291"""
    first = dt.datetime.fromtimestamp(clock.now, dt.UTC)
    store.put(("a",), "k", {"n": 1})
    item = store.get(("a",), "k")
    assert item is not None
    assert item.created_at == item.updated_at == first
    assert item.created_at.utcoffset() == dt.timedelta(0)
    assert item.dict() == {
        "namespace": ["a"], "key": "k", "value": {"n": 1},
        "created_at": first.isoformat(), "updated_at": first.isoformat(),
    }  # fmt: skip

    clock.now += 90.25
    store.put(("a",), "k", {"n": 2})
    (found,) = store.search(("a",))
    assert found.created_at == first
    assert found.updated_at == first + dt.timedelta(seconds=90.25)
    assert found.dict()["score"] is None
    assert {found, item} == {item, found}
    assert hash(found) == hash(item)

    store.delete(("a",), "k")
    store.put(("a",), "k", {"n": 3})
    assert store.search(("a",))[0].created_at == found.updated_at


def test_the_clock_of_the_machine_is_used_without_another() -> None:
    """291"""
    before = dt.datetime.now(dt.UTC)
    store = InMemoryStore()
    store.put(("a",), "k", {})
    item = store.get(("a",), "k")
    assert item is not None
    assert before - dt.timedelta(seconds=1) <= item.created_at <= dt.datetime.now(dt.UTC)


@pytest.mark.parametrize("value", [[1], "text", 1, {1}, object(), [("a", 1)]])
def test_a_value_is_a_dict(store: KeptStore, value: Any) -> None:
    """292"""
    with pytest.raises(TypeError, match=f"'k' was given {type(value).__name__}.*Wrap it"):
        store.put(("a",), "k", value)
    assert store.search(()) == []


def test_any_mapping_is_as_good_as_a_dict(store: KeptStore) -> None:
    """292"""
    store.put(("a",), "k", MappingProxyType({"n": 1}))
    assert value_of(store.get(("a",), "k")) == {"n": 1}


# -- 285: what expires ----------------------------------------------------------------------


def test_what_has_expired_is_gone_at_once(make: Make, clock: Clock) -> None:
    """285"""
    store = make(index={"dims": 1, "embed": lambda texts: [[1.0] for _ in texts]})
    store.put(("a",), "short", {"n": 1}, ttl=1)
    store.put(("a",), "long", {"n": 2}, ttl=2.5)
    store.put(("b",), "short", {"n": 3}, ttl=1)
    clock.now += 59.9
    assert store.get(("a",), "short", refresh_ttl=False) is not None

    clock.now += 0.1
    assert store.get(("a",), "short") is None
    assert keys(store.search((), refresh_ttl=False)) == ["long"]
    assert keys(store.search((), query="x", refresh_ttl=False)) == ["long"]
    assert keys(store.search((), filter={"n": {"$gt": 0}}, refresh_ttl=False)) == ["long"]
    assert store.list_namespaces() == [("a",)]
    assert store.batch([GetOp(("a",), "short")]) == [None]
    assert store.sweep_ttl() == 2
    assert store.sweep_ttl() == 0
    clock.now += 90
    assert store.search(()) == []
    assert store.sweep_ttl() == 1


def test_what_is_stored_anew_after_it_expired_is_new(make: Make, clock: Clock) -> None:
    """285"""
    store = make()
    store.put(("a",), "first", {}, ttl=1)
    store.put(("a",), "second", {})
    clock.now += 61
    store.put(("a",), "first", {"n": 1})

    items = store.search(("a",))
    assert keys(items) == ["second", "first"]
    assert items[1].created_at == items[1].updated_at
    clock.now += 10_000
    assert keys(store.search(("a",))) == ["second", "first"]


@pytest.mark.parametrize("read", ["get", "search", "aget", "batch"])
def test_reading_starts_the_time_anew(make: Make, clock: Clock, read: str) -> None:
    """285"""
    store = make()
    store.put(("a",), "k", {}, ttl=1)
    for _ in range(3):
        clock.now += 59
        if read == "get":
            assert store.get(("a",), "k") is not None
        elif read == "search":
            assert store.search(("a",)) != []
        elif read == "aget":
            assert asyncio.run(store.aget(("a",), "k")) is not None
        else:
            assert store.batch([GetOp(("a",), "k")]) != [None]
    clock.now += 60
    assert store.get(("a",), "k") is None


@pytest.mark.parametrize(
    ("config", "asked", "is_there"),
    [({}, None, True), ({}, False, False), ({"refresh_on_read": False}, None, False),
     ({"refresh_on_read": False}, True, True), ({"refresh_on_read": True}, None, True),
     ({"refresh_on_read": True}, False, False)],
)  # fmt: skip
def test_whether_reading_does_is_a_choice(
    make: Make, clock: Clock, config: Any, asked: bool | None, is_there: bool
) -> None:
    """285"""
    store = make(ttl=config)
    store.put(("a",), "k", {}, ttl=1)
    clock.now += 40
    store.get(("a",), "k", refresh_ttl=asked)
    store.search(("a",), refresh_ttl=asked)
    clock.now += 40
    assert (store.get(("a",), "k") is not None) is is_there


def test_a_search_renews_only_what_it_gives(make: Make, clock: Clock) -> None:
    """285"""
    store = make()
    for key in ("1", "2"):
        store.put(("a",), key, {"n": key}, ttl=1)
    clock.now += 40
    store.search(("a",), filter={"n": "2"})
    clock.now += 40
    assert keys(store.search(("a",))) == ["2"]


def test_writing_starts_the_time_anew_and_sets_it(make: Make, clock: Clock) -> None:
    """285"""
    store = make(ttl={"default_ttl": 2})
    assert store.supports_ttl
    store.put(("a",), "default", {})
    store.put(("a",), "given", {}, ttl=1)
    store.put(("a",), "ever", {}, ttl=None)
    store.batch([PutOp(("a",), "op", {})])
    clock.now += 100
    assert keys(store.search(("a",), refresh_ttl=False)) == ["default", "ever", "op"]
    store.put(("a",), "default", {})
    clock.now += 100
    assert keys(store.search(("a",), refresh_ttl=False)) == ["default", "ever", "op"]
    store.put(("a",), "ever", {}, ttl=1)
    clock.now += 100
    assert keys(store.search(("a",))) == ["op"]


def test_expired_values_can_be_kept_until_they_are_swept(make: Make, clock: Clock) -> None:
    """285"""
    store = make(ttl={"omit_expired": False, "refresh_on_read": False})
    store.put(("a",), "k", {}, ttl=1)
    clock.now += 1_000
    assert store.get(("a",), "k") is not None
    assert keys(store.search(("a",))) == ["k"]
    assert store.list_namespaces() == [("a",)]
    assert store.sweep_ttl() == 1
    assert store.get(("a",), "k") is None


@pytest.mark.parametrize("ttl", [0, -1, math.nan, "1", True])
def test_a_time_that_is_none_is_refused(make: Make, ttl: Any) -> None:
    """285"""
    store = make()
    with pytest.raises((ValueError, TypeError), match="minutes"):
        store.put(("a",), "k", {}, ttl=ttl)
    for name in ("default_ttl", "sweep_interval_minutes"):
        with pytest.raises((ValueError, TypeError), match=f"{name}=.*minutes"):
            make(ttl={name: ttl})
    with pytest.raises((ValueError, TypeError), match="minutes"):
        store.start_ttl_sweeper(ttl)
    assert store.search(()) == []


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


# -- 286, 287: pages and lists --------------------------------------------------------------


def test_pages_of_a_search(store: KeptStore) -> None:
    """286"""
    store.batch([PutOp(("a", str(n % 3)), str(n), {"n": n}) for n in range(250)])

    def all_of(size: int, **choice: Any) -> list[str]:
        found: list[str] = []
        while page := store.search(("a",), limit=size, offset=len(found), **choice):
            assert len(page) <= size
            found += keys(page)
        return found

    everything = [str(n) for r in range(3) for n in range(r, 250, 3)]
    assert all_of(250) == all_of(7) == all_of(101) == everything
    assert all_of(10, filter={"n": {"$gte": 100}}) == [k for k in everything if int(k) >= 100]
    assert len(store.search(("a",))) == 10
    assert store.search(("a",), limit=0) == store.search(("a",), offset=250) == []
    assert len(store.search(("a",), limit=10**30, offset=249)) == 1
    assert store.search(("a",), limit=10**30, offset=10**30, filter={"n": 1}) == []


def test_a_value_that_is_replaced_keeps_its_place(store: KeptStore) -> None:
    """286"""
    for namespace, key in (("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")):
        store.put((namespace,), key, {})
    store.put(("b",), "1", {"new": True})
    assert keys(store.search(())) == ["1", "3", "2", "4"]
    store.delete(("b",), "1")
    store.put(("b",), "1", {})
    assert keys(store.search(())) == ["3", "1", "2", "4"]


@pytest.mark.parametrize("wrong", [-1, 1.5, None, "2", True, -(10**30)])
def test_what_is_no_page_is_refused(store: KeptStore, wrong: Any) -> None:
    """286"""
    store.put(("a",), "k", {})
    for choice in ({"limit": wrong}, {"offset": wrong}):
        with pytest.raises(ValueError, match="0 or more"):
            store.search((), **choice)
        with pytest.raises(ValueError, match="0 or more"):
            store.list_namespaces(**choice)
        with pytest.raises(ValueError, match="0 or more"):
            asyncio.run(store.asearch((), **choice))


NAMESPACES = [
    ("z",), ("a", "b", "c"), ("a", "b", "d", "e"), ("a", "b", "d", "f"), ("a", "x"),
    ("users", "1", "p"), ("users", "2", "p"), ("users", "2", "q"), ("u1",), ("u10",),
]  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "found"),
    [({}, sorted(NAMESPACES)),
     ({"max_depth": 1}, [("a",), ("u1",), ("u10",), ("users",), ("z",)]),
     ({"prefix": ("a",), "max_depth": 3}, [("a", "b", "c"), ("a", "b", "d"), ("a", "x")]),
     ({"prefix": ("u1",)}, [("u1",)]),
     ({"prefix": ("a", "*", "d")}, [("a", "b", "d", "e"), ("a", "b", "d", "f")]),
     ({"prefix": ("*", "2")}, [("users", "2", "p"), ("users", "2", "q")]),
     ({"suffix": ("p",)}, [("users", "1", "p"), ("users", "2", "p")]),
     ({"suffix": ("d", "*")}, [("a", "b", "d", "e"), ("a", "b", "d", "f")]),
     ({"prefix": ("users",), "suffix": ("2", "*")}, [("users", "2", "p"), ("users", "2", "q")]),
     ({"prefix": ("users", "2", "p"), "suffix": ("2", "p")}, [("users", "2", "p")]),
     ({"prefix": ("a",), "suffix": ("e",), "max_depth": 2}, [("a", "b")]),
     ({"prefix": ()}, sorted(NAMESPACES)),
     ({"prefix": ("no",)}, []), ({"suffix": ("a", "b", "d", "e", "e")}, []),
     ({"limit": 3, "offset": 2}, sorted(NAMESPACES)[2:5]), ({"limit": 0}, []),
     ({"max_depth": 1, "limit": 2, "offset": 1}, [("u1",), ("u10",)]), ({"offset": 99}, [])],
    ids=str,
)  # fmt: skip
def test_lists_of_namespaces(store: KeptStore, choice: Any, found: Any) -> None:
    """287"""
    store.batch([PutOp(namespace, "k", {}) for namespace in NAMESPACES])
    assert store.list_namespaces(**choice) == found
    assert asyncio.run(store.alist_namespaces(**choice)) == found


def test_several_conditions_and_wrong_ones(store: KeptStore) -> None:
    """287"""
    store.batch([PutOp(namespace, "k", {}) for namespace in NAMESPACES])
    both = (MatchCondition("prefix", ("a",)), MatchCondition("prefix", ("*", "x")))
    assert store.batch([ListNamespacesOp(both)]) == [[("a", "x")]]
    with pytest.raises(ValueError, match="Unsupported match type: 'infix'"):
        store.batch([ListNamespacesOp((MatchCondition("infix", ("a",)),))])  # type: ignore[arg-type]
    for depth in (0, -1, 1.5, "1"):
        with pytest.raises(ValueError, match="1 or more"):
            store.list_namespaces(max_depth=depth)  # type: ignore[arg-type]


def test_only_namespaces_that_hold_something_are_listed(store: KeptStore) -> None:
    """287"""
    store.put(("a",), "k", {})
    store.put(("a", "b"), "k", {})
    store.delete(("a",), "k")
    assert store.list_namespaces() == [("a", "b")]


# -- 289: vectors ---------------------------------------------------------------------------

Vector = list[float]


def embed(texts: list[str]) -> list[Vector]:
    return [[float(len(text)), float(text.count("a")), 1.0] for text in texts]


async def aembed(texts: list[str]) -> list[Vector]:
    await asyncio.sleep(0)
    return embed(texts)


class Documents:
    """As LangChain's Embeddings, with queries that look another way."""

    def embed_documents(self, texts: list[str]) -> list[Vector]:
        return embed(texts)

    def embed_query(self, text: str) -> Vector:
        return embed([text.removeprefix("query: ")])[0]


class AwaitedObject:
    async def __call__(self, texts: list[str]) -> list[Vector]:
        return embed(texts)


def filled(store: KeptStore) -> KeptStore:
    store.put(("d",), "0", {"text": "none", "n": 0}, index=False)
    store.put(("d",), "1", {"text": "banana", "n": 1})
    store.put(("d",), "2", {"text": "cherry", "n": 2})
    store.put(("d",), "3", {"text": "aaaa", "n": 3}, index=False)
    store.put(("d",), "4", {"text": "zzzz", "other": "aaaaaaaa", "n": 4}, index=["other"])
    store.put(("d", "e"), "5", {"text": "banana", "n": 1})
    store.put(("d",), "6", {"text": "b", "other": "aaaaaaa"}, index=["text", "other"])
    return store


def scores(items: list[SearchItem]) -> list[tuple[str, float | None]]:
    return [(item.key, None if item.score is None else round(item.score, 4)) for item in items]


# in one namespace LangGraph's InMemoryStore gives the same, to the last digit shown
RANKED = [("6", 0.9972), ("4", 0.9962), ("1", 0.7776), ("5", 0.7776), ("2", 0.7025)]


@pytest.mark.parametrize("how", [embed, aembed, Documents(), AwaitedObject()])
def test_the_nearest_come_first(make: Make, how: Any) -> None:
    """289"""
    store = filled(make(index={"dims": 3, "embed": how}))

    assert scores(store.search(("d",), query="aaaa")) == [*RANKED, ("0", None), ("3", None)]
    assert scores(store.search(("d",), query="aaaa", limit=2, offset=1)) == RANKED[1:3]
    assert scores(store.search(("d",), query="aaaa", limit=2, offset=4)) == [RANKED[4], ("0", None)]
    assert scores(store.search(("d",), query="aaaa", filter={"n": {"$gt": 1}})) == [
        ("4", 0.9962), ("2", 0.7025), ("3", None)
    ]  # fmt: skip
    assert scores(store.search(("d", "e"), query="aaaa")) == [("5", 0.7776)]
    assert store.search(("x",), query="aaaa") == []


@pytest.mark.parametrize("how", [embed, aembed, Documents(), AwaitedObject()])
async def test_the_async_forms_embed_too(make: Make, how: Any) -> None:
    """289"""
    store = make(index={"dims": 3, "embed": how})
    await store.aput(("d",), "1", {"t": "a"})
    await store.aput(("d",), "2", {"t": "aaaaaaaaa"})
    assert keys(await store.asearch(("d",), query="aaaaaaaaaaaa")) == ["2", "1"]
    assert keys(store.search(("d",), query="aaaaaaaaaaaa")) == ["2", "1"]
    store.put(("d",), "3", {"t": "b"})
    assert len(await store.asearch(("d",), query="b")) == 3


def test_embeddings_of_langchain(make: Make) -> None:
    """289"""
    store = make(index={"dims": 16, "embed": DeterministicFakeEmbedding(size=16), "fields": ["t"]})
    for key in ("one", "two", "three"):
        store.put(("d",), key, {"t": key})
    first, *_ = store.search(("d",), query="two")
    assert first.key == "two"
    assert first.score == pytest.approx(1.0)
    assert asyncio.run(store.asearch(("d",), query="three"))[0].key == "three"


def test_without_an_index_a_query_changes_nothing(store: KeptStore) -> None:
    """289"""
    store = filled(store)
    assert scores(store.search(("d",), query="aaaa", limit=2)) == [("0", None), ("1", None)]
    with pytest.raises(TypeError, match="no text"):
        store.search((), query=3)  # type: ignore[arg-type]


def test_an_empty_query_is_none(make: Make) -> None:
    """289"""
    store = filled(make(index={"dims": 3, "embed": embed}))
    assert [item.score for item in store.search((), query="")] == [None] * 7


def test_vectors_follow_their_value(make: Make) -> None:
    """289: LangGraph keeps the old vector of a value that is replaced without one."""
    store = make(index={"dims": 3, "embed": embed, "fields": ["t"]})
    store.put(("d",), "k", {"t": "a"})
    store.put(("d",), "k", {"t": "b"}, index=False)
    assert scores(store.search((), query="a")) == [("k", None)]
    store.put(("d",), "k", {"t": "a"})
    store.delete(("d",), "k")
    store.put(("d",), "k", {"t": "a"}, index=False)
    assert scores(store.search((), query="a")) == [("k", None)]


def test_texts_are_embedded_once_a_batch(make: Make) -> None:
    """289"""
    asked: list[list[str]] = []

    def noted(texts: list[str]) -> list[Vector]:
        asked.append(texts)
        return embed(texts)

    store = make(index={"dims": 3, "embed": noted, "fields": ["t"]})
    store.batch(
        [PutOp(("d",), "1", {"t": "old"}), PutOp(("d",), "1", {"t": "x"}), SearchOp((), query="q"),
         PutOp(("d",), "2", {"t": "x"}), PutOp(("d",), "3", {"t": None}), SearchOp((), query="q")]
    )  # fmt: skip
    assert asked == [["x"], ["q"]]
    assert scores(store.search((), query="x")) == [("1", 1.0), ("2", 1.0), ("3", None)]


def test_several_texts_of_one_value_count_by_the_nearest(make: Make) -> None:
    """289"""
    store = make(index={"dims": 3, "embed": embed, "fields": ["parts[*].t"]})
    store.put(("d",), "1", {"parts": [{"t": "zzz"}, {"t": "aaaa"}]})
    store.put(("d",), "2", {"parts": [{"t": "zaaa"}]})
    found = store.search((), query="aaaa")
    assert keys(found) == ["1", "2"]
    assert found[0].score == pytest.approx(1.0)


def test_all_of_a_value_is_embedded_when_no_fields_are_named(make: Make) -> None:
    """289"""
    seen: list[str] = []

    def noted(texts: list[str]) -> list[Vector]:
        seen.extend(texts)
        return embed(texts)

    make(index={"dims": 3, "embed": noted}).put(("d",), "k", {"b": "é", "a": (1, DAY)})
    assert seen == ['{"a": [1, "2026-01-02 03:00:00+00:00"], "b": "é"}']


def test_zero_and_opposite_vectors(make: Make) -> None:
    """289"""
    vectors = {"zero": [0.0, 0.0], "left": [-2.0, 0.0], "right": [1e-30, 0.0], "up": [0.0, 9.0]}
    store = make(index={"dims": 2, "embed": lambda ts: [vectors[t] for t in ts], "fields": ["t"]})
    for key in vectors:
        store.put(("d",), key, {"t": key})
    assert scores(store.search((), query="right")) == [
        ("right", 1.0), ("zero", 0.0), ("up", 0.0), ("left", -1.0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "said"),
    [([[1.0, 2.0]], "2 numbers.*dims=3"), ([], "0 vectors for 1 texts"),
     ([[1.0, math.nan, 0.0]], "not finite"), ([[math.inf, 0.0, 0.0]], "not finite")],
)  # fmt: skip
def test_vectors_that_cannot_be_compared_are_refused(make: Make, made: Any, said: str) -> None:
    """289"""
    store = make(index={"dims": 3, "embed": lambda texts: made})
    with pytest.raises(ValueError, match=said):
        store.put(("d",), "k", {"t": "a"})
    assert store.search(()) == []


def test_what_embeds_nothing_is_refused(make: Make) -> None:
    """289"""
    for wrong in ("openai:text-embedding-3-small", 3, None):
        with pytest.raises(TypeError, match="makes no vectors"):
            make(index={"dims": 3, "embed": wrong})
    with pytest.raises(ValueError, match="no 'embed'"):
        make(index={"dims": 3})
    store = make(index={"dims": 3, "embed": embed})
    for index in (True, "text", [1]):
        with pytest.raises(TypeError, match="list of paths"):
            store.put(("d",), "k", {}, index=index)  # type: ignore[arg-type]
    assert store.search(()) == []


def test_an_embedding_that_fails_stores_nothing(make: Make) -> None:
    """289"""

    def broken(texts: list[str]) -> list[Vector]:
        raise ConnectionError("no network")

    store = make(index={"dims": 3, "embed": broken, "fields": ["t"]})
    with pytest.raises(ConnectionError, match="no network"):
        store.put(("d",), "k", {"t": "a"})
    store.put(("d",), "k", {"t": "a"}, index=False)
    assert keys(store.search(())) == ["k"]


async def test_an_async_function_embeds_in_a_sync_call_within_a_loop(make: Make) -> None:
    """289"""
    store = make(index={"dims": 3, "embed": aembed})
    store.put(("d",), "k", {"t": "a"})
    assert keys(store.search((), query="a")) == ["k"]


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


async def test_a_request_that_fails_fails_alone(make: Make) -> None:
    """290"""

    def picky(texts: list[str]) -> list[Vector]:
        if "bad" in texts:
            raise ConnectionError("no network")
        return embed(texts)

    store = make(index={"dims": 3, "embed": picky, "fields": ["t"]})
    answers = await asyncio.gather(
        store.aput(("a",), "1", {"t": "good"}), store.aput(("a",), "2", {"t": "bad"}),
        store.aput(("a",), "3", {"t": threading.Lock()}), store.aput((), "4", {}),
        store.asearch(("a",), query="bad"), store.aget(("a",), "1"),
        return_exceptions=True,
    )  # fmt: skip

    assert [type(answer) for answer in answers[:5]] == [
        type(None), ConnectionError, NotSerializableError, InvalidNamespaceError, ConnectionError
    ]  # fmt: skip
    assert keys(await store.asearch(("a",))) == ["1"]


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


def test_one_store_serves_loop_after_loop_and_loops_at_once(make: Make) -> None:
    """290"""
    store = make()

    async def use(number: int) -> list[Any]:
        await store.aput(("a",), str(number), {"n": number})
        return [value_of(item) for item in await asyncio.gather(
            *(store.aget(("a",), str(number)) for _ in range(10))
        )]  # fmt: skip

    def run(number: int) -> None:
        assert asyncio.run(use(number)) == [{"n": number}] * 10

    run(0)
    run(1)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.search(("a",))) == 6
