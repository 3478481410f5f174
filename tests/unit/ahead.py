"""An event loop whose clock jumps over every wait, so that a test of hours takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.clerks import wait_for_clerks

__all__ = ["run_ahead", "skip"]

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Where the loop waits; it waits for threads, and for nothing else."""

    loop: AheadLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        wait_for_clerks()
        ready = super().select(0)
        if not ready:
            self.loop.skip(timeout)
        return ready


class AheadLoop(asyncio.SelectorEventLoop):
    """Not for programs with threads that work while the loop waits for a timer."""

    def __init__(self) -> None:
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        """Let so much time pass at once, as blocking code does."""
        self._now += seconds


def run_ahead(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` without the waiting."""
    with asyncio.Runner(loop_factory=AheadLoop) as runner:
        return runner.run(main)


def skip(seconds: float) -> None:
    """Block the running loop for so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AheadLoop)
    loop.skip(seconds)
