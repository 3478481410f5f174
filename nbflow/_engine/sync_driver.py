"""Runs ops in threads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.op import Op

__all__ = ["drain", "drive"]


def drive(op: Op) -> None:
    """Run the op in this thread until it has its outcome."""
    steps = op.attempts()
    run = op.context.run
    try:
        step = next(steps)
        while True:
            if isinstance(step, float):
                time.sleep(step)
                step = next(steps)
                continue
            try:
                value = run(_inside, step, op)
            except BaseException as exc:
                step = steps.throw(exc)
            else:
                step = steps.send(value)
    except StopIteration:
        return


def _inside(frame: Frame, op: Op) -> Any:
    token = current_frame.set(frame)
    try:
        return op.fn(*op.call_args, **op.call_kwargs)
    finally:
        current_frame.reset(token)


def drain(execution: Execution) -> None:
    """Bring every task that was called to its outcome."""
    while True:
        left = [op for op in execution.unfinished() if op.loop is None]
        if not left:
            return
        for op in left:
            if op.claim():
                op.run()
        for op in left:
            op.join(None)
