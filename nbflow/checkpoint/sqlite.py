"""Threads kept in an SQLite file, shared by any number of threads, loops and processes.

Values longer than 1 KB lie once in the table ``blob``, under their hash, and what equals another
one in parts shares them (255, 257); rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Self

from nbflow._database import scripts
from nbflow._database.sqlite_file import SqliteFile
from nbflow.checkpoint._blobs import Blobs
from nbflow.checkpoint._cells import INLINE_BYTES, Cell, op_cells
from nbflow.checkpoint._primitives import LEASE_S
from nbflow.checkpoint._recent import RecentOps
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._sqlite_rows import OP_VALUES, RUN_VALUES, CheckpointPages, RowReader
from nbflow.checkpoint._sqlite_threads import (
    add_checkpoint,
    add_run,
    copy_thread,
    remove,
    thread_row,
)
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

__all__ = ["SqliteSaver"]

_SQL = scripts.queries("sqlite", "checkpoint")
_ADD_OP = _SQL["add_op"]
_LAST = (1 << 63) - 1
_DELETIONS = (
    "delete_ops", "delete_other_ops", "delete_runs", "delete_checkpoints", "delete_threads",
)  # fmt: skip


class SqliteSaver(BaseCheckpointSaver):
    """Keeps threads in an SQLite file, made on first use and readable for its owner alone.

    Processes that share the file set their clocks alike: leases end by them (``lease_s``, in
    seconds; 30 unless set).

    Args:
        database: a path, ``":memory:"``, or an open ``sqlite3`` connection: of one to a file only
            the path is taken.

    Raises:
        StorageError: it cannot be opened, or a newer nbflow made it.

    >>> with SqliteSaver(":memory:") as saver:
    ...     saver.list_threads()
    []
    """

    lease_s: float = LEASE_S

    def __init__(self, database: str | os.PathLike[str] | sqlite3.Connection) -> None:
        self._file = SqliteFile(database)
        self._recent = RecentOps()
        """Used with the file's lock held."""
        self._blobs = Blobs(self._file)
        self._reader = RowReader(self._file.name, self._blobs)
        name = self._file.name
        self._identity = id(self) if name == ":memory:" else (type(self), os.path.realpath(name))

    @property
    def identity(self) -> Hashable:
        return self._identity

    @classmethod
    def from_conn_string(cls, conn_string: str) -> Self:
        """As LangGraph's: ``with SqliteSaver.from_conn_string(path) as saver``; closes at the end.

        Without ``with`` it is the saver.
        """
        return cls(conn_string)

    # -- threads and runs -------------------------------------------------------------------

    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        rows = self._file.rows(_SQL["get_thread"], (thread_id, ns))
        return thread_row(rows[0]) if rows else None

    def list_threads(self) -> list[ThreadRow]:
        return [thread_row(row) for row in self._file.rows(_SQL["list_threads"])]

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)
        with self._file.transaction() as connection:
            epoch = self._own(
                connection, (run.thread_id, run.ns), checkpoint.id, run.id, "running", owner,
                expected_epoch,
            )  # fmt: skip
            put = self._blobs.put
            add_run(connection, run, put(connection, run.input), put(connection, run.meta))
            checkpoint.seq = self._add_checkpoint(connection, checkpoint)
            return epoch

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        with self._file.statement() as connection:
            address = (thread_id, ns)
            return self._own(connection, address, None, None, "running", owner, expected_epoch)

    def renew(self, run: RunRow, epoch: int) -> None:
        with self._file.statement() as connection:
            until = time.time() + self.lease_s
            values = (until, run.thread_id, run.ns, epoch)
            if connection.execute(_SQL["renew_lease"], values).rowcount == 0:
                lease_lost(run, epoch)

    # -- ops --------------------------------------------------------------------------------

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        if len(ops) == 1 and checkpoint is None:
            op = ops[0]
            if op.value is None or len(op.value) <= INLINE_BYTES:
                with self._file.statement() as connection:
                    _add_op(connection, run, epoch, op, op.value)
                return
        with self._file.transaction() as connection:
            self._add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                require_names(checkpoint.ns)
                checkpoint.seq = self._add_checkpoint(connection, checkpoint)
                connection.execute(
                    _SQL["keep_thread"], (checkpoint.thread_id, checkpoint.ns, checkpoint.id)
                )

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        several = bool(ops) or checkpoint is not None
        with self._file.transaction() if several else self._file.statement() as connection:
            cursor = connection.execute(
                _SQL["give_up_thread"],
                {
                    "head": None if checkpoint is None else checkpoint.id,
                    "status": status,
                    "thread_id": run.thread_id,
                    "ns": run.ns,
                    "epoch": epoch,
                    "run": run.id,
                },
            )
            if cursor.rowcount == 0:
                lease_lost(run, epoch)
            if ops:
                self._add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                checkpoint.seq = self._add_checkpoint(connection, checkpoint)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        with self._file.transaction(survives_power_loss=True) as connection:
            self._add_ops(connection, run, epoch, ops)

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        require_names(checkpoint.thread_id, checkpoint.ns)
        with self._file.transaction() as connection:
            self._own(
                connection, (checkpoint.thread_id, checkpoint.ns), checkpoint.id, None, "idle",
                None, expected_epoch,
            )  # fmt: skip
            checkpoint.seq = self._add_checkpoint(connection, checkpoint)

    # -- reading ----------------------------------------------------------------------------

    def get_run(self, run_id: str) -> RunRow | None:
        rows = self._file.rows(_SQL["get_run"], (run_id,))
        return self._reader.run(rows[0]) if rows else None

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        return [
            self._reader.run(row) for row in self._file.rows(_SQL["list_runs"], (thread_id, ns))
        ]

    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        number = self._file.rows(_SQL["number_of_run"], (run_id,))
        with self._file.lock:
            if not number:
                self._recent.forget(run_id)
            ops = self._recent.get(run_id)
        if not number:
            return []
        after = ops[-1].seq if ops else 0
        rows = self._file.rows(_SQL["get_ops"], {"run": number[0][0], "after": after})
        if rows:
            ops = [*ops, *[self._reader.op(run_id, row) for row in rows]]
            with self._file.lock:
                self._recent.put(run_id, ops)
        return ops[:] if upto is None else [op for op in ops if op.seq <= upto]

    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        if checkpoint_id is None:
            rows = self._file.rows(_SQL["get_head"], (thread_id, ns))
        else:
            rows = self._file.rows(_SQL["get_checkpoint"], (thread_id, ns, checkpoint_id))
        return self._reader.checkpoint(rows[0]) if rows else None

    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        require_limit(limit)
        end = _LAST
        if before is not None:
            rows = self._file.rows(_SQL["checkpoint_seq"], (thread_id, ns, before))
            if not rows:
                unknown_checkpoint(thread_id, before)
            end = rows[0][0]
        return CheckpointPages(
            self._reader,
            self._blobs,
            lambda end, size: self._file.rows(_SQL["list_checkpoints"], (thread_id, ns, end, size)),
            end,
            _LAST if limit is None else limit,
        )

    def search_checkpoints(
        self,
        thread_id: str | None = None,
        ns: str | None = None,
        *,
        before: int | None = None,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> Iterator[CheckpointRow]:
        query, of = _SQL["list_all_checkpoints"], list[str]()
        if thread_id is not None and ns is not None:
            query, of = _SQL["list_checkpoints"], [thread_id, ns]
        elif thread_id is not None:
            query, of = _SQL["list_checkpoints_of_thread"], [thread_id]
        return CheckpointPages(
            self._reader,
            self._blobs,
            lambda end, size: self._file.rows(query, (*of, end, size)),
            _LAST if before is None else before,
            _LAST,
            wanted,
        )

    def get_runs(self, run_ids: Sequence[str]) -> dict[str, RunRow]:
        rows = self._file.rows(_SQL["get_runs"], (json.dumps(run_ids),)) if run_ids else []
        found = self._blobs.get_short_of(rows, RUN_VALUES)
        runs = [self._reader.run(row, found) for row in rows]
        return {run.id: run for run in runs}

    def get_ops_of(self, run_ids: Sequence[str]) -> dict[str, list[OpRow]]:
        ops: dict[str, list[OpRow]] = {run_id: [] for run_id in run_ids}
        rows = self._file.rows(_SQL["get_ops_of"], {"runs": json.dumps([*ops])}) if ops else []
        found = self._blobs.get_short_of(rows, OP_VALUES)
        for row in rows:
            ops[row[-1]].append(self._reader.op(row[-1], row[:-1], found))
        return ops

    # -- the care of threads ----------------------------------------------------------------

    def delete_thread(self, thread_id: str) -> None:
        with self._file.transaction() as connection:
            of = {"thread_id": thread_id}
            blobs = connection.execute(_SQL["blobs_of_thread"], of).fetchall()
            connection.execute(_SQL["mark_ops"])
            for query in _DELETIONS:
                connection.execute(_SQL[query], of)
            self._blobs.collect(connection, [name for (name,) in blobs])

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        require_names(target_thread_id)
        with self._file.transaction() as connection:
            copy_thread(connection, self._reader, source_thread_id, target_thread_id)

    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        with self._file.transaction() as connection:
            for thread_id in dict.fromkeys(thread_ids):
                removal = remove(connection, self._reader, self._blobs, thread_id, decide)
                for run_id in removal.cut:
                    self._recent.forget(run_id)

    def close(self) -> None:
        self._file.close()

    # -- in a transaction -------------------------------------------------------------------

    def _own(
        self,
        connection: sqlite3.Connection,
        address: tuple[str, str],
        head: str | None,
        run: str | None,
        status: str,
        owner: str | None,
        expected_epoch: int | None,
    ) -> int:
        """Move the thread on to the next epoch, or make it; returns that epoch."""
        values = {
            "thread_id": address[0], "ns": address[1], "head": head, "run": run, "status": status,
            "owner": owner, "expected_epoch": expected_epoch,
            "lease_until": None if owner is None else time.time() + self.lease_s,
        }  # fmt: skip
        query = "add_thread" if expected_epoch is None else "own_thread"
        if connection.execute(_SQL[query], values).rowcount == 0:
            thread_moved_on(address[0], expected_epoch)
        return (expected_epoch or 0) + 1

    def _add_ops(
        self, connection: sqlite3.Connection, run: RunRow, epoch: int, ops: Sequence[OpRow]
    ) -> None:
        if not ops and not connection.execute(_SQL["holds_lease"], (run.id, epoch)).fetchall():
            lease_lost(run, epoch)
        for op in ops:
            cell = None if op.value is None else self._blobs.put(connection, op.value)
            _add_op(connection, run, epoch, op, cell)

    def _add_checkpoint(self, connection: sqlite3.Connection, row: CheckpointRow) -> int:
        put, saved, returned = self._blobs.put, row.saved, row.returned
        saved_cell = None if saved is None else put(connection, saved)
        if returned is None or returned is saved:
            returned_cell = None if returned is None else saved_cell
        else:
            returned_cell = put(connection, returned)
        return add_checkpoint(connection, row, saved_cell, returned_cell, put(connection, row.meta))


def _add_op(
    connection: sqlite3.Connection, run: RunRow, epoch: int, op: OpRow, cell: Cell | None
) -> None:
    try:
        cells = op_cells(op, cell)
    except TypeError:
        require_names(op.name, op.lane, op.site)
        raise
    try:
        cursor = connection.execute(_ADD_OP, (run.id, epoch, *cells))
    except sqlite3.IntegrityError as fault:
        if "NOT NULL constraint failed: op.run" in str(fault):
            lease_lost(run, epoch)
        if "UNIQUE" not in str(fault):
            raise
        if op.kind == "answer":
            already_answered(run)
        recorded_twice(run, op)
    op.seq = cursor.lastrowid or 0
