"""Threads kept in this process, for as long as the saver lives."""

from __future__ import annotations

import threading
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointRow,
    OpRow,
    RunRow,
    ThreadRow,
    require_names,
)
from nbflow.checkpoint.refusals import (
    key_taken,
    lease_lost,
    no_source,
    require_limit,
    target_exists,
    thread_moved_on,
    unknown_checkpoint,
)

__all__ = ["InMemorySaver", "MemorySaver"]

_SINGLE = frozenset(("result", "error", "cancel", "answer", "pause"))
"""Kinds of which a key holds one for each ``gen``; a key is a task's or a question's."""

_thread_cells = attrgetter(*ThreadRow.__slots__)
_run_cells = attrgetter(*RunRow.__slots__)
_checkpoint_cells = attrgetter(*CheckpointRow.__slots__)
_op_cells = attrgetter(*OpRow.__slots__)


def _thread_copy(row: ThreadRow) -> ThreadRow:
    """A row of the reader's own; ``dataclasses.replace`` takes five times as long."""
    return ThreadRow(*_thread_cells(row))


def _run_copy(row: RunRow) -> RunRow:
    return RunRow(*_run_cells(row))


def _checkpoint_copy(row: CheckpointRow) -> CheckpointRow:
    return CheckpointRow(*_checkpoint_cells(row))


def _op_copy(op: OpRow) -> OpRow:
    return OpRow(**dict(zip(OpRow.__slots__, _op_cells(op), strict=True)))


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
        self.taken: set[bytes | tuple[bytes, int]] = set()
        """Of the single ops: the key of a first ``gen``, key and ``gen`` of a later one."""


