"""Checkpoints as LangGraph's snapshots, and checkpoints made by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from nbflow import serde
from nbflow._engine.failures import stored_failure
from nbflow._engine.ids import ROOT, public_id
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Journal
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, ThreadRow
from nbflow.errors import UnknownCheckpointError
from nbflow.types import PregelTask, StateSnapshot

__all__ = ["checkpoint_at", "config_of", "head_of", "new_update", "snapshot", "snapshots"]

_OPENS = ("input", "fork")


def head_of(saver: BaseCheckpointSaver, thread: ThreadRow) -> CheckpointRow | None:
    """The thread's newest checkpoint; None before the first."""
    if thread.head is None:
        return None
    return saver.get_checkpoint(thread.thread_id, thread.ns, thread.head)


def checkpoint_at(
    saver: BaseCheckpointSaver, thread_id: str, ns: str, wanted: str | None
) -> CheckpointRow | None:
    """The named checkpoint, or the newest; None for a thread that does not exist.

    Raises:
        UnknownCheckpointError: the thread has none of that name.
    """
    row = saver.get_checkpoint(thread_id, ns, wanted)
    if row is None and wanted is not None:
        raise UnknownCheckpointError(
            f"Thread {thread_id!r} has no checkpoint {wanted!r}. get_state_history(config) "
            "lists those it has."
        )
    return row


def snapshots(
    saver: BaseCheckpointSaver,
    rows: Iterator[CheckpointRow],
    metadata_filter: dict[str, Any] | None,
) -> Iterator[StateSnapshot]:
    """Snapshots newest first, those whose metadata has every entry of the filter."""
    closed: dict[str, bytes | None] = {}
    for row in rows:
        if row.run is not None and row.source == "loop":
            closed[row.run] = row.returned
        shot = snapshot(saver, row, closed)
        assert shot.metadata is not None
        if all(shot.metadata.get(k) == v for k, v in (metadata_filter or {}).items()):
            yield shot


def snapshot(
    saver: BaseCheckpointSaver, row: CheckpointRow, closed: dict[str, bytes | None] | None = None
) -> StateSnapshot:
    """One checkpoint.

    Args:
        closed: what runs are known to have returned, by run id.
    """
    tasks: tuple[PregelTask, ...] = ()
    if row.source in _OPENS and row.run is not None:
        tasks = (_task(saver, row, row.run, closed or {}),)
    metadata: dict[str, Any] = {
        "source": row.source,
        "step": row.step,
        "parents": {},
        **serde.loads(row.meta),
    }
    return StateSnapshot(
        values=None if row.returned is None else serde.loads(row.returned),
        next=tuple(task.name for task in tasks),
        config=config_of(row.thread_id, row.ns, row.id),
        metadata=metadata,
        created_at=datetime.fromtimestamp(row.ts, UTC).isoformat(),
        parent_config=(
            None if row.parent is None else config_of(row.thread_id, row.ns, row.parent)
        ),
        tasks=tasks,
        interrupts=tuple(q for task in tasks for q in task.interrupts),
    )


def config_of(thread_id: str, ns: str, checkpoint_id: str) -> dict[str, Any]:
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": ns,
            "checkpoint_id": checkpoint_id,
        }
    }


def _task(
    saver: BaseCheckpointSaver, row: CheckpointRow, run_id: str, closed: dict[str, bytes | None]
) -> PregelTask:
    run = saver.get_run(run_id)
    name = "" if run is None else run.workflow
    if run_id in closed:
        returned = closed[run_id]
        result = None if returned is None else serde.loads(returned)
        return PregelTask(public_id(run_id, ROOT), name, ("__pregel_pull", name), result=result)
    journal = Journal(saver.get_ops(run_id))
    root = journal.get(ROOT)
    error = None
    if root is not None and root.outcome == "error" and root.value is not None:
        failure = stored_failure(root.value)
        error = f"{failure.type}({failure.message!r})"
    return PregelTask(
        public_id(run_id, ROOT),
        name,
        ("__pregel_pull", name),
        error=error,
        interrupts=tuple(question_of(run_id, call) for call in journal.open_questions()),
    )


def new_update(
    base: CheckpointRow | None, address: tuple[str, str], new_id: str, value: bytes, meta: bytes
) -> CheckpointRow:
    """A checkpoint made by hand, after ``base``."""
    return CheckpointRow(
        id=new_id, thread_id=address[0], ns=address[1], parent=base.id if base else None,
        run=None, source="update", step=base.step + 1 if base else 0, saved=value, returned=value,
        meta=meta, ts=time.time(),
    )  # fmt: skip
