"""Values come back equal and of the same type, or are refused with the path to the part."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import gc
import ipaddress
import math
import os
import pathlib
import pickle
import random
import re
import socket
import subprocess
import sys
import threading
import typing
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Annotated, Any, Generic, NamedTuple, NewType, TypedDict, TypeVar

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ormsgpack import Ext, packb, unpackb

from nbflow import serde
from nbflow._codec import classes
from nbflow._codec.kinds import BY_TAG, BY_TYPE
from nbflow._codec.unpack import deepest
from nbflow.errors import CorruptDataError, DeclarationError, NotSerializableError
from nbflow.serde import Opaque, StoredException, digest_source, dumps, loads


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None
    seen: typing.ClassVar[int] = 3
    scale: dataclasses.InitVar[int] = 1

    def __post_init__(self, scale: int) -> None:
        if self.x == 666:
            raise AssertionError("built by calling the class")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    key: str
    at: float = dataclasses.field(default=0.0, compare=False)


class Colour(enum.Enum):
    RED = "r"
    BLUE = ("b", 1)


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    left: int
    right: str = ""


class Inner(pydantic.BaseModel):
    tags: set[str] = set()


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", validate_assignment=True)

    id: int
    inner: Inner | None = None
    point: Point | None = None
    _note: str = pydantic.PrivateAttr(default="private")

    @pydantic.field_validator("id")
    @classmethod
    def positive(cls, value: int) -> int:
        if value == 666:
            raise AssertionError("validated")
        return value


T = TypeVar("T")


class Box(pydantic.BaseModel, Generic[T]):
    content: T


class Numbers(pydantic.RootModel[list[int]]):
    pass


@pydantic.dataclasses.dataclass
class Checked:
    n: int


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
PLAIN: list[Any] = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 2**70,
    -(2**4000), 255, 256, -128, -129, 1.5, -0.0, math.inf, -math.inf, "",
    "a\0b", "é🦉", "\ud800", "a\udfff",
    b"", b"\0\xff", bytearray(b"ab"), bytearray(), [], [1, "a", None], [bytearray(b"x")], {}, (),
    (1,), ((), ((),)), [(1,), [2]], {"a": {"b": (1, [2])}}, {"\ud800": 1, "b": 2},
    {1: "a", "1": "b"},
    {None: 1, (1, 2): 2, b"k": 3, 2.5: 4, True: 5}, {2**80: {1: {2: 3}}}, {"b": 1, "a": 2},
    collections.OrderedDict(b=1, a=2), collections.Counter("aab"), collections.Counter({(1,): -2}),
    collections.defaultdict(list, {1: [2]}), collections.defaultdict(None, a=1),
    collections.deque([1, (2,)], 3), collections.deque(), {1, "a", (2,)}, set(), frozenset({1}),
    {frozenset({frozenset()})}, 1j, complex(-0.0, math.inf), fractions.Fraction(1, 3), range(5),
    range(2**70, 0, -3), slice(1, None, 2),
    dt.datetime.fromisoformat("2024-02-29T01:02:03.000004"), dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), dt.date(9999, 12, 31),
    dt.time(1, 2, 3, 4, fold=1), dt.time(5, tzinfo=dt.timezone(dt.timedelta(hours=-3), "X")),
    dt.timedelta(-999999999), dt.timedelta(1, 2, 3), dt.UTC, dt.timezone(dt.timedelta(seconds=1)),
    BERLIN, uuid.UUID(int=5), decimal.Decimal("1.10"), decimal.Decimal("-Infinity"),
    decimal.Decimal("-0E+7"), decimal.Decimal("1E+999999"), pathlib.Path("/a/b"),
    pathlib.PurePosixPath("x"), pathlib.PureWindowsPath("C:\\a"),
    re.compile("a.b", re.I | re.X), re.compile(b"\xff"),
    ipaddress.ip_address("::1%eth0"), ipaddress.ip_address("10.0.0.1"),
    ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_interface("10.1.2.3/8"), ipaddress.ip_interface("::1/64"),
    Point(1, Point(2, (3, {4: 5}))), Frozen(key="k", at=1.5), Colour.RED, Colour.BLUE, Level.LOW,
    Word.YES, Right.READ, Right.READ | Right.WRITE, Right(0), Pair(1, "b"), {Pair(1): Level.LOW},
    {Level.LOW: 1, Word.YES: 2, Frozen(key="a"): 3}, [Level.LOW, Word.YES],
    Order.model_validate({"id": 1, "inner": Inner(tags={"a"}), "point": Point(1), "more": [1]}),
    Order(id=2), Numbers([1, 2]),
    Box[tuple[int, ...]](content=(1,)), Checked(3), Opaque("a.B", None, 35, packb(["a.B"])),
    StoredException("E", "m", ("1",), "t"),
]  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Equal, of one type throughout, and in the same order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple | collections.deque):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(x, y) for x, y in zip(a.items(), b.items(), strict=True)
        )
    if isinstance(a, set | frozenset):
        found = {part: part for part in b}
        return a == b and all(same(part, found[part]) for part in a)
    if isinstance(a, float):
        return bool(a == b or (a != a and b != b)) and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, complex):
        return same((a.real, a.imag), (b.real, b.imag))
    if isinstance(a, Point):
        return same(vars(a), vars(b))
    return bool(a == b) and repr(a) == repr(b)


@pytest.mark.parametrize("value", PLAIN, ids=lambda v: f"{type(v).__name__}-{str(v)[:20]!a}")
def test_comes_back_as_it_was(value: Any) -> None:
    for whole in (value, [value], {"k": value}, {1: (value,)}, Point(0, value)):
        data = dumps(whole)
        assert same(loads(data), whole)
        assert dumps(loads(data)) == data or isinstance(value, set | frozenset)


def test_singletons_stay_what_they_are() -> None:
    assert loads(dumps(Colour.BLUE)) is Colour.BLUE
    assert loads(dumps(dt.UTC)) is dt.UTC
    assert math.isnan(loads(dumps(math.nan)))
    back = loads(dumps(decimal.Decimal("-sNaN7")))
    assert str(back) == "-sNaN7"


def test_a_datetime_keeps_its_fold() -> None:
    back = loads(dumps(dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)))
    assert (back.fold, back.tzinfo) == (1, BERLIN)


def test_models_keep_what_was_given_and_private_state() -> None:
    order = Order.model_validate({"id": 1, "extra": 2})
    order._note = "changed"
    back = loads(dumps(order))
    assert back.model_fields_set == {"id", "extra"}
    assert (back._note, back.model_extra, back.inner) == ("changed", {"extra": 2}, None)
    back.id = 7
    assert back.model_dump() == {"id": 7, "inner": None, "point": None, "extra": 2}


def test_nothing_of_the_user_runs_when_a_value_comes_back() -> None:
    point = Point(1)
    point.x = 666
    point.note = "extra attribute"  # type: ignore[attr-defined]
    order = Order.model_construct(id=666, inner=None, point=point)
    back = loads(dumps(order))
    assert (back.id, back.point.x, back.point.note) == (666, 666, "extra attribute")


hashable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None)) | st.binary() | st.dates() | st.decimals(allow_nan=False)
    | st.fractions() | st.uuids() | st.timedeltas() | st.sampled_from([*Colour, *Right, Level.LOW]),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3)
    | st.builds(lambda k, a: Frozen(key=k, at=a), st.text(), st.floats(allow_nan=False)),
    max_leaves=6,
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    hashable | st.floats() | st.complex_numbers() | st.datetimes(timezones=st.timezones())
    | st.binary().map(bytearray),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hashable, inner, max_size=4)
    | st.sets(hashable, max_size=4) | st.tuples(inner) | st.builds(Point, st.integers(), inner)
    | st.dictionaries(st.text(), inner, max_size=3).map(collections.OrderedDict)
    | st.builds(collections.deque, st.lists(inner, max_size=3), st.integers(3, 5)),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(values)
def test_anything_comes_back_as_it_was(value: Any) -> None:
    assert same(loads(dumps(value)), value)


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


# -- what cannot be stored ------------------------------------------------------------------


class Text(str):
    __slots__ = ()


class Mapping(dict[str, int]):
    pass


class Plain:
    pass


class Hostile:
    def __reduce__(self) -> Any:
        return (os._exit, (1,))


def test_the_error_names_the_path() -> None:
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
    with pytest.raises(NotSerializableError) as error:
        dumps({"part": [value]})
    assert error.value.path.startswith("$.part[0]") or "['" in error.value.path
    assert str(error.value).endswith(".")


def test_open_files_and_sockets_are_refused(tmp_path: pathlib.Path) -> None:
    with open(tmp_path / "f", "w") as file, socket.socket() as sock:
        for value in (file, sock):
            with pytest.raises(NotSerializableError, match="only"):
                dumps(value)


def test_a_field_without_value_is_refused() -> None:
    point = Point(1)
    del point.x
    with pytest.raises(NotSerializableError, match="'x' has no value"):
        dumps(point)
    with pytest.raises(NotSerializableError, match="'id' has no value"):
        dumps([Order.model_construct()])


def test_cycles_and_depth() -> None:
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
    monkeypatch.setattr(serde, "MAX_BYTES", 1_000)
    for value in (b"a" * 1_001, ["a" * 600, "b" * 600]):
        with pytest.raises(NotSerializableError, match=r"MAX_BYTES is 1,000.*return its path"):
            dumps(value)


def test_an_error_shows_no_walk() -> None:
    with pytest.raises(NotSerializableError) as error:
        dumps([[[threading.Lock()]]])
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert len(error.traceback) <= 4


# -- classes --------------------------------------------------------------------------------


def unknown(value: Any) -> Any:
    """Read in a process that has not seen the value's class."""
    data = dumps(value)
    known = dict(classes._known)
    classes._known.clear()
    try:
        return loads(data)
    finally:
        classes._known.update(known)


