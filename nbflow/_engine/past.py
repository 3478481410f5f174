"""A stored run told again as events, for a view that was not there."""

from __future__ import annotations

from collections.abc import Iterator

from nbflow import events as ev
from nbflow import serde
from nbflow._engine.answering import answered_event
from nbflow._engine.failures import stored_failure
from nbflow._engine.history import record_of
from nbflow._engine.ids import ROOT, parent_id, public_id
from nbflow._engine.owners import is_alive, owner_name
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Journal
from nbflow._engine.threads import current_run, refuse_foreign
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow, ThreadRow

__all__ = ["is_at_work", "past_events"]

_OUTCOMES = frozenset({"result", "error", "cancel"})


def past_events(
    saver: BaseCheckpointSaver, thread: ThreadRow, workflow: str | None = None
) -> Iterator[ev.Event]:
    """The newest run of a thread, from its start to how it stands now.

    Args:
        workflow: the name of the workflow that must have begun it; None for any.

    Raises:
        UnknownThreadError: the thread holds no run.
        CorruptDataError: the run is damaged, or a row of it is missing.
        WorkflowMismatchError: another workflow began it.
    """
    run = current_run(saver, thread)
    if workflow is not None:
        refuse_foreign(run, workflow)
    yield ev.RunStarted(
        ts=run.ts, workflow=run.workflow, thread_id=thread.thread_id, run_id=run.id,
        input=serde.loads(run.input), resumed=False,
    )  # fmt: skip
    ops = record_of(saver, thread, run)
    journal = Journal(ops)
    begun: set[bytes] = set()
    for op in ops:
        yield from _events_of(run.id, op, journal, begun)
    for row in saver.list_checkpoints(thread.thread_id, thread.ns):
        if row.run == run.id:
            yield ev.CheckpointSaved(
                ts=row.ts, checkpoint_id=row.id, source=row.source, step=row.step
            )
    yield _end(saver, thread, run, journal, ops)


def _events_of(run_id: str, op: OpRow, journal: Journal, begun: set[bytes]) -> Iterator[ev.Event]:
    shown = public_id(run_id, op.key)
    parent = parent_id(run_id, op.parent)
    if op.kind == "ask":
        call = journal.get(op.key)
        assert call is not None
        if call.is_withdrawn or op.key in begun:
            return
        begun.add(op.key)
        yield ev.Asked(ts=op.ts, interrupt=question_of(run_id, call), task=parent)
        return
    if op.kind == "answer":
        yield answered_event(run_id, op)
        return
    if op.key == ROOT or op.kind == "void":
        return
    if op.key not in begun:
        begun.add(op.key)
        yield ev.TaskStarted(
            ts=op.ts, id=shown, name=op.name, parent=parent, input=((), {}),
            attempt=max(op.attempt, 1),
        )  # fmt: skip
    if op.kind == "result":
        assert op.value is not None
        yield ev.TaskFinished(
            ts=op.ts + op.dur, id=shown, name=op.name, parent=parent,
            result=serde.loads(op.value), duration_s=op.dur, replayed=False,
        )  # fmt: skip
    elif op.kind == "error":
        assert op.value is not None
        yield ev.TaskFailed(
            ts=op.ts + op.dur, id=shown, name=op.name, parent=parent,
            error=stored_failure(op.value), duration_s=op.dur, replayed=False,
        )  # fmt: skip
    elif op.kind == "cancel":
        yield ev.TaskCancelled(ts=op.ts, id=shown, name=op.name, parent=parent, replayed=False)


def _end(
    saver: BaseCheckpointSaver,
    thread: ThreadRow,
    run: RunRow,
    journal: Journal,
    ops: list[OpRow],
) -> ev.RunEnded:
    status, value, failure = thread.status, None, None
    at = max((op.ts + op.dur for op in ops), default=run.ts)
    if status == "idle":
        status = "done"
        for row in saver.list_checkpoints(thread.thread_id, thread.ns):
            if row.run == run.id and row.source == "loop":
                value = None if row.returned is None else serde.loads(row.returned)
                at = row.ts
                break
    elif status == "running":
        status, failure = "error", _interrupted_by_crash(thread)
    elif status == "error":
        root = journal.get(ROOT)
        if root is not None and root.value is not None:
            failure = stored_failure(root.value)
    questions = tuple(question_of(run.id, call) for call in journal.open_questions())
    return ev.RunEnded(
        ts=at, workflow=run.workflow, status=status, value=value, interrupts=questions,
        error=failure, duration_s=_at_work_s(ops),
    )  # fmt: skip


def _at_work_s(ops: list[OpRow]) -> float:
    """Seconds in which tasks ran; those in which several did count once."""
    total, until = 0.0, float("-inf")
    ran = [op for op in ops if op.parent == ROOT and op.kind in _OUTCOMES]
    for op in sorted(ran, key=lambda op: op.ts):
        end = op.ts + op.dur
        total += max(0.0, end - max(op.ts, until))
        until = max(until, end)
    return total


def is_at_work(thread: ThreadRow) -> bool:
    """Whether a process that lives runs it now."""
    return thread.status == "running" and is_alive(thread)


def _interrupted_by_crash(thread: ThreadRow) -> ev.Failure:
    if is_at_work(thread):
        who = "This kernel" if thread.owner == owner_name() else f"Another process ({thread.owner})"
        what = f"{who} runs this thread now; open it again when it has ended."
    else:
        what = (
            "The kernel that ran this stopped before the run ended. Nothing that was finished "
            "is lost: run.resume() goes on from there."
        )
    return ev.Failure(type="KernelStopped", message=what, traceback="")
