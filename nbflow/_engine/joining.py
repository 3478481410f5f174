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
        return _join(op, timeout, True)
    waiter = waiter or waiter_here(op.execution)
    may_run = places.wait_here(waiter, op)
    try:
        _join(op, timeout, may_run)
    finally:
        places.go_on(waiter, op)


def _join(op: Op, timeout: float | None, may_run: bool) -> None:
    future = op.future
    assert isinstance(future, SyncAsyncFuture)
    if may_run and not op.claimed:
        depth = getattr(_inline, "depth", 0)
        if timeout is not None or depth >= _DEEPEST:
            crew.start(op)
        elif op.claim():
            _inline.depth = depth + 1
            try:
                op.run()
            finally:
                _inline.depth = depth
            return
    with crew.blocked():
        future.wait(timeout)
