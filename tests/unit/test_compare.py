"""Differences of two values: nothing that differs is left out, nothing that moved is called new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from nbflow.compare import Absent, Difference, Line, RowKey, differences, lines_between


@dataclass
class Point:
    x: int
    y: int


class Person(BaseModel):
    id: int
    name: str


def told(before: Any, after: Any) -> list[str]:
    return [str(one) for one in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 1, []),
        (1, 2, ["value: 1 -> 2"]),
        (1, True, ["value: 1 -> True"]),
        (1, 1.0, ["value: 1 -> 1.0"]),
        ({"a": [True]}, {"a": [1]}, ["a[0]: True -> 1"]),
        (Point(0, 1), Point(0, True), ["y: 1 -> True"]),
        ({"a": float("nan")}, {"a": -float("nan")}, []),
        ([{"id": 1, "n": {"a": 1, "b": 2}}], [{"id": 1, "n": {"b": 2, "a": 1}}], []),
        ({"a": 1}, {"a": 1, "b": None}, ["b: + None"]),
        ({"a": 1, "b": [1]}, {"a": 1}, ["b: - [1]"]),
        ({1: "x"}, {1: "y"}, ["1: 'x' -> 'y'"]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, ["a.b.c: 1 -> 2"]),
        ([1, 2, 3], [1, 3], ["[1]: - 2"]),
        ([1, 3], [1, 2, 3], ["[1]: + 2"]),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 5}], ["[1].n: 2 -> 5"]),
        ((1, 2), (1, 5), ["[1]: 2 -> 5"]),
        (Point(1, 2), Point(1, 5), ["y: 2 -> 5"]),
        (Point(1, 2), {"x": 1, "y": 2}, ["value: Point(x=1, y=2) -> {'x': 1, 'y': 2}"]),
        ("a", "b", ["value: 'a' -> 'b'"]),
        (b"a", b"b", ["value: b'a' -> b'b'"]),
    ],
    ids=repr,
)
def test_each_kind_of_value(before: Any, after: Any, expected: list[str]) -> None:
    assert told(before, after) == expected


def test_an_entry_with_an_id_is_the_same_wherever_it_stands() -> None:
    before = [Person(id=1, name="Ada"), Person(id=2, name="Kim")]
    after = [Person(id=3, name="Jo"), Person(id=2, name="Lee"), Person(id=1, name="Ada")]

    assert told(before, after) == [
        "[id=3]: + Person(id=3, name='Jo')",
        "[id=2].name: 'Kim' -> 'Lee'",
    ]


def test_another_order_alone_is_a_difference() -> None:
    old, new = [{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 1}]

    assert differences(old, new) == [Difference(path=(), before=old, after=new)]


def test_ids_that_are_not_unique_count_for_nothing() -> None:
    old = [{"id": 1, "n": 1}, {"id": 1, "n": 2}]
    new = [{"id": 1, "n": 1}, {"id": 1, "n": 3}]

    assert told(old, new) == ["[1].n: 2 -> 3"]


def test_a_text_is_compared_by_its_lines() -> None:
    old = "\n".join(f"line {n}" for n in range(20))
    new = old.replace("line 10", "another")

    (one,) = differences({"text": old}, {"text": new})

    assert one.lines == (
        Line("skip", "8"),
        Line("both", "line 8"),
        Line("both", "line 9"),
        Line("old", "line 10"),
        Line("new", "another"),
        Line("both", "line 11"),
        Line("both", "line 12"),
        Line("skip", "7"),
    )


def test_a_long_text_takes_bounded_time() -> None:
    old = "\n".join(f"old {n}" for n in range(20_000))
    new = "\n".join(f"new {n}" for n in range(20_000))

    assert len(lines_between(old, new)) == 40_000


def test_tables_are_compared_cell_by_cell() -> None:
    pandas = pytest.importorskip("pandas")
    old = pandas.DataFrame({"mass": [3300.0, None, 4100.0]}, index=["a", "b", "c"])
    new = pandas.DataFrame({"mass": [3300.0, None, 4000.0]}, index=["a", "b", "c"])

    assert differences(old, new) == [
        Difference(path=(RowKey("", "c"), "mass"), before=4100.0, after=4000.0)
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"data": [], "columns": ["a"]}, {"data": [], "columns": ["b"]}),
        ({"data": [[1, 2]], "columns": ["a", "a"]}, {"data": [[9, 2]], "columns": ["a", "a"]}),
        ({"data": [[1]], "dtype": "int32"}, {"data": [[1]], "dtype": "int64"}),
    ],
    ids=["columns without rows", "columns of one name", "types"],
)
def test_tables_whose_cells_do_not_tell_are_told_as_a_whole(old: Any, new: Any) -> None:
    pandas = pytest.importorskip("pandas")
    before, after = pandas.DataFrame(**old), pandas.DataFrame(**new)

    assert differences(before, before.copy()) == []
    (one,) = differences(before, after)
    assert (one.path, one.before is before, one.after is after) == ((), True, True)


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "<hostile>"


def test_a_value_that_cannot_be_compared_is_told_by_its_text() -> None:
    assert differences(Hostile(), Hostile()) == []


def test_a_limit_bounds_what_is_looked_for() -> None:
    old, new = dict.fromkeys(map(str, range(100)), 0), dict.fromkeys(map(str, range(100)), 1)

    assert len(differences(old, new, limit=3)) == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab\n", max_size=6),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.sampled_from("abc"), part),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES)
def test_values_without_differences_are_equal(before: Any, after: Any) -> None:
    assert differences(before, before) == []
    found = differences(before, after)
    assert bool(found) == (repr(before) != repr(after)) or before == after
    for one in found:
        assert (one.kind == "added") == isinstance(one.before, Absent)
        assert (one.kind == "removed") == isinstance(one.after, Absent)


@settings(max_examples=200, deadline=None)
@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30))
def test_the_lines_of_a_text_give_both_texts_again(before: str, after: str) -> None:
    lines = lines_between(before, after)
    shown = {"old": [], "new": []}  # type: dict[str, list[str]]
    at = {"old": 0, "new": 0}
    whole = {"old": before.split("\n"), "new": after.split("\n")}
    for line in lines:
        for side in ("old", "new"):
            if line.kind == "skip":
                count = int(line.text)
                shown[side] += whole[side][at[side] : at[side] + count]
                at[side] += count
            elif line.kind in (side, "both"):
                shown[side].append(line.text)
                at[side] += 1
    assert shown == whole
