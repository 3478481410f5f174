"""The refusals that all savers share, so that they say the same."""

from __future__ import annotations

from typing import NoReturn

from nbflow.checkpoint._rows import OpRow, RunRow
from nbflow.errors import (
    AlreadyAnsweredError,
    LeaseLostError,
    StorageError,
    ThreadBusyError,
    UnknownCheckpointError,
)

__all__ = [
    "already_answered",
    "lease_lost",
    "recorded_twice",
    "require_limit",
    "thread_moved_on",
    "unknown_checkpoint",
]


def lease_lost(run: RunRow, epoch: int) -> NoReturn:
    raise LeaseLostError(
        f"Run {run.id} no longer owns thread {run.thread_id!r}: somebody else took it over or "
        f"deleted it since epoch {epoch}. Nothing was stored. Read the thread again with get_state."
    )


def thread_moved_on(thread_id: str, expected_epoch: int | None) -> NoReturn:
    known = "as new" if expected_epoch is None else f"at epoch {expected_epoch}"
    raise ThreadBusyError(
        f"Thread {thread_id!r} was read {known} and has changed since: another run or update came "
        "first. Nothing was stored. Try again once that run has ended."
    )


def already_answered(run: RunRow) -> NoReturn:
    raise AlreadyAnsweredError(
        f"The question in thread {run.thread_id!r} has an answer already, which stands. Nothing "
        "was stored. Read what was answered with get_state.",
        "answered",
    )


def recorded_twice(run: RunRow, op: OpRow) -> NoReturn:
    raise StorageError(
        f"Run {run.id} already holds an outcome of task {op.name!r} (attempt {op.attempt}). The "
        "first one stands; nothing was stored. Please report this with the program."
    )


def unknown_checkpoint(thread_id: str, checkpoint_id: str) -> NoReturn:
    raise UnknownCheckpointError(
        f"Thread {thread_id!r} has no checkpoint {checkpoint_id!r}. get_state_history lists those "
        "it has."
    )


def require_limit(limit: int | None) -> None:
    """Refuse a negative number of checkpoints."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit is {limit}; expected None for all, or a number from 0.")
