"""Threads that start tasks nobody has asked for yet.

A task whose result is asked for at once runs in the asking thread. One that is left alone starts
in a worker within a millisecond; as soon as a second is called beside it, both start at once.
Workers that wait for another task do not count towards the limit, so waiting never starves work.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["LIMIT", "Crew", "crew", "takers"]

LIMIT = 32
"""Workers that run at once in this process; those that wait do not count, nor do those of runs
with a limit of their own."""

_log = logging.getLogger(__name__)

_TICK_S = 0.001
_QUIET_TICKS = 100
_IDLE_S = 5.0


class Startable(Protocol):
    """A task that can be begun once, by whoever claims it."""

    claimed: bool
    queued: bool

    def claim(self) -> bool: ...
    def run(self) -> None: ...


class Caller(Protocol):
    """Code of one thread that calls tasks."""

    @property
    def left_alone(self) -> Startable | None:
        """The task that it called last; those that it called before have begun."""

    watched: bool
    """Whether the crew will look at that; the crew's to say."""


class Crew:
    """The process's workers."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._queue: deque[Startable] = deque()
        self._workers = 0
        self._idle = 0
        self._blocked = 0
        self._room = 0
        self._elsewhere: dict[int, int] = {}
        """Threads in a wait that is not ours, and for how many tasks they wait; by their waiter."""
        self._watched: list[Caller] = []
        self._wake = threading.Event()
        self._ticking = False

    def watch(self, caller: Caller) -> None:
        """Start what the caller leaves alone within a millisecond, unless somebody claims it."""
        with self._ready:
            if not caller.watched:
                caller.watched = True
                self._watched.append(caller)
            self._wake.set()
            if not self._ticking:
                self._ticking = True
                threading.Thread(target=self._tick, name="nbflow-starter", daemon=True).start()

    def start(self, task: Startable) -> None:
        """Start the task in a worker now."""
        if task.claimed or task.queued:
            return
        task.queued = True
        with self._ready:
            self._queue.append(task)
            if self._idle >= len(self._queue):
                self._ready.notify()
            else:
                self._hire()

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """While inside, the calling thread waits and its place is free for another worker."""
        with self._ready:
            self._block()
        try:
            yield
        finally:
            with self._ready:
                self._blocked -= 1

    def wait_elsewhere(self, waiter: object) -> None:
        """A thread waits for a task through ``concurrent.futures.wait`` or ``as_completed``.

        Args:
            waiter: what stands for that wait; the same for all tasks that it is for.
        """
        with self._ready:
            tasks = self._elsewhere[id(waiter)] = self._elsewhere.get(id(waiter), 0) + 1
            if tasks == 1:
                self._block()

    def waited_elsewhere(self, waiter: object) -> None:
        """One of the tasks has ended, or the wait has."""
        with self._ready:
            tasks = self._elsewhere.pop(id(waiter)) - 1
            if tasks:
                self._elsewhere[id(waiter)] = tasks
            else:
                self._blocked -= 1

    def make_room(self, workers: int) -> None:
        """Let so many more workers run than the limit says; fewer, when negative."""
        with self._ready:
            self._room += workers

    def _block(self) -> None:
        self._blocked += 1
        if len(self._queue) > self._idle:
            self._hire()

    @property
    def _busy(self) -> int:
        """Workers that count towards the limit."""
        return self._workers - self._blocked - self._room

    def _hire(self) -> None:
        if self._busy < LIMIT:
            self._workers += 1
            threading.Thread(target=self._work, name="nbflow-worker", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._ready:
                self._idle += 1
                found = self._ready.wait_for(lambda: self._queue, _IDLE_S)
                self._idle -= 1
                if not found or self._busy > LIMIT:
                    self._workers -= 1
                    if self._queue and self._idle:
                        self._ready.notify()
                    return
                task = self._queue.popleft()
            try:
                if task.claim():
                    task.run()
            except BaseException:
                _log.exception("A task could not be run to its outcome")
            del task

    def _tick(self) -> None:
        while True:
            self._wake.wait()
            quiet = 0
            while quiet < _QUIET_TICKS:
                quiet = 0 if self._start_left_alone() else quiet + 1
                time.sleep(_TICK_S)
            with self._ready:
                if not self._watched:
                    self._wake.clear()

    def _start_left_alone(self) -> bool:
        """Start what those left alone who called a task since the last time; False when none did.

        A caller is forgotten before it is looked at: what it calls from then on, it tells again.
        """
        with self._ready:
            callers, self._watched = self._watched, []
            for caller in callers:
                caller.watched = False
        for caller in callers:
            task = caller.left_alone
            if task is not None:
                self.start(task)
        return bool(callers)


crew = Crew()
takers = Crew()
"""Those who take in what executors have done: never kept from it by tasks that take their time."""


def _start_over() -> None:
    """A forked child has none of its parent's threads."""
    for one in (crew, takers):
        one.__init__()  # type: ignore[misc]  # the one object everybody holds begins anew


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
