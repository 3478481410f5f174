"""One op on its way: a task call that runs, or the entrypoint itself.

``attempts`` says what to do next and takes in what came of it; a driver, for threads or for the
event loop, does it. So retrying, committing and pausing are written once.
"""

from __future__ import annotations

import asyncio
import random
import time
import warnings
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from nbflow._engine.async_driver import Relay
from nbflow._engine.caching import CachedCall, Hit
from nbflow._engine.called import Called
from nbflow._engine.crew import crew
from nbflow._engine.ending import cancelled, failed, finished
from nbflow._engine.failures import failure_of, signal_in
from nbflow._engine.frame import Frame
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture
from nbflow._engine.joining import join
from nbflow._engine.loops import is_running
from nbflow._engine.retry import wait_before_retry
from nbflow._engine.sync_driver import drive
from nbflow._engine.timeouts import show_life
from nbflow.errors import GraphInterrupt, NodeCancelledError, RunCancelled, RunDrained
from nbflow.events import TaskCancelled, TaskFailed, TaskPaused, TaskRetried, TaskStarted

if TYPE_CHECKING:
    from nbflow._engine.errand import Errand
    from nbflow._engine.sending import Sending
    from nbflow._engine.storing import Then

__all__ = ["Op", "Steps"]

Step: TypeAlias = "Frame | float | list[Op] | Future[None]"
Steps = Generator[Step, Any, None]
"""Yields a frame to run the function in, seconds to wait, or what else to wait for; takes the
value, or has the exception thrown in."""

_DEEPEST_IN_PLACE = 12
"""Async tasks that may run in one another's place; deeper ones have an asyncio task."""


