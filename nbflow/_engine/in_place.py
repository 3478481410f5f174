"""An async task that is awaited before it was begun runs in the place of who awaits it.

An asyncio task of its own would cost more than most tasks do. Its context is its own all the same:
every step of its coroutine is taken in there. Whoever cancels the future meanwhile cancels the
coroutine that awaits, and that is made good when the task has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["Fresh", "run_in_place"]

_LONGEST_S = 0.005
"""For so long, tasks may follow one another without the event loop having its turn."""


class Fresh:
    """Tasks that were called and not awaited yet; the event loop begins them at its next turn."""

    __slots__ = ("_ops", "_since")

    def __init__(self) -> None:
        self._ops: list[Op] = []
        self._since = 0.0

    def add(self, op: Op, loop: asyncio.AbstractEventLoop) -> None:
        if not self._ops:
            self._since = time.monotonic()
            loop.call_soon(self._begin)
        self._ops.append(op)

    def _begin(self) -> None:
        from nbflow._engine.async_driver import run_soon

        ops, self._ops = self._ops, []
        for op in ops:
            if not op.claimed:
                op.claimed = True
                run_soon(op)

    @property
    def is_the_loops_turn(self) -> bool:
        """Whether the event loop has waited for long enough."""
        return time.monotonic() - self._since > _LONGEST_S


def run_in_place(op: Op) -> Generator[Any, Any, None]:
    """Run the op's coroutine in the asyncio task that runs now, to its outcome."""
    from nbflow._engine.async_driver import drive

    execution, context = op.execution, op.context
    op.claimed = True
    if execution.fresh.is_the_loops_turn:
        yield
    op.runner = asyncio.current_task()
    if op.inject is not None or op.timeout is not None or op.cached is not None:
        yield from _steps(drive(op), context)
        return
    frame = op.begin_attempt()
    context.run(current_frame.set, frame)
    value: Any = None
    failure: BaseException | None = None
    try:
        op.check_begin()
        value = yield from _steps(context.run(op.fn, *op.call_args, **op.call_kwargs), context)
        if frame.is_clean and not op.decided and not execution.resumed:
            return op.finished(value)
    except BaseException as exc:
        failure = exc
    yield from _steps(drive(op, frame, value, failure), context)


def _steps(coroutine: Coroutine[Any, Any, Any], context: Context) -> Generator[Any, Any, Any]:
    """Take every step of a coroutine in its context; what it waits for, the outer one waits for."""
    came: Any = None
    thrown: BaseException | None = None
    while True:
        try:
            if thrown is None:
                waits_for = context.run(coroutine.send, came)
            else:
                waits_for = context.run(coroutine.throw, thrown)
        except StopIteration as end:
            return end.value
        came, thrown = None, None
        try:
            came = yield waits_for
        except GeneratorExit:
            context.run(coroutine.close)
            raise
        except BaseException as exc:
            thrown = exc
