"""What an asyncio task that a run's code makes is called in the record: its lane.

Lanes are numbered as the code makes them, which is the same on every replay. Only
``asyncio.as_completed`` makes its tasks from a set; those are called after what they run: the
coroutine's code and arguments.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from hashlib import blake2b
from types import CoroutineType
from typing import Any

from nbflow import serde
from nbflow._current import current_frame

__all__ = ["lane_token", "watch_lanes"]

_FROM_A_SET = asyncio.as_completed.__code__
_FRAMES_UP = 10
"""How far above the making of a task ``as_completed`` may be."""


def lane_token(task: asyncio.Task[Any]) -> str | None:
    """What stands for a task that was made from a set; None for any other, which has a number."""
    if not _is_from_a_set():
        return None
    coroutine = task.get_coro()
    if not isinstance(coroutine, CoroutineType) or coroutine.cr_frame is None:
        return None
    code, given = coroutine.cr_code, coroutine.cr_frame.f_locals
    digest = blake2b(serde.digest_source((code.co_qualname, dict(given)), {}), digest_size=6)
    return digest.hexdigest()


def _is_from_a_set() -> bool:
    frame = sys._getframe(2)
    for _ in range(_FRAMES_UP):
        above = frame.f_back
        if above is None:
            return False
        frame = above
        if frame.f_code is _FROM_A_SET:
            return True
    return False


TaskFactory = Callable[..., Any]


def watch_lanes(loop: asyncio.AbstractEventLoop) -> None:
    """Let every asyncio task that a run's code creates on this loop have its own lane.

    The loop's own task factory stays in charge; this only looks at what it made.
    """
    make: TaskFactory | None = loop.get_task_factory()
    if getattr(make, "nbflow_lanes", False):
        return

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> Any:
        task = asyncio.Task(coro, loop=loop, **kwargs) if make is None else make(
            loop, coro, **kwargs
        )  # fmt: skip
        frame = current_frame.get()
        if frame is not None and frame.loop is loop and isinstance(task, asyncio.Task):
            frame.enter_lane(task)
        return task

    factory.nbflow_lanes = True  # type: ignore[attr-defined]  # marks our own
    loop.set_task_factory(factory)
