"""One thread per kernel that sends what is new, at most every 50 ms.

Jupyter Server drops what exceeds 1,000 messages a second, silently; so events wait here until
the next batch. The invariant: what is marked is flushed within one interval, and an error in one
flush does not stop the others.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

__all__ = ["BATCH_S", "Batches", "Flushable", "batches"]

BATCH_S = 0.05
"""Seconds between two batches."""

_log = logging.getLogger(__name__)


class Flushable(Protocol):
    """What can have news."""

    def flush(self) -> None:
        """Send what is new; called on the thread of the batches, one flush after another."""


class Batches:
    """Collects what has news and flushes it in the background.

    >>> class Counter:
    ...     def __init__(self):
    ...         self.flushed = threading.Event()
    ...     def flush(self):
    ...         self.flushed.set()
    >>> counter = Counter()
    >>> Batches().mark(counter)
    >>> counter.flushed.wait(10)
    True
    """

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._marked: dict[int, Flushable] = {}
        self._thread: threading.Thread | None = None

    def mark(self, source: Flushable) -> None:
        """Have ``source`` flushed soon; cheap, from any thread, any number of times."""
        with self._news:
            self._marked[id(source)] = source
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._work, name="nbflow-batches", daemon=True
                )
                self._thread.start()
            self._news.notify()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._marked)
                marked = list(self._marked.values())
                self._marked.clear()
            for source in marked:
                try:
                    source.flush()
                except Exception:
                    _log.exception("A batch of events could not be sent")
            del marked
            time.sleep(BATCH_S)


batches: Batches = Batches()
"""Those of this kernel."""
