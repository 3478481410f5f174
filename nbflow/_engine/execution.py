"""One go at a run: from the moment it is opened until it is done, waits, failed or was cancelled.

Everything that happens in it goes through here: calls meet the record, facts are committed,
events are emitted. Drivers bring the threads or the event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._codec.unpack import unpack
from nbflow._engine import async_driver, messages
from nbflow._engine.arguments import own_copies
from nbflow._engine.crew import crew
from nbflow._engine.equipping import equip
from nbflow._engine.failed_calls import FailedCalls
from nbflow._engine.frame import MAIN_LANE, THREAD_LANE, Frame, call_site
from nbflow._engine.frame_log import FrameLog
from nbflow._engine.future import AsyncTaskFuture, Held, SyncAsyncFuture
from nbflow._engine.in_place import Fresh
from nbflow._engine.judging import Judges
from nbflow._engine.limits import places_of
from nbflow._engine.loops import is_running, loop_for
from nbflow._engine.op import Op
from nbflow._engine.options import DEFAULT, Options
from nbflow._engine.printed import Printing
from nbflow._engine.replay import Call, Divergence, Journal
from nbflow._engine.replayed import Replay, void_of, waits
from nbflow._engine.sending import leave_sent
from nbflow._engine.storing import Storing
from nbflow._engine.timeouts import show_life
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.errors import InvalidAnswerError, RunCancelled
from nbflow.events import Event
from nbflow.runtime import RunControl, Runtime
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.nested_call import NestedCall
    from nbflow.cache.base import BaseCache

__all__ = ["Execution", "Listener"]

Listener = Callable[[Event], None]


@dataclass(kw_only=True, eq=False, repr=False)
class Execution(Storing):
    workflow: str
    saver: BaseCheckpointSaver | None
    run: RunRow | None
    run_id: str
    epoch: int
    record: InitVar[Journal]
    """What was stored before."""
    code_fp: bytes
    """Fingerprint of the code that runs; empty when nothing is kept."""
    resumed: bool
    input: Any
    checkpoint_id: str | None
    config: dict[str, Any]
    runtime: Runtime[Any]
    judges: Judges
    """Who judges answers in this process."""
    listeners: tuple[Listener, ...] = ()
    options: Options = DEFAULT
    cache: BaseCache[Any] | None = None
    executor: Executor | None = None
    """Of the entrypoint: runs its plain tasks."""
    on_divergence: str = "error"
    """``error``, ``warn`` or ``reuse``."""

    printing: Printing | None = field(init=False, default=None)
    """Takes down what the code prints; None while nobody had it do so."""
    wants_life: bool = field(init=False, default=False)
    """Whether some task has an idle time-out."""
    strict: bool = field(init=False)
    """Whether the code is the code that made the record."""
    on_stop: Callable[[], None] | None = field(init=False, default=None)
    """Cancels what runs on the event loop."""
    stopping: bool = field(init=False, default=False)
    closed: bool = field(init=False, default=False)
    broken: BaseException | None = field(init=False, default=None)
    questions: tuple[Interrupt, ...] = field(init=False, default=())
    loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    """The loop of an ``ainvoke`` whose body runs in a thread."""
    _stopped: threading.Event | None = field(init=False, default=None)

    def __post_init__(self, record: Journal) -> None:
        config, run, options = self.config, self.run, self.options
        self.open_record(record, holds_back=options.durability == "exit")
        self.strict = run is not None and {run.code_fp, *record.paused_by} == {self.code_fp}
        self.strays = not self.strict or self.on_divergence == "reuse"
        """Whether the code may have gone another way than the record."""
        self.watched = bool(self.listeners)
        self.wants_messages = options.wants_messages
        self.guides_langchain = self.wants_messages or messages.are_guided(config)
        """Whether LangChain models are told something of the run."""
        self.outer_langchain: Any = {}
        """The configuration of the LangChain runnable that the run is part of, if it is."""
        self.streamed: set[str] = set()
        """Ids of the messages whose tokens were streamed."""
        self.wants_checkpoints = options.wants_checkpoints
        self.thread_id = run.thread_id if run else None
        self.ns = run.ns if run else ""
        self.lock = threading.Lock()
        self.failed = FailedCalls()
        self.started = time.time()
        self.open_ops: dict[bytes, Op] = {}
        """Ops without an outcome yet, the entrypoint included, by key."""
        self.fresh = Fresh()
        self.places = places_of(config)
        """Who of its tasks may run; None when all may."""
        self.control: RunControl = options.control or RunControl()
        self.sends = bool(self.executor or config.get("executor"))
        """Whether some workflow in it has an executor for its tasks."""

    # -- events -----------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def take_printed(self, task: str | None, text: str, stream: str) -> None:
        """Take down a piece of what a task printed; None for the entrypoint."""
        printing = self.printing
        if printing is None:
            with self.lock:
                printing = self.printing = self.printing or Printing(self.emit)
        printing.add(task, text, stream)

    @contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """While inside, one more listens."""
        with self.lock:
            self.listeners = (*self.listeners, listener)
            self.watched = True
        try:
            yield
        finally:
            with self.lock:
                others = [one for one in self.listeners if one is not listener]
                self.listeners = tuple(others)
                self.watched = bool(others)

    def note_question(self, question: Interrupt) -> None:
        with self.lock:
            if all(q.id != question.id for q in self.questions):
                self.questions = (*self.questions, question)

    def take_back(self, exc: BaseException, frame: Frame) -> None:
        """Before another attempt: what failed or was cancelled in this one runs again."""
        rows = self.with_cancels_below(
            [*self.voids(exc, frame.op.key), *frame.take_trailing_cancels()]
        )
        if rows and self.saver is not None:
            self.note(rows)

    def with_cancels_below(self, rows: list[OpRow]) -> list[OpRow]:
        """With an op that runs again, what it cancelled itself or was cancelled in it does, too."""
        found, above = list(rows), [row.key for row in rows]
        while above:
            for call in self.journal.children(above.pop()):
                above.append(call.key)
                if call.outcome == "cancel":
                    found.append(void_of(call))
        return found

    def voids(self, exc: BaseException, below: bytes | None) -> list[OpRow]:
        """The rows that take back what led to a failure; see :meth:`FailedCalls.take_back`."""
        rows = self.failed.take_back(exc, below)
        return [row for row in rows if self.journal.get(row.key) is not None]

    # -- stopping ---------------------------------------------------------------------------

    def stop(self) -> None:
        """No op starts any more; tasks that nobody began are dropped."""
        self._halt()
        self.drop_unstarted()
        leave_sent(self)

    def request_stop(self) -> None:
        """Stop from outside, a signal handler for example: no op starts any more, and what runs
        on an event loop is cancelled."""
        self._halt()
        if self.sends:
            threading.Thread(
                target=leave_sent, args=(self,), name="nbflow-stop", daemon=True
            ).start()
        if self.on_stop is not None:
            self.on_stop()

    def _halt(self) -> None:
        first, self.stopping = not self.stopping, True
        if self._stopped is not None:
            self._stopped.set()
        if first and self.loop is None:
            self._cancel_async()

    def _cancel_async(self) -> None:
        """A thread drives the run, and waits for the workflows in it that are async."""
        for op in self.unfinished():
            if op.loop is not None:
                op.loop.call_soon_threadsafe(op.cancel_on_loop)

    def wait_for_retry(self, seconds: float) -> None:
        """Wait before another attempt; a stop ends the wait."""
        self._stopped = self._stopped or threading.Event()
        if not self.stopping:
            self._stopped.wait(seconds)

    def drop_unstarted(self) -> None:
        for op in self.unfinished():
            if op.loop is None and op.withdraw():
                op.settle(None, RunCancelled("the run ended before this task began"))

    def check(self) -> None:
        """Refuse to go on in a run that was stopped or can no longer store anything."""
        if self.closed:
            raise RunCancelled("The run has ended; what it left behind can do nothing more in it.")
        if self.broken is not None:
            raise self.broken
        if self.stopping:
            raise RunCancelled("The run was stopped. invoke(None, config) continues it.")

    # -- the record -------------------------------------------------------------------------

    def frame_log(self, op: Op) -> FrameLog:
        strict = self.strict and op.attempt == 1 + op.unknown_outcomes
        by_name = self.on_divergence == "reuse"
        return FrameLog(self.journal.children(op.key), strict, by_name=by_name)

    def reopen(self, call: Call, error: InvalidAnswerError) -> None:
        """Take a stored answer back that the type's own validators refuse, and raise."""
        self.note([void_of(call)])
        raise InvalidAnswerError(
            error.message.replace(
                "Nothing was stored and the question is still open",
                "It was taken back and the question is open again",
            ),
            error.interrupt_id,
            error.errors,
        ) from error

    def begin(self, op: Op) -> None:
        """From now on the op is known to run; its start is stored with the next fact."""
        self.open_ops[op.key] = op
        if op.caller is not None:
            op.caller.op.children[op.key] = op
        if op.recorded and self.saver is not None:
            self._unannounced[op.key] = op

    def forget(self, op: Op) -> None:
        self.open_ops.pop(op.key, None)
        if op.caller is not None:
            op.caller.op.children.pop(op.key, None)

    # -- calls ------------------------------------------------------------------------------

    def call(
        self,
        frame: Frame,
        task: TaskSpec,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        nested: NestedCall | None = None,
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        """A task was called in ``frame``: reuse its result, or begin it.

        Args:
            nested: of a workflow that is called.
        """
        loop = frame.loop
        if loop is not None and not _goes_on(loop, nested):
            loop = None
        lane = MAIN_LANE
        if frame._lanes is not None or get_ident() != frame.home:
            lane = frame.lane()
        if (
            self.closed or self.stopping or self.broken is not None or frame._paused is not None
            or self.control.drain_reason is not None
        ):  # fmt: skip
            frame.check(lane)
        if self.wants_life:
            show_life(frame)
        name = task.name
        digest = serde.digest_source(args, kwargs)
        caller = frame.op
        recorded = caller.recorded and task.keeps is not False
        log = frame._log or frame.log
        call = None
        if recorded and log.has_record:
            try:
                call = log.take(name, digest, lane)
            except Divergence as divergence:
                depth = 3 if nested is None else 5
                call = frame.diverged(divergence, name, digest, lane, depth, (args, kwargs))
        if call is not None:
            value = call.value
            if nested is None and call.outcome == "result" and value and not (loop or self.watched):
                return Held(unpack(value), call.key)
            replay = Replay(frame, task, call, (args, kwargs), loop, lane)
            settled = self._settled(replay)
            if settled is not None:
                settled.key = call.key
                return settled
            key, n, gen, unknown = call.key, call.n, call.gen, replay.unknown_outcomes()
        else:
            (key, n), gen, unknown = log.new_key(caller.key, name, digest), 0, 0
        if self.saver is not None:
            args, kwargs = own_copies(args, kwargs)
        kept_lane = lane if lane is MAIN_LANE and frame._paused is None else frame.kept_lane(lane)
        op = Op(
            self, name, task.fn, args, kwargs, task.policies, key, caller.key, digest, kept_lane,
            n, gen, call_site(3 if nested is None else 5), caller.ns, frame,
        )  # fmt: skip
        frame.trailing_cancels = ()
        op.recorded, op.called_in = recorded, lane
        op.attempt, op.unknown_outcomes = 1 + unknown, unknown
        if self.sends or not task.is_plain:
            equip(op, task, nested)
        if self.guides_langchain or (nested is not None and messages.are_guided(op.config)):
            messages.listen(op)
        return self._begin(op, task, loop)

    def _settled(self, replay: Replay) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any] | None:
        """The future of a recorded call that need not run; None when it has to."""
        call = replay.call
        of_a_thread = replay.lane == THREAD_LANE  # among equal calls, it may be another one
        if call.outcome == "cancel" and (
            of_a_thread or (replay.loop is not None and not self.strict)
        ):
            self.note([void_of(call)])  # edited code may not cancel it again
        journal = self.journal
        if call.outcome is not None:
            return replay.outcome()
        return replay.pause() if self.strict and waits(journal, call) else None

    def _begin(
        self, op: Op, task: TaskSpec, loop: asyncio.AbstractEventLoop | None
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        if loop is not None:
            return async_driver.begin(op, task.is_async, loop)
        frame = op.caller
        assert frame is not None
        loop = loop_for(frame, task) if task.is_async else None
        future: SyncAsyncFuture[Any] = SyncAsyncFuture(op)
        op.future = future
        if loop is not None:
            async_driver.begin_from_thread(op, loop)
            return future
        self.begin(op)
        if self.places is not None:
            self.places.enter(op, partial(crew.start, op))
            return future
        if op.called_in is THREAD_LANE:
            crew.start(op)
            return future
        if op.sending is not None:
            op.claimed = True
            op.run()
            return future
        last, frame.left_alone = frame.left_alone, op
        if last is not None and not last.claimed:
            crew.start(last)
            crew.start(op)
        elif not frame.watched:
            crew.watch(frame)
        return future

    # -- the end ----------------------------------------------------------------------------

    def unfinished(self) -> list[Op]:
        """Tasks that were called and have no outcome yet."""
        return [op for op in tuple(self.open_ops.values()) if op.parent is not None]


def _goes_on(loop: asyncio.AbstractEventLoop, nested: NestedCall | None) -> bool:
    """Whether who calls runs on the loop, and does not wait as a thread does."""
    return is_running(loop) and not (nested is not None and nested.waits_here)
