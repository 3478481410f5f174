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
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op

__all__ = ["Fresh", "run_in_place"]

_LONGEST_S = 0.005
"""For so long, tasks may follow one another without the event loop having its turn."""


class Fresh:
    """Tasks that were called and not awaited yet; the event loop begins them at its next turn."""

    __slots__ = ("_ops", "since")

    def __init__(self) -> None:
        self._ops: list[Op] = []
        self.since = 0.0
        """When the event loop last had its turn, by ``time.monotonic()``, or shortly after."""

    def add(self, op: Op, loop: asyncio.AbstractEventLoop) -> None:
        ops = self._ops
        if not ops:
            self.since = time.monotonic()
            loop.call_soon(self._begin)
        elif ops[-1].claimed:
            ops.pop()
        ops.append(op)

    def _begin(self) -> None:
        from nbflow._engine.async_driver import run_soon

        ops, self._ops = self._ops, []
        for op in ops:
            if not op.claimed:
                op.claimed = True
                run_soon(op)


def run_in_place(op: Op) -> Generator[Any, Any, None]:
    """Run the op's coroutine in the asyncio task that runs now, to its outcome."""
    from nbflow._engine.async_driver import drive

    execution, context = op.execution, op.take_context()
    op.claimed = True
    if time.monotonic() - execution.fresh.since > _LONGEST_S:
        op.runner = asyncio.current_task()
        yield
    if op.inject is not None or op.timeout is not None or op.cached is not None or op.at_most_once:
        yield from _steps(op, drive(op), context)
        return
    frame = op.begin_attempt()
    value: Any = None
    failure: BaseException | None = None
    try:
        if execution.stopping or execution.control.drain_reason is not None:
            op.check_begin()
        coroutine, value = context.run(_begun, frame, op)
        if coroutine is not None:
            value = yield from _rest(op, coroutine, context, value)
        if frame.is_clean and not op.decided and not execution.resumed:
            return op.finished(value)
    except BaseException as exc:
        failure = exc
    yield from _steps(op, drive(op, frame, value, failure), context)


def _begun(frame: Frame, op: Op) -> tuple[Coroutine[Any, Any, Any] | None, Any]:
    """The op's coroutine after its first step, and what it waits for; or None, and its value."""
    current_frame.set(frame)
    coroutine = op.fn(*op.call_args, **op.call_kwargs)
    try:
        return coroutine, coroutine.send(None)
    except StopIteration as end:
        return None, end.value


def _steps(
    op: Op, coroutine: Coroutine[Any, Any, Any], context: Context
) -> Generator[Any, Any, Any]:
    """Take every step of a coroutine in its context; what it waits for, the outer one waits for."""
    op.runner = op.runner or asyncio.current_task()
    try:
        waits_for = context.run(coroutine.send, None)
    except StopIteration as end:
        return end.value
    return (yield from _rest(op, coroutine, context, waits_for))


def _rest(
    op: Op, coroutine: Coroutine[Any, Any, Any], context: Context, waits_for: Any
) -> Generator[Any, Any, Any]:
    """The steps after the first one."""
    op.runner = op.runner or asyncio.current_task()
    while True:
        try:
            came = yield waits_for
        except GeneratorExit:
            context.run(coroutine.close)
            raise
        except BaseException as exc:
            step = partial(coroutine.throw, exc)
        else:
            step = partial(coroutine.send, came)
        try:
            waits_for = context.run(step)
        except StopIteration as end:
            return end.value
