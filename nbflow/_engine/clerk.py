"""Who does for an event loop what takes a wait: storing facts, opening a run."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from nbflow._engine.crew import takers

__all__ = ["Clerk", "done_apart"]

T = TypeVar("T")


class Clerk:
    """Does what it is given in a thread, one after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._at_work = False

    def do(
        self,
        work: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
        then: Callable[[BaseException | None], None],
    ) -> None:
        """Do it soon; ``then`` is told on the loop what kept it from being done, or None."""
        self._give(partial(_do, work, loop, then))

    def promise(self, work: Callable[[], T]) -> Future[T]:
        """Do it soon; the future has what came of it."""
        future: Future[T] = Future()
        self._give(partial(_settle, work, future))
        return future

    def _give(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._at_work:
                return
            self._at_work = True
        takers.start(_Shift(self._work))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._at_work = False
                    return
                job = self._jobs.popleft()
            job()


class _Shift:
    """What the crew knows of a clerk at work."""

    queued = claimed = False

    def __init__(self, run: Callable[[], None]) -> None:
        self.run = run

    def claim(self) -> bool:
        return True


def _do(
    work: Callable[[], None],
    loop: asyncio.AbstractEventLoop,
    then: Callable[[BaseException | None], None],
) -> None:
    fault: BaseException | None = None
    try:
        work()
    except BaseException as exc:
        fault = exc
    with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
        loop.call_soon_threadsafe(then, fault)


def _settle(work: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as exc:
        future.set_exception(exc)


async def done_apart(work: Callable[[], T], undo: Callable[[T], None]) -> T:
    """Do it in a thread, in this context, while the event loop goes on.

    Args:
        undo: what a thread does with what came of it when the caller was cancelled meanwhile; a
            caller that is cancelled again does not wait for that.
    """
    clerk, context = Clerk(), copy_context()
    done = clerk.promise(partial(context.run, work))
    try:
        return await asyncio.shield(asyncio.wrap_future(done))
    except asyncio.CancelledError:

        def undone() -> None:
            if done.exception() is None:
                context.run(undo, done.result())

        await asyncio.wait([asyncio.wrap_future(clerk.promise(undone))])
        raise
