"""How a thread waits for a task: by running it, when nobody has begun."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbflow._engine.crew import crew
from nbflow._engine.future import SyncAsyncFuture
from nbflow._engine.limits import waiter_here

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["join"]

_DEEPEST = 12
"""Tasks that may run inside one another in one thread; deeper ones go to a worker."""

_inline = threading.local()


def join(op: Op, timeout: float | None, waiter: Op | None = None) -> None:
    """Wait until the op has its outcome, or so many seconds.

    Args:
        waiter: the op that waits; left out, the one whose code runs here.
    """
    places = op.execution.places
    if places is None:
        return None if _ran(op, timeout) else _wait(op, timeout)
    waiter = waiter or waiter_here(op.execution)
    may_run = places.wait_here(waiter, op)
    try:
        if not (may_run and _ran(op, timeout)):
            _wait(op, timeout)
    finally:
        places.go_on(waiter, op)


def _ran(op: Op, timeout: float | None) -> bool:
    """Run the op in this thread, if nobody has begun it and it need not wait here for long.

    Returns:
        Whether it has its outcome; not what an executor runs.
    """
    if op.claimed:
        return False
    depth = getattr(_inline, "depth", 0)
    if timeout is not None or depth >= _DEEPEST:
        crew.start(op)
        return False
    if not op.claim():
        return False
    _inline.depth = depth + 1
    try:
        op.run()
    finally:
        _inline.depth = depth
    return op.sending is None


def _wait(op: Op, timeout: float | None) -> None:
    assert isinstance(op.future, SyncAsyncFuture)
    with crew.blocked():
        op.future.wait(timeout)
