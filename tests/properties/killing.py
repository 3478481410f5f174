"""The record as a killed process would have left it: cut after any of its commits."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver

__all__ = ["MarkedFarAway", "MarkedMemory", "MarkedSaver", "MarkedSqlite", "cut", "results_in"]

DEAD = f"{socket.gethostname()}/{os.getpid()}/0/killed"
"""An owner that lives no more."""


class _Marked(BaseCheckpointSaver):
    """Remembers after which ops a commit ended."""

    marks: list[int]

    def append(self, run: RunRow, epoch: int, ops: Sequence[OpRow], *more: Any) -> None:
        super().append(run, epoch, ops, *more)  # type: ignore[safe-super]  # the next class has it
        self._mark(ops)

    def finish(
        self, run: RunRow, epoch: int, status: str, ops: Sequence[OpRow] = (), *more: Any
    ) -> None:
        super().finish(run, epoch, status, ops, *more)  # type: ignore[safe-super]
        self._mark(ops)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        super().answer(run, epoch, ops)  # type: ignore[safe-super]
        self._mark(ops)

    def _mark(self, ops: Sequence[OpRow]) -> None:
        if ops and ops[-1].seq not in self.marks[-1:]:
            self.marks.append(ops[-1].seq)


class MarkedMemory(_Marked, InMemorySaver):
    def __init__(self) -> None:
        super().__init__()
        self.marks = []


class MarkedFarAway(MarkedMemory):
    """One that is reached from threads only, as a server is."""

    is_at_hand = False


class MarkedSqlite(_Marked, SqliteSaver):
    def __init__(self, database: str) -> None:
        super().__init__(database)
        self.marks = []


MarkedSaver = MarkedMemory | MarkedSqlite


def cut(
    saver: MarkedSaver, thread_id: str, upto: int, empty: Callable[[], MarkedSaver]
) -> tuple[MarkedSaver, list[str]]:
    """The thread's only run as it was when op ``upto`` had been committed.

    Returns:
        A saver that holds it, and the task results that were lost.
    """
    (run,) = saver.list_runs(thread_id)
    (opening,) = [c for c in saver.list_checkpoints(thread_id) if c.source == "input"]
    ops = saver.get_ops(run.id)
    kept = [op for op in ops if op.seq <= upto]
    lost = [op for op in ops if op.seq > upto and op.kind == "result"]
    values = [serde.loads(op.value) for op in lost if op.value is not None]
    fresh = empty()
    epoch = fresh.begin_run(run, opening, DEAD, None)
    if kept:
        fresh.append(run, epoch, kept)
    saver.close()
    return fresh, values


def results_in(saver: BaseCheckpointSaver, thread_id: str) -> list[tuple[OpRow, str]]:
    """The committed task results of the thread's newest run."""
    run = saver.list_runs(thread_id)[0]
    return [
        (op, serde.loads(op.value))
        for op in saver.get_ops(run.id)
        if op.kind == "result" and op.value is not None
    ]
