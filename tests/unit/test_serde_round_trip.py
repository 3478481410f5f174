"""Values come back equal and of the same type."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import math
import os
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from nbflow import serde
from nbflow._codec.kinds import BY_TAG, BY_TYPE
from nbflow.errors import NotSerializableError
from nbflow.serde import Opaque, dumps, loads
from tests.unit.serde_values import (
    BERLIN,
    NOT_BUILT,
    PLAIN,
    Colour,
    Level,
    Numbers,
    Order,
    Pair,
    Point,
    Text,
    Word,
    same,
    values,
)


@pytest.mark.parametrize("value", PLAIN, ids=lambda v: f"{type(v).__name__}-{str(v)[:20]!a}")
def test_comes_back_as_it_was(value: Any) -> None:
    """263, 264, 265, 266, fault 30: alone, in a list, a dict, a tuple and a dataclass."""
    for whole in (value, [value], {"k": value}, {1: (value,)}, Point(0, value)):
        data = dumps(whole)
        assert same(loads(data), whole)
        assert dumps(loads(data)) == data or isinstance(value, set | frozenset)


def test_singletons_stay_what_they_are() -> None:
    """263: and what compares equal to nothing is itself again."""
    assert loads(dumps(Colour.BLUE)) is Colour.BLUE
    assert loads(dumps(dt.UTC)) is dt.UTC
    assert math.isnan(loads(dumps(math.nan)))
    back = loads(dumps(decimal.Decimal("-sNaN7")))
    assert str(back) == "-sNaN7"


def test_a_datetime_keeps_its_fold() -> None:
    """263"""
    back = loads(dumps(dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)))
    assert (back.fold, back.tzinfo) == (1, BERLIN)


def test_models_keep_what_was_given_and_private_state() -> None:
    """263"""
    order = Order.model_validate({"id": 1, "extra": 2})
    order._note = "changed"
    back = loads(dumps(order))
    assert back.model_fields_set == {"id", "extra"}
    assert (back._note, back.model_extra, back.inner) == ("changed", {"extra": 2}, None)
    back.id = 7
    assert back.model_dump() == {"id": 7, "inner": None, "point": None, "extra": 2}


def test_nothing_of_the_user_runs_when_a_value_comes_back() -> None:
    """263, 268: no ``__init__``, no ``__post_init__`` and no validator."""
    point = Point(1)
    point.x = 666
    point.note = "extra attribute"  # type: ignore[attr-defined]
    order = Order.model_construct(id=666, inner=None, point=point)
    back = loads(dumps(order))
    assert (back.id, back.point.x, back.point.note) == (666, 666, "extra attribute")


def test_numbers_that_langgraph_refuses() -> None:
    """264: integers of more than 64 bits, complex numbers, fractions, ranges and slices."""
    numbers = [
        2**64, -(2**63) - 1, 2**70, -(2**4_000), {2**80: 2**81}, 1j, complex(math.inf, -0.0),
        fractions.Fraction(2**70, 3), range(2**70, 0, -3), range(0), slice(None, 2**70),
    ]  # fmt: skip
    for number in numbers:
        assert same(loads(dumps(number)), number)


def test_lone_surrogates() -> None:
    """265: what ``os.fsdecode`` makes of odd file names is kept; no ``?`` is put in its place."""
    for text in ("\ud800", "a\udfffb", os.fsdecode(b"caf\xe9.txt"), "\udc80" * 300):
        for value in (text, [text], {text: text}, {1: (text,)}, Point(1, text)):
            assert same(loads(dumps(value)), value)
        assert serde.digest_source((text,), {}) != serde.digest_source(("?",), {})


def test_kinds_of_collections_are_kept() -> None:
    """266: what equals a list or a dict is not taken for one."""
    for value in (
        (1,), collections.OrderedDict(a=1), collections.Counter("a"), Pair(1, "b"), Level.LOW,
        collections.defaultdict(int, a=1), collections.deque([1]), frozenset({1}), Word.YES,
        Numbers([1]), bytearray(b"a"), np.float64(1.5),
    ):  # fmt: skip
        assert type(loads(dumps(value))) is type(value)
        assert type(loads(dumps({"a": [value]}))["a"][0]) is type(value)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Pydantic 1 does not work on Python 3.14")
def test_models_of_pydantic_1() -> None:
    """263: those of ``pydantic.v1``, with what was given, private state and further fields."""
    from pydantic import v1

    class Part(v1.BaseModel):
        tags: set[str] = set()

    class Whole(v1.BaseModel):
        class Config:
            extra = "allow"

        id: int
        part: Part | None = None
        _note: str = v1.PrivateAttr(default="private")

        @v1.validator("id")
        def positive(cls, value: int) -> int:  # noqa: N805
            if value == NOT_BUILT:
                raise AssertionError("validated")
            return value

    class Many(v1.BaseModel):
        __root__: list[int]

    Whole.update_forward_refs(Part=Part)
    whole = Whole.parse_obj({"id": 1, "part": Part(tags={"a"}), "more": [1]})
    whole._note = "changed"
    back = loads(dumps([whole]))[0]
    assert (back, back._note, back.__fields_set__) == (whole, "changed", {"id", "part", "more"})
    assert back.dict() == {"id": 1, "part": {"tags": {"a"}}, "more": [1]}
    assert loads(dumps(Whole.construct(id=NOT_BUILT, part=None))).id == NOT_BUILT
    assert loads(dumps(Many(__root__=[1]))) == Many(__root__=[1])
    assert serde.digest_source((Whole(id=1),), {}) == serde.digest_source(
        (Whole(id=1, part=None),), {}
    )
    with pytest.raises(NotSerializableError, match="field 'id' has no value"):
        dumps(Whole.construct())
    with pytest.raises(NotSerializableError) as error:
        dumps({"a": Whole.parse_obj({"id": 1, "more": [threading.Lock()]})})
    assert error.value.path == "$.a.more[0]"


@settings(max_examples=400, deadline=None)
@given(values)
def test_anything_comes_back_as_it_was(value: Any) -> None:
    """263, 264, 265, 266"""
    assert same(loads(dumps(value)), value)


def test_decoded() -> None:
    """263: what a run gets at once equals what it would read."""
    text = "abc"
    assert serde.decoded(text, b"unused") is text
    rows = [1]
    back = serde.decoded(rows, dumps(rows))
    assert (back, back is rows) == ([1], False)
    assert type(serde.decoded(Text("a"), dumps("b"))) is str


def test_every_tag_has_one_meaning() -> None:
    """263"""
    for cls, kind in BY_TYPE.items():
        if cls is Opaque:
            continue
        assert BY_TAG[kind.tag].tag == kind.tag
    assert {tag: BY_TAG[tag].layout.name for tag in (1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 32, 33)} == {
        1: "RAW", 2: "RAW", 3: "RAW", 4: "ITEMS", 5: "SET", 6: "SET", 7: "MAP", 8: "PAIRS",
        16: "RAW", 20: "PARTS", 32: "PARTS", 33: "PARTS",
    }  # fmt: skip


def test_the_format_of_version_1_stays_readable() -> None:
    """263, 253"""
    written = bytes.fromhex("92d604930102c0c70901010000000000000000")
    assert dumps([(1, 2, None), 2**64]) == written
    assert loads(written) == [(1, 2, None), 2**64]
