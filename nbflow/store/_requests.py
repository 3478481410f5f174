"""Operations as a store carries them out: checked, with the value encoded and its texts found."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from nbflow import serde
from nbflow.errors import InvalidNameError, NotSerializableError
from nbflow.store._filters import check_filter
from nbflow.store._texts import get_text_at_path
from nbflow.store.base import (
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    NamespacePath,
    PutOp,
    SearchOp,
)

__all__ = [
    "Get",
    "ListNamespaces",
    "Put",
    "Request",
    "Search",
    "prepared",
    "require_minutes",
    "sameness",
]

_MOST = sys.maxsize
"""As many as there can be; SQLite counts no further."""


@dataclass(frozen=True, slots=True)
class Get:
    namespace: tuple[str, ...]
    key: str
    refresh: bool


@dataclass(frozen=True, slots=True)
class Search:
    prefix: tuple[str, ...]
    filter: Mapping[str, Any] | None
    limit: int
    offset: int
    query: str | None
    """None where nothing is compared."""
    refresh: bool


@dataclass(frozen=True, slots=True)
class ListNamespaces:
    conditions: tuple[MatchCondition, ...]
    max_depth: int | None
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Put:
    namespace: tuple[str, ...]
    key: str
    data: bytes | None
    """The encoded value; None deletes."""
    texts: tuple[str, ...]
    """What is embedded."""
    ttl: float | None
    """Minutes."""


Request = Get | Search | ListNamespaces | Put


def prepared(op: Any, fields: list[str] | None) -> Request:
    """An operation, checked; ``fields`` are the index's paths, None where there is no index.

    Raises:
        InvalidNamespaceError, InvalidNameError, TypeError, ValueError: it cannot be meant.
        NotSerializableError: its value cannot be stored.
    """
    if isinstance(op, GetOp):
        return Get(_labels(op.namespace), _name(op.key), op.refresh_ttl)
    if isinstance(op, SearchOp):
        return _search(op, indexed=fields is not None)
    if isinstance(op, ListNamespacesOp):
        return _list(op)
    if isinstance(op, PutOp):
        return _put(op, fields)
    raise TypeError(
        f"{op!r} is no operation of a store. Give GetOp, SearchOp, ListNamespacesOp or PutOp."
    )


def sameness(request: Request) -> Hashable:
    """Equal for reads that have the same answer; each write is only like itself."""
    if isinstance(request, Get | ListNamespaces):
        return request
    if isinstance(request, Put):
        return id(request)
    try:
        wanted = serde.dumps(request.filter)
    except NotSerializableError:
        return id(request)
    return (
        request.prefix, wanted, request.limit, request.offset, request.query, request.refresh
    )  # fmt: skip


def _search(op: SearchOp, *, indexed: bool) -> Search:
    if op.query is not None and not isinstance(op.query, str):
        raise TypeError(f"query={op.query!r} is no text. Give a str, or None for all values.")
    if op.filter is not None:
        check_filter(op.filter)
    limit, offset = _page(op.limit, op.offset)
    query = op.query if op.query and indexed else None
    return Search(_path(op.namespace_prefix), op.filter, limit, offset, query, op.refresh_ttl)


def _list(op: ListNamespacesOp) -> ListNamespaces:
    conditions = tuple(
        MatchCondition(condition.match_type, _path(condition.path))
        for condition in op.match_conditions or ()
    )
    for condition in conditions:
        if condition.match_type not in ("prefix", "suffix"):
            raise ValueError(
                f"Unsupported match type: {condition.match_type!r}. Give 'prefix' or 'suffix'."
            )
    depth = op.max_depth
    if depth is not None and (not _is_whole(depth) or depth < 1):
        raise ValueError(f"max_depth={depth!r}: give a whole number, 1 or more, or None.")
    return ListNamespaces(conditions, depth, *_page(op.limit, op.offset))


def _put(op: PutOp, fields: list[str] | None) -> Put:
    namespace, key = _labels(op.namespace), _name(op.key)
    if op.value is None:
        return Put(namespace, key, None, (), None)
    _require_place(namespace)
    if not isinstance(op.value, Mapping):
        raise TypeError(
            f"A store keeps dicts; {key!r} was given {type(op.value).__name__}. Nothing was "
            "stored. Wrap it, as in {'value': ...}."
        )
    value = op.value if isinstance(op.value, dict) else dict(op.value)
    paths = _paths(op.index, fields)
    texts = tuple(text for path in paths for text in get_text_at_path(value, path))
    return Put(namespace, key, serde.dumps(value), texts, _minutes(op.ttl))


def _paths(index: Any, fields: list[str] | None) -> list[str]:
    chosen = index is not None and index is not False
    is_list = isinstance(index, list | tuple) and all(isinstance(path, str) for path in index)
    if chosen and not is_list:
        raise TypeError(
            f"index={index!r}: give a list of paths such as ['title', 'notes[*].text'], False for "
            "none, or None for those of the store. Nothing was stored."
        )
    if fields is None or index is False:
        return []
    return fields if index is None else list(index)


def _minutes(ttl: Any) -> float | None:
    if ttl is None:
        return None
    return require_minutes("ttl", ttl)


def require_minutes(name: str, minutes: Any) -> float:
    """A time in minutes, if it is one.

    Raises:
        ValueError: it is not more than 0.
        TypeError: it is no number.
    """
    if isinstance(minutes, bool) or not isinstance(minutes, int | float):
        raise TypeError(f"{name}={minutes!r}: give a number of minutes.")
    if math.isnan(minutes) or minutes <= 0:
        raise ValueError(f"{name}={minutes!r}: give more than 0 minutes, or None for ever.")
    return float(minutes)


def _page(limit: Any, offset: Any) -> tuple[int, int]:
    for name, number in (("limit", limit), ("offset", offset)):
        if not _is_whole(number) or number < 0:
            raise ValueError(f"{name}={number!r}: give a whole number, 0 or more.")
    return min(limit, _MOST), min(offset, _MOST)


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"The key {key!r} is no name. Give a str.")
    if not _is_text(key):
        raise InvalidNameError(
            f"The key {key!r} has a lone surrogate, which no database holds. Use whole Unicode "
            "characters."
        )
    return key


def _path(path: Any) -> NamespacePath:
    """As :func:`_labels`, for a part of a namespace: a list will do."""
    return _labels(tuple(path) if isinstance(path, list) else path)


def _labels(namespace: Any) -> tuple[str, ...]:
    if not isinstance(namespace, tuple):
        raise InvalidNamespaceError(
            f"{namespace!r} is no namespace. Give a tuple of labels, such as ('users', 'ada')."
        )
    for label in namespace:
        fault = _fault(label)
        if fault:
            raise InvalidNamespaceError(
                f"The label {label!r} in namespace {namespace!r} {fault}. Nothing was stored. "
                "Give a tuple of non-empty strings, such as ('users', 'ada')."
            )
    return namespace


def _fault(label: Any) -> str | None:
    if not isinstance(label, str):
        return "is no string"
    if not label:
        return "is empty"
    if "." in label:
        return "has a dot"
    if "\0" in label:
        return "has a NUL"
    return None if _is_text(label) else "has a lone surrogate"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _require_place(namespace: tuple[str, ...]) -> None:
    if not namespace:
        raise InvalidNamespaceError(
            "A value needs a namespace, and () is the root of all. Nothing was stored. Give at "
            "least one label, such as ('users',)."
        )
    if namespace[0] == "langgraph":
        raise InvalidNamespaceError(
            f"The first label of {namespace!r} is kept for LangGraph itself. Nothing was stored. "
            "Use another."
        )