def test_an_unknown_class_is_shown_and_kept() -> None:
    for value in (Point(1, Frozen(key="k")), Order(id=1), Pair(1), Colour.BLUE, {Frozen(key="a")}):
        shown = unknown(value)
        assert "Opaque" in repr(shown)
        assert same(loads(dumps(shown)), value)
        assert dumps([shown]) == dumps([value])
    shown = unknown(Point(1, Pair(2)))
    name = f"{__name__}.Point"
    assert (shown.type_name, shown.data["x"]) == (name, 1)
    assert repr(shown) == (
        f"Opaque({name!r}, {{'x': 1, 'y': Opaque('{__name__}.Pair', {{'left': 2, 'right': ''}})}})"
    )
    assert unknown(Frozen(key="a")) == unknown(Frozen(key="a"))
    assert len({unknown(Frozen(key="a")), unknown(Frozen(key="a"))}) == 1


def _define(source: str, **names: Any) -> Any:
    space: dict[str, Any] = {"__name__": "cell", "dataclass": dataclasses.dataclass, **names}
    exec(compile(source, "cell", "exec", dont_inherit=True), space)
    return space["Thing"]


def test_a_redefined_class_replaces_the_old_one() -> None:
    old = _define("@dataclass\nclass Thing:\n    a: int\n")
    data = dumps(old(1))
    new = _define("@dataclass\nclass Thing:\n    a: int\n    def twice(self): return 2 * self.a\n")
    serde.register(new)

    assert loads(data).twice() == 2
    assert loads(dumps(old(4))).twice() == 8


