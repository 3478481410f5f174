"""Every open question of a database: who waits for an answer, on which thread, and since when.

Reading changes nothing. A question is answered on its thread:
``workflow.thread(question.thread_id).answer(question.interrupt.id, answer)``; where the code of the
workflow is not at hand, :func:`keep_answer` stores the answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nbflow._engine import forks
from nbflow._engine.answered_elsewhere import store_answer
from nbflow._engine.history import record_of
from nbflow._engine.ids import ROOT
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Journal
from nbflow._engine.threads import current_run
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.errors import UnknownThreadError
from nbflow.threads import row_of, saver_of
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow.workflow import Workflow

__all__ = ["PendingQuestion", "ask_again", "keep_answer", "pending"]

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingQuestion:
    """One open question.

    >>> question = PendingQuestion(
    ...     thread_id="1", workflow="review", run_id="0" * 32, task=None, asked_at=0.0,
    ...     interrupt=Interrupt("Publish it?", "0" * 32))
    >>> question.interrupt.value
    'Publish it?'
    """

    thread_id: str
    """The thread that waits."""
    workflow: str
    """Name of the workflow that asks."""
    run_id: str
    """32 hex digits."""
    task: str | None
    """Name of the task that asks; None when the entrypoint does."""
    asked_at: float
    """Seconds since the epoch."""
    interrupt: Interrupt
    """The question, with its id."""

    def is_for(self, name: str) -> bool:
        """Whether this person may answer."""
        return not self.interrupt.assignees or name in self.interrupt.assignees

    def says(self, text: str) -> bool:
        """Whether the question, its task or its thread has this text in it, in any case."""
        parts = (repr(self.interrupt.value), self.task or "", self.thread_id)
        return any(text.casefold() in part.casefold() for part in parts)


def pending(
    source: BaseCheckpointSaver | Workflow[Any, Any],
    *,
    workflow: str | None = None,
    text: str | None = None,
    older_than: timedelta | None = None,
    assignee: str | None = None,
    now_s: float | None = None,
) -> list[PendingQuestion]:
    """The open questions across all threads, those that have waited longest first.

    Args:
        source: a saver, or a workflow, whose own questions are given.
        workflow: only those of the workflow of this name.
        text: only those whose question, task or thread has this text in it, in any case.
        older_than: only those that have waited for longer.
        assignee: only those that this person may answer.
        now_s: what counts as now, in seconds since the epoch; left out, the clock's time.

    Raises:
        MissingSaverError: the workflow keeps nothing.
        CorruptDataError: a question cannot be read.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> for name in ("a", "b"):
    ...     _ = review.invoke(name, {"configurable": {"thread_id": name}})
    >>> [question.interrupt.value for question in pending(review, text="b?")]
    ['Publish b?']
    """
    saver, name = saver_of(source, "no question of it can wait")
    until = (time.time() if now_s is None else now_s) - (
        0 if older_than is None else older_than.total_seconds()
    )
    found = [
        question
        for question in _all(saver)
        if name in (None, question.workflow)
        and workflow in (None, question.workflow)
        and question.asked_at <= until
        and (text is None or question.says(text))
        and (assignee is None or question.is_for(assignee))
    ]
    return sorted(found, key=lambda question: question.asked_at)


def keep_answer(
    saver: BaseCheckpointSaver, thread_id: str | int, interrupt_id: str, answer: Any
) -> None:
    """Store an answer where the code that asked is not at hand.

    It is checked against the question's JSON Schema, and bound to the question for good. The run
    goes on where its code is: by itself where a notebook shows the run, else by
    ``workflow.thread(thread_id).resume()`` or ``workflow.invoke(None, config)``. The code's own
    validators judge it then, and may take it back.

    Raises:
        UnknownThreadError: the saver holds no such thread.
        InvalidAnswerError: it does not fit; nothing was stored.
        UnknownInterruptError, AlreadyAnsweredError, AnswerTooLateError: the question is not open.
        NotAssignedError: it is for somebody else.
        ThreadBusyError: the run is at work on other answers.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> saver = InMemorySaver()
    >>> @entrypoint(checkpointer=saver)
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> (question,) = review.invoke("a", config)["__interrupt__"]
    >>> keep_answer(saver, "1", question.id, "yes")
    >>> review.invoke(None, config)
    'yes'
    """
    store_answer(saver, row_of(saver, thread_id), interrupt_id, answer)


def ask_again(saver: BaseCheckpointSaver, thread_id: str | int, interrupt_id: str) -> None:
    """Take back an answer where the code that asked is not at hand: the question is open again.

    The thread gets a new branch that ends at the question, as ``workflow.fork(config,
    before=interrupt_id)`` makes one; what happened since stays in the history.

    Raises:
        UnknownThreadError: the saver holds no such thread, or it holds no run.
        UnknownOpError: its newest run has no such question.
        ThreadBusyError: the run is at work.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> saver = InMemorySaver()
    >>> @entrypoint(checkpointer=saver)
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> (question,) = review.invoke("a", {"configurable": {"thread_id": "1"}})["__interrupt__"]
    >>> keep_answer(saver, "1", question.id, "no")
    >>> ask_again(saver, "1", question.id)
    >>> [one.interrupt.value for one in pending(saver)]
    ['Publish a?']
    """
    row = row_of(saver, thread_id)
    if row.run is None:
        raise UnknownThreadError(f"Thread {row.thread_id!r} holds no run, so it asked nothing.")
    run = current_run(saver, row)
    config = {"configurable": {"thread_id": row.thread_id}}
    forks.fork(saver, config, run.workflow, run.code_fp, after=None, before=interrupt_id)


def _all(saver: BaseCheckpointSaver) -> Iterator[PendingQuestion]:
    waiting = [
        (thread, thread.run)
        for thread in saver.list_threads()
        if thread.run is not None and thread.ns == "" and thread.status != "idle"
    ]
    for at in range(0, len(waiting), _PAGE):
        page = waiting[at : at + _PAGE]
        ids = [run_id for _, run_id in page]
        runs, ops = saver.get_runs(ids), saver.get_ops_of(ids)
        for thread, run_id in page:
            run, own = runs.get(run_id), ops.get(run_id)
            if run is not None and own and run.parent_run is None:
                yield from _open_in(run, own)
                continue
            with suppress(UnknownThreadError):  # deleted meanwhile
                run = run or current_run(saver, thread)
                yield from _open_in(run, record_of(saver, thread, run))


def _open_in(run: RunRow, ops: list[OpRow]) -> Iterator[PendingQuestion]:
    asked_at = {op.key: op.ts for op in ops if op.kind == "ask"}
    if not asked_at and all(op.kind != "pause" for op in ops):
        return  # a pause tells whether one is missing
    journal = Journal(ops)
    for call in journal.open_questions():
        asker = None if call.parent == ROOT else journal.get(call.parent)
        yield PendingQuestion(
            thread_id=run.thread_id,
            workflow=run.workflow,
            run_id=run.id,
            task=None if asker is None else asker.name,
            asked_at=asked_at[call.key],
            interrupt=question_of(run.id, call),
        )
