"""Calls at a time of day: the time of a question is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import Context

from nbflow._engine.loops import background_loop

__all__ = ["Alarm"]

_LONGEST_S = 3600.0
"""A clock that is set anew is noticed this soon."""


class Alarm:
    """A call once it is so late, in a thread of its own; if it is already, at once.

    Args:
        when: seconds since the epoch.
    """

    __slots__ = ("_act", "_when")

    def __init__(self, when: float, act: Callable[[], None]) -> None:
        self._when = when
        self._act: Callable[[], None] | None = act
        nobodys = Context()  # the caller's own would hold the frame that asks, and all that is its
        background_loop().call_soon_threadsafe(self._wait, context=nobodys)

    def off(self) -> None:
        """Call nothing, and hold nothing any more of what would be called."""
        self._act = None

    def _wait(self) -> None:
        act = self._act
        if act is None:
            return
        left = self._when - time.time()
        if left > 0:
            background_loop().call_later(min(left, _LONGEST_S), self._wait)
        else:
            threading.Thread(target=act, name="nbflow-alarm", daemon=True).start()