@pytest.mark.parametrize(
    "source",
    [
        "@dataclass\nclass Thing:\n    b: int\n",
        "@dataclass\nclass Thing:\n    a: int\n    b: int = 1\n",
        "@dataclass\nclass Thing: pass\n",
        "class Thing(Model):\n    a: int\n",
        "class Thing(Enum):\n    a = 1\n",
        "class Thing(NamedTuple):\n    a: int\n",
    ],
)
def test_a_class_whose_fields_changed_is_shown(source: str) -> None:
    data = dumps(_define("@dataclass\nclass Thing:\n    a: int\n")(1))
    changed = _define(source, Model=pydantic.BaseModel, Enum=enum.Enum, NamedTuple=NamedTuple)
    serde.register(changed)

    assert repr(loads(data)) == "Opaque('cell.Thing', {'a': 1})"


def test_changed_models_enums_and_tuples_are_shown() -> None:
    space = {"Model": pydantic.BaseModel, "Enum": enum.Enum, "NamedTuple": NamedTuple}
    cases: list[tuple[str, str, Callable[[Any], Any]]] = [
        ("class Thing(Model):\n    a: int\n", "class Thing(Model):\n    b: int\n",
         lambda c: c(a=1)),
        ("class Thing(Enum):\n    A = 1\n", "class Thing(Enum):\n    B = 1\n", lambda c: c.A),
        ("class Thing(Enum):\n    A = 1\n", "class Thing(Enum):\n    A = 2\n", lambda c: c.A),
        ("class Thing(NamedTuple):\n    a: int\n    b: int\n",
         "class Thing(NamedTuple):\n    b: int\n    a: int\n", lambda c: c(1, 2)),
    ]  # fmt: skip
    for before, after, make in cases:
        data = dumps(make(_define(before, **space)))
        serde.register(_define(after, **space))
        assert type(loads(data)) is Opaque


