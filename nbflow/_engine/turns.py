"""Who may begin on a thread that is busy: one after another, in the order of asking (261).

Callers of this process wait in line, and the first of them looks again every few milliseconds;
callers of other processes stand in no line, but look as often.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbflow._engine.clerk import done_apart
from nbflow._engine.signals import heed_stop
from nbflow._engine.threads import address_of, thread_id_of
from nbflow.errors import ThreadBusyError

if TYPE_CHECKING:
    from nbflow.workflow import Workflow

__all__ = ["Turn", "place_of"]

T = TypeVar("T")

_FIRST_S, _LONGEST_S = 0.002, 0.2

_lines: dict[Hashable, deque[object]] = {}
_lock = threading.Lock()


def place_of(workflow: Workflow[Any, Any], settings: dict[str, Any]) -> Hashable | None:
    """Where a call waits for its turn; None when it does not."""
    saver, thread_id = workflow.saver, thread_id_of(settings)
    if workflow.on_busy == "reject" or saver is None or thread_id is None:
        return None
    return saver.identity, address_of(settings)


class Turn(Generic[T]):
    """A place in the line before a thread.

    Args:
        place: the thread, and where it is kept; None where nobody waits.
        begin: what is to be done; raises ThreadBusyError when it cannot be yet.
        then: what follows at once, in the thread or on the event loop that waits.
        undo: where beginning may take a while: undoes it. An event loop has both done in a thread.
    """

    def __init__(
        self,
        place: Hashable | None,
        begin: Callable[[], T],
        then: Callable[[T], None] | None = None,
        undo: Callable[[T], None] | None = None,
    ) -> None:
        self._place = place
        self._begin = begin
        self._then = then
        self._undo = undo
        self._pause_s = _FIRST_S

    def taken(self) -> T:
        """Wait in this thread; returns what was begun."""
        if self._place is None:
            return self._followed(self._begin())
        with self:
            while True:
                if self._is_first:
                    with suppress(ThreadBusyError):
                        return self._followed(self._begin())
                heed_stop()
                time.sleep(self._pause())

    async def awaited(self) -> T:
        """Wait on this event loop; returns what was begun."""
        if self._place is None:
            return self._followed(await self._begun())
        with self:
            while True:
                if self._is_first:
                    with suppress(ThreadBusyError):
                        return self._followed(await self._begun())
                await asyncio.sleep(self._pause())

    async def _begun(self) -> T:
        return self._begin() if self._undo is None else await done_apart(self._begin, self._undo)

    def _followed(self, begun: T) -> T:
        if self._then is not None:
            self._then(begun)
        return begun

    @property
    def _is_first(self) -> bool:
        return _lines[self._place][0] is self

    def __enter__(self) -> None:
        with _lock:
            _lines.setdefault(self._place, deque()).append(self)

    def __exit__(self, *exc_info: object) -> None:
        with _lock:
            line = _lines[self._place]
            line.remove(self)
            if not line:
                del _lines[self._place]

    def _pause(self) -> float:
        pause = self._pause_s * random.uniform(0.5, 1)
        self._pause_s = min(2 * self._pause_s, _LONGEST_S)
        return pause
