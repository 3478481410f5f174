"""For event loops with a clock of their own: it stands still while a thread stores something."""

from __future__ import annotations

import time

from nbflow._engine.crew import takers

__all__ = ["wait_for_clerks"]


def wait_for_clerks() -> None:
    """Until those are done that store for event loops."""
    while takers._queue or takers._workers > takers._idle:
        time.sleep(0.0001)