def test_a_class_is_not_kept_alive() -> None:
    thing = _define("@dataclass\nclass Thing:\n    a: int\n")
    data = dumps(thing(1))
    assert loads(data) == thing(1)
    del thing
    gc.collect()
    assert type(loads(data)) is Opaque


def test_subclasses_of_registered_classes_are_known() -> None:
    base = _define("class Thing(Model):\n    a: int\n", Model=pydantic.BaseModel)
    sub = _define("class Sub(Base):\n    b: int\nThing = Sub\n", Base=base)
    data = dumps(sub(a=1, b=2))
    classes._known.pop("cell.Sub")
    classes._known["cell.Thing"] = base
    assert loads(data) == sub(a=1, b=2)


def test_register_takes_classes() -> None:
    serde.register(Point, Plain, int)
    with pytest.raises(DeclarationError, match="Expected classes"):
        serde.register(Point(1))  # type: ignore[arg-type]


@dataclasses.dataclass
class Deep:
    colour: Colour


class Leaf(pydantic.BaseModel):
    deep: "dict[str, list[Deep]]"  # noqa: UP037


class Record(TypedDict):
    leaf: Leaf


Alias = NewType("Alias", Pair)


def test_annotations_lead_to_classes() -> None:
    class Local(pydantic.BaseModel):
        pass

    def work(a: Annotated["Record | None", "note"], b: "Missing", c: list[Alias]) -> Local:  # type: ignore[name-defined]  # noqa: F821, UP037
        raise NotImplementedError

    def resolved(a: Annotated[Record | None, "note"], b: tuple[Alias, ...]) -> Frozen:
        raise NotImplementedError

    data = [dumps(v) for v in (Leaf(deep={"a": [Deep(Colour.RED)]}), Pair(1), Frozen(key="a"))]
    known = dict(classes._known)
    classes._known.clear()
    try:
        serde.register_annotations(resolved)
        assert [type(loads(d)) for d in data] == [Leaf, Pair, Frozen]
        assert loads(data[0]).deep["a"][0].colour is Colour.RED
        classes._known.clear()
        serde.register_annotations(work)
        serde.register_annotations(len)
        serde.register_annotations(None)  # type: ignore[arg-type]
    finally:
        classes._known.update(known)


def test_exceptions_become_text() -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    try:
        try:
            raise KeyError("inner")
        except KeyError as cause:
            raise ValueError("outer", 3) from cause
    except ValueError as error:
        stored = loads(dumps([error]))[0]
    assert (stored.type_name, stored.args) == ("ValueError", ("'outer'", "3"))
    assert "KeyError: 'inner'" in stored.traceback
    assert "direct cause" in stored.traceback
    assert loads(dumps(stored)) == stored
    assert "raised RuntimeError" in loads(dumps(Rude())).message


# -- NumPy and pandas -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(5),
        np.zeros((0, 3)), np.array(["a", "bcd"]), np.array([b"x"]), np.array([True, False]),
        np.array(["2020-01-01", "NaT"], "M8[D]"), np.array([1, 2], "m8[s]"), np.array([1j]),
        np.arange(10)[::2], np.arange(3, dtype=">i4"), np.array([np.nan, -0.0]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, [2.0, 3.0])], dtype=np.dtype([("a", "i4"), ("b", "f8", (2,))], align=True)),
    ],
    ids=lambda a: f"{a.dtype}-{a.shape}",
)  # fmt: skip
def test_arrays(array: Any) -> None:
    back = loads(dumps(array))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable
    assert back.flags.f_contiguous == array.flags.f_contiguous or not array.flags.c_contiguous


