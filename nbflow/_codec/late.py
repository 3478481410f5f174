"""Kinds of libraries that ``import nbflow`` does not load.

They are entered when the first value of such a library is stored, and then it is imported; or
when the first one is read, and only then it is imported, by the fixed names below.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from nbflow._codec.kinds import BY_TAG, Kind, Layout, Unavailable

__all__ = ["LIBRARIES", "enter", "late_kind"]

_NAMES = {
    40: "numpy.ndarray",
    41: "numpy.generic",
    50: "pandas.Timestamp",
    51: "pandas.Timedelta",
    52: "pandas.missing",
    53: "pandas.Index",
    54: "pandas.Series",
    55: "pandas.DataFrame",
    56: "pandas.Categorical",
    60: "pydantic_core.TzInfo",
    61: "pydantic.SecretStr",
    62: "pydantic.SecretBytes",
}

_entered: set[str] = set()
_entering = threading.RLock()


def enter(library: str) -> None:
    """Add the kinds of one of these libraries; repeating is free.

    Raises:
        ImportError: it is not installed.
    """
    with _entering:
        if library not in _entered:
            _ENTER[library]()
            _entered.add(library)


def _enter_numpy() -> None:
    from nbflow._codec import arrays

    arrays.enter()


def _enter_pandas() -> None:
    enter("numpy")
    from nbflow._codec import frames

    frames.enter()


def _enter_zones() -> None:
    from nbflow._codec import pydantic_values

    pydantic_values.enter_zones()


def _enter_secrets() -> None:
    from nbflow._codec import pydantic_values

    pydantic_values.enter_secrets()


_ENTER: dict[str, Callable[[], None]] = {
    "numpy": _enter_numpy,
    "pandas": _enter_pandas,
    "pydantic": _enter_secrets,
    "pydantic_core": _enter_zones,
}
LIBRARIES = frozenset(_ENTER)
"""Top-level modules whose values have kinds."""


def late_kind(tag: int) -> Kind | None:
    """The kind of a tag that is not entered yet; None for an unknown tag.

    Where the library is not installed the data are shown as stored.
    """
    name = _NAMES.get(tag)
    if name is None:
        return None
    try:
        enter(name.partition(".")[0])
    except ImportError:
        return Kind(tag, Layout.PARTS, list, partial(_missing, name))
    return BY_TAG.get(tag)


def _missing(name: str, parts: list[Any]) -> Any:
    raise Unavailable(name, parts)
