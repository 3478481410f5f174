"""What going on with a run would reuse, run and leave aside; found out without running tasks.

The entrypoint's body runs from the top with the recorded results, and stops where it needs one
that is not there. No task runs, nothing is stored and nobody is told.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

from nbflow import serde
from nbflow._engine.execution import Execution
from nbflow._engine.future import AsyncTaskFuture, SyncAsyncFuture
from nbflow._engine.going import go_sync
from nbflow._engine.history import head_of, ops_of
from nbflow._engine.ids import ROOT, public_id
from nbflow._engine.judging import Judges
from nbflow._engine.loops import background_loop, is_running
from nbflow._engine.replay import Call, Journal
from nbflow._engine.root import RootOp
from nbflow._engine.settings import settings_of
from nbflow._engine.threads import current_run, new_checkpoint, refuse_busy, refuse_foreign
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow, ThreadRow
from nbflow.errors import GraphInterrupt, NonDeterminismError, UnknownThreadError
from nbflow.runtime import Runtime
from nbflow.types import PlannedCall, ReplayReport

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.op import Op
    from nbflow.workflow import Workflow

__all__ = ["learn_judges", "report"]

_LONGEST_S = 2.0
"""So long an answer waits for the code to say who judges it."""


class _Rehearsal(Execution):
    """An execution that takes every recorded result and begins nothing."""

    def __init__(self, **parts: Any) -> None:
        self.planned: list[PlannedCall] = []
        super().__init__(**parts)

    def _append(self, rows: list[OpRow], *_of_an_op: Any, at_once: bool = False) -> None:
        for row in rows:
            self.journal.apply(row)
            if row.kind == "ask":
                self.planned.append(PlannedCall(name=None, site=row.site))

    def _begin(
        self, op: Op, task: TaskSpec, loop: asyncio.AbstractEventLoop | None
    ) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        self.planned.append(PlannedCall(name=op.name, site=op.site, id=op.id))
        future: SyncAsyncFuture[Any] | AsyncTaskFuture[Any] = (
            SyncAsyncFuture() if loop is None else AsyncTaskFuture(loop, op.called_in)
        )
        future.key = op.key
        future.settle(None, GraphInterrupt())
        return future


class _Nowhere:
    """What a rehearsal would store goes nowhere."""

    is_at_hand = True
    lease_s = None

    def finish(self, *_facts: object) -> None:
        """The run's end."""


def report(
    workflow: Workflow[Any, Any], saver: BaseCheckpointSaver, thread_id: str, context: Any
) -> ReplayReport:
    """See ``Workflow.replay_report``."""
    thread = saver.get_thread(thread_id)
    if thread is None:
        raise UnknownThreadError(f"There is no thread {thread_id!r}; nothing could be replayed.")
    refuse_busy(thread)
    run = current_run(saver, thread)
    refuse_foreign(run, workflow.name)
    journal = Journal(ops_of(saver, run))
    recorded = [call for call in journal.children(ROOT) if call.finished]
    root, execution = _rehearsal(workflow, saver, thread, run, journal, context, Judges())
    outcome = go_sync(root, workflow._spec.is_async)
    left = [] if root.frame is None else [c for c in root.frame.log.unused() if c.finished]
    reused = [call for call in recorded if call not in left]
    ended = outcome.status == "done"
    diverged = isinstance(outcome.exception, NonDeterminismError)
    return ReplayReport(
        thread_id=thread_id,
        code_changed=not execution.strict,
        reused=_planned(run.id, reused),
        run=tuple(execution.planned),
        orphaned=_planned(run.id, left) if ended else (),
        unreached=() if ended else _planned(run.id, left),
        divergence=str(outcome.exception) if diverged else None,
        returns=ended,
    )


def learn_judges(
    workflow: Workflow[Any, Any], saver: BaseCheckpointSaver, thread: ThreadRow, context: Any
) -> None:
    """Let the code say who judges the answers to the open questions of its body.

    After a restart of the process the code has asked nothing yet. A question that a task asks is
    not reached: its answer is judged when the task gets it. So it is with code that takes its time,
    or that waits for what the caller's own thread or event loop does: nobody waits for it long.
    """
    if workflow._spec.is_async and is_running(background_loop()):
        return
    run = current_run(saver, thread)
    journal = Journal(ops_of(saver, run))
    root, execution = _rehearsal(workflow, saver, thread, run, journal, context, workflow.judges)
    ended = threading.Event()

    def rehearse() -> None:
        try:
            with suppress(CancelledError):
                go_sync(root, workflow._spec.is_async)
        finally:
            ended.set()

    threading.Thread(
        target=copy_context().run, args=(rehearse,), name="nbflow-rehearsal", daemon=True
    ).start()
    try:
        ended.wait(_LONGEST_S)
    finally:
        if not ended.is_set():
            execution.request_stop()


def _rehearsal(
    workflow: Workflow[Any, Any],
    saver: BaseCheckpointSaver,
    thread: ThreadRow,
    run: RunRow,
    journal: Journal,
    context: Any,
    judges: Judges,
) -> tuple[RootOp, _Rehearsal]:
    opening = head_of(saver, thread)
    assert opening is not None
    execution = _Rehearsal(
        workflow=workflow.name, saver=cast("BaseCheckpointSaver", _Nowhere()), run=run,
        run_id=run.id, epoch=thread.epoch, record=journal,
        code_fp=workflow.fingerprint(), resumed=True, input=serde.loads(run.input),
        checkpoint_id=opening.id,
        config=settings_of({"configurable": {"thread_id": thread.thread_id}}),
        runtime=Runtime(
            context=context, store=workflow.store,
            previous=None if opening.saved is None else serde.loads(opening.saved),
        ),
        judges=judges, on_divergence=workflow.on_divergence,
    )  # fmt: skip
    closing = new_checkpoint((thread.thread_id, ""), opening, "loop", 0, b"")
    root = RootOp(execution, workflow._spec, (), closing, opening.saved is not None, ())
    return root, execution


def _planned(run_id: str, calls: list[Call]) -> tuple[PlannedCall, ...]:
    return tuple(
        PlannedCall(name=call.name, site=call.site, id=public_id(run_id, call.key))
        for call in calls
    )
