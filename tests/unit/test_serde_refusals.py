"""What cannot be stored is refused, with the path to the part."""

from __future__ import annotations

import collections
import datetime as dt
import os
import pathlib
import pickle
import socket
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbflow import serde
from nbflow.errors import NotSerializableError
from nbflow.serde import digest_source, dumps, loads
from tests.unit.serde_values import (
    Hostile,
    Mapping,
    Order,
    Pair,
    Plain,
    Point,
    Text,
)


def test_the_error_names_the_path() -> None:
    """276"""
    lock = threading.Lock()
    for value, path in (
        (lock, "$"),
        ({"rows": [1, 2, 3, {"lock": lock}]}, "$.rows[3].lock"),
        ({"a b": (0, lock)}, "$['a b'][1]"),
        ({1: {(2, 3): lock}}, "$[1][tuple]"),
        ({(lock,): 1}, "$[key tuple][0]"),
        (Point(1, {"x": {2: lock}}), "$.y.x[2]"),
        (Order.model_validate({"id": 1, "more": [lock]}), "$.more[0]"),
        (Pair(1, lock), "$.right"),  # type: ignore[arg-type]
        (collections.deque([1, lock]), "$[1]"),
        (collections.OrderedDict(a=lock), "$.a"),
        (collections.defaultdict(list, a=[lock]), "$.a[0]"),
        ({lock}, "${}"),
        (pd.Series([1, lock], dtype=object), "$[1][1]"),
    ):
        with pytest.raises(NotSerializableError) as error:
            dumps(value)
        assert error.value.path == path
        assert error.value.type_name == "_thread.lock"
        assert str(error.value).startswith(f"{path} (_thread.lock) cannot be stored: ")
        again = pickle.loads(pickle.dumps(error.value))  # noqa: S301
        assert (again.path, str(again)) == (path, str(error.value))


@pytest.mark.parametrize(
    "value",
    [
        lambda: 1, (n for n in "a"), print, os, Plain(), Hostile(), Text("a"), Mapping(), object(),
        ..., type("L", (list,), {})(),
        type("N", (int,), {})(1), memoryview(b"a"), [memoryview(b"a")],
        {Text("a"): 1}, int, Point, collections.defaultdict(lambda: 1),
        collections.UserDict(),
        type("D", (dt.datetime,), {})(2020, 1, 1), np.array([object()]), np.recarray((1,), "i4"),
        np.ma.MaskedArray([1]), pd.Series(pd.period_range("2020", periods=2)), iter([]), {}.keys(),
        type("P", (Point,), {})(1), property(), NotImplemented, threading.Event(),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_is_refused(value: Any) -> None:
    """266, 276: also subclasses, whose own type would be lost; the error says what to do."""
    with pytest.raises(NotSerializableError) as error:
        dumps({"part": [value]})
    assert error.value.path.startswith("$.part[0]") or "['" in error.value.path
    assert str(error.value).endswith(".")


def test_open_files_and_sockets_are_refused(tmp_path: pathlib.Path) -> None:
    """276"""
    with open(tmp_path / "f", "w") as file, socket.socket() as sock:
        for value in (file, sock):
            with pytest.raises(NotSerializableError, match="only"):
                dumps(value)


def test_a_field_without_value_is_refused() -> None:
    """276"""
    point = Point(1)
    del point.x
    with pytest.raises(NotSerializableError, match="'x' has no value"):
        dumps(point)
    with pytest.raises(NotSerializableError, match="'id' has no value"):
        dumps([Order.model_construct()])


def test_cycles_and_depth() -> None:
    """267, fault 30: 150 levels are stored, and more are refused in a moment, with the reason."""
    loop: list[Any] = [1]
    loop.append({"a": (loop,)})
    with pytest.raises(NotSerializableError, match="contains itself") as error:
        dumps(loop)
    assert error.value.path == "$[1].a[0]"
    shared = [1]
    assert loads(dumps([shared, shared])) == [[1], [1]]
    wraps: list[Any] = [
        lambda v: [v], lambda v: (v,), lambda v: {"a": v}, lambda v: {1: v}, lambda v: Point(1, v),
        lambda v: [(v,)],
    ]  # fmt: skip
    for wrap in wraps:
        value: Any = 1
        for _ in range(60):
            value = wrap(value)
        assert loads(dumps(value)) == value
        for depth in (2_000, 100_000):
            value = 1
            for _ in range(depth):
                value = wrap(value)
            with pytest.raises(NotSerializableError, match="nested"):
                dumps(value)
            assert len(digest_source((value,), {})) <= 32
            while isinstance(value, list | tuple | dict | Point):
                inner: Any = value.y if isinstance(value, Point) else value
                value = inner if isinstance(value, Point) else next(iter(_children(inner)))


def _children(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """276: before anything is stored, with the size and the remedy."""
    monkeypatch.setattr(serde, "MAX_BYTES", 1_000)
    for value in (b"a" * 1_001, ["a" * 600, "b" * 600]):
        with pytest.raises(NotSerializableError, match=r"MAX_BYTES is 1,000.*return its path"):
            dumps(value)


def test_an_error_shows_no_walk() -> None:
    """276"""
    with pytest.raises(NotSerializableError) as error:
        dumps([[[threading.Lock()]]])
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert len(error.traceback) <= 4
