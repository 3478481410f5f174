"""One go at a run: from the moment it is opened until it is done, waits, failed or was cancelled.

Everything that happens in it goes through here: calls meet the record, facts are committed,
events are emitted. Drivers bring the threads or the event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from threading import get_ident
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine import messages
from nbflow._engine.arguments import own_copies
from nbflow._engine.crew import crew
from nbflow._engine.failed_calls import FailedCalls
from nbflow._engine.failures import decode_failure, failure_of
from nbflow._engine.frame import Frame, call_site
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture
from nbflow._engine.ids import op_key, parent_id, public_id
from nbflow._engine.op import Op
from nbflow._engine.replay import Call, FrameLog, Journal
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.errors import (
    GraphInterrupt,
    InvalidAnswerError,
    OutsideRunError,
    RunCancelled,
)
from nbflow.events import Event, TaskCancelled, TaskFailed, TaskFinished
from nbflow.runtime import Runtime
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec

__all__ = ["Execution", "Listener"]

Listener = Callable[[Event], None]


class Execution:
    def __init__(
        self,
        *,
        workflow: str,
        saver: BaseCheckpointSaver | None,
        run: RunRow | None,
        run_id: str,
        epoch: int,
        journal: Journal,
        strict: bool,
        resumed: bool,
        input: Any,
        checkpoint_id: str | None,
        config: dict[str, Any],
        runtime: Runtime[Any],
        live_types: dict[str, Any],
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.workflow = workflow
        self.saver = saver
        self.run = run
        self.run_id = run_id
        self.epoch = epoch
        self.journal = journal
        self.strict = strict
        """Whether the code is the code that made the record."""
        self.resumed = resumed
        self.input = input
        self.checkpoint_id = checkpoint_id
        self.config = config
        self.runtime = runtime
        self.live_types = live_types
        """Question id to what ``interrupt`` was given as ``response_schema``."""
        self.listeners = tuple(listeners)
        self.watched = bool(listeners)
        self.wants_messages = False
        """Whether somebody streams the tokens of chat models."""
        self.thread_id = run.thread_id if run else None
        self.ns = run.ns if run else ""
        self.lock = threading.Lock()
        self.questions: tuple[Interrupt, ...] = ()
        self.stopping = False
        self.failed = FailedCalls()
        self.closed = False
        """Whether it has ended: late code can store nothing."""
        self.broken: BaseException | None = None
        self.started = time.time()
        self.loop: asyncio.AbstractEventLoop | None = None
        """The loop of an ``ainvoke`` whose body runs in a thread."""
        self.open_ops: dict[bytes, Op] = {}
        """Ops without an outcome yet, the entrypoint included, by key."""
        self._unannounced: dict[bytes, Op] = {}
        self._stopped: threading.Event | None = None
        self.on_stop: Callable[[], None] | None = None
        """Cancels what runs on the event loop."""
        self._commit_lock = threading.Lock()
        self._last_offer: Op | None = None

    # -- events -----------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def task_finished(self, op: Op, value: Any) -> None:
        self.emit(
            TaskFinished(
                id=op.id, name=op.name, parent=op.parent_id, result=value,
                duration_s=time.time() - op.started, replayed=False, ns=op.ns,
            )
        )  # fmt: skip

    def note_question(self, question: Interrupt) -> None:
        with self.lock:
            if all(q.id != question.id for q in self.questions):
                self.questions = (*self.questions, question)

    def questions_in_order(self) -> tuple[Interrupt, ...]:
        """The open questions in the order in which their tasks were called."""
        place = {call.key: at for at, call in enumerate(self.journal)}
        order: dict[str, list[int]] = {}
        for asked in self.journal.open_questions():
            path, key = [place[asked.key]], asked.parent
            while (parent := self.journal.get(key)) is not None:
                path.append(place[key])
                key = parent.parent
            order[public_id(self.run_id, asked.key)] = path[::-1]
        return tuple(sorted(self.questions, key=lambda question: order.get(question.id, [])))

    def take_back(self, exc: BaseException, frame: Frame) -> None:
        """Before another attempt: what failed or was cancelled in this one runs again."""
        rows = [*self.failed.take_back(exc, frame.op.key), *frame.take_trailing_cancels()]
        if rows and self.saver is not None:
            self.commit(rows)

    # -- stopping ---------------------------------------------------------------------------

    def stop(self) -> None:
        """No op starts any more; tasks that nobody began are dropped."""
        self._halt()
        self.drop_unstarted()

    def request_stop(self) -> None:
        """Stop from outside, a signal handler for example: no op starts any more, and what runs
        on an event loop is cancelled."""
        self._halt()
        if self.on_stop is not None:
            self.on_stop()

    def _halt(self) -> None:
        self.stopping = True
        if self._stopped is not None:
            self._stopped.set()

    def wait_for_retry(self, seconds: float) -> None:
        """Wait before another attempt; a stop ends the wait."""
        self._stopped = self._stopped or threading.Event()
        if not self.stopping:
            self._stopped.wait(seconds)

    def drop_unstarted(self) -> None:
        for op in self.unfinished():
            if op.loop is None and op.claim():
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
        strict = self.strict and op.attempt == 1
        return FrameLog(self.journal.children(op.key), strict)

    def commit(self, rows: list[OpRow], op: Op | None = None) -> bool:
        """Store facts, and with them that the ops still running had begun.

        Args:
            op: whose outcome is among them.

        Returns:
            False when the op has another outcome already; nothing was stored.

        Raises:
            StorageError, LeaseLostError: nothing was stored; the run can go no further.
        """
        assert self.saver is not None and self.run is not None
        with self._commit_lock:
            if self.closed or self.broken is not None:
                self.check()
            if op is not None:
                if op.decided:
                    return False
                op.decided = True
                self._unannounced.pop(op.key, None)
            if self._unannounced:
                rows = [*self._begun(), *rows]
            try:
                self.saver.append(self.run, self.epoch, rows)
            except Exception as exc:
                self.broken = exc
                raise
            for row in rows:
                self.journal.apply(row)
        return True

    def _begun(self) -> list[OpRow]:
        begun, self._unannounced = self._unannounced, {}
        return [op.row("start") for op in tuple(begun.values())]

    def reopen(self, call: Call, error: InvalidAnswerError) -> None:
        """Take a stored answer back that the type's own validators refuse, and raise."""
        self.commit([void_of(call)])
        raise InvalidAnswerError(
            error.message.replace(
                "Nothing was stored and the question is still open",
                "It was taken back and the question is open again",
            ),
            error.interrupt_id,
            error.errors,
        ) from error

    def take_answers(self, rows: list[OpRow]) -> None:
        """Store answers that came while the run works; a later replay finds them."""
        assert self.saver is not None and self.run is not None
        with self._commit_lock:
            self.saver.answer(self.run, self.epoch, rows)
            for row in rows:
                self.journal.apply(row)
        answered = {public_id(self.run_id, row.key) for row in rows}
        with self.lock:
            self.questions = tuple(q for q in self.questions if q.id not in answered)

    def begin(self, op: Op) -> None:
        """From now on the op is known to run; its start is stored with the next fact."""
        self.open_ops[op.key] = op
        self._unannounced[op.key] = op

    def forget(self, op: Op) -> None:
        self.open_ops.pop(op.key, None)
        self._unannounced.pop(op.key, None)

    def children_of(self, op: Op) -> list[Op]:
        """Tasks that the op called and that have no outcome yet."""
        return [o for o in self.unfinished() if o.parent == op.key]

    # -- calls ------------------------------------------------------------------------------

    def call(
        self,
        frame: Frame,
        task: TaskSpec,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        blocking: bool = False,
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        """A task was called in ``frame``: reuse its result, or begin it.

        Args:
            blocking: the caller waits for it in a thread's way, even on the event loop.
        """
        loop = frame.loop
        if loop is not None and (blocking or not is_running(loop)):
            loop = None
        lane = "0" if frame._lanes is None else frame.lane()
        if self.closed or self.stopping or self.broken is not None or frame._paused is not None:
            frame.check(lane)
        if get_ident() != frame.home:
            frame.relax()
        name = task.name
        digest = serde.digest_source(args, kwargs)
        call = frame.take(name, digest, lane, 3)
        if call is not None:
            value = call.value
            if call.outcome == "result" and value and loop is None and not self.watched:
                return SyncAsyncFuture.holding(serde.loads(value))
            if call.outcome is not None:
                return self._replayed(call, loop)
            if self.strict and self._waits(call):
                return self._still_waiting(call, loop)
            key, n, gen = call.key, call.n, call.gen
        else:
            n = frame.log.number(name, digest)
            key, gen = op_key(frame.op.key, "task", name, digest, n), 0
        if self.saver is not None:
            args, kwargs = own_copies(args, kwargs)
        op = Op(
            self, name, task.fn, args, kwargs, task.policies, key, frame.op.key, digest, lane, n,
            gen, call_site(3), frame.op.inner_ns, frame,
        )  # fmt: skip
        if frame.trailing_cancels:
            frame.trailing_cancels = []
        if task.is_workflow:
            op.ns, op.inner_ns = None, (*frame.op.inner_ns, f"{name}:{op.id}")
        if self.wants_messages:
            messages.listen(op)
        if task.injects:
            op.call_kwargs = task.inject(args, kwargs, self, op)
        return self._begin(op, task, loop)

    def _begin(
        self, op: Op, task: TaskSpec, loop: asyncio.AbstractEventLoop | None
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        from nbflow._engine import async_driver

        if loop is None and task.is_async and self.loop is None:
            raise OutsideRunError(
                f"The async task {task.name!r} was called in a plain function under invoke(), "
                "where no event loop runs. Use 'await workflow.ainvoke(...)', or make the "
                "entrypoint an async function."
            )
        if loop is not None:
            return async_driver.begin(op, task.is_async, loop)
        future: SyncAsyncFuture[Any] = SyncAsyncFuture(op)
        op.future = future
        if task.is_async and self.loop is not None:
            async_driver.begin_from_thread(op, self.loop)
            return future
        self.begin(op)
        last, self._last_offer = self._last_offer, op
        if last is None or last.claimed:
            crew.offer(op)
        else:
            crew.start(last)
            crew.start(op)
        return future

    def _waits(self, call: Call) -> bool:
        """Whether the task stopped at a question of its own that is still open."""
        children = self.journal.children(call.key)
        asked = [c for c in children if c.outcome == "ask"]
        return bool(asked) and all(c.answer is None for c in asked)

    def _still_waiting(
        self, call: Call, loop: asyncio.AbstractEventLoop | None
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        """Do not run a task again only to reach the question it waits at (102)."""
        from nbflow._engine.questions import question_of
        from nbflow.events import Asked

        questions = [
            question_of(self.run_id, c)
            for c in self.journal.children(call.key)
            if c.outcome == "ask"
        ]
        for question in questions:
            self.note_question(question)
            if self.watched:
                self.emit(Asked(interrupt=question, task=public_id(self.run_id, call.key)))
        return _settled(None, GraphInterrupt(questions), loop, call.lane)

    def _replayed(
        self, call: Call, loop: asyncio.AbstractEventLoop | None
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        value: Any = None
        exc: BaseException | None = None
        if call.outcome == "cancel" and call.value is None and loop is not None and self.strict:
            return self._to_be_cancelled(call, loop)
        if call.outcome == "result":
            assert call.value is not None
            value = serde.loads(call.value)
        elif call.outcome == "error":
            assert call.value is not None
            exc = decode_failure(call.value)
        else:
            exc = CancelledError() if loop is None else asyncio.CancelledError()
        if self.watched:
            self.emit(self._replayed_event(call, value, exc))
        future = _settled(value, exc, loop, call.lane)
        if exc is not None and call.outcome == "error":
            self.failed.note(exc, future, void_of(call))
        return future

    def _to_be_cancelled(self, call: Call, loop: asyncio.AbstractEventLoop) -> AsyncTaskFuture[Any]:
        """A call that the code cancelled: it waits until the code cancels it again, so that a
        time-out is a time-out on replay, too."""
        if self.watched:
            self.emit(self._replayed_event(call, None, None))
        return AsyncTaskFuture(loop, call.lane)

    def _replayed_event(self, call: Call, value: Any, exc: BaseException | None) -> Event:
        assert call.name is not None
        shown = public_id(self.run_id, call.key)
        parent = parent_id(self.run_id, call.parent)
        if call.outcome == "result":
            return TaskFinished(
                id=shown, name=call.name, parent=parent, result=value, duration_s=0.0,
                replayed=True,
            )  # fmt: skip
        if exc is not None and call.outcome == "error":
            return TaskFailed(
                id=shown, name=call.name, parent=parent, error=failure_of(exc), duration_s=0.0,
                replayed=True, exception=exc,
            )  # fmt: skip
        return TaskCancelled(id=shown, name=call.name, parent=parent, replayed=True)

    # -- the end ----------------------------------------------------------------------------

    def unfinished(self) -> list[Op]:
        """Tasks that were called and have no outcome yet."""
        return [op for op in tuple(self.open_ops.values()) if op.parent is not None]

    def warn_unobserved(self) -> None:
        """A task that failed while nobody asked for its result must not vanish (55)."""
        for call in self.failed.unobserved():
            exc = call.exc
            warnings.warn(
                f"Task {call.void.name!r} failed with {type(exc).__name__}: {exc}, and "
                "nothing asked for its result, so the run went on. Call .result() or await it.",
                stacklevel=4,
            )


def void_of(call: Call) -> OpRow:
    """The row that takes a recorded outcome or answer back."""
    return OpRow(
        "void", call.key, call.parent, call.name or "", call.args, call.lane, call.n, gen=call.gen
    )


def is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this thread runs the loop now."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _settled(
    value: Any, exc: BaseException | None, loop: asyncio.AbstractEventLoop | None, lane: str
) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
    if loop is None:
        future: SyncAsyncFuture[Any] | AsyncTaskFuture[Any] = SyncAsyncFuture()
    else:
        future = AsyncTaskFuture(loop, lane)
    future.settle(value, exc)
    return future
