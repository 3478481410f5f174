"""Threads that must not wait: those of event loops, which would hold up all that runs there."""

from __future__ import annotations

import threading

__all__ = ["SHORTLY_S", "WouldWaitError", "haste"]

SHORTLY_S = 0.002
"""No wait: for so long a thread may hold what another one is about to use."""


class WouldWaitError(Exception):
    """Somebody else holds what is needed. Nothing was stored; try again where waiting does no
    harm."""


class _Haste(threading.local):
    hurried = False
    """Whether this thread must not wait, and has a WouldWaitError in place of a wait."""


haste = _Haste()