class InMemorySaver(BaseCheckpointSaver):
    """Keeps everything in memory; gone with the process.

    Ops are kept as given: change none afterwards.

    >>> InMemorySaver().list_threads()
    []
    """

    is_at_hand = True
    """Nothing that another process could hold up."""

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
            return None if thread is None else _thread_copy(thread.row)

    def list_threads(self) -> list[ThreadRow]:
        with self._lock:
            return [_thread_copy(thread.row) for thread in reversed(self._threads.values())]

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)
        with self._lock:
            thread = self._changing(run.thread_id, run.ns, expected_epoch)
            journal = _Journal(_run_copy(run), thread.row)
            self._journals[run.id] = journal
            thread.runs.append(journal.row)
            self._add(thread, checkpoint)
            return self._own(thread.row, owner, run.id)

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        with self._lock:
            row = self._changing(thread_id, ns, expected_epoch).row
            return self._own(row, owner, row.run)

    def renew(self, run: RunRow, epoch: int) -> None:
        self.append(run, epoch, ())

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
            return None if journal is None else _run_copy(journal.row)

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        with self._lock:
            thread = self._threads.get((thread_id, ns))
            return [] if thread is None else [_run_copy(run) for run in reversed(thread.runs)]

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
            return None if row is None else _checkpoint_copy(row)

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
        return iter([_checkpoint_copy(row) for row in rows[:limit]])

    def search_checkpoints(
        self,
        thread_id: str | None = None,
        ns: str | None = None,
        *,
        before: int | None = None,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> Iterator[CheckpointRow]:
        with self._lock:
            found = [
                row
                for address, thread in self._threads.items()
                if thread_id in (None, address[0]) and ns in (None, address[1])
                for row in thread.checkpoints.values()
                if before is None or row.seq < before
            ]
        found.sort(key=lambda row: row.seq, reverse=True)
        return (_checkpoint_copy(row) for row in found if wanted is None or wanted(row))

    def delete_thread(self, thread_id: str) -> None:
        with self._lock:
            for thread in self._of(thread_id):
                del self._threads[thread_id, thread.row.ns]
                for run in thread.runs:
                    del self._journals[run.id]

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        require_names(target_thread_id)
        with self._lock:
            sources = self._of(source_thread_id)
            if not sources:
                no_source(source_thread_id)
            if self._of(target_thread_id):
                target_exists(target_thread_id)
            ids = {run.id: uuid.uuid4().hex for thread in sources for run in thread.runs}
            for thread in sources:
                self._copy_rows(thread, target_thread_id, ids)
            self._copy_checkpoints(target_thread_id, _past_of(sources), ids)
            self._copy_ops(ids)

    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        with self._lock:
            found = [self._of(thread_id) for thread_id in dict.fromkeys(thread_ids)]
            decided = [(threads, decide(_past_of(threads))) for threads in found]
            for threads, removal in decided:
                self._remove(threads, removal)

    # -- with the lock held -----------------------------------------------------------------

    def _of(self, thread_id: str) -> list[_Thread]:
        """A thread with all namespaces."""
        return [thread for address, thread in self._threads.items() if address[0] == thread_id]

    def _copy_rows(self, source: _Thread, thread_id: str, ids: dict[str, str]) -> None:
        row = replace(
            source.row, thread_id=thread_id, run=ids.get(source.row.run or ""), owner=None
        )
        target = self._threads[thread_id, row.ns] = _Thread(row)
        for run in source.runs:
            copy = replace(
                run, id=ids[run.id], thread_id=thread_id, parent_run=ids.get(run.parent_run or "")
            )
            target.runs.append(copy)
            self._journals[copy.id] = _Journal(copy, row)

    def _copy_checkpoints(self, thread_id: str, past: Past, ids: dict[str, str]) -> None:
        for row in past.checkpoints:
            self._last_checkpoint += 1
            self._threads[thread_id, row.ns].checkpoints[row.id] = replace(
                row, thread_id=thread_id, run=ids.get(row.run or ""), seq=self._last_checkpoint
            )

    def _copy_ops(self, ids: dict[str, str]) -> None:
        """Copy the ops of runs in their order, and say by the new numbers what forks keep."""
        both = [(self._journals[old], self._journals[new]) for old, new in ids.items()]
        ops = [(op, target) for source, target in both for op in source.ops]
        ops.sort(key=lambda each: each[0].seq)
        numbers: list[int] = []
        first = self._last_op + 1
        for op, target in ops:
            self._last_op += 1
            numbers.append(op.seq)
            copy = _op_copy(op)
            copy.seq = self._last_op
            target.ops.append(copy)
        for source, target in both:
            target.taken = source.taken.copy()
            kept = bisect_right(numbers, source.row.upto)
            target.row.upto = first + kept - 1 if kept else 0

    def _remove(self, threads: Sequence[_Thread], removal: Removal) -> None:
        changed = {row.ns: row for row in removal.threads}
        for thread in threads:
            for checkpoint in list(thread.checkpoints.values()):
                if checkpoint.seq in removal.checkpoints:
                    del thread.checkpoints[checkpoint.id]
                elif checkpoint.seq in removal.parents:
                    checkpoint.parent = removal.parents[checkpoint.seq]
            for run in thread.runs:
                run.base = removal.bases.get(run.id, run.base)
                if run.id in removal.runs:
                    del self._journals[run.id]
                elif run.id in removal.cut:
                    journal = self._journals[run.id]
                    journal.ops = [op for op in journal.ops if op.seq <= removal.cut[run.id]]
            thread.runs = [run for run in thread.runs if run.id not in removal.runs]
            row = thread.row
            if row.ns in removal.namespaces:
                del self._threads[row.thread_id, row.ns]
            elif row.ns in changed:
                new = changed[row.ns]
                row.head, row.run, row.owner = new.head, new.run, new.owner
                row.status, row.epoch = new.status, new.epoch

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
        thread.checkpoints[checkpoint.id] = _checkpoint_copy(checkpoint)
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
                one = (op.key, op.gen) if op.gen else op.key
                if one in taken:
                    key_taken(journal.row, op)
                taken.add(one)
            self._last_op += 1
            op.seq = self._last_op
            journal.ops.append(op)

    def _check_several(self, journal: _Journal, ops: Sequence[OpRow]) -> None:
        """All or none: find a repeated op before the first one is stored."""
        taken, these = journal.taken, set[bytes | tuple[bytes, int]]()
        for op in ops:
            if op.kind in _SINGLE:
                one = (op.key, op.gen) if op.gen else op.key
                if one in taken or one in these:
                    key_taken(journal.row, op)
                these.add(one)


def _past_of(threads: Sequence[_Thread]) -> Past:
    checkpoints = [row for thread in threads for row in thread.checkpoints.values()]
    return Past(
        threads=[thread.row for thread in threads],
        runs=[run for thread in threads for run in thread.runs],
        checkpoints=sorted(checkpoints, key=lambda row: row.seq),
    )


MemorySaver = InMemorySaver
"""LangGraph's other name for it."""
