"""Runs ops on an event loop; plain functions called there go to a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.failures import signal_in
from nbflow._engine.future import AsyncTaskFuture, AwaitedFuture, SyncAsyncFuture
from nbflow._engine.timeouts import timed

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op, Step

__all__ = [
    "Relay",
    "abandon",
    "begin",
    "begin_from_thread",
    "carry_on",
    "drain",
    "drive",
    "outcome",
    "run_soon",
]


def begin(op: Op, is_async: bool, loop: asyncio.AbstractEventLoop) -> AsyncTaskFuture[Any]:
    """Start a task that was called in code on the loop."""
    places = op.execution.places
    future: AsyncTaskFuture[Any] = (
        AsyncTaskFuture(loop, op.called_in) if places is None else AwaitedFuture(loop, op)
    )
    future.op, future.key = op, op.key
    if is_async:
        op.future = future
        op.loop = loop
        op.execution.begin(op)
        if places is None:
            op.execution.fresh.add(op, loop)
        else:
            op.claimed = True
            places.enter(op, partial(_run_soon, op, loop))
        return future
    op.future = Relay(future, loop, op.caller)
    op.execution.begin(op)
    if places is None:
        crew.start(op)
    else:
        places.enter(op, partial(crew.start, op))
    return future


def _run(op: Op, loop: asyncio.AbstractEventLoop) -> None:
    """On the loop: run the op in an asyncio task of its own."""
    if op.is_settled:
        return
    runner = asyncio.Task(drive(op), loop=loop, context=op.take_context())
    runner.add_done_callback(op.cancelled_unstarted)
    if isinstance(op.future, AsyncTaskFuture):
        op.future.runner = runner
    else:
        op.runner = runner


def run_soon(op: Op) -> None:
    """On the loop: begin a task that nobody awaited before the loop's turn."""
    assert op.loop is not None
    _run(op, op.loop)


def _run_soon(op: Op, loop: asyncio.AbstractEventLoop) -> None:
    """The same from any thread."""
    loop.call_soon_threadsafe(_run, op, loop)


class Relay:
    """Settles a future of the event loop from a worker thread."""

    __slots__ = ("_arrived", "_awaited_by", "_loop", "_under_way", "future")

    def __init__(
        self, future: AsyncTaskFuture[Any], loop: asyncio.AbstractEventLoop, caller: Frame | None
    ) -> None:
        self.future = future
        self._loop = loop
        self._arrived = False
        self._awaited_by: list[asyncio.Future[None]] = []
        self._under_way: set[Relay] = set() if caller is None else caller.under_way
        self._under_way.add(self)

    @property
    def observed(self) -> bool:
        return self.future.observed

    @property
    def given_up(self) -> bool:
        return self.future.given_up

    def settle(self, value: Any, exc: BaseException | None) -> None:
        self._loop.call_soon_threadsafe(self._arrive, value, exc)

    def _arrive(self, value: Any, exc: BaseException | None) -> None:
        self._arrived = True
        self._under_way.discard(self)
        self.future.settle(value, exc)
        for awaited_by in self._awaited_by:
            _tell(awaited_by, None)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    async def arrival(self) -> None:
        """Wait until the worker has settled it, even if the future was cancelled meanwhile."""
        if not self._arrived:
            awaited_by = self._loop.create_future()
            self._awaited_by.append(awaited_by)
            await awaited_by


def begin_from_thread(op: Op, loop: asyncio.AbstractEventLoop) -> None:
    """Start an async task that was called in a thread; its future is the thread's kind."""
    op.claimed = True
    op.loop = loop
    op.execution.begin(op)
    if op.execution.places is None:
        _run_soon(op, loop)
    else:
        op.execution.places.enter(op, partial(_run_soon, op, loop))


async def drive(
    op: Op, frame: Frame | None = None, value: Any = None, failure: BaseException | None = None
) -> None:
    """Run the op on this loop until it has its outcome, whatever happens.

    Args:
        frame: of a first attempt that was made already, with what came of it.
    """
    steps = op.attempts(frame)
    try:
        step = next(steps)
        if frame is not None and failure is None:
            step = steps.send(value)
        elif frame is not None and failure is not None:
            await _left(frame, failure)
            step = steps.throw(failure)
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
        if op.parent is None:
            await abandon(op.execution)
        op.break_off(exc)
    finally:
        if op.execution.places is not None and not op.is_being_stored:
            op.execution.places.leave(op)


