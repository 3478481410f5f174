"""Any value as bounded, readable text."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nbflow.forms import preview


class Pair(NamedTuple):
    a: int
    b: str


@dataclasses.dataclass
class Data:
    a: int
    b: str


class Model(BaseModel):
    a: int
    b: str


def test_text_is_shown_as_it_is() -> None:
    assert preview("a\nb") == {"text": "a\nb", "kind": "text", "cut": 0}
    assert preview("abcdef", limit=4) == {"text": "abcd", "kind": "text", "cut": 2}


@pytest.mark.parametrize("value", [None, True, 0, 2**70, -1.5, [], {}, [1, {"a": None}]])
def test_json_is_shown_as_json(value: Any) -> None:
    shown = preview(value)

    assert (json.loads(shown["text"]), shown["kind"], shown["cut"]) == (value, "json", 0)


@pytest.mark.parametrize("value", [Pair(1, "x"), Data(1, "x"), Model(a=1, b="x")])
def test_records_are_shown_by_their_fields(value: Any) -> None:
    assert json.loads(preview(value)["text"]) == {"a": 1, "b": "x"}


def test_other_objects_are_shown_by_their_repr() -> None:
    assert preview(range(3)) == {"text": "range(0, 3)", "kind": "repr", "cut": 0}
    assert preview(np.arange(3)) == {"text": "array([0, 1, 2])", "kind": "repr", "cut": 0}
    assert preview(np.float64(1.5)) == {"text": "1.5", "kind": "json", "cut": 0}
    assert preview(b"ab") == {"text": "b'ab'", "kind": "repr", "cut": 0}


class Counted(list[int]):
    """A list that counts how many of its items were looked at."""

    seen = 0

    def __iter__(self) -> Iterator[int]:
        for item in super().__iter__():
            self.seen += 1
            yield item


def test_the_work_is_bounded_by_the_limit() -> None:
    value = Counted(range(1_000_000))

    shown = preview(value, limit=200)

    assert len(shown["text"]) <= 200
    assert value.seen < 200
    assert 1_000_000 < shown["cut"] < 20_000_000


def test_large_bytes_are_not_written_out() -> None:
    shown = preview(b"x" * 50_000_000, limit=100)

    assert len(shown["text"]) <= 100
    assert shown["cut"] > 49_000_000


class NoRepr:
    def __repr__(self) -> str:
        raise ValueError("no")


class NoClass:
    @property  # type: ignore[misc]  # a lie about one's class is the point
    def __class__(self) -> Any:
        raise ValueError("no")


class NoItems(dict[str, int]):
    def items(self) -> Any:
        raise ValueError("no")


class LongRepr:
    def __repr__(self) -> str:
        return "y" * 1_000_000


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        NoRepr(),
        [NoRepr()],
        NoItems(a=1),
        LongRepr(),
        {LongRepr(): 1},
        _deep(100_000),
        10**100_000,
        "\ud800",
        {"\ud800": "\udfff"},
        type,
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_makes_it_raise(value: Any) -> None:
    shown = preview(value, limit=500)

    assert len(shown["text"]) <= 500
    shown["text"].encode("utf-8")


def test_an_object_that_hides_its_class_is_shown_by_its_repr() -> None:
    assert "NoClass" in preview(NoClass())["text"]
    assert "NoClass" in preview([NoClass()])["text"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(_VALUES, st.integers(min_value=1, max_value=300))
def test_the_limit_holds(value: Any, limit: int) -> None:
    shown = preview(value, limit=limit)

    assert len(shown["text"]) <= limit
    json.dumps(shown, allow_nan=False).encode()
