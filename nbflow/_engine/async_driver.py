"""Runs ops on an event loop; plain functions called there go to a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.failures import pause_in
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op, Step

__all__ = ["Relay", "abandon", "begin", "begin_from_thread", "drain", "drive"]


def begin(op: Op, is_async: bool, loop: asyncio.AbstractEventLoop) -> AsyncTaskFuture[Any]:
    """Start a task that was called in code on the loop."""
    future: AsyncTaskFuture[Any] = AsyncTaskFuture(loop, op.called_in)
    if is_async:
        op.future = future
        op.claimed = True
        op.loop = loop
        op.execution.begin(op)
        future.runner = asyncio.Task(drive(op), loop=loop, context=op.context)
        future.runner.add_done_callback(op.cancelled_unstarted)
        return future
    op.future = Relay(future, loop)
    future.on_cancel = op.give_up
    op.execution.begin(op)
    crew.start(op)
    return future


class Relay:
    """Settles a future of the event loop from a worker thread."""

    __slots__ = ("future", "loop")

    def __init__(self, future: AsyncTaskFuture[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.future = future
        self.loop = loop

    @property
    def observed(self) -> bool:
        return self.future.observed

    @property
    def given_up(self) -> bool:
        return self.future.given_up

    def settle(self, value: Any, exc: BaseException | None) -> None:
        self.loop.call_soon_threadsafe(self.future.settle, value, exc)


def begin_from_thread(op: Op, loop: asyncio.AbstractEventLoop) -> None:
    """Start an async task that was called in a thread; its future is the thread's kind."""
    op.claimed = True
    op.loop = loop
    op.execution.begin(op)

    def start() -> None:
        op.runner = asyncio.Task(drive(op), loop=loop, context=op.context)
        op.runner.add_done_callback(op.cancelled_unstarted)

    loop.call_soon_threadsafe(start)


async def drive(op: Op) -> None:
    """Run the op on this loop until it has its outcome, whatever happens."""
    steps = op.attempts()
    try:
        step = next(steps)
        while True:
            try:
                value = await _done(step, op)
            except BaseException as exc:
                step = steps.throw(exc)
            else:
                step = steps.send(value)
    except StopIteration:
        return
    except BaseException as exc:
        op.break_off(exc)


async def _done(step: Step, op: Op) -> Any:
    if isinstance(step, float):
        await asyncio.sleep(step)
    elif isinstance(step, list):
        for child in step:
            await _outcome(child)
    elif isinstance(step, Future):
        await asyncio.shield(asyncio.wrap_future(step))
    else:
        return await _inside(step, op)
    return None


async def _inside(frame: Frame, op: Op) -> Any:
    token = current_frame.set(frame)
    try:
        return await op.fn(*op.call_args, **op.call_kwargs)
    except BaseException as exc:
        if frame.lanes_alive():
            await _end_lanes(frame, paused=pause_in(exc) is not None)
        raise
    finally:
        current_frame.reset(token)


async def _end_lanes(frame: Frame, *, paused: bool) -> None:
    """The function has left: its helper coroutines end, too, and start nothing afterwards.

    After a pause they may first go on as far as tasks under way carry them, so that questions
    which can be reached are asked now.
    """
    if paused:
        while frame.op.children:
            for child in list(frame.op.children.values()):
                await _outcome(child)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    lanes = frame.lanes_alive()
    for lane in lanes:
        lane.cancel()
    if lanes:
        await asyncio.wait(lanes, timeout=_LANE_S)


_LANE_S = 5.0
"""Seconds that a cancelled helper coroutine may take to end."""


async def abandon(execution: Execution) -> None:
    """The body failed: cancel the async tasks still running, let the threads finish."""
    was_stopping, execution.stopping = execution.stopping, True
    execution.drop_unstarted()
    for op in execution.unfinished():
        if op.loop is not None and isinstance(op.future, AsyncTaskFuture):
            op.future.cancel()
        elif op.runner is not None:
            op.runner.cancel()
    await drain(execution)
    execution.stopping = was_stopping


async def drain(execution: Execution) -> None:
    """Bring every task that was called to its outcome."""
    while True:
        left = execution.unfinished()
        if not left:
            return
        for op in left:
            await _outcome(op)


async def _outcome(op: Op) -> None:
    """Wait until the op has its outcome."""
    waited: Any = op.future
    if isinstance(waited, Relay):
        waited = waited.future
    elif isinstance(waited, SyncAsyncFuture):
        crew.start(op)
        waited = asyncio.wrap_future(waited)
    await asyncio.wait([waited])
