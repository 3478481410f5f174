"""A coroutine run to its end from plain code, also where an event loop is running already."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

__all__ = ["run_aside"]

T = TypeVar("T")

_LOOK_S = 0.2


def run_aside(work: Coroutine[Any, Any, T], still_wanted: Callable[[], None]) -> T:
    """Run a coroutine on an event loop of its own, in a thread of its own, and wait for it.

    Args:
        still_wanted: is called several times a second; what it raises cancels the coroutine, and
            is raised when that has ended.

    >>> async def tea() -> str:
    ...     return "tea"
    >>> run_aside(tea(), lambda: None)
    'tea'
    """
    begun: concurrent.futures.Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]]
    begun = concurrent.futures.Future()

    async def main() -> T:
        task = asyncio.ensure_future(work)
        begun.set_result((asyncio.get_running_loop(), task))
        return await task

    with concurrent.futures.ThreadPoolExecutor(1, "nbflow-notebook") as pool:
        done = pool.submit(copy_context().run, asyncio.run, main())
        loop, task = begun.result()
        try:
            while not concurrent.futures.wait([done], _LOOK_S).done:
                still_wanted()
        except BaseException:
            loop.call_soon_threadsafe(task.cancel)
            concurrent.futures.wait([done])
            raise
        return done.result()
