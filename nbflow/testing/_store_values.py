"""What a store does with values, keys and namespaces: numbers 277 to 292."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from nbflow.errors import InvalidNameError, NbflowError, NotSerializableError
from nbflow.store.base import (
    GetOp,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchOp,
)
from nbflow.testing._stores import Clock, Make, MakesStores, keys, value_of

__all__ = ["KeepsValues"]

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


def check_batch(store: Any, answers: list[Result]) -> None:
    assert [type(answer) for answer in answers] == [
        Item, type(None), Item, list, type(None), list, type(None), type(None), type(None)
    ]  # fmt: skip
    assert value_of(answers[0]) == value_of(answers[2]) == {"n": 0}
    assert answers[5] == [("a",)]
    assert value_of(store.get(("a",), "k")) == {"n": 2}
    assert store.list_namespaces() == [("a",), ("b",)]


class KeepsValues(MakesStores):
    """Values come back as they were put, or nothing is stored."""

    def test_put_get_delete(self, store: Any) -> None:
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

    def test_the_async_forms_do_the_same(self, store: Any) -> None:
        """277"""

        async def ask() -> None:
            await store.aput(("a",), "k", {"n": 1})
            await store.aput(("a",), "l", {"n": 2})

            assert value_of(await store.aget(("a",), "k")) == {"n": 1}
            assert keys(await store.asearch(("a",), filter={"n": 2})) == ["l"]
            assert await store.alist_namespaces(prefix=("a",)) == [("a",)]
            await store.adelete(("a",), "k")
            assert await store.aget(("a",), "k") is None

        asyncio.run(ask())

    def test_a_batch_answers_in_order_and_reads_what_was_there_before(self, store: Any) -> None:
        """277"""
        store.put(("a",), "k", {"n": 0})
        check_batch(store, store.batch(iter(BATCH)))

    def test_an_async_batch_does_the_same(self, store: Any) -> None:
        """277"""

        async def ask() -> None:
            store.put(("a",), "k", {"n": 0})
            check_batch(store, await store.abatch(iter(BATCH)))

        asyncio.run(ask())

    def test_a_batch_stores_all_or_nothing(self, store: Any) -> None:
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
            store.batch(["put"])
        assert store.batch([]) == []

    @pytest.mark.parametrize(
        "namespace",
        [(), ("",), ("a", ""), ("a.b",), ("a", "."), ("a", 1), (None,), ["a"], "a", None,
         ("langgraph",), ("langgraph", "a"), ("a\0b",), ("\ud800",)],
    )  # fmt: skip
    def test_what_is_no_namespace_holds_no_value(self, store: Any, namespace: Any) -> None:
        """278"""
        with pytest.raises(InvalidNamespaceError):
            store.put(namespace, "k", {"n": 1})
        with pytest.raises(InvalidNamespaceError):
            store.batch([PutOp(namespace, "k", {"n": 1})])
        with pytest.raises(InvalidNamespaceError):
            asyncio.run(store.aput(namespace, "k", {"n": 1}))
        assert store.search(()) == []

    @pytest.mark.parametrize("namespace", [("",), ("a.b",), ("a", 1), ("a\0b",), "a", None, {"a"}])
    def test_what_is_no_label_is_refused_in_reading_too(self, store: Any, namespace: Any) -> None:
        """278"""
        reads: tuple[Callable[[], Any], ...] = (
            lambda: store.get(namespace, "k"),
            lambda: store.delete(namespace, "k"),
            lambda: store.search(namespace),
        )
        for read in reads:
            with pytest.raises(InvalidNamespaceError):
                read()
        if namespace is not None:
            with pytest.raises(InvalidNamespaceError):
                store.list_namespaces(prefix=namespace)
            with pytest.raises(InvalidNamespaceError):
                store.list_namespaces(suffix=namespace)

    def test_nothing_is_found_where_nothing_can_be(self, store: Any) -> None:
        """278"""
        for namespace in ((), ("langgraph",)):
            assert store.get(namespace, "k") is None
            store.delete(namespace, "k")
        assert store.search(("langgraph",)) == []

    def test_a_key_is_a_text(self, store: Any) -> None:
        """278"""
        for key in ("", "a.b", "x\0y", "k" * 10_000, "' OR 1=1 --", "%", "🦉"):
            try:
                store.put(("a",), key, {"is": key})
            except InvalidNameError:
                assert "\0" in key
                assert store.get(("a",), key) is None
            else:
                assert value_of(store.get(("a",), key)) == {"is": key}
        wrong: list[Any] = [None, 1, b"k"]
        for one in wrong:
            with pytest.raises(TypeError, match="no name"):
                store.put(("a",), one, {})
        with pytest.raises(InvalidNameError, match="lone surrogate"):
            store.put(("a",), "\ud800", {})

    def test_a_search_keeps_to_the_borders_of_labels(self, store: Any) -> None:
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
        assert [item.namespace for item in store.search(["u1", "x"])] == found("u1", "x")

    @pytest.mark.parametrize(
        "sign", ["%", "_", "*", "?", "[a]", "'", '"', "\\", "--", ";", "é", "🦉"]
    )
    def test_signs_stand_for_themselves(self, store: Any, sign: str) -> None:
        """279"""
        store.put(("ab",), "k", {})
        store.put((f"a{sign}",), sign, {sign: sign})

        assert [item.namespace for item in store.search((f"a{sign}",))] == [(f"a{sign}",)]
        assert store.search((sign,)) == []
        assert store.list_namespaces(prefix=(f"a{sign}",)) == [(f"a{sign}",)]
        assert value_of(store.get((f"a{sign}",), sign)) == {sign: sign}

    def test_values_are_copied_in_and_out(self, store: Any) -> None:
        """282"""
        value: dict[str, Any] = {"list": [1]}
        store.put(("a",), "k", value)
        value["list"].append(2)
        value_of(store.get(("a",), "k"))["list"].append(3)
        store.search(("a",))[0].value["list"].append(4)

        assert value_of(store.get(("a",), "k")) == {"list": [1]}

    def test_the_async_put_copies_before_anything_waits(self, store: Any) -> None:
        """282"""

        async def ask() -> None:
            value: dict[str, Any] = {"list": [1]}
            putting = asyncio.ensure_future(store.aput(("a",), "k", value))
            await asyncio.sleep(0)
            value["list"].append(2)
            await putting
            first, second = await asyncio.gather(store.aget(("a",), "k"), store.aget(("a",), "k"))
            value_of(first)["list"].append(3)

            assert value_of(second) == value_of(store.get(("a",), "k")) == {"list": [1]}

        asyncio.run(ask())

    def test_values_keep_their_types(self, store: Any) -> None:
        """283"""
        value: dict[Any, Any] = {
            "tuple": (1, (2,)), "set": {1}, "big": 2**70, "bytes": b"\0", "inf": -math.inf,
                "day": dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC),
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

    def test_what_cannot_be_stored_is_named(self, store: Any) -> None:
        """283"""
        store.put(("a",), "k", {"n": 1})
        with pytest.raises(NotSerializableError) as caught:
            store.put(("a",), "k", {"rows": [threading.Lock()]})
        assert "rows" in caught.value.path
        assert value_of(store.get(("a",), "k")) == {"n": 1}

    def test_none_deletes(self, store: Any) -> None:
        """284"""
        store.put(("a",), "k", {"n": 1})
        store.put(("a",), "k", None)
        store.put(("a",), "never", None)
        assert store.search(()) == []
        assert store.list_namespaces() == []

    def test_text_of_all_scripts_comes_back(self, store: Any) -> None:
        """288"""
        value = {"größe": "日本語", "🦉": ["Ωμέγα", "مرحبا", "e\u0301", "é", "\0"]}
        store.put(("用户", "ada🦉"), "clé", value)

        assert value_of(store.get(("用户", "ada🦉"), "clé")) == value
        assert store.list_namespaces(prefix=("用户",)) == [("用户", "ada🦉")]
        assert keys(store.search(("用户",), filter={"größe": "日本語"})) == ["clé"]

    def test_times_of_an_item(self, store: Any, clock: Clock) -> None:
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

    @pytest.mark.parametrize("value", [[1], "text", 1, {1}, object(), [("a", 1)]])
    def test_a_value_is_a_dict(self, store: Any, value: Any) -> None:
        """292"""
        with pytest.raises(TypeError, match=f"'k' was given {type(value).__name__}.*Wrap it"):
            store.put(("a",), "k", value)
        assert store.search(()) == []

    def test_any_mapping_is_as_good_as_a_dict(self, store: Any) -> None:
        """292"""
        store.put(("a",), "k", MappingProxyType({"n": 1}))
        assert value_of(store.get(("a",), "k")) == {"n": 1}

    def test_one_store_serves_loop_after_loop_and_loops_at_once(self, make: Make) -> None:
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
