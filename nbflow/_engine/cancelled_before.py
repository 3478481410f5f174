"""The future of a call that the code cancelled when it made it first."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from nbflow._engine.future import AsyncTaskFuture
from nbflow.errors import NonDeterminismError

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame
    from nbflow._engine.replay import Call

__all__ = ["CancelledBefore"]

_PATIENCE_S = 60.0
"""For so long, at least, the code may take to cancel it again."""
_TIMES_AS_LONG = 10
"""Beside that, how many times as long as it took at first."""


class CancelledBefore(AsyncTaskFuture[Any]):
    """It waits until the code cancels it again, so that a time-out is a time-out on replay, too.

    Code that only awaits it goes another way than it did. Where no other line of control of that
    code is alive, which could still cancel it, it is refused after a while.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, lane: str, frame: Frame, call: Call
    ) -> None:
        super().__init__(loop, lane)
        self._frame = frame
        self._call = call
        self._timer: asyncio.TimerHandle | None = None

    def __await__(self) -> Generator[Any, None, Any]:
        self._watch(asyncio.current_task())
        try:
            return (yield from super().__await__())
        finally:
            if self._timer is not None:
                self._timer.cancel()

    __iter__ = __await__

    def _watch(self, waiter: asyncio.Task[Any] | None) -> None:
        patience_s = max(_PATIENCE_S, _TIMES_AS_LONG * self._call.took_s)
        self._timer = self.get_loop().call_later(patience_s, self._look, waiter)

    def _look(self, waiter: asyncio.Task[Any] | None) -> None:
        if self.done():
            return None
        if any(lane is not waiter for lane in self._frame.lanes_alive()):
            return self._watch(waiter)
        due = self._call.describe()
        refused = NonDeterminismError(
            f"The code is unchanged, but on replay it awaits {due}, which it cancelled when it "
            "ran first. Something outside the record decides here: a clock, a random number, a "
            "global. Move it into a @task. To begin anew, invoke the workflow with a new input.",
            due,
            due,
        )
        self._frame.refused = refused
        self.settle(None, refused)
