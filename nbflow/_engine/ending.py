"""What came of an op: it is stored first, and then it can be seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine import faults
from nbflow._engine.failures import add_note, as_replayed, encode_failure, failure_of
from nbflow._engine.final import Final, alive, refuse_within
from nbflow._engine.messages import tell_messages
from nbflow._engine.nested import to_keep
from nbflow.errors import NotSerializableError
from nbflow.events import Failure, TaskCancelled, TaskFailed, TaskFinished

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["cancelled", "failed", "finished"]


def finished(op: Op, value: Any, *, from_cache: bool = False) -> None:
    """Store the value, then let it be seen: what is seen is what a replay will see."""
    execution = op.execution
    if op.is_workflow and from_cache:
        value = Final(**value)
    saved = value
    if op.is_workflow and isinstance(value, Final):
        value, saved = value.value, value.save
    if execution.saver is not None and op.recorded:
        if faults.hook is not None:
            faults.hook("task returned", op.name)
        keep = None
        try:
            data = serde.dumps(value)
            if op.keeps is not None:
                keep = partial(to_keep, execution, op, serde.dumps(saved), data)
        except Exception as exc:
            add_note(exc, f"The result of task {op.name!r} cannot be stored.{_way_out(value)}")
            return op.failed(exc)
        if not op.decide():
            return None
        then = partial(_finished, op, serde.decoded(value, data), saved, from_cache)
        return execution.store([op.row("result", data)], op, then, keep)
    if alive:
        try:
            refuse_within(value)
        except NotSerializableError as exc:
            return op.failed(exc)
    return _finished(op, value, saved, from_cache, None)


def _finished(
    op: Op, value: Any, saved: Any, from_cache: bool, fault: BaseException | None
) -> None:
    """The value is stored, or is not to be."""
    if fault is not None:
        return op.settle(None, fault)
    execution = op.execution
    if op.cached is not None and not from_cache and not op.asked:
        op.cached.keep({"value": value, "save": saved} if op.is_workflow else value)
    if execution.wants_messages and not from_cache:
        tell_messages(op, value)
    if execution.watched:
        if execution.printing is not None:
            execution.printing.flush(op.shown_id)
        op.announced = False
        event = TaskFinished(
            id=op.id, name=op.name, parent=op.parent_id, ns=op.ns,
            is_workflow=op.is_workflow, result=value, duration_s=op.took_s,
            replayed=False,
        )  # fmt: skip
        if from_cache:
            event.cached, event.input = True, op.input
        execution.emit(event)
    op.settle(value, None)


def failed(op: Op, exc: BaseException) -> None:
    """Store the failure, so that a replay takes the same branch."""
    execution = op.execution
    again = f", attempt {op.attempt}" if op.attempt > 1 else ""
    add_note(exc, f"During task {op.name!r}{again}.")
    failure = failure_of(exc)
    if execution.saver is None or not op.recorded or execution.stopping:
        return _failed(op, exc, failure, None)
    taken_back = [] if op.frame is None else op.frame.take_trailing_cancels()
    record = encode_failure(exc)
    if op.decide():
        rows = [*taken_back, op.row("error", record)]
        execution.store(rows, op, partial(_failed, op, as_replayed(exc, record), failure))


def _failed(op: Op, exc: BaseException, failure: Failure, fault: BaseException | None) -> None:
    """The failure is stored, or is not to be."""
    if fault is not None:
        return op.settle(None, fault)
    execution = op.execution
    if execution.watched:
        op.tell(
            TaskFailed, error=failure, duration_s=op.took_s, replayed=False,
            exception=exc,
        )  # fmt: skip
    execution.failed.note(exc, op.future, op.row("void"))
    op.settle(None, exc)


def cancelled(op: Op, cancel: BaseException) -> bool:
    """Record that the run's own code cancelled the task.

    What a stopping run, a pause or a time-out cancels is not recorded: it runs again.

    Returns:
        False when it has just got another outcome.
    """
    execution, caller = op.execution, op.caller
    if execution.saver is None or not op.recorded or not op.is_given_up:
        _cancelled(op, cancel, None)
        return True
    if not op.decide():
        return False
    if caller is not None:
        caller.trailing_cancels += (op.row("void"),)
    execution.store([op.row("cancel")], op, partial(_cancelled, op, cancel))
    return True


def _cancelled(op: Op, cancel: BaseException, fault: BaseException | None) -> None:
    """That is stored, or is not to be."""
    if fault is None and op.execution.watched:
        op.tell(TaskCancelled, replayed=False)
    op.settle(None, cancel if fault is None else fault)


def _way_out(value: Any) -> str:
    return " Return nbflow.picture(figure)." if hasattr(value, "savefig") else ""
