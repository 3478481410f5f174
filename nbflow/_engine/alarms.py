"""Calls at a time of day: the time of a question is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nbflow._engine.loops import background_loop

__all__ = ["call_at"]

_LONGEST_S = 3600.0
"""A clock that is set anew is noticed this soon."""


def call_at(when: float, act: Callable[[], None]) -> None:
    """Call once it is so late, in a thread of its own; if it is already, at once.

    Args:
        when: seconds since the epoch.
    """
    loop = background_loop()
    loop.call_soon_threadsafe(_wait, when, act)


def _wait(when: float, act: Callable[[], None]) -> None:
    left = when - time.time()
    if left > 0:
        background_loop().call_later(min(left, _LONGEST_S), _wait, when, act)
    else:
        threading.Thread(target=act, name="nbflow-alarm", daemon=True).start()