async def _done(step: Step, op: Op) -> Any:
    if isinstance(step, float):
        await asyncio.sleep(step)
    elif isinstance(step, list):
        for child in step:
            await outcome(child, op)
    elif isinstance(step, Future):
        with op.aside():
            await asyncio.shield(asyncio.wrap_future(step))
    else:
        return await _inside(step, op)
    return None


async def _inside(frame: Frame, op: Op) -> Any:
    token = current_frame.set(frame)
    try:
        kwargs = op.call_kwargs
        if op.inject is not None:
            kwargs = op.inject(op.call_args, kwargs, frame)
        if op.timeout is None or op.parent is None:
            return await op.fn(*op.call_args, **kwargs)
        return await timed(frame, op.timeout, partial(op.fn, *op.call_args, **kwargs))
    except BaseException as exc:
        await _left(frame, exc)
        raise
    finally:
        current_frame.reset(token)


async def _left(frame: Frame, exc: BaseException) -> None:
    """The function ended in an exception: so do its helper coroutines."""
    if frame.lanes_alive():
        try:
            if signal_in(exc) is not None:
                await carry_on(frame)
        finally:
            await _end_lanes(frame)


_ROUNDS = 32
_LANE_S = 5.0
"""Seconds that a cancelled helper coroutine may take to end."""


async def carry_on(frame: Frame) -> None:
    """After a pause: let helper coroutines go as far as the tasks under way carry them.

    So the questions that can be reached now are asked now. The rule: tasks that were called before
    are waited for. What a helper calls as their results arrive, before it waits for anything else,
    counts as called before; but only so many times one after another as ``_ROUNDS`` says, since a
    helper may call tasks for ever. What lies behind that is reached after the answer.
    """
    for _ in range(_ROUNDS):
        for child in list(frame.op.children.values()):
            await outcome(child, frame.op)
        for relay in list(frame.under_way):
            await relay.arrival()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if not frame.op.children and not frame.under_way:
            break
    frame.end()
    for child in list(frame.op.children.values()):
        await outcome(child, frame.op)


async def _end_lanes(frame: Frame) -> None:
    """The function has left: its helper coroutines can start nothing more, and are cancelled.

    A coroutine that never called a task nor asked, nor made one that did, is left alone: it may be
    a library's, which serves others, too.
    """
    frame.end()
    lanes = frame.working_lanes()
    for lane in lanes:
        lane.cancel()
    if lanes:
        await asyncio.wait(lanes, timeout=_LANE_S)


async def abandon(execution: Execution) -> None:
    """The body failed: cancel the async tasks still running, let the threads finish."""
    was_stopping, execution.stopping = execution.stopping, True
    execution.drop_unstarted()
    for op in execution.unfinished():
        op.cancel_on_loop()
    await drain(execution)
    execution.stopping = was_stopping


async def drain(execution: Execution) -> None:
    """Bring every task that was called to its outcome."""
    while True:
        left = execution.unfinished()
        if not left:
            return
        for op in left:
            await outcome(op, None)


async def outcome(op: Op, waiter: Op | None) -> None:
    """Wait until the op has its outcome.

    Args:
        waiter: the op that waits.
    """
    places = op.execution.places
    if places is None:
        return await _arrival(op)
    places.wait(waiter, op)
    try:
        await _arrival(op)
    finally:
        places.go_on(waiter, op)


async def _arrival(op: Op) -> None:
    future = op.future
    if isinstance(future, Relay):
        return await future.arrival()
    if isinstance(future, SyncAsyncFuture):
        op.start_soon()
        loop = asyncio.get_running_loop()
        settled = loop.create_future()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(_tell, settled, None))
        await settled
    elif isinstance(future, AsyncTaskFuture) and not future.done():
        arrived = future.get_loop().create_future()
        asyncio.Future.add_done_callback(future, partial(_tell, arrived))
        await arrived
    elif op.is_being_stored:  # that it was cancelled
        await asyncio.wrap_future(op.execution.all_stored())


def _tell(arrived: asyncio.Future[None], _: Any) -> None:
    if not arrived.done():
        arrived.set_result(None)
