"""Time, chance and fresh ids for the body of a workflow: taken once, then replayed (74).

A body runs again from the top whenever its run goes on. What it takes from a clock or from chance
must be the same then, or it would ask for something else than its record holds. These functions
store what they give, and give it again on every replay. In a run that nothing keeps they are the
plain functions.
"""

from __future__ import annotations

import random as _random
import uuid as _uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from nbflow._current import require_frame

__all__ = ["now", "random", "uuid"]

T = TypeVar("T")


def now() -> datetime:
    """The time in UTC when this line ran first; the same on every replay.

    Raises:
        OutsideRunError: no run is going on here.

    >>> import nbflow
    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def stamp(text: str) -> str:
    ...     return f"{text} at {nbflow.now():%Y}"
    >>> stamp.invoke("done").startswith("done at 2")
    True
    """
    return _recorded("nbflow.now", lambda: datetime.now(UTC))


def uuid() -> _uuid.UUID:
    """A random UUID (version 4); the same on every replay.

    Raises:
        OutsideRunError: no run is going on here.

    >>> import nbflow
    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def order(item: str) -> int:
    ...     return len(str(nbflow.uuid()))
    >>> order.invoke("tea")
    36
    """
    return _recorded("nbflow.uuid", _uuid.uuid4)


def random() -> float:
    """A random number in [0, 1); the same on every replay.

    Raises:
        OutsideRunError: no run is going on here.

    >>> import nbflow
    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def toss(coins: int) -> list[str]:
    ...     return ["heads" if nbflow.random() < 0.5 else "tails" for _ in range(coins)]
    >>> len(toss.invoke(3))
    3
    """
    return _recorded("nbflow.random", _random.random)


def _recorded(name: str, make: Callable[[], T]) -> T:
    value: T = require_frame(f"{name}()").value_of(name, make)
    return value
