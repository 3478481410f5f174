"""How values of a store expire: number 285."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from nbflow.store.base import (
    GetOp,
    PutOp,
)
from nbflow.testing._stores import Clock, Make, MakesStores, keys

__all__ = ["LetsValuesExpire"]


class LetsValuesExpire(MakesStores):
    """A value is there for its time, and that begins anew where it should."""

    def test_what_has_expired_is_gone_at_once(self, make: Make, clock: Clock) -> None:
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

    def test_what_is_stored_anew_after_it_expired_is_new(self, make: Make, clock: Clock) -> None:
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
    def test_reading_starts_the_time_anew(self, make: Make, clock: Clock, read: str) -> None:
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
        self, make: Make, clock: Clock, config: Any, asked: bool | None, is_there: bool
    ) -> None:
        """285"""
        store = make(ttl=config)
        store.put(("a",), "k", {}, ttl=1)
        clock.now += 40
        store.get(("a",), "k", refresh_ttl=asked)
        store.search(("a",), refresh_ttl=asked)
        clock.now += 40
        assert (store.get(("a",), "k") is not None) is is_there

    def test_a_search_renews_only_what_it_gives(self, make: Make, clock: Clock) -> None:
        """285"""
        store = make()
        for key in ("1", "2"):
            store.put(("a",), key, {"n": key}, ttl=1)
        clock.now += 40
        store.search(("a",), filter={"n": "2"})
        clock.now += 40
        assert keys(store.search(("a",))) == ["2"]

    def test_writing_starts_the_time_anew_and_sets_it(self, make: Make, clock: Clock) -> None:
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

    def test_expired_values_can_be_kept_until_they_are_swept(
        self, make: Make, clock: Clock
    ) -> None:
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
    def test_a_time_that_is_none_is_refused(self, make: Make, ttl: Any) -> None:
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
