"""One op on its way: a task call that runs, or the entrypoint itself.

``attempts`` says what to do next and takes in what came of it; a driver, for threads or for the
event loop, does it. So retrying, committing and pausing are written once.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError, Future
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeAlias

from nbflow import serde
from nbflow._engine.caching import CachedCall, Hit
from nbflow._engine.crew import crew
from nbflow._engine.failures import encode_failure, failure_of, pause_in
from nbflow._engine.final import Final
from nbflow._engine.frame import Frame
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture
from nbflow._engine.ids import parent_id, public_id
from nbflow._engine.nested import to_keep
from nbflow._engine.retry import wait_before_retry
from nbflow.checkpoint.base import OpRow
from nbflow.errors import GraphInterrupt, RunCancelled
from nbflow.events import (
    Custom,
    TaskCancelled,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    TaskPaused,
    TaskRetried,
    TaskStarted,
)
from nbflow.types import RetryPolicy

if TYPE_CHECKING:
    from nbflow._engine.async_driver import Relay
    from nbflow._engine.execution import Execution

__all__ = ["Op", "Steps"]

Step: TypeAlias = "Frame | float | list[Op] | Future[None]"
Steps = Generator[Step, Any, None]
"""Yields a frame to run the function in, seconds to wait, or what else to wait for; takes the
value, or has the exception thrown in."""

_DEEPEST = 12
"""Tasks that may run inside one another in one thread; deeper ones go to a worker."""

_inline = threading.local()


class Op:
    __slots__ = (
        "_id",
        "announced",
        "args",
        "asked",
        "attempt",
        "cached",
        "call_args",
        "call_kwargs",
        "called_in",
        "caller",
        "children",
        "claimed",
        "context",
        "decided",
        "execution",
        "fn",
        "frame",
        "future",
        "gen",
        "is_workflow",
        "keeps",
        "key",
        "lane",
        "loop",
        "n",
        "name",
        "nested",
        "ns",
        "parent",
        "policies",
        "queued",
        "recorded",
        "runner",
        "site",
        "started",
    )  # fmt: skip

    def __init__(
        self,
        execution: Execution,
        name: str,
        fn: Callable[..., Any],
        call_args: tuple[Any, ...],
        call_kwargs: dict[str, Any],
        policies: Sequence[RetryPolicy],
        key: bytes,
        parent: bytes | None,
        args: bytes = b"",
        lane: str = "0",
        n: int = 0,
        gen: int = 0,
        site: str = "",
        ns: tuple[str, ...] = (),
        caller: Frame | None = None,
    ) -> None:
        self.execution = execution
        self.name = name
        self.fn = fn
        self.call_args = call_args
        self.call_kwargs = call_kwargs
        self.policies = policies
        self.key = key
        self.parent = parent
        """Key of the calling op; None for the entrypoint itself."""
        self.args = args
        self.lane = lane
        self.n = n
        self.gen = gen
        self.site = site
        self.called_in = lane
        """The lane that called it, in this attempt of the caller; ``lane`` is the recorded one."""
        self.caller = caller
        """The attempt that called it; None for the entrypoint itself."""
        self.ns = ns
        """The nested workflow it belongs to, as the path of calls that led there; empty outside.
        A nested workflow belongs to itself."""
        self.is_workflow = False
        """Whether it is a workflow that another one calls."""
        self.children: dict[bytes, Op] = {}
        """Tasks that its code called and that have no outcome yet, by key."""
        self.nested = 0
        """How many workflows its code has called."""
        self.recorded = True
        """Whether its outcome is stored; not below a workflow declared ``checkpointer=False``."""
        self.keeps: str | None = None
        """Namespace of what it saves for the next run; only with ``checkpointer=True``."""
        self.asked = False
        """Whether its code, or what that called, asked a question; then it is not cached (229)."""
        self.cached: CachedCall | None = None
        """Its place in the cache; only with a cache and a policy."""
        self.announced = False
        """Whether events told of its start and not of its end."""
        self._id = ""
        self.attempt = 1
        self.claimed = False
        self.decided = False
        """Whether its outcome is settled on; whatever comes later is dropped."""
        self.queued = False
        self.started = 0.0
        self.frame: Frame | None = None
        """The attempt going on."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """The loop its function runs on; None for a thread."""
        self.runner: asyncio.Task[None] | None = None
        """The asyncio task that runs it for a caller in a thread."""
        self.context: Context = copy_context()
        self.future: SyncAsyncFuture[Any] | AsyncTaskFuture[Any] | Relay | None = None

    @property
    def id(self) -> str:
        if not self._id:
            self._id = public_id(self.execution.run_id, self.key)
        return self._id

    @property
    def input(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What events show of its arguments."""
        return self.call_args, self.call_kwargs

    def note_asked(self) -> None:
        """Its code asks a question: what comes of it, and of its callers, is for this run only."""
        op: Op | None = self
        while op is not None and not op.asked:
            op.asked = True
            op = None if op.caller is None else op.caller.op

    @property
    def path(self) -> tuple[str, ...]:
        """Itself and the calls that led to it, outermost first, as ``name:id``."""
        led_here = self.ns if self.is_workflow or self.caller is None else self.caller.op.path
        return (*led_here, f"{self.name}:{self.id}")

    def enter_workflow(self, keeps: bool | None) -> None:
        """This op is a workflow that another one calls.

        Args:
            keeps: its ``checkpointer``: True keeps what it saves for the next run, False stores
                nothing of it, None makes it a step like others (16).
        """
        assert self.caller is not None
        calling = self.caller.op
        self.is_workflow = True
        self.ns = calling.next_namespace()
        if keeps and self.execution.saver is not None:
            self.ns = tuple(part.split(":")[0] for part in calling.path)
            self.keeps = "|".join((*self.ns, self.name))

    def peek_namespace(self) -> tuple[str, ...]:
        """Where the next workflow that this op's code calls will live (32, 173)."""
        again = (str(self.nested),) if self.nested else ()
        return (*self.path, *again)

    def next_namespace(self) -> tuple[str, ...]:
        """Where the workflow that this op's code calls now lives."""
        ns = self.peek_namespace()
        self.nested += 1
        return ns

    def tell(self, kind: type[TaskEvent], **parts: Any) -> None:
        """Emit an event about this call."""
        self.announced = kind is TaskStarted or kind is TaskRetried
        self.execution.emit(
            kind(
                id=self.id, name=self.name, parent=self.parent_id, ns=self.ns,
                is_workflow=self.is_workflow, **parts,
            )
        )  # fmt: skip

    @property
    def shown_id(self) -> str | None:
        """The id in events; None for the entrypoint."""
        return None if self.parent is None else self.id

    @property
    def parent_id(self) -> str | None:
        return parent_id(self.execution.run_id, self.parent)

    def write(self, data: Any) -> None:
        """Send a value to the ``custom`` stream, unless it was sent before the replay (165)."""
        if self.execution.watched and not (self.frame is not None and self.frame.is_replaying):
            self.execution.emit(Custom(task=self.shown_id, data=data, ns=self.ns))

    def row(self, kind: str, value: bytes | None = None) -> OpRow:
        assert self.parent is not None
        now = time.time()
        began = self.started or now
        return OpRow(
            kind, self.key, self.parent, self.name, self.args, self.lane, self.n, value,
            self.attempt, self.gen, began, now - began, self.site,
        )  # fmt: skip

    # -- who runs it ------------------------------------------------------------------------

    def claim(self) -> bool:
        """Take the right to run it; True for exactly one caller."""
        with self.execution.lock:
            if self.claimed:
                return False
            self.claimed = True
            return True

    def run(self) -> None:
        from nbflow._engine.sync_driver import drive

        drive(self)

    def start_soon(self) -> None:
        crew.start(self)

    def join(self, timeout: float | None) -> None:
        """Wait for the outcome; run the task here when nobody has begun."""
        future = self.future
        assert isinstance(future, SyncAsyncFuture)
        if timeout is None and not self.claimed:
            depth = getattr(_inline, "depth", 0)
            if depth < _DEEPEST:
                if self.claim():
                    _inline.depth = depth + 1
                    try:
                        self.run()
                    finally:
                        _inline.depth = depth
                    return
            else:
                crew.start(self)
        elif not self.claimed:
            crew.start(self)
        with crew.blocked():
            future.wait(timeout)

    def cancel_unstarted(self) -> bool:
        if not self.claim():
            return False
        self.cancelled(CancelledError())
        return True

    def give_up(self) -> None:
        """The caller on the loop cancelled what a thread runs: what comes late is dropped."""
        self.claim()
        if not self.is_settled:
            self.cancelled(asyncio.CancelledError())

    def cancelled_unstarted(self, runner: asyncio.Task[None]) -> None:
        """Its asyncio task ended; cancelled before its first step, it has told nobody."""
        if runner.cancelled() and not self.is_settled:
            self.cancelled(asyncio.CancelledError())

    @property
    def is_settled(self) -> bool:
        return self.decided or self.key not in self.execution.open_ops

    # -- what came of it --------------------------------------------------------------------

    def attempts(self) -> Steps:
        """Run the function until it succeeds, pauses, is cancelled or fails for good."""
        execution = self.execution
        self.started = time.time()
        if self.cached is not None:
            for found in self.cached.look():
                if isinstance(found, Hit):
                    return self.finished(found.value, from_cache=True)
                yield found
        swallowed = False
        while True:
            frame = self.frame = Frame(execution, self, self.loop)
            self.nested = 0
            if execution.watched and self.parent is not None:
                self.tell(TaskStarted, input=self.input, attempt=self.attempt)
            try:
                if execution.stopping:
                    execution.check()
                value = yield frame
                while self.children:
                    yield list(self.children.values())
                if self.is_settled:
                    return None
                if frame.was_paused or frame.left_a_question:
                    swallowed = frame.was_paused
                    raise GraphInterrupt(execution.questions)
                frame.settle_record()
            except GraphInterrupt as pause:
                self.settle(None, pause)
                return _warn_swallowed(self.name) if swallowed else None
            except (KeyboardInterrupt, SystemExit, RunCancelled) as stop:
                execution.stop()
                return self.settle(None, stop)
            except (asyncio.CancelledError, CancelledError) as cancel:
                return self.cancelled(cancel)
            except BaseException as exc:
                if self.is_settled:
                    return None
                pause_inside = pause_in(exc)
                if pause_inside is not None:
                    return self.settle(None, pause_inside)
                wait_s = wait_before_retry(self.policies, exc, self.attempt, random.random)
                while self.children:
                    yield list(self.children.values())
                if frame.left_a_question:
                    return self.settle(None, GraphInterrupt(execution.questions))
                if wait_s is None:
                    return self.failed(exc)
                execution.take_back(exc, frame)
                if execution.watched and self.parent is not None:
                    self.tell(
                        TaskRetried, attempt=self.attempt, wait_s=wait_s, error=failure_of(exc)
                    )
                yield wait_s
                self.attempt += 1
            else:
                return self.finished(value)

    def finished(self, value: Any, *, from_cache: bool = False) -> None:
        """Commit the value, then let it be seen: what is seen is what a replay will see."""
        execution = self.execution
        saved = value
        if self.is_workflow and isinstance(value, Final):
            value, saved = value.value, value.save
        if execution.saver is not None and self.recorded:
            kept = None
            try:
                data = serde.dumps(value)
                if self.keeps is not None:
                    kept = to_keep(execution, self, serde.dumps(saved), data)
            except Exception as exc:
                exc.add_note(f"The result of task {self.name!r} cannot be stored.")
                return self.failed(exc)
            try:
                if not execution.commit([self.row("result", data)], self, kept):
                    return None
            except Exception as exc:
                return self.settle(None, exc)
            value = serde.decoded(value, data)
        if self.cached is not None and not from_cache and not self.asked:
            self.cached.keep(value)
        if execution.watched:
            self.tell(
                TaskFinished, result=value, duration_s=time.time() - self.started, replayed=False,
                cached=from_cache, input=self.input if from_cache else ((), {}),
            )  # fmt: skip
        self.settle(value, None)

    def failed(self, exc: BaseException) -> None:
        """Commit the failure, so that a replay takes the same branch."""
        execution = self.execution
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        exc.add_note(f"During task {self.name!r}{again}.")
        failure = failure_of(exc)
        if execution.saver is not None and self.recorded and not execution.stopping:
            taken_back = [] if self.frame is None else self.frame.take_trailing_cancels()
            rows = [*taken_back, self.row("error", encode_failure(exc))]
            try:
                if not execution.commit(rows, self):
                    return None
            except Exception as storage:
                return self.settle(None, storage)
        if execution.watched:
            self.tell(
                TaskFailed, error=failure, duration_s=time.time() - self.started, replayed=False,
                exception=exc,
            )  # fmt: skip
        execution.failed.note(exc, self.future, self.row("void"))
        self.settle(None, exc)

    def cancelled(self, cancel: BaseException) -> None:
        """Record that the run's own code cancelled the task.

        What a stopping run or a pause cancels is not recorded: it runs again.
        """
        execution, caller = self.execution, self.caller
        for_pause = caller is not None and caller.was_paused
        given_up = getattr(self.future, "given_up", False)
        by_code = not execution.stopping and (given_up or not for_pause)
        if execution.saver is not None and self.recorded and by_code:
            try:
                if not execution.commit([self.row("cancel", self._by_itself())], self):
                    return None
            except Exception as storage:
                return self.settle(None, storage)
            if caller is not None:
                caller.trailing_cancels.append(self.row("void"))
        if execution.watched:
            self.tell(TaskCancelled, replayed=False)
        self.settle(None, cancel)

    def _by_itself(self) -> bytes | None:
        """A mark, when the function cancelled itself and nobody asked it to."""
        runner = self.runner or getattr(self.future, "runner", None)
        asked = runner is None or runner.cancelling() or runner.cancelled()
        return None if asked else serde.dumps(True)

    def break_off(self, exc: BaseException) -> None:
        """Something outside the function ended the attempt: a signal, or a fault in a policy."""
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            self.execution.stop()
        if not self.is_settled:
            self.settle(None, exc)

    def settle(self, value: Any, exc: BaseException | None) -> None:
        self.execution.forget(self)
        if self.cached is not None:
            self.cached.land()
        if self.caller is not None and isinstance(exc, GraphInterrupt):
            self.caller.left_a_question = True
        if self.announced:
            self._tell_end(exc)
        assert self.future is not None
        self.future.settle(value, exc)

    def _tell_end(self, exc: BaseException | None) -> None:
        """What was seen to start is seen to end, whatever ended it."""
        if isinstance(exc, GraphInterrupt):
            self.tell(TaskPaused, interrupts=exc.interrupts)
        elif isinstance(exc, Exception):
            self.tell(
                TaskFailed, error=failure_of(exc), duration_s=time.time() - self.started,
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