@pytest.mark.parametrize(
    "scalar",
    [
        np.float64(1.5), np.int8(3), np.uint64(2**64 - 1), np.bool_(True), np.float32("nan"),
        np.complex64(1j), np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.longdouble(1) / 3,
        np.str_("a\0"), np.bytes_(b"a\0"),
    ],
    ids=lambda s: type(s).__name__,
)  # fmt: skip
def test_scalars(scalar: Any) -> None:
    back = loads(dumps({1: scalar}))[1]
    assert (type(back), back.dtype, back.tobytes()) == (
        type(scalar), scalar.dtype, scalar.tobytes(),
    )  # fmt: skip


def test_frames() -> None:
    days = pd.date_range("2020", periods=3, freq="D")
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3], "f": [1.0, np.nan, -0.0], "s": ["a", None, "c"],
            "o": pd.Series(["a", None, (1,)], dtype=object), "c": pd.Categorical(["x", "y", None]),
            "d": days, "z": days.tz_localize(BERLIN), "utc": days.tz_localize("UTC"),
            "td": pd.to_timedelta([1, 2, 3], "s"), "I": pd.array([1, None, 3], "Int64"),
            "U": pd.array([1, None, 3], "UInt8"), "B": pd.array([True, None, False], "boolean"),
            "F": pd.array([1.5, None, 2], "Float32"), "st": pd.array(["a", None, "b"], "string"),
            1: [True, False, True],
        }
    )  # fmt: skip
    frame.attrs["source"] = ("a", 1)
    for one in (
        frame, frame.iloc[::2], frame.iloc[:0], frame.set_index("d"), frame.set_index(["s", "i"]),
        pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame([[1, 2]], columns=["a", "a"]),
        frame.set_index("c"), frame.set_index(days),
    ):  # fmt: skip
        back = loads(dumps([one]))[0]
        pd.testing.assert_frame_equal(
            back, one, check_exact=True, check_freq=True, check_index_type="exact",
            check_column_type="exact",
        )  # fmt: skip
        assert back.attrs == one.attrs


def test_series_and_indexes() -> None:
    for series in (
        pd.Series([1, 2], name=("a", 1)), pd.Series([], dtype="float64"),
        pd.Series([1, 2], index=pd.date_range("2020", periods=2, freq="h")),
        pd.Series(["x"], dtype=pd.CategoricalDtype(["y", "x"], ordered=True)),
    ):  # fmt: skip
        pd.testing.assert_series_equal(loads(dumps(series)), series, check_index_type="exact")
    for index in (
        pd.RangeIndex(1, 9, 2, name="r"), pd.Index(["a", "b"], name="n"), pd.Index([1.5]),
        pd.Index([True]), pd.CategoricalIndex(["a"]), pd.timedelta_range("1D", periods=3),
        pd.date_range("2020", periods=3, tz="UTC"),
        pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["p", "q"]),
    ):  # fmt: skip
        pd.testing.assert_index_equal(loads(dumps(index)), index, exact=True)


def test_pandas_scalars() -> None:
    for value in (
        pd.Timestamp("2020-01-01 12:00:00.123456789"), pd.Timestamp("2020", tz=BERLIN),
        pd.Timestamp(year=2020, month=10, day=25, hour=2, minute=30, fold=1, tz=BERLIN),
        pd.Timestamp(2020, 1, 1).as_unit("s"), pd.Timedelta("1.5s"), pd.Timedelta(1, "s"),
    ):  # fmt: skip
        back = loads(dumps(value))
        assert (type(back), back, back.unit) == (type(value), value, value.unit)
        assert getattr(back, "tz", 0) == getattr(value, "tz", 0)
        assert getattr(back, "fold", 0) == getattr(value, "fold", 0)
    assert loads(dumps(pd.NaT)) is pd.NaT
    assert loads(dumps(pd.NA)) is pd.NA


CHILD = """
import sys
sys.path[:0] = {path!r}
sys.modules["numpy"] = sys.modules["pandas"] = {blocked}
if {blocked} is Ellipsis: del sys.modules["numpy"], sys.modules["pandas"]
from nbflow import serde
before = set(sys.modules)
value = serde.loads({data!r})
print(type(value).__name__, serde.dumps(value) == {data!r})
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(new & {{"numpy", "pandas", "os"}}))
"""


