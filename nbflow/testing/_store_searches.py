"""How a store finds values and lists namespaces: numbers 280 to 287."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import math
from typing import Any

import pytest

from nbflow.store.base import (
    ListNamespacesOp,
    MatchCondition,
    PutOp,
)
from nbflow.testing._stores import MakesStores, keys

__all__ = ["FindsValues"]

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

NAMESPACES = [
    ("z",), ("a", "b", "c"), ("a", "b", "d", "e"), ("a", "b", "d", "f"), ("a", "x"),
    ("users", "1", "p"), ("users", "2", "p"), ("users", "2", "q"), ("u1",), ("u10",),
]  # fmt: skip


class FindsValues(MakesStores):
    """Values and namespaces are found by what they are, in order, page by page."""

    @pytest.mark.parametrize("filter", FITTING, ids=str)
    def test_filters_that_fit(self, store: Any, filter: dict[str, Any]) -> None:
        """280"""
        store.put(("a",), "k", VALUE)
        assert keys(store.search((), filter=filter)) == ["k"]

    @pytest.mark.parametrize("filter", NOT_FITTING, ids=str)
    def test_filters_that_do_not_fit(self, store: Any, filter: dict[str, Any]) -> None:
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
    def test_filters_that_mean_nothing(self, store: Any, filter: dict[str, Any]) -> None:
        """280: refused even where nothing is stored."""
        with pytest.raises(ValueError, match=r"Unsupported operator|Invalid filter key"):
            store.search((), filter=filter)
        with pytest.raises(ValueError, match=r"Unsupported operator|Invalid filter key"):
            asyncio.run(store.asearch((), filter=filter))

    def test_a_filter_is_a_dict(self, store: Any) -> None:
        """280"""
        with pytest.raises(TypeError, match="not list"):
            store.search((), filter=["n"])

    @pytest.mark.parametrize(
        "value", ["' OR '1'='1", "%", '"; DROP TABLE store_item; --', "\0", "🦉"]
    )
    def test_a_filter_value_is_only_a_value(self, store: Any, value: str) -> None:
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
        self, store: Any, filter: dict[str, Any], fits: bool
    ) -> None:
        """281"""
        store.put(("a",), "k", VALUE)
        assert bool(store.search((), filter=filter)) is fits

    def test_arrays_can_be_filtered(self, store: Any) -> None:
        """281"""
        np = pytest.importorskip("numpy")
        store.put(("a",), "k", {"x": np.array([1.0, 2.0]), "n": np.int64(4)})

        assert keys(store.search((), filter={"x": np.array([1.0, 2.0])})) == ["k"]
        assert store.search((), filter={"x": np.array([1.0, 3.0])}) == []
        assert keys(store.search((), filter={"n": 4})) == ["k"]
        assert keys(store.search((), filter={"n": {"$gt": 3.5}})) == ["k"]

    def test_pages_of_a_search(self, store: Any) -> None:
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

    def test_a_value_that_is_replaced_keeps_its_place(self, store: Any) -> None:
        """286"""
        for namespace, key in (("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")):
            store.put((namespace,), key, {})
        store.put(("b",), "1", {"new": True})
        assert keys(store.search(())) == ["1", "3", "2", "4"]
        store.delete(("b",), "1")
        store.put(("b",), "1", {})
        assert keys(store.search(())) == ["3", "1", "2", "4"]

    @pytest.mark.parametrize("wrong", [-1, 1.5, None, "2", True, -(10**30)])
    def test_what_is_no_page_is_refused(self, store: Any, wrong: Any) -> None:
        """286"""
        store.put(("a",), "k", {})
        for choice in ({"limit": wrong}, {"offset": wrong}):
            with pytest.raises(ValueError, match="0 or more"):
                store.search((), **choice)
            with pytest.raises(ValueError, match="0 or more"):
                store.list_namespaces(**choice)
            with pytest.raises(ValueError, match="0 or more"):
                asyncio.run(store.asearch((), **choice))

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
    def test_lists_of_namespaces(self, store: Any, choice: Any, found: Any) -> None:
        """287"""
        store.batch([PutOp(namespace, "k", {}) for namespace in NAMESPACES])
        assert store.list_namespaces(**choice) == found
        assert asyncio.run(store.alist_namespaces(**choice)) == found

    def test_several_conditions_and_wrong_ones(self, store: Any) -> None:
        """287"""
        store.batch([PutOp(namespace, "k", {}) for namespace in NAMESPACES])
        wrong_type: Any = "infix"
        both = (MatchCondition("prefix", ("a",)), MatchCondition("prefix", ("*", "x")))
        assert store.batch([ListNamespacesOp(both)]) == [[("a", "x")]]
        with pytest.raises(ValueError, match="Unsupported match type: 'infix'"):
            store.batch([ListNamespacesOp((MatchCondition(wrong_type, ("a",)),))])
        for depth in (0, -1, 1.5, "1"):
            with pytest.raises(ValueError, match="1 or more"):
                store.list_namespaces(max_depth=depth)

    def test_only_namespaces_that_hold_something_are_listed(self, store: Any) -> None:
        """287"""
        store.put(("a",), "k", {})
        store.put(("a", "b"), "k", {})
        store.delete(("a",), "k")
        assert store.list_namespaces() == [("a", "b")]
