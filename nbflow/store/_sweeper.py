"""A thread that deletes what has expired, every so many minutes."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from nbflow.errors import NbflowError

__all__ = ["Sweeper"]

_log = logging.getLogger(__name__)


class Sweeper:
    """At most one sweeping thread of one store; it ends with the store that it sweeps.

    Args:
        sweep: a bound method; the object that it is bound to is held weakly.
    """

    def __init__(self, sweep: Callable[[], int]) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._done: Future[None] = Future()
        self._sweep = weakref.WeakMethod(sweep)

    def start(self, minutes: float) -> Future[None]:
        """Sweep every so many minutes; the future is done when that has ended."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return self._done
            stop, done = threading.Event(), Future[None]()
            done.add_done_callback(lambda _: stop.set())
            weakref.finalize(self, stop.set)
            self._stop, self._done = stop, done
            self._thread = threading.Thread(
                target=_sweep_until,
                args=(stop, done, self._sweep, minutes * 60),
                name="nbflow-store-sweeper",
                daemon=True,
            )
            self._thread.start()
            return done

    def stop(self, timeout: float | None) -> bool:
        """Whether the thread has ended, at once or within so many seconds."""
        with self._lock:
            thread = self._thread
            self._stop.set()
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()


def _sweep_until(
    stop: threading.Event,
    done: Future[None],
    sweep: weakref.WeakMethod[Callable[[], int]],
    interval_s: float,
) -> None:
    while not stop.wait(min(interval_s, threading.TIMEOUT_MAX)):
        try:
            due = sweep()
            if due is not None:
                due()
            del due
        except NbflowError:
            _log.exception("Expired values could not be swept; the next round tries again.")
    with suppress(InvalidStateError):
        done.set_result(None)