def child(code: str, **env: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, **env},
    )  # fmt: skip
    return done.stdout.splitlines()


def test_numpy_is_imported_when_an_array_is_read_and_only_then() -> None:
    data = dumps(np.arange(3))
    present = child(CHILD.format(path=sys.path, blocked="...", data=data))
    missing = child(CHILD.format(path=sys.path, blocked="None", data=data))
    other = child(CHILD.format(path=sys.path, blocked="...", data=dumps([1, (2,)])))
    assert present == ["ndarray True", "['numpy']"]
    assert missing == ["Opaque True", "[]"]
    assert other == ["list True", "[]"]


# -- hostile bytes --------------------------------------------------------------------------


def ext(tag: int, payload: Any) -> bytes:
    return packb(Ext(tag, payload if isinstance(payload, bytes) else packb(payload)))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\x3b\x9a\xca\x00", b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x04", b"\x91" * 100_000, b"\x81\xa1a" * 100_000, b"\x81\x90\xc0",
        ext(99, b""), b"\xd4\xffx", ext(127, [1]), ext(4, b"\xc0"),
        ext(4, b""), ext(5, [[1]]), ext(7, [1]), ext(7, [[], 1]), ext(8, [1]), ext(9, [1]),
        ext(10, ["os.system", {}]), ext(10, ["eval", {}]), ext(11, [-1, []]), ext(11, ["a", 1]),
        ext(12, b"1"), ext(13, [1, 0]), ext(13, ["1/0", 1]), ext(14, [1, 2, 0]), ext(16, b"x"),
        ext(17, b"x"), ext(20, [1]), ext(20, [2020, 99, 1, 0, 0, 0, 0, 0, None]),
        ext(21, [0, 0, 0]),
        ext(23, [10**18, 0, 0]), ext(24, [1]), ext(25, b"../../etc/passwd"),
        ext(25, b"/etc/passwd"),
        ext(25, b"a" * 500), ext(25, b"os.system"), ext(26, ["Path", "x"]),
        ext(26, ["os", "system"]), ext(27, ["(", 0]), ext(27, ["a", "b"]), ext(28, ["x", "y"]),
        ext(30, [1, 2, 3]), ext(30, ["a"]), ext(31, ["a"]), ext(32, []), ext(32, [["x"], {}]),
        ext(33, ["a", {}]), ext(33, [{}, {}, [], None, None]), ext(34, []), ext(35, []),
        ext(40, ["|O", [1], False, b"\0" * 8]), ext(40, ["<f8", [10**9], False, b""]),
        ext(40, ["<f8", [-1], False, b""]), ext(40, ["|S0", [10**9], False, b""]),
        ext(40, ["|V0", [10**9], False, b""]), ext(40, [["os"], [1], False, b""]),
        ext(40, ["<f8", [2**62, 4], False, b""]), ext(41, ["|O", b"\0" * 8]),
        ext(50, [1, "x", 0, 0]),
        ext(52, ["x"]), ext(53, ["range"]), ext(53, ["range", None, 0, 10, 0]), ext(54, [1]),
        ext(55, [[1], ["a"], [["objects", [1, 2]]], {}]), ext(56, ["os", 1]), ext(56, [1]),
    ],
    ids=lambda d: f"{d[:12]!r}",
)  # fmt: skip
def test_hostile_bytes(data: bytes) -> None:
    with pytest.raises(CorruptDataError, match="cannot be read|newer nbflow"):
        loads(data)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_not_run(protocol: int) -> None:
    with contextlib.suppress(CorruptDataError):
        assert type(loads(pickle.dumps(Hostile(), protocol))) in (int, dict)


def test_nothing_named_is_imported_or_called(tmp_path: pathlib.Path) -> None:
    mark = tmp_path / "called"
    names = ["os.system", "subprocess.Popen", "builtins.eval", "antigravity.fly", "this.s"]
    before = set(sys.modules)
    for name in names:
        for data in (
            ext(30, [name, f"touch {mark}", None]), ext(31, [name, {"args": f"touch {mark}"}]),
            ext(32, [name, {"command": f"touch {mark}"}]),
            ext(33, [name, {"x": 1}, [], None, None]), ext(35, [name]),
        ):  # fmt: skip
            value = loads(data)
            assert type(value) is Opaque
            assert value.type_name == name
            assert dumps(value) == data
    assert not mark.exists()
    assert not {"antigravity", "this"} & (set(sys.modules) - before)


