"""What a task is called with: copies, so that a first run and a replay see the same."""

from __future__ import annotations

from typing import Any

from nbflow import serde
from nbflow.errors import NotSerializableError

__all__ = ["own_copies"]

_ATOMS = frozenset((type(None), bool, int, float, str, bytes))


def own_copies(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments that a task may change without its caller seeing it (76).

    What cannot be stored is passed on as it is.
    """
    for arg in args:
        if type(arg) not in _ATOMS:
            args = tuple(map(_own_copy, args))
            break
    return args, {k: _own_copy(v) for k, v in kwargs.items()} if kwargs else kwargs


def _own_copy(value: Any) -> Any:
    if type(value) in _ATOMS or isinstance(value, type | BaseException):
        return value
    try:
        return serde.loads(serde.dumps(value))
    except NotSerializableError:
        return value
