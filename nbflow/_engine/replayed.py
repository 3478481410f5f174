"""A call that is on record: its future is settled at once, and its events say that it was."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine.cancelled_before import CancelledBefore
from nbflow._engine.failures import decode_failure, failure_of
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture
from nbflow._engine.ids import parent_id, public_id
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Call, Journal
from nbflow.checkpoint.base import OpRow
from nbflow.errors import GraphInterrupt, OutcomeUnknownError
from nbflow.events import Asked, TaskCancelled, TaskEvent, TaskFailed, TaskFinished, TaskPaused

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.frame import Frame

__all__ = ["Replay", "void_of", "waits"]

Future = SyncAsyncFuture[Any] | AsyncTaskFuture[Any]


def waits(journal: Journal, call: Call) -> bool:
    """Whether the task stopped at questions, its own or of tasks that it called, when the run
    paused, and nothing has come for it since."""
    questions = journal.questions_of(call)
    return any(q.is_open for q in questions) and not any(q.is_new for q in questions)


def void_of(call: Call) -> OpRow:
    """The row that takes a recorded outcome or answer back."""
    return OpRow(
        "void", call.key, call.parent, call.name or "", call.args, call.lane, call.n, gen=call.gen
    )


class Replay:
    """One recorded call, made again."""

    __slots__ = ("call", "called_with", "execution", "frame", "lane", "loop", "task")

    def __init__(
        self,
        frame: Frame,
        task: TaskSpec,
        call: Call,
        called_with: tuple[tuple[Any, ...], dict[str, Any]],
        loop: asyncio.AbstractEventLoop | None,
        lane: str,
    ) -> None:
        self.execution = frame.execution
        self.frame = frame
        self.task = task
        self.call = call
        self.called_with = called_with
        self.loop = loop
        """Of the caller; None in a thread."""
        self.lane = lane
        """That calls, in this attempt."""

    def outcome(self) -> Future:
        """The future of a call that has ended."""
        call, loop = self.call, self.loop
        if call.outcome == "cancel" and loop is not None:
            self._tell(TaskCancelled)
            return CancelledBefore(loop, self.lane, self.frame, call)
        value: Any = None
        exc: BaseException | None = None
        if call.outcome == "cancel":
            exc = CancelledError() if loop is None else asyncio.CancelledError()
        else:
            data = self.execution.value_of(call)
            if call.outcome == "result":
                value = serde.loads(data)
            else:
                exc = decode_failure(data)
        self._tell_end(value, exc)
        future = self._settled(value, exc)
        if exc is not None and call.outcome == "error":
            self.execution.failed.note(exc, future, void_of(call))
        return future

    def pause(self) -> Future:
        """The future of a task that waits at questions: it does not run only to ask (102)."""
        execution, run_id = self.execution, self.execution.run_id
        asked = [q for q in execution.journal.questions_of(self.call) if q.is_open]
        questions = tuple([question_of(run_id, q) for q in asked])
        for call, question in zip(asked, questions, strict=True):
            execution.note_question(question)
            if execution.watched:
                execution.emit(Asked(interrupt=question, task=public_id(run_id, call.parent)))
        self.frame.left_a_question = True
        self._tell(TaskPaused, interrupts=questions)
        return self._settled(None, GraphInterrupt(questions))

    def unknown_outcomes(self) -> int:
        """How many attempts at a call without outcome began, and nothing tells what came of them.

        Raises:
            OutcomeUnknownError: there are some, and the task must not run twice.
        """
        call, execution = self.call, self.execution
        begun = execution.journal.begun(call)
        if begun and self.task.at_most_once:
            shown = public_id(execution.run_id, call.key)
            raise OutcomeUnknownError(self.task.name, call.site, shown)
        return begun

    def _tell_end(self, value: Any, exc: BaseException | None) -> None:
        if exc is None:
            self._tell(TaskFinished, result=value, duration_s=0.0)
        elif self.call.outcome == "error":
            self._tell(TaskFailed, error=failure_of(exc), duration_s=0.0, exception=exc)
        else:
            self._tell(TaskCancelled)

    def _tell(self, kind: type[TaskEvent], **parts: Any) -> None:
        execution, call = self.execution, self.call
        ns = self.frame.op.ns
        if self.task.is_workflow:
            ns = self.frame.op.next_namespace(self.task.keeps)
        if not execution.watched:
            return
        assert call.name is not None
        made: Any = kind
        execution.emit(
            made(
                id=public_id(execution.run_id, call.key), name=call.name,
                parent=parent_id(execution.run_id, call.parent), ns=ns,
                is_workflow=self.task.is_workflow, replayed=True, input=self.called_with, **parts,
            )
        )  # fmt: skip

    def _settled(self, value: Any, exc: BaseException | None) -> Future:
        future: Future = (
            SyncAsyncFuture() if self.loop is None else AsyncTaskFuture(self.loop, self.lane)
        )
        future.settle(value, exc)
        return future
