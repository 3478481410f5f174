"""Runs ops in threads."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.future import SyncAsyncFuture

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op, Step

__all__ = ["drain", "drive"]


def drive(op: Op) -> None:
    """Run the op in this thread until it has its outcome, whatever happens."""
    steps = op.attempts()
    try:
        step = next(steps)
        while True:
            try:
                value = _done(step, op)
            except BaseException as exc:
                step = steps.throw(exc)
            else:
                step = steps.send(value)
    except StopIteration:
        return
    except BaseException as exc:
        op.break_off(exc)


def _done(step: Step, op: Op) -> Any:
    if isinstance(step, float):
        op.execution.wait_for_retry(step)
    elif isinstance(step, list):
        for child in step:
            _await(child)
    elif isinstance(step, Future):
        with crew.blocked():
            step.result()
    else:
        return op.context.run(_inside, step, op)
    return None


def _await(op: Op) -> None:
    """Bring one op to its outcome; on the loop somebody else does, here it is waited for."""
    if op.loop is None:
        op.join(None)
    elif isinstance(op.future, SyncAsyncFuture):
        op.future.wait(None)


def _inside(frame: Frame, op: Op) -> Any:
    token = current_frame.set(frame)
    try:
        return op.fn(*op.call_args, **op.call_kwargs)
    finally:
        current_frame.reset(token)


def drain(execution: Execution) -> None:
    """Bring every task that was called to its outcome."""
    while True:
        left = execution.unfinished()
        if not left:
            return
        for op in left:
            if op.loop is None and op.claim():
                op.run()
        for op in left:
            _await(op)
