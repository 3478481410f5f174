"""Values to bytes: straight through ormsgpack, with a careful second way when that refuses.

The first way is one call; ormsgpack hands what it does not know to a hook. It cannot say where a
fault is, and refuses dicts with other keys than str, lone surrogates and deep nesting. Then the
second way walks the value in Python: same bytes for the same value, errors with a path.
Invariant: what either way accepts, :mod:`nbflow._codec.unpack` reads back equal and of equal type.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import ormsgpack
from ormsgpack import Ext, Fragment, packb

from nbflow._codec.classes import user_kind
from nbflow._codec.kinds import BY_TYPE, UNENCODED, Kind, Layout, Unencodable
from nbflow._codec.late import LIBRARIES, enter
from nbflow._codec.records import Opaque, type_name
from nbflow.errors import NotSerializableError

__all__ = ["MAX_DEPTH", "not_stored", "pack", "pack_identity"]

MAX_DEPTH = 150
"""Containers within containers; what goes deeper is refused, here and when read."""

_FAST_LEVELS = 8
"""Extensions within extensions that the first way follows; bounds its use of the C stack."""

_OPTIONS = (
    ormsgpack.OPT_PASSTHROUGH_BIG_INT
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_SUBCLASS
    | ormsgpack.OPT_PASSTHROUGH_TUPLE
    | ormsgpack.OPT_PASSTHROUGH_UUID
)
_SORTED = _OPTIONS | ormsgpack.OPT_SORT_KEYS
_BUFFERS = frozenset((bytearray, memoryview))
_FLAT = frozenset((type(None), bool, float, bytes))
_EASY = (bytes, str)


def kind_of(cls: type) -> Kind | None:
    """How values of exactly this class are stored; None when they are not."""
    kind = BY_TYPE.get(cls)
    if kind is None:
        library = cls.__module__.partition(".")[0]
        if library in LIBRARIES and library in sys.modules:
            enter(library)
            kind = BY_TYPE.get(cls)
        if kind is None:
            kind = user_kind(cls)
    return kind


def _holds_buffer(value: Any) -> bool:
    """Whether a bytearray or memoryview is in it, which ormsgpack would store as bytes."""
    if type(value) in _BUFFERS:
        return True
    pending = [value]
    while pending:
        part = pending.pop()
        cls = type(part)
        if cls is not list and cls is not dict:
            continue
        children: Iterable[Any] = part if cls is list else part.values()
        classes = set(map(type, children))
        if not classes.isdisjoint(_BUFFERS):
            return True
        if list in classes or dict in classes:
            pending.extend(children)
    return False


def _pack_with(value: Any, hook: Callable[[Any], Ext] | None) -> bytes:
    data = packb(value, hook, _OPTIONS)
    # a bytearray leaves the mark of a bin header; so may other things, hence the closer look
    if (0xC4 in data or 0xC5 in data or 0xC6 in data) and _holds_buffer(value):
        raise TypeError("bytearray")
    return data


def _fast_hook(inner: Callable[[Any], Ext] | None) -> Callable[[Any], Ext]:
    def hook(value: Any) -> Ext:
        kind = BY_TYPE.get(type(value)) or kind_of(type(value))
        if kind is None:
            raise TypeError("no kind")
        parts = kind.split(value)
        if kind.layout is Layout.RAW:
            return Ext(kind.tag or value.tag, parts)
        return Ext(kind.tag, _pack_with(parts, inner))

    return hook


def _identity_hook(inner: Callable[[Any], Ext] | None) -> Callable[[Any], Ext]:
    def hook(value: Any) -> Ext:
        kind = BY_TYPE.get(type(value)) or kind_of(type(value))
        if kind is None:
            return Ext(UNENCODED.tag, packb([type_name(type(value))]))
        try:
            parts = kind.identity(value)
        except Exception:
            return Ext(UNENCODED.tag, packb([type_name(type(value))]))
        if kind.layout is Layout.RAW:
            return Ext(kind.tag or value.tag, parts)
        if kind.layout is Layout.SET:
            parts = [Fragment(raw) for raw in sorted(packb(p, inner, _SORTED) for p in parts)]
        return Ext(kind.tag, packb(parts, inner, _SORTED))

    return hook


def _nested(make: Callable[[Callable[[Any], Ext] | None], Callable[[Any], Ext]]) -> Any:
    hook: Callable[[Any], Ext] | None = None
    for _ in range(_FAST_LEVELS):
        hook = make(hook)
    return hook


_FAST_HOOK = _nested(_fast_hook)
_IDENTITY_HOOK = _nested(_identity_hook)


def pack(value: Any) -> bytes:
    """Encode, or say what cannot be encoded and where.

    Raises:
        NotSerializableError: a part is of no known kind, nested too deep, or part of itself.
    """
    try:
        data = packb(value, _FAST_HOOK, _OPTIONS)
        if not ((0xC4 in data or 0xC5 in data or 0xC6 in data) and _holds_buffer(value)):
            return data
    except Exception:  # the second way finds out what it was, and where
        pass
    try:
        return _Walk(identity=False).whole(value)
    except NotSerializableError as error:
        raise error.with_traceback(None) from None  # the steps of the walk explain nothing


def pack_identity(value: Any) -> bytes:
    """Encode for comparison: equal values give equal bytes, and nothing is refused."""
    try:
        return packb(value, _IDENTITY_HOOK, _SORTED)
    except Exception:
        return _Walk(identity=True).whole(value)


def not_stored(value: Any) -> Opaque:
    """What stands for a value that cannot be stored, in data and in digests alike."""
    name = type_name(type(value))
    return Opaque(name, None, UNENCODED.tag, packb([name]))


class _Walk:
    """The second way: one walk over one value."""

    __slots__ = ("_ancestors", "_identity", "_labels")

    def __init__(self, *, identity: bool) -> None:
        self._identity = identity
        self._ancestors: set[int] = set()
        self._labels: list[str] = []

    def whole(self, value: Any) -> bytes:
        try:
            return self._packed(self._part(value, ""))
        except RecursionError as fault:
            if self._identity:
                return self._packed(self._stand_in(value))
            raise NotSerializableError(
                f"$ ({type_name(type(value))}) cannot be stored: it is nested too deep for the "
                "Python stack here. Flatten it.",
                "$",
                type_name(type(value)),
            ) from fault

    def _packed(self, tree: Any) -> bytes:
        return packb(tree, None, _SORTED if self._identity else _OPTIONS)

    def _part(self, value: Any, label: str) -> Any:
        """What ormsgpack takes in the place of the value."""
        cls = type(value)
        if cls in _FLAT:
            return value
        if cls is int:
            if -(1 << 63) <= value < 1 << 64:
                return value
            return Ext(BY_TYPE[int].tag, BY_TYPE[int].split(value))
        if cls is str:
            return value if _is_unicode(value) else Ext(BY_TYPE[str].tag, _raw(value))
        if cls is bytearray and self._identity:
            return bytes(value)
        self._labels.append(label)
        if id(value) in self._ancestors or len(self._ancestors) >= MAX_DEPTH:
            tree = self._refuse(value, self._endless(value))
        else:
            self._ancestors.add(id(value))
            tree = self._inside(value, cls)
            self._ancestors.discard(id(value))
        self._labels.pop()
        return tree

    def _inside(self, value: Any, cls: type) -> Any:
        if cls is list:
            return self._elements(value)
        if cls is dict and set(map(type, value)) <= {str} and all(map(_is_unicode, value)):
            return {key: self._part(part, _key_label(key)) for key, part in value.items()}
        kind = kind_of(cls)
        if kind is None:
            return self._refuse(value, _remedy(value))
        try:
            parts = kind.identity(value) if self._identity else kind.split(value)
        except Unencodable as reason:
            return self._refuse(value, f"{reason}.")
        except Exception as fault:
            return self._refuse(value, f"reading it raised {type(fault).__name__}: {fault}")
        if kind.layout is Layout.RAW:
            return Ext(kind.tag or value.tag, parts)
        return self._extension(kind, parts)

    def _extension(self, kind: Kind, parts: list[Any]) -> Ext:
        layout = kind.layout
        if layout is Layout.PARTS:
            tree = [self._part(part, "") for part in parts]
        elif layout is Layout.ITEMS:
            tree = self._elements(parts)
        elif layout is Layout.SET:
            tree = [self._part(part, "{}") for part in parts]
            if self._identity:
                tree = [Fragment(raw) for raw in sorted(map(self._packed, tree))]
        else:
            tree = self._pairs(parts, ordered=layout is Layout.PAIRS)
        return Ext(kind.tag, self._packed(tree))

    def _elements(self, parts: list[Any]) -> list[Any]:
        if set(map(type, parts)) <= _FLAT:
            return parts
        return [self._part(part, f"[{i}]") for i, part in enumerate(parts)]

    def _pairs(self, parts: list[Any], *, ordered: bool) -> list[Any]:
        pairs = [
            (self._part(key, f"[key {_short(key)}]"), self._part(part, _key_label(key)))
            for key, part in zip(parts[::2], parts[1::2], strict=True)
        ]
        if self._identity and not ordered:
            raw = sorted((self._packed(key), self._packed(part)) for key, part in pairs)
            return [Fragment(part) for pair in raw for part in pair]
        return [part for pair in pairs for part in pair]

    def _endless(self, value: Any) -> str:
        if id(value) in self._ancestors:
            return "it contains itself."
        return f"it is nested deeper than {MAX_DEPTH} levels. Flatten it."

    def _stand_in(self, value: Any) -> Ext:
        return Ext(UNENCODED.tag, not_stored(value).raw)

    def _refuse(self, value: Any, reason: str) -> Ext:
        if self._identity:
            return self._stand_in(value)
        refuse("$" + "".join(self._labels), value, reason)


def refuse(path: str, value: Any, reason: str) -> NoReturn:
    """Raise the error that names the part."""
    name = type_name(type(value)).removeprefix("builtins.")
    if len(path) > 300:
        path = f"{path[:140]} … {path[-140:]}"
    raise NotSerializableError(f"{path} ({name}) cannot be stored: {reason}", path, name)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(key: Any) -> str:
    if isinstance(key, str | int | float | bool | bytes | None):
        return repr(key)[:60]
    return type(key).__name__


def _key_label(key: Any) -> str:
    if type(key) is str and key.isidentifier():
        return f".{key}"
    return f"[{_short(key)}]"


def _remedy(value: Any) -> str:
    cls = type(value)
    for base in (dict, list, tuple, str, bytes, int, float, set):
        if isinstance(value, base):
            return (
                f"it is a subclass of {base.__name__}, whose own type would be lost. Convert it, "
                f"as in {base.__name__}(value), or use a dataclass or a Pydantic model."
            )
    if callable(value):
        return "code is not stored. Store a name or the data that it works on."
    if cls.__module__ == "builtins" or cls.__module__.startswith("_"):
        return "it lives only in this process. Store what is needed to make it again."
    return (
        "only plain data, dataclasses, Pydantic models, enums and named tuples are stored. "
        "Make its class one of these, or store what is needed to make it again."
    )
