"""Any Python value as JSON that a browser can read, within a budget of characters.

The invariant: the work done is bounded by the budget and not by the value, the result is always
JSON (no NaN, no lone surrogate, no integer that JavaScript would round), and no object, however
hostile its methods, makes it raise. What was left out is said in place and counted.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from nbflow.serde import Opaque

__all__ = [
    "Portable",
    "clean_text",
    "is_structured",
    "portable",
    "safe_repr",
    "shorten",
    "type_name",
    "visible",
]

_SAFE_INTEGER = 2**53 - 1
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of the text around them."""

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
"""What colours text in a terminal; it hides nothing."""

_READABLE = (
    dt.date,
    dt.time,
    dt.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    pathlib.PurePath,
    uuid.UUID,
    complex,
)

_STRUCTURED = (bool, int, float, str, list, tuple, set, frozenset, enum.Enum, *_READABLE)


@dataclass(frozen=True, slots=True)
class Portable:
    """A value made ready to travel.

    >>> portable([1, 2, 3], chars=100)
    Portable(value=[1, 2, 3], cut=0)
    """

    value: Any
    """JSON: None, bool, int, float, str, list or dict with str keys."""
    cut: int
    """About how many characters were left out; 0 when the value is whole."""


def portable(value: Any, *, chars: int, depth: int = 12, exact: bool = False) -> Portable:
    """Return ``value`` as JSON of about ``chars`` characters at the most.

    With ``exact`` integers keep all their digits, for text that Python writes; without it one
    that JavaScript would round becomes a string.

    >>> portable({"at": dt.date(2024, 2, 1), "x": float("nan")}, chars=100).value
    {'at': '2024-02-01', 'x': 'NaN'}
    """
    walk = _Walk(left=chars, max_depth=depth, exact=exact)
    return Portable(walk.convert(value, 0), walk.cut)


def shorten(text: str, chars: int) -> tuple[str, int]:
    """Return at most ``chars`` characters of clean text, and how many were left out.

    >>> shorten("a long text", 6)
    ('a long', 5)
    """
    return clean_text(text[:chars]), max(0, len(text) - chars)


def clean_text(text: str) -> str:
    r"""Return ``text`` with lone surrogates written out, so that it can be encoded as UTF-8.

    >>> print(clean_text("half of a pair: \ud800"))
    half of a pair: \ud800
    """
    if text.isascii():
        return str(text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def visible(shown: Any) -> Any:
    r"""Return JSON to look at, with the characters written out that make it look like another.

    A right-to-left override makes ``exe.png`` of ``gnp.exe``, in a question whether it may run.

    >>> visible({"file": "photo\u202egnp.exe"})
    {'file': 'photo\\u202egnp.exe'}
    """
    if isinstance(shown, str):
        plain = _COLOUR.sub("", shown)
        return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)
    if isinstance(shown, dict):
        return {visible(name): visible(part) for name, part in shown.items()}
    return [visible(part) for part in shown] if isinstance(shown, list) else shown