class Op(Called):
    cached: CachedCall | None = None
    """Its place in the cache; only with a cache and a policy."""
    claimed = False
    decided = False
    """Whether its outcome is settled on; whatever comes later is dropped."""
    queued = False
    loop: asyncio.AbstractEventLoop | None = None
    """The loop its function runs on; None for a thread."""
    runner: asyncio.Task[None] | None = None
    """The asyncio task that runs it for a caller in a thread."""
    sending: Sending | None = None
    """The executor that runs its function; None for a thread or loop of the run's own."""
    errand: Errand | None = None
    """Its way there and back, while it is on it."""
    future: SyncAsyncFuture[Any] | AsyncTaskFuture[Any] | Relay | None = None

    # -- who runs it ------------------------------------------------------------------------

    def claim(self) -> bool:
        """Take the right to run it; True for exactly one caller."""
        with self.execution.lock:
            if self.claimed:
                return False
            self.claimed = True
            return True

    run = drive

    @property
    def may_run_in_place(self) -> bool:
        """Whether who awaits it can run it: on the loop, and not too deep in one another."""
        if self.loop is None or self.caller is None or self.caller.loop is not self.loop:
            return False
        self.depth = self.caller.op.depth + 1
        return self.depth <= _DEEPEST_IN_PLACE

    def start_soon(self) -> None:
        """Let a worker begin it now, unless it has to wait for a place."""
        places = self.execution.places
        if places is None or places.take(self):
            crew.start(self)

    join = join

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While inside, it waits for what another task does, and its place is free."""
        places = self.execution.places
        if places is None:
            yield
            return
        places.step_aside(self)
        try:
            yield
        finally:
            places.step_back(self)

    def drop(self) -> None:
        """Who awaits it on an event loop of their own was cancelled: it ends, if it is async.

        That is not recorded, since that loop's own end looks just like the code's wish: a replay
        runs it again.
        """
        if self.loop is not None and not (self.caller is None or self.caller.was_paused):
            self.recorded = False
            self.loop.call_soon_threadsafe(self.cancel_on_loop)

    def withdraw(self) -> bool:
        """Keep it from beginning; True when nobody runs it now, nor ever will."""
        return self.claim() or (self.errand is not None and self.errand.recall())

    def cancel_unstarted(self) -> bool:
        if not self.withdraw():
            return False
        self.cancelled(CancelledError())
        return True

    def give_up(self) -> bool:
        """The caller on the loop cancelled what a thread runs: what comes late is dropped.

        When it was a time-out that ended the caller, the thread finishes for the next attempt.

        Returns:
            False when there is an outcome already, which is on its way to the caller.
        """
        if self.caller is not None and self.caller.over and self.loop is None:
            return True
        self.withdraw()
        frame = self.frame
        if self.is_settled or not self.cancelled(asyncio.CancelledError()):
            return False
        if frame is not None:
            frame.end()
        return True

    def missed(self) -> None:
        """Its caller was cancelled before it saw the outcome: a replay must not see it, either."""
        execution = self.execution
        if execution.saver is None or not self.recorded or not self.is_given_up:
            return
        taken_back = self.row("void")
        self.gen += 1
        execution.note([taken_back, self.row("cancel")])

    def cancel_on_loop(self) -> None:
        """Cancel it if it runs on an event loop, or would; a thread cannot be stopped."""
        if self.loop is None:
            return
        if isinstance(self.future, AsyncTaskFuture):
            self.future.cancel()
        elif self.runner is not None:
            self.runner.cancel()
        elif not self.is_settled:
            self.cancelled(asyncio.CancelledError())

    def cancelled_unstarted(self, runner: asyncio.Task[None]) -> None:
        """Its asyncio task ended; cancelled before its first step, it has told nobody."""
        if runner.cancelled() and not self.is_settled:
            self.cancelled(asyncio.CancelledError())

    def decide(self) -> bool:
        """Settle on an outcome; True for the first one."""
        with self.execution.lock:
            if self.decided:
                return False
            self.decided = True
            return True

    @property
    def is_settled(self) -> bool:
        return self.decided or self.key not in self.execution.open_ops

    @property
    def is_being_stored(self) -> bool:
        """Whether its outcome is decided, and can be seen when it is stored."""
        return self.decided and self.key in self.execution.open_ops

    def go_on(self, then: Then, fault: BaseException | None) -> None:
        """On its event loop: its outcome was stored in a thread, or could not be."""
        self.hear(then, fault)
        if self.execution.places is not None and self.loop is not None:
            self.execution.places.leave(self)  # a thread that runs it leaves by itself

    def hear(self, then: Then, fault: BaseException | None) -> None:
        """Its outcome was stored, or not: whatever follows from it, nobody waits in vain."""
        try:
            then(fault)
        except BaseException as exc:
            if self.key in self.execution.open_ops:
                self.cut_off(exc)
            if not isinstance(exc, Exception):
                raise

    def cut_off(self, exc: BaseException) -> None:
        """What was to follow from its outcome failed."""
        self.settle(None, exc)

    @property
    def loop_here(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that runs this thread and goes on with what becomes of the op."""
        loop = self.loop
        if loop is None:
            if not isinstance(self.future, Relay):
                return None
            loop = self.future.get_loop()
        return loop if is_running(loop) else None

    # -- what came of it --------------------------------------------------------------------

    def begin_attempt(self) -> Frame:
        """A frame for the function to run in, after :meth:`check_begin`."""
        frame = self.frame = Frame(self.execution, self, self.loop)
        self.nested = 0
        if self.execution.watched and self.parent is not None:
            self.announced = True
            self.execution.emit(
                TaskStarted(
                    id=self.id, name=self.name, parent=self.parent_id, ns=self.ns,
                    is_workflow=self.is_workflow, input=self.input, attempt=self.attempt,
                    unknown_outcomes=self.unknown_outcomes,
                )
            )  # fmt: skip
        return frame

    def attempts(self, frame: Frame | None = None) -> Steps:
        """Run the function until it succeeds, pauses, is cancelled or fails for good.

        Args:
            frame: of a first attempt that was made already; what came of it is sent in.
        """
        execution = self.execution
        self.started = self.started or time.time()
        if self.cached is not None:
            for found in self.cached.look():
                if isinstance(found, Hit):
                    return self.finished(found.value, from_cache=True)
                yield found
        swallowed = False
        while True:
            made, frame = frame is not None, frame or self.begin_attempt()
            try:
                if not made:
                    self.check_begin()
                    if self.at_most_once:
                        yield from execution.announce(self)
                    if self.keeps is not None:
                        yield from execution.read_last_saved(self)
                value = yield frame
                while self.children:
                    yield list(self.children.values())
                    self.check_begin()
                if self.is_settled:
                    return None
                if execution.stopping and self._was_cancelled:
                    raise asyncio.CancelledError
                if frame.was_paused or frame.left_a_question:
                    swallowed = frame.was_paused
                    raise GraphInterrupt(execution.questions)
                if frame.refused is not None:
                    raise frame.refused
                frame.settle_record()
            except GeneratorExit:  # somebody else decided on it while an executor had it
                raise
            except BaseException as exc:
                if isinstance(exc, asyncio.CancelledError):
                    yield self._cancelled_children()
                if self._was_stopped(exc, frame):
                    return _warn_swallowed(self.name) if swallowed else None
                made_here = self.attempt - self.unknown_outcomes
                wait_s = wait_before_retry(self.policies, exc, made_here, random.random)
                timed_out = frame.watch is not None and frame.watch.expired
                while self.children and not (timed_out and wait_s is None):
                    yield list(self.children.values())
                if frame.left_a_question:
                    return self.settle(None, GraphInterrupt(execution.questions))
                if wait_s is None:
                    return self.failed(exc)
                execution.take_back(exc, frame)
                if execution.watched and self.parent is not None:
                    self.tell(
                        TaskRetried, attempt=self.attempt, wait_s=wait_s, error=failure_of(exc),
                        limit=self.most_attempts,
                    )  # fmt: skip
                yield wait_s
                self.attempt += 1
                frame = None
            else:
                return self.finished(value)

    def check_begin(self) -> None:
        """Refuse to begin an attempt in a run that was stopped or drained."""
        execution = self.execution
        if execution.stopping:
            execution.check()
        reason = execution.control.drain_reason
        if reason is not None and self.parent is None:
            raise RunDrained(reason)

    @property
    def _was_cancelled(self) -> bool:
        """Whether its code was told to end, and returned all the same."""
        runner = self.runner or getattr(self.future, "runner", None)
        return runner is not None and bool(runner.cancelling())

    def _cancelled_children(self) -> list[Op]:
        """The tasks that a cancelled op called on the event loop end with it."""
        children = [child for child in self.children.values() if child.loop is not None]
        for child in children:
            child.cancel_on_loop()
        return children

    def _was_stopped(self, exc: BaseException, frame: Frame) -> bool:
        """Take in what ended an attempt and is no failure of its code; False for a failure."""
        execution = self.execution
        signal = signal_in(exc)
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            execution.stop()
        if self.is_settled:
            return True
        if isinstance(exc, asyncio.CancelledError | CancelledError):
            if frame.was_paused:
                self.settle(None, GraphInterrupt(execution.questions))
            elif self.was_told_to_end:
                self.cancelled(exc)
            else:
                own = NodeCancelledError(self.name)
                own.__cause__ = exc
                self.failed(own)
            return True
        if isinstance(signal, RunCancelled):
            execution.stop()
        if signal is None and not isinstance(exc, KeyboardInterrupt | SystemExit):
            return False
        self.settle(None, signal or exc)
        return True

    @property
    def was_told_to_end(self) -> bool:
        """Whether somebody cancelled it; else a CancelledError is its code's own (216)."""
        if self.execution.stopping:
            return True
        runner = self.runner or getattr(self.future, "runner", None)
        return runner is not None and bool(runner.cancelling() or runner.cancelled())

    finished = finished
    failed = failed
    cancelled = cancelled

    @property
    def is_given_up(self) -> bool:
        """Whether the run's own code wanted it cancelled."""
        for_pause, above = False, self.caller
        while above is not None:
            if above.over:
                return False
            for_pause, above = for_pause or above.was_paused, above.op.caller
        given_up = getattr(self.future, "given_up", False)
        return not self.execution.stopping and (given_up or not for_pause)

    def break_off(self, exc: BaseException) -> None:
        """Something outside the function ended the attempt: a signal, or a fault in a policy."""
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            self.execution.stop()
        if isinstance(exc, asyncio.CancelledError):
            self.cancelled(exc)
        elif not self.is_settled:
            self.settle(None, exc)

    def settle(self, value: Any, exc: BaseException | None) -> None:
        execution = self.execution
        execution.forget(self)
        if execution.places is not None:
            execution.places.settled(self)
            if self.frame is None:
                execution.places.leave(self)
        if execution.wants_life:
            show_life(self.caller)
        if self.cached is not None:
            self.cached.land()
        if self.caller is not None and isinstance(exc, GraphInterrupt):
            self.caller.left_a_question = True
        if self.announced:
            self._tell_end(exc)
        assert self.future is not None
        self.future.settle(value, exc)
        frame, self.frame = self.frame, None  # no cycle is left for the collector
        if frame is not None:
            frame.left_alone = None

    def _tell_end(self, exc: BaseException | None) -> None:
        """What was seen to start is seen to end, whatever ended it."""
        if isinstance(exc, GraphInterrupt):
            self.tell(TaskPaused, interrupts=exc.interrupts)
        elif isinstance(exc, Exception):
            self.tell(
                TaskFailed, error=failure_of(exc), duration_s=self.took_s,
                replayed=False, exception=exc,
            )  # fmt: skip
        else:
            self.tell(TaskCancelled, replayed=False)


def _warn_swallowed(name: str) -> None:
    warnings.warn(
        f"{name!r} caught the pause of an interrupt() and returned. Its return value is not taken: "
        "the run waits for the answer. Catch Exception, not BaseException, and let "
        "GraphInterrupt pass.",
        stacklevel=3,
    )
