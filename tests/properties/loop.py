"""An event loop that a seed decides: which ready callback runs next, and when the run is cancelled.

Its clock is its own: a round takes a moment or none, and when nothing is ready it jumps to the next
timer, so ``asyncio.sleep`` costs nothing. Ready callbacks are shuffled within one round, as Trio
does; a round still runs all of them, so ``sleep(0)`` lets everybody else have a turn.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

from tests.clerks import wait_for_clerks

__all__ = ["Stuck", "VirtualLoop", "play"]

T = TypeVar("T")

STUCK_S = 4.0
"""Real seconds in which a worker thread must have woken a loop that waits for nothing else."""


class Stuck(BaseException):
    """Nothing is ready, no timer is set, and no thread woke the loop: it would wait for ever."""


class _Impatient(selectors.SelectSelector):
    """Waits for threads only, and not for long."""

    def __init__(self, patience_s: float) -> None:
        super().__init__()
        self._patience_s = patience_s

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().select(0)
        events = super().select(self._patience_s)
        if not events:
            raise Stuck
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose every choice comes from ``seed``."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, seed: int, cancel_at: int | None = None, *, threads: bool = False) -> None:
        super().__init__(_Impatient(STUCK_S if threads else 0))
        self._now = 0.0
        self._chance = Random(seed)
        self._rounds = 0
        self._cancel_at = cancel_at
        """The round before which ``main`` is cancelled; None for never."""
        self.main: asyncio.Task[Any] | None = None
        self.unretrieved: list[dict[str, Any]] = []
        """What asyncio would have logged."""
        self.set_exception_handler(lambda _, context: self.unretrieved.append(context))

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        self._rounds += 1
        if self._rounds == self._cancel_at and self.main is not None:
            self.main.cancel()
        self._now += self._chance.choice((0.0, 0.0, 0.01))
        ready = self._ready
        if len(ready) > 1:
            handles = list(ready)
            self._chance.shuffle(handles)
            ready.clear()
            ready.extend(handles)
        elif not ready and self._scheduled and not self._is_awaited():
            self._now = max(self._now, self._scheduled[0].when())
        super()._run_once()  # type: ignore[misc]  # private, and the one place where order is made

    def _is_awaited(self) -> bool:
        """Whether a clerk's thread has called; while one works the clock stands still."""
        wait_for_clerks()
        return bool(self._ready)


def _is_engines(task: asyncio.Task[Any]) -> bool:
    """Whether nbflow made it; a helper of the program's that called no task may live on."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "nbflow/" in code.co_filename.replace("\\", "/")


def _end(loop: VirtualLoop) -> None:
    """Cancel what is left, so that it does not complain later."""
    for _ in range(100):
        left = asyncio.all_tasks(loop)
        if not left:
            return
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))


def play(
    seed: int,
    coroutine: Coroutine[Any, Any, T],
    cancel_at: int | None = None,
    *,
    threads: bool = False,
) -> T:
    """Run ``coroutine`` on a loop of its own, as one ``asyncio.run`` of a script.

    Args:
        cancel_at: the round before which it is cancelled; None for never.
        threads: whether threads may wake the loop.

    Raises:
        asyncio.CancelledError: it was cancelled in round ``cancel_at``.
        Stuck: it waits for something that cannot come.
        AssertionError: nbflow left asyncio tasks of its own behind.
    """
    loop = VirtualLoop(seed, cancel_at, threads=threads)
    try:
        main = loop.main = loop.create_task(coroutine)
        try:
            result: T = loop.run_until_complete(main)
            return result
        finally:
            stuck = not main.done()
            left = [repr(task) for task in asyncio.all_tasks(loop) if _is_engines(task)]
            _end(loop)
            assert stuck or not left, f"left behind: {left}"
    finally:
        loop.close()