def safe_repr(value: Any, chars: int) -> tuple[str, int]:
    """Return ``repr(value)`` cut to ``chars``, and how many characters were left out.

    An object that cannot say what it is gets a line that says so.

    >>> safe_repr({1, 2}, 100)
    ('{1, 2}', 0)
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes_repr(value, chars)
    try:
        text = repr(value)
    except Exception as exc:
        text = f"<{type_name(value)}: its __repr__ raised {type(exc).__name__}>"
    return shorten(text, chars)


def type_name(value: Any) -> str:
    """Return the name of the value's type, whatever its metaclass does.

    >>> type_name(3.5)
    'float'
    """
    try:
        return clean_text(str(type(value).__name__))[:100]
    except Exception:
        return "object"


def is_structured(value: Any) -> bool:
    """Whether JSON shows ``value`` better than its ``repr`` does.

    >>> is_structured([1, 2]), is_structured(object())
    (True, False)
    """
    return (
        value is None
        or isinstance(value, _STRUCTURED)
        or _is_numpy_scalar(value)
        or _entries(value) is not None
    )


@dataclass(slots=True)
class _Walk:
    """One conversion: what may still be written, what was left out, where the walk is."""

    left: int
    max_depth: int
    exact: bool
    cut: int = 0
    path: set[int] = field(default_factory=set)

    def convert(self, value: Any, depth: int) -> Any:
        try:
            return self._convert(value, depth)
        except Exception as exc:
            return self.text(f"<{type_name(value)}: reading it raised {type(exc).__name__}>")

    def _convert(self, value: Any, depth: int) -> Any:
        if isinstance(value, Opaque):
            value = value.data
        if isinstance(value, enum.Enum):
            value = value.value
        elif _is_numpy_scalar(value):
            value = value.item()
        if value is None or isinstance(value, bool):
            self.left -= 5
            return value if value is None else bool(value)
        if isinstance(value, int):
            return self.integer(int(value))
        if isinstance(value, float):
            return self.number(float(value))
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dt.date | dt.time):
            return self.text(value.isoformat())
        if isinstance(value, _READABLE):
            return self.text(str(value))
        return self.container(value, depth)

    def container(self, value: Any, depth: int) -> Any:
        entries = _entries(value)
        sequence = isinstance(value, list | tuple | set | frozenset)
        if entries is None and not sequence:
            return self.opaque(value)
        if id(value) in self.path:
            return self.text("… (contains itself)")
        if depth >= self.max_depth:
            self.cut += 1
            return self.text("… (nested deeper)")
        self.path.add(id(value))
        try:
            if entries is not None:
                return self.mapping(entries, depth)
            return self.items(value, len(value), depth)
        finally:
            self.path.discard(id(value))

    def mapping(self, entries: tuple[Iterable[tuple[Any, Any]], int], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        pairs, total = entries
        before = self.left
        for seen, (key, item) in enumerate(islice(pairs, total)):
            if self.left <= 0:
                result["…"] = self.more(total - seen, seen, before)
                break
            name = key if isinstance(key, str) else safe_repr(key, 200)[0]
            result[self.text(name)] = self.convert(item, depth + 1)
        return result

    def items(self, values: Iterable[Any], total: int, depth: int) -> list[Any]:
        result: list[Any] = []
        before = self.left
        for seen, item in enumerate(islice(values, total)):
            if self.left <= 0:
                result.append(self.more(total - seen, seen, before))
                break
            result.append(self.convert(item, depth + 1))
        return result

    def more(self, remaining: int, seen: int, before: int) -> str:
        """Say how many entries are missing, and count their size by those that were seen."""
        each = max(1, (before - self.left) // max(1, seen))
        self.cut += remaining * each
        return f"… {remaining:,} more"

    def text(self, value: str) -> str:
        kept, missing = shorten(value, max(self.left, 40))
        self.left -= len(kept) + 4
        self.cut += missing
        return f"{kept}… ({missing:,} more characters)" if missing else kept

    def integer(self, value: int) -> Any:
        if value.bit_length() > 4_000:
            return self.text(f"<integer of {value.bit_length():,} bits>")
        self.left -= max(4, value.bit_length() // 3)
        return value if self.exact or abs(value) <= _SAFE_INTEGER else str(value)

    def number(self, value: float) -> Any:
        self.left -= 8
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value

    def opaque(self, value: Any) -> str:
        kept, missing = safe_repr(value, max(self.left, 40))
        self.left -= len(kept) + 4
        self.cut += missing
        return f"{kept}…" if missing else kept


def _entries(value: Any) -> tuple[Iterable[tuple[Any, Any]], int] | None:
    """Return the (name, part) pairs of a value that has them, and how many there are."""
    try:
        if isinstance(value, dict):
            return dict.items(value), dict.__len__(value)
        if isinstance(value, type):
            return None
        names: Iterable[str]
        fields = getattr(value, "_fields", None)
        if dataclasses.is_dataclass(value):
            names = [f.name for f in dataclasses.fields(value) if f.repr]
        elif isinstance(value, tuple) and isinstance(fields, tuple):
            names = fields
        elif isinstance(getattr(type(value), "__pydantic_fields__", None), dict):
            names = list(type(value).__pydantic_fields__)
        elif isinstance(value, Mapping):
            return value.items(), len(value)
        else:
            return None
        pairs = [(name, getattr(value, name, None)) for name in names]
    except Exception:
        return None  # a hostile object: its repr, or the lack of one, is shown instead
    return pairs, len(pairs)


def _is_numpy_scalar(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic)


def _bytes_repr(value: bytes | bytearray | memoryview, chars: int) -> tuple[str, int]:
    size = value.nbytes if isinstance(value, memoryview) else len(value)
    head = bytes(value[: min(size, max(8, chars // 4))])
    text = f"{head!r} ({size:,} bytes)" if len(head) < size else repr(head)
    kept, over = shorten(text, chars)
    return kept, size - len(head) + over
