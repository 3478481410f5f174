"""Runs ops in threads."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from contextvars import Context
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.future import SyncAsyncFuture
from nbflow._engine.joining import join

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op, Step

__all__ = ["done", "drain", "drive"]


def drive(op: Op) -> None:
    """Run the op in this thread until it has its outcome, whatever happens."""
    if op.sending is not None:
        from nbflow._engine.errand import Errand

        return Errand(op).begin()
    execution = op.execution
    if (
        op.cached is not None or execution.places is not None or execution.resumed
        or op.at_most_once
    ):  # fmt: skip
        return _drive(op, op.take_context())
    op.started = time.time()
    frame = failure = value = None
    context = op.take_context()
    try:
        frame = op.begin_attempt()
        if execution.stopping or execution.control.drain_reason is not None:
            op.check_begin()
        value = context.run(_inside, frame, op)
        if frame.is_clean and not op.decided:
            return op.finished(value)
    except BaseException as exc:
        if frame is None:
            return op.break_off(exc)
        failure = exc
    _drive(op, context, frame, value, failure)


def _drive(
    op: Op,
    context: Context,
    frame: Frame | None = None,
    value: Any = None,
    failure: BaseException | None = None,
) -> None:
    """Take every step that the op asks for.

    Args:
        frame: of a first attempt that was made already, with what came of it.
    """
    steps = op.attempts(frame)
    try:
        step = next(steps)
        if frame is not None:
            step = steps.send(value) if failure is None else steps.throw(failure)
        while True:
            try:
                value = done(step, op, context)
            except BaseException as exc:
                step = steps.throw(exc)
            else:
                step = steps.send(value)
    except StopIteration:
        return
    except BaseException as exc:
        op.break_off(exc)
    finally:
        if op.execution.places is not None:
            op.execution.places.leave(op)


def done(step: Step, op: Op, context: Context) -> Any:
    """Take one step; what came of it."""
    if isinstance(step, float):
        with crew.blocked():
            op.execution.wait_for_retry(step)
    elif isinstance(step, list):
        for child in step:
            _await(child, op)
    elif isinstance(step, Future):
        with crew.blocked(), op.aside():
            step.result()
    else:
        return context.run(_inside, step, op)
    return None


def _await(op: Op, waiter: Op | None) -> None:
    """Bring one op to its outcome; one that was called on a loop is waited for there."""
    from nbflow._engine.async_driver import outcome

    if isinstance(op.future, SyncAsyncFuture):
        join(op, None, waiter)
    elif op.future is not None:
        with crew.blocked():
            asyncio.run_coroutine_threadsafe(outcome(op, waiter), op.future.get_loop()).result()


def _inside(frame: Frame, op: Op) -> Any:
    current_frame.set(frame)
    if op.inject is None:
        return op.fn(*op.call_args, **op.call_kwargs)
    return op.fn(*op.call_args, **op.inject(op.call_args, op.call_kwargs, frame))


def drain(execution: Execution) -> None:
    """Bring every task that was called to its outcome."""
    while True:
        left = execution.unfinished()
        if not left:
            return
        for op in left:
            if op.loop is None and execution.places is None and op.claim():
                op.run()
        for op in left:
            _await(op, None)
