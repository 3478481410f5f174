"""The half of a run that waits: for its next stop, and for its end."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nbflow._hooks import hooks
from nbflow.errors import RunCancelledError, RunPendingError

if TYPE_CHECKING:
    from nbflow._answerers import Answerer
    from nbflow.base_run import BaseRun
    from nbflow.events import RunEnded
    from nbflow.types import Interrupt

__all__ = ["Waits"]

_LISTEN_S = 0.02
"""How often a blocked thread listens, where its kernel needs that."""

_WAKE_S = 0.25
"""How often a loop wakes while something awaits a run."""

_BEFORE = (-1, -1)


class Waits:
    """What a :class:`~nbflow.run.Run` has for whoever waits for it."""

    thread_id: str | None
    _state: threading.Condition
    _status: str
    _running: bool
    _told: bool
    _turn: int
    _wakes = 0
    """How often those who wait were told to look again."""
    _answerer: Answerer | None
    _ended: RunEnded | None
    _already: Any
    _exception: BaseException | None
    _traceback: TracebackType | None
    _waiters: list[Callable[[], None]]

    @property
    def _run(self) -> BaseRun:
        raise NotImplementedError

    @property
    def interrupts(self) -> tuple[Interrupt, ...]:
        """The open questions."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> str:
        """Wait until the run does not run any more, or so many seconds; returns the status."""
        with self._state:
            self._state.wait_for(lambda: self._told, timeout)
            return self._status

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the run's end, through any number of questions, and return its value.

        Raises:
            TimeoutError: it has not ended after ``timeout`` seconds; it goes on.
            RunPendingError: it waits for a person, and nobody can answer here.
            RunCancelledError: it was cancelled.
            BaseException: what the function raised.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        listen = self._begin_wait()
        since = _BEFORE
        while True:
            moved = self._next(since, until, listen)
            if moved is None:
                raise TimeoutError(
                    f"The run on thread {self.thread_id!r} has not ended after {timeout} s "
                    f"(status: {self._status}). It goes on; call result() again."
                )
            since, status = moved
            if status != "interrupted":
                return self._unwrap()
            self._at_pause()

    def _next(
        self, since: tuple[int, int], until: float, listen: Callable[[], None] | None
    ) -> tuple[tuple[int, int], str] | None:
        """Wait until the run has moved on since then; None when the time is up."""
        most = threading.TIMEOUT_MAX if listen is None else _LISTEN_S
        while True:
            with self._state:
                left = max(0.0, until - time.monotonic())
                if self._state.wait_for(partial(self._moved_on, since), min(left, most)):
                    return (self._turn, self._wakes), self._status
            if left == 0.0:
                return None
            if listen is not None:
                listen()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaited().__await__()

    async def _awaited(self) -> Any:
        self._begin_wait()
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(moved.set)

        with self._state:
            self._waiters.append(wake)
        try:
            since = _BEFORE
            while True:
                with self._state:
                    moved_on, status = self._moved_on(since), self._status
                    since = (self._turn, self._wakes) if moved_on else since
                if moved_on and status != "interrupted":
                    return self._unwrap()
                if moved_on:
                    self._at_pause()
                await _set(moved)
                moved.clear()
        finally:
            with self._state:
                self._waiters.remove(wake)

    def _begin_wait(self) -> Callable[[], None] | None:
        prepare = hooks.filled().before_wait
        return None if prepare is None else prepare(self._run)

    def _moved_on(self, since: tuple[int, int]) -> bool:
        """Whether the run has ended, or stopped at a question, or was left there, since then."""
        if not self._told or self._running:
            return False
        return self._status != "interrupted" or (self._turn, self._wakes) != since

    def _wake(self) -> None:
        """Let the waiters look again: who was to answer has come to rest."""
        with self._state:
            self._wakes += 1
            self._state.notify_all()
            waiters = tuple(self._waiters)
        for wake in waiters:
            wake()

    def _at_pause(self) -> None:
        if self._answerer is not None and self._answerer.attends():
            return
        if hooks.at_pause is not None:
            hooks.at_pause(self._run)
            return
        raise RunPendingError(
            f"The run on thread {self.thread_id!r} waits for an answer to "
            f"{[q.value for q in self.interrupts]!r}, and nobody can give it while this waits. "
            "Answer with run.resume(answer) or run.answer(interrupt_id, answer), then ask again."
        )

    def _unwrap(self) -> Any:
        ended = self._ended
        if self._status == "done":
            return self._already if ended is None else ended.value
        if self._status == "cancelled":
            raise RunCancelledError(
                f"The run on thread {self.thread_id!r} was cancelled; run.resume() continues it."
            )
        if self._status == "ready":
            raise RunPendingError(
                f"The run on thread {self.thread_id!r} has its answers, and nobody has let it go "
                "on yet. run.resume() does."
            )
        if self._exception is not None:
            raise self._exception.with_traceback(self._traceback)
        what = "no error was recorded" if ended is None or ended.error is None else (
            f"{ended.error.type}: {ended.error.message}"
        )  # fmt: skip
        raise RunCancelledError(
            f"The run on thread {self.thread_id!r} ended without a result ({what}); "
            "run.resume() continues it."
        )


async def _set(event: asyncio.Event) -> None:
    """Wait for an event, and wake the loop now and then.

    What interrupts a kernel cancels the cell in a signal handler, of which a sleeping loop hears
    nothing.
    """
    while not event.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAKE_S):
                await event.wait()
