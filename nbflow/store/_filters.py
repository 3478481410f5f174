"""What a filter means, decided over decoded values, for every store alike (280, 281).

A filter is a dict of what a value's entries must be: an equal value; a list, entry by entry; a
dict, whose entries are asked of the entry below; or operators. A missing entry counts as None.
True is not 1, and what has no order is neither more nor less.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

from nbflow import serde

__all__ = ["check_filter", "matches"]

_KEY = re.compile(r"[\w.-]+")
_SEQUENCES = (list, tuple)
_ORDERED = (str, bytes, date, time, timedelta, bool)


def check_filter(filter: Any) -> None:
    """Refuse a filter that means nothing.

    Raises:
        TypeError: it is not a dict.
        ValueError: a key that is not a name, or an operator that there is not.
    """
    if not isinstance(filter, Mapping):
        raise TypeError(
            f"A filter is a dict of what a value must have, not {type(filter).__name__}. "
            "Give one such as {'age': {'$gte': 18}}."
        )
    for key, wanted in filter.items():
        if not (isinstance(key, str) and _KEY.fullmatch(key)):
            raise ValueError(
                f"Invalid filter key: {key!r}. Expected letters, digits, '_', '-' and '.'; an "
                "operator stands under a key: {'age': {'$gte': 18}}. To compare a dict that has "
                "other keys, give all of it: {'entry': {'$eq': {...}}}."
            )
        _check_wanted(wanted)


def _check_wanted(wanted: Any) -> None:
    if isinstance(wanted, _SEQUENCES):
        for part in wanted:
            _check_wanted(part)
    elif isinstance(wanted, Mapping):
        if not _has_operators(wanted):
            check_filter(wanted)
            return
        for name in wanted:
            if name not in _OPERATORS:
                raise ValueError(f"Unsupported operator: {name}. Expected {', '.join(_OPERATORS)}.")


def _has_operators(wanted: Mapping[Any, Any]) -> bool:
    return any(isinstance(key, str) and key.startswith("$") for key in wanted)


def matches(value: Mapping[str, Any], filter: Mapping[str, Any]) -> bool:
    """Whether a value has all that a checked filter asks for."""
    return all(_fits(_entry(value, key), wanted) for key, wanted in filter.items())


def _entry(value: Mapping[str, Any], key: str) -> Any:
    """The entry of that name or, where there is none, the one that dots in it lead to."""
    if key in value:
        return value[key]
    found: Any = value
    for name in key.split("."):
        if not (isinstance(found, Mapping) and name in found):
            return None
        found = found[name]
    return found


def _fits(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if _has_operators(wanted):
            return all(_OPERATORS[name](found, operand) for name, operand in wanted.items())
        return isinstance(found, Mapping) and matches(found, wanted)
    if isinstance(wanted, _SEQUENCES):
        return _pairwise(found, wanted, _fits)
    return _same(found, wanted)


def _pairwise(found: Any, wanted: Any, fits: Callable[[Any, Any], bool]) -> bool:
    return (
        isinstance(found, _SEQUENCES)
        and len(found) == len(wanted)
        and all(fits(*pair) for pair in zip(found, wanted, strict=True))
    )


def _same(found: Any, wanted: Any) -> bool:
    """Equal in every part; a list equals a tuple, but True does not equal 1."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return type(found) is type(wanted) and found == wanted
    if isinstance(wanted, Mapping):
        return (
            isinstance(found, Mapping)
            and found.keys() == wanted.keys()
            and all(_same(part, wanted[key]) for key, part in found.items())
        )
    if isinstance(wanted, _SEQUENCES):
        return _pairwise(found, wanted, _same)
    equal = found == wanted
    if _is_number(found) and _is_number(wanted):
        return bool(equal)  # NumPy's comparisons give a boolean of its own
    # an array compares entry by entry
    return equal if isinstance(equal, bool) else serde.dumps(found) == serde.dumps(wanted)


def _differs(found: Any, wanted: Any) -> bool:
    return not _same(found, wanted)


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def decide(found: Any, wanted: Any) -> bool:
        if not (_is_number(found) and _is_number(wanted)) and not (
            isinstance(found, _ORDERED) and type(found) is type(wanted)
        ):
            return False
        try:
            return bool(compare(found, wanted))
        except (TypeError, ArithmeticError):
            return False  # times with and without a zone; a Fraction and a Decimal

    return decide


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": _same,
    "$ne": _differs,
    "$gt": _ordered(operator.gt),
    "$gte": _ordered(operator.ge),
    "$lt": _ordered(operator.lt),
    "$lte": _ordered(operator.le),
}
