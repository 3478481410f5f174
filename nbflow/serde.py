"""The encoding of everything that is stored: typed, lossless, closed.

A value comes back equal and of the same type, or :func:`dumps` refuses it with the path to the
part at fault. :func:`loads` builds known kinds only: it imports nothing by name and calls nothing
that is named in the data, so hostile bytes are at worst a :class:`~nbflow.errors.CorruptDataError`.

Format, version 1: msgpack, where each kind of value that msgpack lacks is an extension (the tags
are in ``nbflow/_codec/kinds.py`` and are never reused). Msgpack never begins with byte ``0xc1``;
a later version begins with it, followed by its number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from ormsgpack import packb

from nbflow._codec.annotations import reachable
from nbflow._codec.classes import register
from nbflow._codec.pack import MAX_DEPTH, pack, pack_identity, refuse
from nbflow._codec.records import Opaque, StoredException
from nbflow._codec.unpack import unpack

__all__ = [
    "FORMAT_VERSION",
    "MAX_BYTES",
    "MAX_DEPTH",
    "Opaque",
    "StoredException",
    "decoded",
    "digest_source",
    "dumps",
    "loads",
    "register",
    "register_annotations",
]

FORMAT_VERSION = 1
"""What :func:`dumps` writes; :func:`loads` reads all versions up to it."""

MAX_BYTES = 1 << 29
"""Largest encoded value; set it to allow more. SQLite itself stops at 1,000,000,000."""

_LONGEST_SOURCE = 32
_DIGEST_MARK = b"\xc1"
_EMPTY_DIGEST = blake2b(digest_size=16)
_FLAT = frozenset((type(None), bool, int, float))
"""Whose msgpack needs no second look."""
_ATOMS = frozenset((type(None), bool, int, float, str, bytes))


def dumps(value: Any) -> bytes:
    """Encode a value losslessly.

    Dataclasses, Pydantic models, enums and named tuples are stored as their qualified name and
    fields, and their classes are registered as :func:`register` does. An exception is stored as
    text and comes back as :class:`StoredException`. Secrets of Pydantic (``SecretStr``) are stored
    as they are, and hidden when they are shown; ``EncryptedSaver`` encrypts them with all else.

    Raises:
        NotSerializableError: a part cannot be stored (a lock, a generator, a value that contains
            itself, ...), is nested too deep, or all of it is larger than ``MAX_BYTES``. Its
            ``path`` names the part.

    >>> loads(dumps({"at": (1, 2), "big": 2**70}))
    {'at': (1, 2), 'big': 1180591620717411303424}
    """
    if type(value) in _FLAT:
        try:
            return packb(value)
        except TypeError:
            pass  # more than 64 bits
    if sys.getsizeof(value) > MAX_BYTES:
        refuse("$", value, _too_large(sys.getsizeof(value)))
    data = pack(value)
    if len(data) > MAX_BYTES:
        refuse("$", value, _too_large(len(data)))
    return data


def _too_large(size: int) -> str:
    return (
        f"it takes {size:,} bytes, and nbflow.serde.MAX_BYTES is {MAX_BYTES:,}. "
        "Store a file and return its path, or raise the limit."
    )


def loads(data: bytes) -> Any:
    """Decode what :func:`dumps` wrote.

    A value of a class that is not registered here, or whose fields have changed since, comes back
    as :class:`Opaque` with its data; the log warns of it once for each class (268-271).

    Raises:
        CorruptDataError: the bytes are damaged, or a newer nbflow wrote them.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Order:
    ...     item: str
    >>> loads(dumps(Order("tea")))
    Order(item='tea')
    """
    return unpack(data)


def decoded(value: Any, data: bytes) -> Any:
    """What ``loads(data)`` gives, where ``data`` is ``dumps(value)``; saves the work for atoms.

    >>> value = [1, 2]
    >>> decoded(value, dumps(value)) is value, decoded("tea", dumps("tea"))
    (False, 'tea')
    """
    return value if type(value) in _ATOMS else unpack(data)


def digest_source(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """At most 32 bytes that stand for the arguments of a call: equal arguments, equal bytes.

    Independent of the order of dicts and sets and of ``PYTHONHASHSEED``. A part that cannot be
    stored counts as its type's name. Short arguments are given as they are (``loads`` shows
    them), long ones as ``0xc1`` and their blake2b-16, which no short one can equal.

    >>> digest_source((), {"a": 1, "b": 2}) == digest_source((), {"b": 2, "a": 1})
    True
    """
    data = pack_identity([*args, kwargs])
    if len(data) <= _LONGEST_SOURCE:
        return data
    digest = _EMPTY_DIGEST.copy()  # cheaper than a new one
    digest.update(data)
    return _DIGEST_MARK + digest.digest()


def register_annotations(fn: Callable[..., Any]) -> None:
    """Register the classes that a function's annotations lead to, through fields and generics.

    Annotations that cannot be evaluated are passed over: a class is then registered when the
    first value of it is stored.

    >>> from pathlib import Path
    >>> def read(path: Path) -> list[str]:
    ...     return path.read_text().splitlines()
    >>> register_annotations(read)
    """
    register(*reachable(fn))
