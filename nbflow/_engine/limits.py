"""How many tasks of one execution run at once: ``max_concurrency`` (44-47).

A task needs a place to begin. One that waits for another task gives its place up, to that task if
it has none, and has one again as soon as it need not wait; so no task ever waits for a place in
the midst of its work, and nesting, however wide or deep, cannot come to a standstill. The body of
the entrypoint needs no place.

A task counts as waiting while any task that it waits for is unfinished. One that works meanwhile,
in another coroutine or between two results of ``as_completed``, is over the limit for that time.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.loops import on_a_loop
from nbflow.errors import InvalidConfigError

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.op import Op

__all__ = ["Places", "check_limits", "check_limits_below", "places_of", "waiter_here"]


def check_limits(config: dict[str, Any]) -> None:
    """Refuse limits that cannot be meant.

    Raises:
        InvalidConfigError: ``recursion_limit`` or ``max_concurrency`` is no whole number from 1.
    """
    for name in ("recursion_limit", "max_concurrency"):
        limit = config.get(name)
        if limit is None:
            continue
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InvalidConfigError(
                f"config[{name!r}]={limit!r} must be a whole number, at least 1. Leave it out for "
                "no limit."
            )


def check_limits_below(run: dict[str, Any], given: dict[str, Any]) -> None:
    """The same for a workflow that is a step of a run: the run has one limit, for it as well.

    Raises:
        InvalidConfigError: as :func:`check_limits`.
    """
    check_limits(given)
    limit = given.get("max_concurrency")
    if limit is not None and limit != run.get("max_concurrency"):
        warnings.warn(
            f"max_concurrency={limit} was given to a workflow that is a step of a run, and changes "
            "nothing: the tasks of a run have one limit. Give it to the call that begins the run.",
            stacklevel=4,
        )


def places_of(config: dict[str, Any]) -> Places | None:
    """The places of an execution; None when their number is not limited."""
    limit = config.get("max_concurrency")
    return None if limit is None else Places(limit)


def waiter_here(execution: Execution) -> Op | None:
    """The op whose code runs here; None when it is another execution's, or nobody's."""
    frame = current_frame.get()
    return None if frame is None or frame.execution is not execution else frame.op


class Places:
    """Who of one execution's tasks may run; safe to use from any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._queue: dict[Op, Callable[[], None]] = {}
        """Tasks without a place, in the order of their calls, and how to begin each."""
        self._holders: set[Op] = set()
        self._away: set[Op] = set()
        """Tasks that gave their place up while they wait."""
        self._awaits: dict[Op, list[Op]] = {}
        """By the task that waits: those that it waits for."""
        self._awaited_by: dict[Op, list[Op]] = {}

    def enter(self, op: Op, begin: Callable[[], None]) -> None:
        """Begin the task as soon as there is a place; now, if there is one."""
        with self._lock:
            self._queue[op] = begin
        self._fill()
        if op.is_settled:
            self.leave(op)

    def take(self, op: Op, *, beyond: bool = False) -> bool:
        """Give the task a place for the calling thread to run it in, if there is one.

        Args:
            beyond: even if there is none.
        """
        with self._lock:
            if op in self._queue and (beyond or len(self._holders) < self._limit):
                del self._queue[op]
                self._hold(op)
            return op in self._holders

    def leave(self, op: Op) -> None:
        """The task has ended, or will never begin."""
        with self._lock:
            self._queue.pop(op, None)
            self._drop(op)
            self._away.discard(op)
        self._fill()

    def wait(self, waiter: Op | None, child: Op) -> None:
        """``waiter`` waits for ``child`` from now on: its place is free."""
        begin = self._lend(waiter, child)
        if begin is not None:
            begin()
        self._fill()

    def wait_here(self, waiter: Op | None, child: Op) -> bool:
        """As :meth:`wait`, in a thread that could run the child itself.

        The thread of an event loop does so at once, over the limit: whoever has a place may need
        that loop to come to an end.

        Returns:
            Whether it may: the child has a place, and perhaps nobody who runs it.
        """
        if child.loop is not None:
            self.wait(waiter, child)
            return False
        self._lend(waiter, child)
        may_run = self.take(child, beyond=on_a_loop())
        self._fill()
        return may_run

    def go_on(self, waiter: Op | None, child: Op) -> None:
        """``waiter`` does not wait for ``child`` any more."""
        with self._lock:
            if waiter is not None:
                self._release(waiter, child)

    @contextmanager
    def waiting(self, waiter: Op, child: Op) -> Iterator[None]:
        """While inside, ``waiter`` waits for ``child``."""
        self.wait(waiter, child)
        try:
            yield
        finally:
            self.go_on(waiter, child)

    def settled(self, child: Op) -> None:
        """The task has its outcome: those that wait for it have their places again.

        Its own place is free a moment later, when it leaves.
        """
        with self._lock:
            self._queue.pop(child, None)
            for waiter in tuple(self._awaited_by.get(child, ())):
                self._release(waiter, child)

    def step_aside(self, op: Op) -> None:
        """The task waits for something that another task does; :meth:`step_back` ends it."""
        with self._lock:
            if op in self._holders:
                self._drop(op)
                self._away.add(op)
        self._fill()

    def step_back(self, op: Op) -> None:
        with self._lock:
            self._come_back(op)

    def _lend(self, waiter: Op | None, child: Op) -> Callable[[], None] | None:
        """Note the wait; returns how to begin the child if the waiter's place is now its own."""
        with self._lock:
            if waiter is None or waiter.parent is None or child.is_settled:
                return None
            self._awaits.setdefault(waiter, []).append(child)
            self._awaited_by.setdefault(child, []).append(waiter)
            if waiter not in self._holders:
                return None
            self._drop(waiter)
            self._away.add(waiter)
            begin = self._queue.get(child)
            if begin is None or len(self._holders) >= self._limit:
                return None
            del self._queue[child]
            self._hold(child)
            return begin

    # -- with the lock held -------------------------------------------------------------------

    def _release(self, waiter: Op, child: Op) -> None:
        awaited = self._awaits.get(waiter, [])
        if child not in awaited:
            return
        awaited.remove(child)
        others = self._awaited_by[child]
        others.remove(waiter)
        if not others:
            del self._awaited_by[child]
        if not awaited:
            del self._awaits[waiter]
            self._come_back(waiter)

    def _come_back(self, op: Op) -> None:
        if op in self._away:
            self._away.remove(op)
            self._hold(op)

    def _hold(self, op: Op) -> None:
        self._holders.add(op)
        crew.make_room(1)

    def _drop(self, op: Op) -> None:
        if op in self._holders:
            self._holders.remove(op)
            crew.make_room(-1)

    # -- without it ---------------------------------------------------------------------------

    def _fill(self) -> None:
        """Begin tasks while there are places."""
        while True:
            with self._lock:
                if not self._queue or len(self._holders) >= self._limit:
                    return
                op = next(iter(self._queue))
                begin = self._queue.pop(op)
                self._hold(op)
            begin()