def test_a_zone_that_is_not_here_is_shown() -> None:
    zone = ext(25, b"Moon/Tycho")
    assert repr(loads(zone)) == "Opaque('zoneinfo.ZoneInfo', 'Moon/Tycho')"
    moment = packb([2020, 1, 1, 0, 0, 0, 0, 0, Ext(25, b"Moon/Tycho")])
    assert loads(ext(20, moment)).type_name == "datetime.datetime"
    assert dumps(loads(ext(20, moment))) == ext(20, moment)


def test_a_newer_format_says_so() -> None:
    assert serde.FORMAT_VERSION == 1
    with pytest.raises(CorruptDataError, match=r"version 7; this nbflow reads version 1.*upgrade"):
        loads(b"\xc1\x07rest")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_flips_end_in_a_value_or_the_error(data: st.DataObject) -> None:
    whole = bytearray(dumps(PLAIN[data.draw(st.integers(20, len(PLAIN) - 1))]))
    for _ in range(data.draw(st.integers(1, 4))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptDataError):
        loads(bytes(whole))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_end_in_a_value_or_the_error(data: bytes) -> None:
    for raw in (data, *(ext(tag, data) for tag in BY_TAG)):
        with contextlib.suppress(CorruptDataError):
            loads(raw)


def test_depth_is_counted_across_extensions() -> None:
    data = b"\xc0"
    for _ in range(40):
        data = ext(4, b"\x91" * 1_000 + data)
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from nbflow import serde, errors\n"
        "try: serde.loads(sys.stdin.buffer.read())\n"
        "except errors.CorruptDataError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert b"nested too deep" in done.stdout
    for _ in range(300):
        data = ext(4, b"\x91" + data)
    with pytest.raises(CorruptDataError):
        loads(data)


def test_many_values_deep_inside_are_no_danger() -> None:
    rows: Any = [[1, {"a": i}, (i,)] for i in range(3_000)]
    value = Point(1, Point(2, Point(3, Point(4, (rows, "é" * 5_000, b"\x91" * 5_000)))))
    assert loads(dumps(value)) == value


@settings(max_examples=200, deadline=None)
@given(values)
def test_depth_is_counted_as_it_is(value: Any) -> None:
    def depth(raw: bytes) -> int:
        def hook(tag: int, payload: bytes) -> Any:
            kind = BY_TAG[tag]
            return (depth(payload),) if kind.layout.name != "RAW" else 0

        return height(unpackb(raw, ext_hook=hook))

    def height(part: Any) -> int:
        if isinstance(part, tuple):
            return 1 + int(part[0])
        if isinstance(part, list):
            return 1 + max(map(height, part), default=0)
        if isinstance(part, dict):
            return 1 + max(map(height, part.values()), default=0)
        return 0

    assert deepest(dumps(value)) == depth(dumps(value))


# -- identity -------------------------------------------------------------------------------


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


def test_decoded() -> None:
    text = "abc"
    assert serde.decoded(text, b"unused") is text
    rows = [1]
    back = serde.decoded(rows, dumps(rows))
    assert (back, back is rows) == ([1], False)
    assert type(serde.decoded(Text("a"), dumps("b"))) is str


def test_every_tag_has_one_meaning() -> None:
    for cls, kind in BY_TYPE.items():
        if cls is Opaque:
            continue
        assert BY_TAG[kind.tag].tag == kind.tag
    assert {tag: BY_TAG[tag].layout.name for tag in (1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 32, 33)} == {
        1: "RAW", 2: "RAW", 3: "RAW", 4: "ITEMS", 5: "SET", 6: "SET", 7: "MAP", 8: "PAIRS",
        16: "RAW", 20: "PARTS", 32: "PARTS", 33: "PARTS",
    }  # fmt: skip


def test_the_format_of_version_1_stays_readable() -> None:
    written = bytes.fromhex("92d604930102c0c70901010000000000000000")
    assert dumps([(1, 2, None), 2**64]) == written
    assert loads(written) == [(1, 2, None), 2**64]
