"""The entrypoint itself as an op: its end is the run's end."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine import async_driver, messages, sync_driver
from nbflow._engine.failures import (
    add_note,
    encode_failure,
    failure_of,
    signal_in,
    without_engine,
)
from nbflow._engine.final import Final, alive, refuse_within
from nbflow._engine.history import snapshot
from nbflow._engine.ids import ROOT
from nbflow._engine.op import Op
from nbflow._engine.owners import disown
from nbflow._engine.pausing import pause_rows
from nbflow._engine.questions import in_order
from nbflow._engine.recent import remember
from nbflow._engine.storing import Rows, Then
from nbflow._engine.timeouts import timed
from nbflow.checkpoint.base import CheckpointRow, OpRow
from nbflow.errors import (
    GraphDrained,
    GraphInterrupt,
    NotSerializableError,
    RunCancelled,
    RunDrained,
)
from nbflow.events import CheckpointSaved, Event, Failure, RunEnded, RunStarted
from nbflow.types import Interrupt, RetryPolicy, StateSnapshot

if TYPE_CHECKING:
    from nbflow._engine.declaration import EntrypointSpec
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame

__all__ = ["Outcome", "RootOp"]


@dataclass(slots=True)
class Outcome:
    """How one execution ended."""

    status: str
    """``done``, ``interrupted``, ``error`` or ``cancelled``."""
    value: Any = None
    interrupts: tuple[Interrupt, ...] = ()
    exception: BaseException | None = None
    from_cache: bool = False

    def unwrap(self) -> Any:
        """The value; the questions of a paused run; or the exception, raised."""
        if self.status == "done":
            return self.value
        if self.status == "interrupted":
            return {"__interrupt__": list(self.interrupts)}
        assert self.exception is not None
        raise without_engine(self.exception)


_STOPS = (
    KeyboardInterrupt, SystemExit, RunCancelled, RunDrained, asyncio.CancelledError,
    CancelledError,
)  # fmt: skip


def _is_pause(exc: BaseException) -> bool:
    """Whether the run waits for an answer, or was drained: what is under way finishes."""
    return isinstance(signal_in(exc), GraphInterrupt | RunDrained)


class RootOp(Op):
    __slots__ = ("_closing", "_first_events", "_shown", "ended", "outcome")

    def __init__(
        self,
        execution: Execution,
        spec: EntrypointSpec,
        policies: Sequence[RetryPolicy],
        closing: CheckpointRow | None,
        has_previous: bool,
        first_events: Sequence[Event],
    ) -> None:
        super().__init__(
            execution, spec.name, self._body_async if spec.is_async else self._body, (), {},
            policies, ROOT, None,
        )  # fmt: skip
        self.outcome: Outcome | None = None
        self.ended: asyncio.Future[None] | None = None
        """Settled when the outcome is there; only on an event loop."""
        self._closing = closing
        self._first_events = first_events
        """What opened the execution: the checkpoint or the answers."""
        self._shown: StateSnapshot | None = None
        """The newest checkpoint, for those who stream them."""
        self.call_args = (spec.fn, execution.input)
        self.timeout = spec.timeout
        self.inject = partial(spec.inject, has_previous)

    @contextmanager
    def or_end(self) -> Iterator[None]:
        """Around what sets it going: if that fails the run has failed, and holds its thread no
        more."""
        try:
            yield
        except BaseException as exc:
            self.started = self.started or time.time()
            self.settle(None, exc)
            raise

    def begin(self) -> None:
        """Say that the run starts."""
        execution = self.execution
        execution.count_record()
        execution.open_ops[self.key] = self
        if execution.guides_langchain:
            messages.listen(self)
        if execution.watched:
            execution.emit(
                RunStarted(
                    id=self.id, state=self._shown,
                    workflow=self.name, thread_id=execution.thread_id, run_id=execution.run_id,
                    input=execution.input, resumed=execution.resumed,
                    metadata=_shown_metadata(execution.config),
                    code_changed=execution.resumed and not execution.strict,
                )
            )  # fmt: skip
            for event in self._first_events:
                execution.emit(event)

    # -- the body, and what it left running ---------------------------------------------------

    def look_at(self, checkpoint_id: str | None) -> None:
        """Read a checkpoint for those who stream them; it can be told later without a wait."""
        execution = self.execution
        if execution.wants_checkpoints and execution.saver is not None and execution.run:
            run = execution.run
            row = execution.saver.get_checkpoint(run.thread_id, run.ns, checkpoint_id)
            self._shown = None if row is None else snapshot(execution.saver, row)

    def _body(self, fn: Any, input: Any, **injected: Any) -> Any:
        execution = self.execution
        try:
            value = fn(input, **injected)
        except BaseException as exc:
            if isinstance(exc, KeyboardInterrupt | SystemExit):
                execution.stop()
            if not _is_pause(exc):
                execution.drop_unstarted()
            sync_driver.drain(execution)
            raise
        sync_driver.drain(execution)
        return self._taken(value)

    async def _body_async(self, fn: Any, input: Any, **injected: Any) -> Any:
        execution, frame = self.execution, self.frame
        assert frame is not None
        pause = None
        try:
            try:
                if self.timeout is None:
                    value = await fn(input, **injected)
                else:
                    value = await timed(frame, self.timeout, partial(fn, input, **injected))
            except BaseException as exc:
                if not _is_pause(exc):
                    raise
                pause = exc
                await async_driver.carry_on(frame)
            await async_driver.drain(execution)
        except BaseException as exc:
            if isinstance(exc, asyncio.CancelledError) and self.was_told_to_end:
                execution.stop()
            await async_driver.abandon(execution)
            raise
        if pause is not None:
            raise pause
        return self._taken(value)

    def _taken(self, value: Any) -> Any:
        """The body's return, unless a task nobody awaited asked something."""
        paused_itself = self.frame is not None and self.frame.was_paused
        if self.execution.questions and not paused_itself:
            raise GraphInterrupt(self.execution.questions)
        return value

    # -- the end ----------------------------------------------------------------------------

    def finished(self, value: Any, *, from_cache: bool = False) -> None:
        execution, self.decided = self.execution, True
        if from_cache:
            value = Final(**value)
        returned, saved = (value.value, value.save) if isinstance(value, Final) else (value, value)
        if execution.saver is None:
            try:
                if len(alive) > isinstance(value, Final):
                    refuse_within(returned)
            except NotSerializableError as exc:
                return self.failed(exc)
            return self._returned(returned, saved, from_cache)
        closing = self._closing
        assert closing is not None
        try:
            closing.returned = serde.dumps(returned)
            closing.saved = closing.returned if saved is returned else serde.dumps(saved)
        except Exception as exc:
            return self._cannot_be_stored(exc)
        closing.ts = time.time()
        then = partial(self._kept, closing, returned, saved, from_cache)
        look = partial(self.look_at, closing.id)
        execution.finish(self, "idle", lambda _: [], closing, then, look)

    def _kept(
        self,
        closing: CheckpointRow,
        returned: Any,
        saved: Any,
        from_cache: bool,
        fault: BaseException | None,
    ) -> None:
        """The run's last checkpoint is stored, or cannot be."""
        execution = self.execution
        if fault is not None and not execution.closed:
            return self._cannot_be_stored(fault)
        if fault is not None:  # it is, and cannot be read for those who are to be told
            return self._end(Outcome("error", exception=fault), failure_of(fault))
        assert closing.returned is not None
        returned = serde.decoded(returned, closing.returned)
        if execution.watched:
            execution.emit(
                CheckpointSaved(
                    checkpoint_id=closing.id, source=closing.source, step=closing.step,
                    values=returned, state=self._shown,
                )
            )  # fmt: skip
        self._returned(returned, saved, from_cache)

    def _cannot_be_stored(self, exc: BaseException) -> None:
        if isinstance(exc, _STOPS):
            return self._stopped(exc)
        add_note(exc, f"The result of the entrypoint {self.name!r} cannot be stored.")
        self.failed(exc)

    def _returned(self, returned: Any, saved: Any, from_cache: bool) -> None:
        execution = self.execution
        if self.cached is not None and not from_cache and not self.asked:
            self.cached.keep({"value": returned, "save": saved})
        self._end(Outcome("done", returned, from_cache=from_cache))
        execution.failed.warn_unobserved()
        if execution.resumed and self.frame is not None:
            _warn_orphaned(self.name, self.frame)

    def failed(self, exc: BaseException) -> None:
        execution, self.decided = self.execution, True
        add_note(exc, f"During entrypoint {self.name!r}.")
        for other in execution.failed.beside(exc):
            failure = failure_of(other.exc)
            told = f"{failure.type}: {failure.message}"
            add_note(exc, f"Task {other.void.name!r} failed, too: {told}")

        def told_all(_fault: BaseException | None) -> None:
            asked = () if execution.saver is None else in_order(execution)
            self._end(Outcome("error", interrupts=asked, exception=exc), failure_of(exc))

        if execution.saver is None:
            return told_all(None)
        taken_back = [
            *execution.voids(exc, None),
            *([] if self.frame is None else self.frame.take_trailing_cancels()),
        ]
        rows = [*execution.with_cancels_below(taken_back), self._failure_row(exc)]
        self._close("error", lambda _: rows, exc, told_all)

    def cancelled(self, cancel: BaseException) -> bool:
        self.settle(None, cancel)
        return True

    def cut_off(self, exc: BaseException) -> None:
        self._end(Outcome("error", exception=exc), failure_of(exc))

    def settle(self, value: Any, exc: BaseException | None) -> None:
        if exc is None or self.outcome is not None or not self.decide():
            return
        if isinstance(exc, GraphInterrupt):
            self._paused(exc)
        elif isinstance(exc, _STOPS):
            self._stopped(exc)
        else:
            self.failed(exc)

    def _paused(self, pause: GraphInterrupt) -> None:
        execution = self.execution

        def stored(fault: BaseException | None) -> None:
            if fault is not None and execution.holds_facts:
                return self._end(Outcome("error", exception=fault), failure_of(fault))
            self._end(Outcome("interrupted", interrupts=in_order(execution)))

        self._close("interrupted", partial(pause_rows, execution), pause, stored)

    def _stopped(self, exc: BaseException) -> None:
        execution = self.execution
        execution.stopping = True
        if isinstance(exc, RunDrained):
            exc = GraphDrained(exc.reason)
        ended = Outcome("cancelled", exception=exc)
        rows = execution.voids(exc, None)
        self._close("cancelled", lambda _: rows, exc, lambda _: self._end(ended, failure_of(exc)))

    def _close(self, status: str, rows: Rows, cause: BaseException, then: Then) -> None:
        """Give the thread up. What cannot be stored any more is how the run stands, and facts that
        were held back."""
        execution = self.execution
        if execution.saver is None:
            return then(None)

        def stored(fault: BaseException | None) -> None:
            if isinstance(fault, _STOPS) and status != "cancelled":
                return self._stopped(fault)
            if fault is not None:
                add_note(cause, f"The run's status could not be stored: {fault}")
            then(fault)

        execution.finish(self, status, rows, None, stored)

    def _failure_row(self, exc: BaseException) -> OpRow:
        earlier = self.execution.journal.get(ROOT)
        gen = 0 if earlier is None else earlier.gen + 1
        return OpRow(
            "error", ROOT, b"", self.name, b"", "0", 0, encode_failure(exc), self.attempt, gen,
            self.started, self.took_s,
        )  # fmt: skip

    def _end(self, outcome: Outcome, failure: Failure | None = None) -> None:
        execution = self.execution
        execution.closed = True
        execution.open_ops.pop(self.key, None)
        self.outcome = outcome
        if self.ended is not None:
            self.ended.set_result(None)
        if self.cached is not None:
            self.cached.land()
        disown(execution.run_id, execution.epoch)
        if outcome.status != "done" and execution.knows_its_record:
            assert execution.saver is not None
            remember(execution.saver, execution.run_id, execution.journal)
        if execution.watched:
            if execution.printing is not None:
                execution.printing.flush(None)
            execution.emit(
                RunEnded(
                    id=self.id, workflow=self.name, status=outcome.status, value=outcome.value,
                    interrupts=outcome.interrupts, error=failure, cached=outcome.from_cache,
                    duration_s=max(0.0, time.time() - execution.started),
                )
            )  # fmt: skip


def _shown_metadata(config: dict[str, Any]) -> dict[str, Any]:
    tags = config.get("tags")
    return {**(config.get("metadata") or {}), **({"tags": list(tags)} if tags else {})}


def _warn_orphaned(name: str, frame: Frame) -> None:
    """Results of an older code that the new one had no use for must not vanish (81)."""
    left = [call.describe() for call in frame.log.unused() if call.finished and not call.optional]
    if left:
        warnings.warn(
            f"The code of {name!r} was changed while its run was open, and {len(left)} recorded "
            f"calls were not made again: {', '.join(left[:5])}. Their results stay in the record.",
            stacklevel=4,
        )
