"""Bytes to values: builds known kinds only; imports, calls and executes nothing named in them.

Damaged or hostile bytes cost memory in proportion to their length and a bounded stack, and end in
:class:`~nbflow.errors.CorruptDataError`. Extensions hold msgpack of their own, so reading recurses
through the hook; there is one hook per level, which needs no counter shared between threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ormsgpack import unpackb

from nbflow._codec.kinds import BY_TAG, UNENCODED, Kind, Layout, Unavailable
from nbflow._codec.late import late_kind
from nbflow._codec.records import Opaque
from nbflow.errors import CorruptDataError

__all__ = ["ENCRYPTED", "unpack"]

ENCRYPTED = b"\xc1\xee"
"""How a value begins that nbflow encrypted; no version of the format has this number."""

_Hook = Callable[[int, bytes], Any]

_MAX_LEVELS = 160
"""Extensions within extensions."""

_TRUSTED_LEVELS = 3
"""ormsgpack takes 1,022 containers within each other for every level and 0.7 KB of C stack for
each; beyond these levels the containers are counted first."""

_MAX_CONTAINERS = 3_000
_first = threading.local()
"""The fault that a hook raised first; ormsgpack tells only that there was one."""

_log = logging.getLogger("nbflow.serde")
_MOST_NAMES = 1_000
_said: set[str] = set()
"""Names of what could not be rebuilt, as they are shown; each is said once, and so many at most."""
_unsaid: list[str] = []
"""Those of them that the end of the reading will say, all in one."""

_HEADERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])


def _hook(level: int, inner: _Hook | None) -> _Hook:
    def hook(tag: int, raw: bytes) -> Any:
        try:
            kind = BY_TAG.get(tag) or _late_kind(tag)
            if kind.layout is Layout.RAW:
                return kind.build(raw)
            if inner is None:
                raise ValueError("extensions nested too deep")
            if level == _TRUSTED_LEVELS:
                _check_depth(raw)
            parts = unpackb(raw, ext_hook=inner)
            if type(parts) is not list:
                raise ValueError("a payload is not a list")
            return kind.build(parts)
        except Unavailable as missing:
            if tag != UNENCODED.tag:
                _note(missing.type_name)
            return Opaque(missing.type_name, missing.data, tag, raw)
        except Exception as fault:
            if not hasattr(_first, "fault"):
                _first.fault = fault
            raise

    return hook


def _late_kind(tag: int) -> Kind:
    kind = late_kind(tag)
    if kind is None:
        raise ValueError(f"unknown extension {tag}")
    return kind


def _nested() -> _Hook:
    hook: _Hook | None = None
    for level in range(_MAX_LEVELS, 0, -1):
        hook = _hook(level, hook)
    assert hook is not None
    return hook


_HOOK = _nested()


def unpack(data: bytes) -> Any:
    """Decode.

    Raises:
        CorruptDataError: damaged bytes, or bytes of a newer version.
    """
    try:
        value = unpackb(data, ext_hook=_HOOK)
    except Exception as fault:
        first = _first.__dict__.pop("fault", fault)
        raise CorruptDataError(_explain(data, first)) from first
    if _unsaid:
        _say()
    return value


def _note(type_name: str) -> None:
    name = type_name[:200]
    if name not in _said and len(_said) < _MOST_NAMES:
        _said.add(name)
        _unsaid.append(name)


def _say() -> None:
    names: list[str] = []
    with suppress(IndexError):  # another thread says them, too
        while True:
            names.append(_unsaid.pop(0))
    if names:
        _log.warning(
            "Stored values of %s cannot be rebuilt here; they are shown as data (serde.Opaque) and "
            "stay as they are. Their class is not known in this process, it has other fields by "
            "now, or what it needs is not installed. Import its module, or pass the class to "
            "nbflow.serde.register(). This is said once.",
            ", ".join(map(repr, names)),
        )


def _explain(data: bytes, fault: Exception) -> str:
    if data.startswith(ENCRYPTED):
        return (
            f"Stored data ({len(data)} bytes) are encrypted. Open the database with the key: "
            "nbflow.checkpoint.encrypted.EncryptedSaver(saver, key)."
        )
    if data[:1] == b"\xc1" and len(data) > 1:
        return (
            f"Stored data has format version {data[1]}; this nbflow reads version 1. "
            "It was written by a newer nbflow: upgrade."
        )
    return (
        f"Stored data ({len(data)} bytes) cannot be read: {type(fault).__name__}: {fault}. "
        "It is damaged, or was not written by nbflow."
    )


def _check_depth(raw: bytes) -> None:
    """Refuse what could exhaust the C stack, which ormsgpack does not watch across hooks."""
    if len(raw) - len(raw.translate(None, _HEADERS)) > _MAX_CONTAINERS and (
        deepest(raw) > _MAX_CONTAINERS
    ):
        raise ValueError("containers nested too deep")


_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1,
    0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip
_SIZED = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip
_COUNTED = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def deepest(raw: bytes) -> int:
    """How many containers and extensions are within each other at most, without building any."""
    # values still to come and, for an extension, where it ends (-1 for a list or map)
    open_: list[list[int]] = [[1, len(raw)]]
    at = most = 0
    while open_ and at < len(raw):
        top = open_[-1]
        if top[0] == 0:
            at = top[1] if top[1] >= 0 else at
            open_.pop()
            continue
        top[0] -= 1
        head = raw[at]
        at += 1
        if head < 0x80 or head >= 0xE0:
            continue
        if head < 0xA0:
            open_.append([(head & 15) * (1 if head >= 0x90 else 2), -1])
        elif head < 0xC0:
            at += head & 31
        elif head in _COUNTED:
            width, each = _COUNTED[head]
            open_.append([int.from_bytes(raw[at : at + width], "big") * each, -1])
            at += width
        elif head in _SIZED:
            width, tagged = _SIZED[head]
            size = int.from_bytes(raw[at : at + width], "big")
            at += width
            if tagged:
                at = _enter(raw, at, size, open_)
            else:
                at += size
        elif 0xD4 <= head <= 0xD8:
            at = _enter(raw, at, 1 << (head - 0xD4), open_)
        else:
            at += _FIXED.get(head, 0)
        most = max(most, len(open_) - 1)
    return most


def _enter(raw: bytes, at: int, size: int, open_: list[list[int]]) -> int:
    """Step into an extension whose payload is msgpack, over any other; returns where to go on."""
    kind = BY_TAG.get(int.from_bytes(raw[at : at + 1], "big", signed=True))
    if kind is not None and kind.layout is Layout.RAW:
        return at + 1 + size
    open_.append([1, at + 1 + size])
    return at + 1
