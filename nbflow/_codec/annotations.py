"""Which storable classes a function's annotations lead to. Bounded, and never raises for them."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from nbflow._codec.classes import family, is_model
from nbflow._codec.kinds import EXCEPTION

__all__ = ["reachable", "reachable_from"]

_MOST = 1_000
"""Annotations looked at; what lies behind them is registered when it is first stored."""


def reachable(fn: Any) -> list[type]:
    """Classes to register, each once."""
    return reachable_from(*_hints(fn))


def reachable_from(*hints: Any) -> list[type]:
    """The same for annotations without a function."""
    found: dict[type, None] = {}
    seen: set[int] = set()
    pending = list(hints)
    keep: list[Any] = []
    while pending and len(seen) < _MOST:
        hint = pending.pop()
        if id(hint) in seen:
            continue
        seen.add(id(hint))
        keep.append(hint)
        pending.extend(_within(hint))
        if isinstance(hint, type) and family(hint) not in (None, EXCEPTION):
            found[hint] = None
    return list(found)


def _hints(owner: Any) -> Iterator[Any]:
    try:
        yield from typing.get_type_hints(owner, include_extras=True).values()
    except Exception:
        # one name that does not resolve must not hide the others
        plain = getattr(owner, "__annotations__", {})
        names = {**getattr(owner, "__globals__", {}), **_closure(owner)}
        for hint in plain.values() if isinstance(plain, dict) else ():
            yield names.get(hint) if isinstance(hint, str) else hint


def _closure(owner: Any) -> dict[str, Any]:
    code, cells = getattr(owner, "__code__", None), getattr(owner, "__closure__", None)
    if code is None or not cells:
        return {}
    content = {}
    for name, cell in zip(code.co_freevars, cells, strict=False):
        try:
            content[name] = cell.cell_contents
        except ValueError:
            continue
    return content


def _within(hint: Any) -> Iterator[Any]:
    yield from typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is not None:
        yield origin
    for attribute in ("__value__", "__supertype__"):
        inner = getattr(hint, attribute, None)
        if inner is not None:
            yield inner
    if not isinstance(hint, type):
        return
    if is_model(hint):
        fields = getattr(hint, "__pydantic_fields__", None) or {}
        yield from (field.annotation for field in fields.values())
    elif typing.is_typeddict(hint) or family(hint) is not None:
        yield from _hints(hint)
