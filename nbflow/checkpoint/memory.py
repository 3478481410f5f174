"""Threads kept in this process, for as long as the saver lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointRow,
    OpRow,
    RunRow,
    ThreadRow,
    require_names,
)
from nbflow.checkpoint.refusals import (
    already_answered,
    lease_lost,
    recorded_twice,
    require_limit,
    thread_moved_on,
    unknown_checkpoint,
)

__all__ = ["InMemorySaver", "MemorySaver"]

_SINGLE = frozenset(("result", "error", "cancel", "answer"))
"""Kinds of which a key holds one for each ``gen``; a key is a task's or a question's."""


class _Thread:
    """One thread with what belongs to it."""

    __slots__ = ("checkpoints", "row", "runs")

    def __init__(self, row: ThreadRow) -> None:
        self.row = row
        self.runs: list[RunRow] = []
        self.checkpoints: dict[str, CheckpointRow] = {}


class _Journal:
    """One run with its ops."""

    __slots__ = ("ops", "row", "taken", "thread")

    def __init__(self, row: RunRow, thread: ThreadRow) -> None:
        self.row = row
        self.thread = thread
        self.ops: list[OpRow] = []
        self.taken: set[tuple[bytes, int]] = set()
        """Key and ``gen`` of the single ops."""


class InMemorySaver(BaseCheckpointSaver):
    """Keeps everything in memory; gone with the process.

    Ops are kept as given: change none afterwards.

    >>> InMemorySaver().list_threads()
    []
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[tuple[str, str], _Thread] = {}
        """In the order of change, the latest last."""
        self._journals: dict[str, _Journal] = {}
        self._last_op = 0
        self._last_checkpoint = 0

    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        with self._lock:
            thread = self._threads.get((thread_id, ns))
            return None if thread is None else replace(thread.row)

    def list_threads(self) -> list[ThreadRow]:
        with self._lock:
            return [replace(thread.row) for thread in reversed(self._threads.values())]

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)
        with self._lock:
            thread = self._changing(run.thread_id, run.ns, expected_epoch)
            journal = _Journal(replace(run), thread.row)
            self._journals[run.id] = journal
            thread.runs.append(journal.row)
            self._add(thread, checkpoint)
            return self._own(thread.row, owner, run.id)

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        with self._lock:
            row = self._changing(thread_id, ns, expected_epoch).row
            return self._own(row, owner, row.run)

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        with self._lock:
            journal = self._journals.get(run.id)
            if journal is None or journal.thread.epoch != epoch:
                lease_lost(run, epoch)
            self._store(journal, ops)
            if checkpoint is not None:
                self._keep(checkpoint)

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        with self._lock:
            journal = self._journals.get(run.id)
            if journal is None or journal.thread.epoch != epoch:
                lease_lost(run, epoch)
            self._store(journal, ops)
            thread = self._touched(run.thread_id, run.ns)
            if checkpoint is not None:
                self._add(thread, checkpoint)
            thread.row.status = status
            thread.row.owner = None

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        self.append(run, epoch, ops)

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        require_names(checkpoint.thread_id, checkpoint.ns)
        with self._lock:
            thread = self._changing(checkpoint.thread_id, checkpoint.ns, expected_epoch)
            self._add(thread, checkpoint)
            thread.row.status = "idle"
            thread.row.owner = None
            thread.row.epoch += 1

    def get_run(self, run_id: str) -> RunRow | None:
        with self._lock:
            journal = self._journals.get(run_id)
            return None if journal is None else replace(journal.row)

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        with self._lock:
            thread = self._threads.get((thread_id, ns))
            return [] if thread is None else [replace(run) for run in reversed(thread.runs)]

    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        with self._lock:
            journal = self._journals.get(run_id)
            ops = [] if journal is None else journal.ops
            return ops[:] if upto is None else [op for op in ops if op.seq <= upto]

    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        with self._lock:
            thread = self._threads.get((thread_id, ns))
            if thread is None:
                return None
            wanted = thread.row.head if checkpoint_id is None else checkpoint_id
            row = None if wanted is None else thread.checkpoints.get(wanted)
            return None if row is None else replace(row)

    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        require_limit(limit)
        with self._lock:
            thread = self._threads.get((thread_id, ns))
            kept = {} if thread is None else thread.checkpoints
            rows = list(reversed(kept.values()))
            if before is not None:
                if before not in kept:
                    unknown_checkpoint(thread_id, before)
                rows = [row for row in rows if row.seq < kept[before].seq]
        return iter([replace(row) for row in rows[:limit]])

    def delete_thread(self, thread_id: str) -> None:
        with self._lock:
            for key in [key for key in self._threads if key[0] == thread_id]:
                for run in self._threads.pop(key).runs:
                    del self._journals[run.id]

    # -- with the lock held -----------------------------------------------------------------

    def _changing(self, thread_id: str, ns: str, expected_epoch: int | None) -> _Thread:
        """The thread, if its epoch is the expected one; a new one where none is expected."""
        thread = self._threads.get((thread_id, ns))
        if (None if thread is None else thread.row.epoch) != expected_epoch:
            thread_moved_on(thread_id, expected_epoch)
        if thread is None:
            thread = _Thread(ThreadRow(thread_id, ns, None, None, "idle", 0, None))
            self._threads[thread_id, ns] = thread
        return self._touched(thread_id, ns)

    def _touched(self, thread_id: str, ns: str) -> _Thread:
        thread = self._threads.pop((thread_id, ns))
        self._threads[thread_id, ns] = thread
        return thread

    def _own(self, row: ThreadRow, owner: str, run_id: str | None) -> int:
        row.status = "running"
        row.owner = owner
        row.run = run_id
        row.epoch += 1
        return row.epoch

    def _add(self, thread: _Thread, checkpoint: CheckpointRow) -> None:
        self._last_checkpoint += 1
        checkpoint.seq = self._last_checkpoint
        thread.checkpoints[checkpoint.id] = replace(checkpoint)
        thread.row.head = checkpoint.id

    def _keep(self, checkpoint: CheckpointRow) -> None:
        """What a nested workflow keeps; its namespace is owned by the thread's owner."""
        address = (checkpoint.thread_id, checkpoint.ns)
        if address not in self._threads:
            row = ThreadRow(*address, head=None, run=None, status="idle", epoch=1, owner=None)
            self._threads[address] = _Thread(row)
        self._add(self._threads[address], checkpoint)

    def _store(self, journal: _Journal, ops: Sequence[OpRow]) -> None:
        if len(ops) > 1:
            self._check_several(journal, ops)
        taken = journal.taken
        for op in ops:
            if op.kind in _SINGLE:
                before = len(taken)
                taken.add((op.key, op.gen))
                if len(taken) == before:
                    _refuse(journal.row, op)
            self._last_op += 1
            op.seq = self._last_op
            journal.ops.append(op)

    def _check_several(self, journal: _Journal, ops: Sequence[OpRow]) -> None:
        """All or none: find a repeated op before the first one is stored."""
        taken = set(journal.taken)
        for op in ops:
            if op.kind in _SINGLE:
                if (op.key, op.gen) in taken:
                    _refuse(journal.row, op)
                taken.add((op.key, op.gen))


def _refuse(run: RunRow, op: OpRow) -> NoReturn:
    if op.kind == "answer":
        already_answered(run)
    recorded_twice(run, op)


MemorySaver = InMemorySaver
"""LangGraph's other name for it."""
