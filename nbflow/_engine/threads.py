"""A thread: how it is named, whether it is free, and what its newest run is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from nbflow._engine.owners import is_alive, stop_own
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, RunRow, ThreadRow
from nbflow.errors import (
    CorruptDataError,
    MissingThreadError,
    ThreadBusyError,
    UnknownThreadError,
    WorkflowMismatchError,
)

__all__ = [
    "abandoned",
    "address_of",
    "config_of",
    "current_run",
    "damaged",
    "missing",
    "new_checkpoint",
    "new_checkpoint_id",
    "refuse_busy",
    "refuse_damaged",
    "refuse_foreign",
    "refuse_lost",
    "thread_id_of",
]


def thread_id_of(config: dict[str, Any]) -> str | None:
    """The thread that a configuration names, as text: 1 and ``"1"`` are one thread (195)."""
    thread_id = (config.get("configurable") or {}).get("thread_id")
    return None if thread_id is None else str(thread_id)


def address_of(config: dict[str, Any]) -> tuple[str, str]:
    """Thread id and namespace of a configuration.

    Raises:
        MissingThreadError: it has no thread id.
    """
    configurable = config.get("configurable") or {}
    thread_id = thread_id_of(config)
    if thread_id is None:
        raise MissingThreadError(
            "A workflow with a checkpointer needs a thread to keep the run on. Pass "
            "config={'configurable': {'thread_id': 'any name'}}; "
            f"'configurable' has the keys {sorted(map(str, configurable))}."
        )
    return thread_id, str(configurable.get("checkpoint_ns") or "")


def config_of(thread_id: str, ns: str, checkpoint_id: str) -> dict[str, Any]:
    """The configuration that names a checkpoint."""
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": ns,
            "checkpoint_id": checkpoint_id,
        }
    }


def new_checkpoint_id(now_s: float) -> str:
    """A new id: a version 7 UUID. Nothing is ever ordered by it."""
    value = (int(now_s * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_checkpoint(
    address: tuple[str, str],
    parent: CheckpointRow | None,
    source: str,
    step: int,
    meta: bytes,
    *,
    run: str | None = None,
    values: CheckpointRow | None = None,
) -> CheckpointRow:
    """A checkpoint not stored yet.

    Args:
        values: the checkpoint whose values it has; None for none yet.
    """
    now = time.time()
    return CheckpointRow(
        id=new_checkpoint_id(now), thread_id=address[0], ns=address[1],
        parent=parent.id if parent else None, run=run, source=source, step=step,
        saved=values.saved if values else None, returned=values.returned if values else None,
        meta=meta, ts=now,
    )  # fmt: skip


_STATUSES = frozenset(("idle", "ready", "running", "interrupted", "error", "cancelled"))


def refuse_damaged(thread: ThreadRow) -> None:
    """Take no status for another one.

    Raises:
        CorruptDataError: it is none.
    """
    if thread.status not in _STATUSES:
        raise damaged(thread, f"status {thread.status!r}, which no version of nbflow writes")


def damaged(thread: ThreadRow, what: str) -> CorruptDataError:
    """The error for a row of a thread that does not fit the rest of the database."""
    return CorruptDataError(
        f"The row of thread {thread.thread_id!r} is damaged: it has {what}. Other threads are not "
        "affected. Restore the database from a copy."
    )


def missing(
    saver: BaseCheckpointSaver, thread: ThreadRow, what: str
) -> CorruptDataError | UnknownThreadError:
    """The error for a row that a thread names and that is not there, if it still names it."""
    now = saver.get_thread(thread.thread_id, thread.ns)
    if now is None or (now.head, now.run) != (thread.head, thread.run):
        return UnknownThreadError(
            f"Thread {thread.thread_id!r} was deleted or changed by another just now. Nothing "
            "was stored. Look at it again."
        )
    return damaged(thread, what)


def refuse_lost(saver: BaseCheckpointSaver, thread_id: str, ns: str) -> None:
    """Take no thread for one that is not there, of which the row alone is not.

    Raises:
        CorruptDataError: it has checkpoints.
    """
    kept = next(saver.list_checkpoints(thread_id, ns, limit=1), None)
    if kept is not None and saver.get_thread(thread_id, ns) is None:
        raise CorruptDataError(
            f"The row of thread {thread_id!r} is not there, and checkpoints of it are: column "
            "thread_id or ns of table thread is damaged. Nothing was stored. Other threads are not "
            "affected. Restore the database from a copy."
        )


def current_run(saver: BaseCheckpointSaver, thread: ThreadRow) -> RunRow:
    """The newest run of a thread that has one."""
    refuse_damaged(thread)
    if thread.run is None:
        raise UnknownThreadError(f"Thread {thread.thread_id!r} holds no run.")
    run = saver.get_run(thread.run)
    if run is None:
        raise missing(saver, thread, f"the run {thread.run}, which is not there")
    return run


def refuse_busy(thread: ThreadRow, *, cancel: bool = False) -> None:
    """Let nobody touch a thread that is running.

    Args:
        cancel: what runs in this process is asked to stop, and is busy until it has; the thread of
            another process may be taken over, which then can store nothing more.

    Raises:
        ThreadBusyError: its owner lives.
        CorruptDataError: its row is damaged.
    """
    refuse_damaged(thread)
    if cancel and not stop_own(thread):
        return
    if thread.status == "running" and is_alive(thread):
        raise ThreadBusyError(
            f"Thread {thread.thread_id!r} is running now (owner {thread.owner}). Nothing was "
            "stored. Wait for it, use another thread_id, or declare "
            "@entrypoint(on_busy='queue') to begin when it has ended."
        )


def abandoned(saver: BaseCheckpointSaver, workflow: str) -> Iterator[tuple[str, str]]:
    """The threads, with their namespaces, whose newest run is a workflow's and was left running."""
    for thread in saver.list_threads():
        if thread.status == "running" and not is_alive(thread) and thread.run is not None:
            run = saver.get_run(thread.run)
            if run is not None and run.workflow == workflow:
                yield thread.thread_id, thread.ns


def refuse_foreign(run: RunRow, workflow: str) -> None:
    """Let no workflow go on with what another one began (80).

    Raises:
        WorkflowMismatchError: the run is another workflow's.
    """
    if run.workflow != workflow:
        raise WorkflowMismatchError(
            f"Thread {run.thread_id!r} holds a run of workflow {run.workflow!r}; {workflow!r} "
            "cannot continue it. Nothing was stored. Continue it with the workflow that began it, "
            "or use another thread_id."
        )
