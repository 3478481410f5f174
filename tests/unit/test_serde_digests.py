"""What stands for the arguments of a call: equal arguments, equal bytes."""

from __future__ import annotations

import collections
import random
import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from nbflow.serde import Opaque, digest_source, loads
from tests.unit.serde_values import (
    Colour,
    Frozen,
    Hostile,
    Order,
    Plain,
    Point,
    Text,
    child,
    hashable,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(hashable, st.sets(hashable, max_size=4), max_size=4))
def test_digests_do_not_depend_on_order(value: Any) -> None:
    def mixed(part: Any) -> Any:
        if isinstance(part, dict):
            items = [(key, mixed(value)) for key, value in part.items()]
            return dict(random.Random(1).sample(items, len(items)))
        if isinstance(part, set):
            filler = {("filler", number) for number in range(1_000)}
            return (filler | part) - filler  # a larger table, so another order
        return part

    assert digest_source((value,), {}) == digest_source((mixed(value),), {})


def test_equal_arguments_equal_bytes() -> None:
    a = digest_source((1, "x"), {"p": {"b": 1, "a": [2]}, "q": {1, 2, 3}})
    assert a == digest_source((1, "x"), {"q": {3, 2, 1}, "p": {"a": [2], "b": 1}})
    assert digest_source(({1: "a", "b": 2},), {}) == digest_source(({"b": 2, 1: "a"},), {})
    assert digest_source((Frozen(key="a", at=1.0),), {}) == digest_source((Frozen(key="a"),), {})
    assert digest_source((Order(id=1, inner=None),), {}) == digest_source((Order(id=1),), {})
    assert digest_source((collections.Counter("ab"),), {}) == digest_source(
        (collections.Counter("ba"),), {}
    )
    frame = pd.DataFrame({"a": [1], "b": ["x"]})
    assert digest_source((frame,), {}) == digest_source((frame.copy(),), {})


def test_different_arguments_different_bytes() -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}), ((None,), {}), (({},), {}), ((), {"a": 1}), (({"a": 1},), {}), ((1,), {}),
        ((True,), {}), ((1.0,), {}), (("1",), {}), ((b"1",), {}), (((1,),), {}), (([1],), {}),
        (({1},), {}), ((1, 2), {}), (([1, 2],), {}), (([2, 1],), {}), ((2, 1), {}),
        ((collections.OrderedDict(a=1, b=2),), {}), ((collections.OrderedDict(b=2, a=1),), {}),
        (("x" * 40,), {}), (("x" * 41,), {}), ((Point(1),), {}), ((Point(2),), {}),
        ((Colour.RED,), {}), ((Colour.BLUE,), {}), ((np.arange(3),), {}), ((np.arange(4),), {}),
        ((np.arange(3.0),), {}), ((ValueError("a"),), {}), ((ValueError("b"),), {}),
    ]  # fmt: skip
    assert len({digest_source(*call) for call in calls}) == len(calls)


def test_what_cannot_be_stored_counts_as_its_type() -> None:
    loop: list[Any] = []
    loop.append(loop)
    parts: list[Any] = [
        threading.Lock(), lambda: 1, Plain(), loop, Text("a"), (n for n in ""), np.array([Plain()]),
    ]  # fmt: skip
    for part in parts:
        first = digest_source((part, {"a": Point(1, part)}, {1: part}), {})
        twin = Plain() if isinstance(part, Plain) else part
        assert first == digest_source((twin, {"a": Point(1, twin)}, {1: twin}), {})
    assert loads(digest_source((threading.Lock(),), {})) == [Opaque("_thread.lock", None), {}] or (
        "_thread.lock" in repr(loads(digest_source((threading.Lock(),), {})))
    )
    assert digest_source((Plain(),), {}) != digest_source((Hostile(),), {})
    deep: Any = 1
    for _ in range(3_000):
        deep = [deep]
    assert digest_source((deep,), {}) == digest_source((deep,), {})


def test_short_sources_are_readable_and_long_ones_are_digests() -> None:
    assert loads(digest_source(("a", 1), {"k": (2,)})) == ["a", 1, {"k": (2,)}]
    long = digest_source(("a" * 100,), {})
    assert (len(long), long[0]) == (17, 0xC1)


def test_digests_are_the_same_in_every_process() -> None:
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "import threading, decimal\nfrom nbflow.serde import digest_source\n"
        "v = {'abc', 'def', 'ghi', ('x', 1), decimal.Decimal('1.5')}\n"
        "d = {k: {k} for k in v}\n"
        "print(digest_source((v, d, frozenset(d)), {'l': threading.Lock(), 'f': print}).hex())"
    )
    assert len({child(code, PYTHONHASHSEED=seed)[0] for seed in ("0", "1", "77", "random")}) == 1
