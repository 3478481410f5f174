"""Values of every kind that is stored, and what the tests of their encoding share."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import math
import os
import pathlib
import re
import subprocess
import sys
import typing
import uuid
import zoneinfo
from typing import Any, Generic, NamedTuple, TypeVar

import pydantic
import pydantic_core
from hypothesis import strategies as st
from ormsgpack import Ext, packb

from nbflow.serde import Opaque, StoredException

NOT_BUILT = 666
"""What ``Point`` and ``Order`` refuse when they are called."""


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None
    seen: typing.ClassVar[int] = 3
    scale: dataclasses.InitVar[int] = 1

    def __post_init__(self, scale: int) -> None:
        if self.x == NOT_BUILT:
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


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Bits(enum.Flag, boundary=enum.KEEP):
    LOW = 1


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
        if value == NOT_BUILT:
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
    BERLIN, pydantic_core.TzInfo(-19800), dt.time(1, tzinfo=pydantic_core.TzInfo()),
    dt.datetime(2024, 5, 1, 10, tzinfo=pydantic_core.TzInfo(86399)), uuid.UUID(int=5),
    decimal.Decimal("1.10"), decimal.Decimal("-Infinity"),
    decimal.Decimal("-0E+7"), decimal.Decimal("1E+999999"), pathlib.Path("/a/b"),
    pathlib.PurePosixPath("x"), pathlib.PureWindowsPath("C:\\a"),
    re.compile("a.b", re.I | re.X), re.compile(b"\xff"),
    pydantic.SecretStr("a"), pydantic.SecretBytes(b"\xff"),
    ipaddress.ip_address("::1%eth0"), ipaddress.ip_address("10.0.0.1"),
    ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_interface("10.1.2.3/8"), ipaddress.ip_interface("::1/64"),
    Point(1, Point(2, (3, {4: 5}))), Frozen(key="k", at=1.5), Colour.RED, Colour.BLUE, Level.LOW,
    Word.YES, Right.READ, Right.READ | Right.WRITE, Right(0), Access.READ | 8,
    ~(Access.WRITE | 8), Access(2**70), Bits.LOW | Bits(6), Pair(1, "b"), {Pair(1): Level.LOW},
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
    | st.sets(hashable, max_size=4) | st.tuples(inner)
    | st.builds(Point, st.integers().filter(lambda n: n != NOT_BUILT), inner)
    | st.dictionaries(st.text(), inner, max_size=3).map(collections.OrderedDict)
    | st.builds(collections.deque, st.lists(inner, max_size=3), st.integers(3, 5)),
    max_leaves=12,
)  # fmt: skip


def ext(tag: int, payload: Any) -> bytes:
    """A value as bytes, of any tag and payload."""
    return packb(Ext(tag, payload if isinstance(payload, bytes) else packb(payload)))


def define(source: str, **names: Any) -> Any:
    """The class ``Thing`` as a notebook's cell defines it."""
    space: dict[str, Any] = {"__name__": "cell", "dataclass": dataclasses.dataclass, **names}
    exec(compile(source, "cell", "exec", dont_inherit=True), space)
    return space["Thing"]


def child(code: str, **env: str) -> list[str]:
    """What a program prints, by lines."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, **env},
    )  # fmt: skip
    return done.stdout.splitlines()


class Text(str):
    __slots__ = ()


class Mapping(dict[str, int]):
    pass


class Plain:
    pass


class Hostile:
    def __reduce__(self) -> Any:
        return (os._exit, (1,))
