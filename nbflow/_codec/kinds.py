"""The closed set of encodings: one :class:`Kind` per sort of value, found by type or by tag.

What ormsgpack stores losslessly (None, bool, 64-bit int, float, str, bytes, list, dict with str
keys) has no kind. Everything else is a msgpack extension: the kind's tag and a payload, which is
either raw bytes or a msgpack list of parts. Tags are never given a second meaning.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import itertools
import pathlib
import re
import struct
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from nbflow._codec.records import Opaque, StoredException, type_name

__all__ = ["BY_TAG", "BY_TYPE", "Kind", "Layout", "Unavailable", "Unencodable", "add", "no_data"]


class Layout(enum.Enum):
    """What a payload is made of; decides labels in error paths, and order in digests."""

    RAW = "bytes"
    PARTS = "named parts"
    ITEMS = "elements in order"
    SET = "elements whose order does not count"
    PAIRS = "key, value, key, value, ... in order"
    MAP = "key, value, key, value, ... whose order does not count"


class Unencodable(Exception):
    """Raised by ``split``: this value of a known type cannot be stored, and why."""


class Unavailable(Exception):
    """Raised by ``build``: what is needed is not here; the data are shown instead."""

    def __init__(self, type_name: str, data: Any) -> None:
        super().__init__(type_name, data)
        self.type_name = type_name
        self.data = data


class Kind:
    """One sort of value: how it is taken apart and put together again."""

    __slots__ = ("build", "identity", "layout", "split", "tag")

    def __init__(
        self,
        tag: int,
        layout: Layout,
        split: Callable[[Any], Any],
        build: Callable[[Any], Any],
        identity: Callable[[Any], Any] | None = None,
    ) -> None:
        self.tag = tag
        """0 for :class:`Opaque`, which brings its own."""
        self.layout = layout
        self.split = split
        """Value to payload: bytes for ``RAW``, else a list."""
        self.build = build
        """Payload to value; may raise anything on damaged data."""
        self.identity = identity or split
        """Like ``split``, for digests: equal values give equal parts."""


BY_TYPE: dict[type, Kind] = {}
BY_TAG: dict[int, Kind] = {}


def add(kind: Kind, *types: type) -> Kind:
    """Enter a kind in both tables."""
    if kind.tag in BY_TAG:
        raise ValueError(f"tag {kind.tag} is taken")
    BY_TAG[kind.tag] = kind
    BY_TYPE.update(dict.fromkeys(types, kind))
    return kind


def _flat(mapping: dict[Any, Any]) -> list[Any]:
    return list(itertools.chain.from_iterable(mapping.items()))


def _pairs(parts: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(parts[::2], parts[1::2], strict=True))


def _int_bytes(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


add(Kind(1, Layout.RAW, _int_bytes, lambda raw: int.from_bytes(raw, "big", signed=True)), int)
add(
    Kind(
        2,
        Layout.RAW,
        lambda text: text.encode("utf-8", "surrogatepass"),
        lambda raw: raw.decode("utf-8", "surrogatepass"),
    ),
    str,
)
add(Kind(3, Layout.RAW, bytes, bytearray), bytearray)
add(Kind(4, Layout.ITEMS, list, tuple), tuple)
add(Kind(5, Layout.SET, list, set), set)
add(Kind(6, Layout.SET, list, frozenset), frozenset)
add(Kind(7, Layout.MAP, _flat, lambda parts: dict(_pairs(parts))), dict)


def _build_ordered(parts: list[Any]) -> collections.OrderedDict[Any, Any]:
    return collections.OrderedDict(_pairs(parts))


def _build_counter(parts: list[Any]) -> collections.Counter[Any]:
    (content,) = parts
    counter: collections.Counter[Any] = collections.Counter()
    dict.update(counter, content)
    return counter


_FACTORIES: dict[str, Any] = {"list": list, "dict": dict, "int": int, "set": set, "str": str}


def _split_defaultdict(value: collections.defaultdict[Any, Any]) -> list[Any]:
    factory = value.default_factory
    for name, known in _FACTORIES.items():
        if factory is known:
            return [name, dict(value)]
    if factory is None:
        return [None, dict(value)]
    raise Unencodable(f"its factory is not one of {', '.join(_FACTORIES)}")


def _build_defaultdict(parts: list[Any]) -> collections.defaultdict[Any, Any]:
    name, content = parts
    return collections.defaultdict(None if name is None else _FACTORIES[name], content)


def _build_deque(parts: list[Any]) -> collections.deque[Any]:
    maxlen, items = parts
    return collections.deque(items, maxlen)


add(Kind(8, Layout.PAIRS, _flat, _build_ordered), collections.OrderedDict)
add(Kind(9, Layout.PARTS, lambda v: [dict(v)], _build_counter), collections.Counter)
add(Kind(10, Layout.PARTS, _split_defaultdict, _build_defaultdict), collections.defaultdict)
add(Kind(11, Layout.PARTS, lambda v: [v.maxlen, list(v)], _build_deque), collections.deque)


def _fraction(parts: list[Any]) -> fractions.Fraction:
    numerator, denominator = parts
    return fractions.Fraction(int(numerator), int(denominator))


add(
    Kind(
        12,
        Layout.RAW,
        lambda v: struct.pack(">dd", v.real, v.imag),
        lambda raw: complex(*struct.unpack(">dd", raw)),
    ),
    complex,
)
add(Kind(13, Layout.PARTS, lambda v: [v.numerator, v.denominator], _fraction), fractions.Fraction)
add(Kind(14, Layout.PARTS, lambda v: [v.start, v.stop, v.step], lambda p: range(*p)), range)
add(Kind(15, Layout.PARTS, lambda v: [v.start, v.stop, v.step], lambda p: slice(*p)), slice)
add(Kind(16, Layout.RAW, lambda v: str(v).encode(), lambda raw: decimal.Decimal(raw.decode())),
    decimal.Decimal)  # fmt: skip
add(Kind(17, Layout.RAW, lambda v: v.bytes, lambda raw: uuid.UUID(bytes=raw)), uuid.UUID)


def _split_datetime(v: dt.datetime) -> list[Any]:
    return [v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond, v.fold, v.tzinfo]


def _build_datetime(parts: list[Any]) -> dt.datetime:
    year, month, day, hour, minute, second, microsecond, fold, tz = parts
    if isinstance(tz, Opaque):
        raise Unavailable("datetime.datetime", parts)
    return dt.datetime(year, month, day, hour, minute, second, microsecond, tz, fold=fold)


def _split_time(v: dt.time) -> list[Any]:
    return [v.hour, v.minute, v.second, v.microsecond, v.fold, v.tzinfo]


def _build_time(parts: list[Any]) -> dt.time:
    hour, minute, second, microsecond, fold, tz = parts
    if isinstance(tz, Opaque):
        raise Unavailable("datetime.time", parts)
    return dt.time(hour, minute, second, microsecond, tz, fold=fold)


def _split_timezone(v: dt.timezone) -> list[Any]:
    return list(v.__getinitargs__())  # type: ignore[attr-defined]  # what pickle and copy use


def _split_zone(v: zoneinfo.ZoneInfo) -> bytes:
    if v.key is None:
        raise Unencodable("it has no key, so it could not be found again")
    return v.key.encode()


_ZONE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,3}", re.ASCII)


def _build_zone(raw: bytes) -> zoneinfo.ZoneInfo:
    key = raw.decode()
    if len(key) > 64 or not _ZONE_KEY.fullmatch(key):
        raise ValueError("not a time zone key")
    try:
        return zoneinfo.ZoneInfo(key)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as fault:
        raise Unavailable("zoneinfo.ZoneInfo", key) from fault


add(Kind(20, Layout.PARTS, _split_datetime, _build_datetime), dt.datetime)
add(Kind(21, Layout.PARTS, lambda v: [v.year, v.month, v.day], lambda p: dt.date(*p)), dt.date)
add(Kind(22, Layout.PARTS, _split_time, _build_time), dt.time)
add(Kind(23, Layout.PARTS, lambda v: [v.days, v.seconds, v.microseconds],
         lambda p: dt.timedelta(*p)), dt.timedelta)  # fmt: skip
add(Kind(24, Layout.PARTS, _split_timezone, lambda p: dt.timezone(*p)), dt.timezone)
add(Kind(25, Layout.RAW, _split_zone, _build_zone), zoneinfo.ZoneInfo)

_PATHS: dict[str, type[pathlib.PurePath]] = {
    cls.__name__: cls
    for cls in (
        pathlib.PosixPath,
        pathlib.WindowsPath,
        pathlib.PurePosixPath,
        pathlib.PureWindowsPath,
    )
}


def _build_path(parts: list[Any]) -> pathlib.PurePath:
    name, text = parts
    try:
        return _PATHS[name](text)
    except NotImplementedError as fault:
        raise Unavailable(f"pathlib.{name}", text) from fault


_ADDRESSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ipaddress.IPv4Address,
        ipaddress.IPv6Address,
        ipaddress.IPv4Network,
        ipaddress.IPv6Network,
        ipaddress.IPv4Interface,
        ipaddress.IPv6Interface,
    )
}


def _build_pattern(parts: list[Any]) -> re.Pattern[Any]:
    pattern, flags = parts
    return re.compile(pattern, flags & ~re.DEBUG)


def _named_text(value: object) -> list[Any]:
    return [type(value).__name__, str(value)]


def _build_address(parts: list[Any]) -> Any:
    name, text = parts
    return _ADDRESSES[name](str(text))


add(Kind(26, Layout.PARTS, _named_text, _build_path), *_PATHS.values())
add(Kind(27, Layout.PARTS, lambda v: [v.pattern, v.flags], _build_pattern), re.Pattern)
add(Kind(28, Layout.PARTS, _named_text, _build_address), *_ADDRESSES.values())


def _split_exception(value: StoredException) -> list[Any]:
    return [value.type_name, value.message, *value.args, value.traceback]


def _build_exception(parts: list[Any]) -> StoredException:
    name, message, *args, trace = map(str, parts)
    return StoredException(name, message, tuple(args), trace)


def _split_opaque(value: Opaque) -> bytes:
    if not 0 < value.tag < 128:
        raise Unencodable("it was not read from stored data")
    return value.raw


BY_TYPE[Opaque] = Kind(0, Layout.RAW, _split_opaque, bytes)


def _unknown(parts: list[Any]) -> Any:
    raise Unavailable(parts[0], None)


EXCEPTION = add(
    Kind(
        34,
        Layout.PARTS,
        lambda v: _split_exception(StoredException.of(v)),
        _build_exception,
        lambda v: [type(v).__qualname__, list(v.args)],
    )
)
BY_TYPE[StoredException] = Kind(34, Layout.PARTS, _split_exception, _build_exception)
UNENCODED = add(Kind(35, Layout.PARTS, lambda v: [v], _unknown))
"""Stands for a part that cannot be encoded: of a call's arguments, in digests, and of a failure."""


def no_data(
    reason: str,
    *types: type,
    identity: Callable[[Any], list[Any]] = lambda value: [type_name(type(value))],
) -> None:
    """Let values of these types be refused with a reason, which says what to do instead.

    Args:
        identity: what they count as among the arguments of a call.
    """

    def split(value: object) -> Any:
        raise Unencodable(reason)

    kind = Kind(UNENCODED.tag, Layout.PARTS, split, _unknown, identity)
    BY_TYPE.update(dict.fromkeys(types, kind))
