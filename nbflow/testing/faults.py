"""Let a process die, or anything else happen, at the moments that break engines.

"Committed, but the caller never heard" is one line to provoke here. Points are inert unless armed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import NoReturn

from nbflow._engine import faults
from nbflow._engine.faults import FaultPoint

__all__ = ["FaultPoint", "armed", "die"]


@contextmanager
def armed(
    point: FaultPoint | None, act: Callable[[], object], *, task: str | None = None, nth: int = 1
) -> Iterator[None]:
    """While inside, ``act`` is called when the process comes to a point.

    Args:
        point: where; None for any point. ``before commit`` and ``after commit`` are about whatever
            is stored, ``task returned`` about the end of a task's code.
        act: such as :func:`die`; what it raises, the engine meets there.
        task: only where it is about the task of this name.
        nth: which time counts, from 1.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def workflow(n: int) -> int:
    ...     return double(n).result()
    >>> with armed("task returned", lambda: print("not stored yet"), task="double"):
    ...     workflow.invoke(4, {"configurable": {"thread_id": "1"}})
    not stored yet
    8
    """
    before, times = faults.hook, count(1)

    def hook(at: FaultPoint, of: str) -> None:
        if before is not None:
            before(at, of)
        if point in (None, at) and task in (None, of) and next(times) == nth:
            act()

    faults.hook = hook
    try:
        yield
    finally:
        faults.hook = before


def die() -> NoReturn:
    """End this process at once, as ``kill -9`` does: nothing is flushed, closed or given back.

    >>> import subprocess, sys
    >>> dying = "from nbflow.testing.faults import die; die()"
    >>> subprocess.run([sys.executable, "-c", dying]).returncode != 0
    True
    """
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    raise AssertionError("a process that was killed goes on")
