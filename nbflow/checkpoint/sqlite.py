"""Threads kept in an SQLite file, shared by any number of threads, loops and processes.

Values longer than 1 KB lie once in the table ``blob``, under their hash; rows carry check sums,
and what does not fit them is a :class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NoReturn, Self

from nbflow._database import scripts
from nbflow._database.sqlite_file import SqliteFile
from nbflow.checkpoint._cells import (
    INLINE_BYTES,
    OP_COLUMNS,
    Cell,
    blob_name,
    checkpoint_check,
    is_intact,
    is_value_intact,
    op_cells,
    run_check,
)
from nbflow.checkpoint._recent import RecentOps
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
from nbflow.errors import CorruptDataError

__all__ = ["SqliteSaver"]

_SQL = scripts.queries("sqlite", "checkpoint")
_ADD_OP = _SQL["add_op"]
_PAGE = 100
_LAST = (1 << 63) - 1


class SqliteSaver(BaseCheckpointSaver):
    """Keeps threads in an SQLite file, made on first use and readable for its owner alone.

    Args:
        database: a path, ``":memory:"``, or an open ``sqlite3`` connection: of one to a file only
            the path is taken.

    Raises:
        StorageError: it cannot be opened, or a newer nbflow made it.

    >>> with SqliteSaver(":memory:") as saver:
    ...     saver.list_threads()
    []
    """

    def __init__(self, database: str | os.PathLike[str] | sqlite3.Connection) -> None:
        self._file = SqliteFile(database)
        self._recent = RecentOps()
        """Used with the file's lock held."""

    @property
    def identity(self) -> Hashable:
        name = self._file.name
        return id(self) if name == ":memory:" else (type(self), os.path.realpath(name))

    @classmethod
    def from_conn_string(cls, conn_string: str) -> Self:
        """As LangGraph's: ``with SqliteSaver.from_conn_string(path) as saver``; closes at the end.

        Without ``with`` it is the saver.
        """
        return cls(conn_string)

    # -- threads and runs -------------------------------------------------------------------

    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        rows = self._file.rows(_SQL["get_thread"], (thread_id, ns))
        return ThreadRow(*rows[0]) if rows else None

    def list_threads(self) -> list[ThreadRow]:
        return [ThreadRow(*row) for row in self._file.rows(_SQL["list_threads"])]

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)
        with self._file.transaction() as connection:
            epoch = _own(
                connection, (run.thread_id, run.ns), checkpoint.id, run.id, "running", owner,
                expected_epoch,
            )  # fmt: skip
            given, meta = _put(connection, run.input), _put(connection, run.meta)
            connection.execute(
                _SQL["add_run"],
                (
                    run.id, run.thread_id, run.ns, run.base, run.parent_run, run.upto,
                    run.workflow, run.code_fp, run.fmt, given, meta, run.ts,
                    run_check(run, given, meta),
                ),
            )  # fmt: skip
            checkpoint.seq = _add_checkpoint(connection, checkpoint)
            return epoch

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        with self._file.statement() as connection:
            return _own(connection, (thread_id, ns), None, None, "running", owner, expected_epoch)

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
            _add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                require_names(checkpoint.ns)
                checkpoint.seq = _add_checkpoint(connection, checkpoint)
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
                _add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                checkpoint.seq = _add_checkpoint(connection, checkpoint)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        with self._file.transaction(survives_power_loss=True) as connection:
            _add_ops(connection, run, epoch, ops)

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        require_names(checkpoint.thread_id, checkpoint.ns)
        with self._file.transaction() as connection:
            _own(
                connection, (checkpoint.thread_id, checkpoint.ns), checkpoint.id, None, "idle",
                None, expected_epoch,
            )  # fmt: skip
            checkpoint.seq = _add_checkpoint(connection, checkpoint)

    # -- reading ----------------------------------------------------------------------------

    def get_run(self, run_id: str) -> RunRow | None:
        rows = self._file.rows(_SQL["get_run"], (run_id,))
        return self._run(rows[0]) if rows else None

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        return [self._run(row) for row in self._file.rows(_SQL["list_runs"], (thread_id, ns))]

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
            ops = [*ops, *[self._op(run_id, row) for row in rows]]
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
        return self._checkpoint(rows[0]) if rows else None

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
        return self._pages(thread_id, ns, end, _LAST if limit is None else limit)

    def _pages(self, thread_id: str, ns: str, end: int, left: int) -> Iterator[CheckpointRow]:
        """Read page by page, so that a long history costs only what is looked at."""
        while left > 0:
            size = min(left, _PAGE)
            rows = self._file.rows(_SQL["list_checkpoints"], (thread_id, ns, end, size))
            for row in rows:
                checkpoint = self._checkpoint(row)
                end = checkpoint.seq
                yield checkpoint
            if len(rows) < size:
                return
            left -= size

    def delete_thread(self, thread_id: str) -> None:
        with self._file.transaction() as connection:
            blobs = connection.execute(_SQL["blobs_of_thread"], {"thread_id": thread_id}).fetchall()
            connection.execute(_SQL["mark_ops"])
            for query in ("delete_ops", "delete_runs", "delete_checkpoints", "delete_threads"):
                connection.execute(_SQL[query], (thread_id,))
            connection.executemany(_SQL["delete_blob"], [{"h": name} for (name,) in blobs])

    def close(self) -> None:
        self._file.close()

    # -- rows to objects --------------------------------------------------------------------

    def _run(self, row: tuple[Any, ...]) -> RunRow:
        run = RunRow(*row[:-1])
        where = f"Run {run.id} of thread {run.thread_id!r}"
        if run_check(run, run.input, run.meta) != row[-1]:
            self._damaged(where, "a column of table run")
        run.input = self._value(run.input, where, "input")
        run.meta = self._value(run.meta, where, "meta")
        return run

    def _op(self, run_id: str, row: tuple[Any, ...]) -> OpRow:
        cells, check = row[:OP_COLUMNS], row[-1]
        op = OpRow(*row[:-1])
        if not is_intact(cells, check):
            column = "one of kind ... site" if is_value_intact(cells, check) else "value"
            self._damaged(f"Op {op.seq} of run {run_id}", f"column {column} of table op")
        if op.value is not None and type(op.value) is not bytes:
            op.value = self._value(op.value, f"Op {op.seq} of run {run_id}", "value")
        return op

    def _checkpoint(self, row: tuple[Any, ...]) -> CheckpointRow:
        *fields, check = row
        found = CheckpointRow(*fields)
        where = f"Checkpoint {found.id} of thread {found.thread_id!r}"
        if checkpoint_check(found, found.saved, found.returned, found.meta) != check:
            self._damaged(where, "a column of table ckpt")
        if found.saved is not None:
            found.saved = self._value(found.saved, where, "saved")
        if found.returned is not None:
            found.returned = self._value(found.returned, where, "returned")
        found.meta = self._value(found.meta, where, "meta")
        return found

    def _value(self, cell: Cell, where: str, column: str) -> bytes:
        if isinstance(cell, bytes):
            return cell
        rows = self._file.rows(_SQL["get_blob"], (cell,))
        if not rows:
            self._damaged(where, f"the blob of column {column}")
        codec, size, data = rows[0]
        if (
            codec != "raw"
            or not isinstance(data, bytes)
            or size != len(data)
            or blob_name(data) != cell
        ):
            self._damaged(where, f"the blob of column {column}")
        return data

    def _damaged(self, where: str, what: str) -> NoReturn:
        raise CorruptDataError(
            f"{where} in {self._file.name} cannot be read: {what} is damaged, its check sum does "
            "not fit. Other runs are not affected. Restore the file from a copy."
        )


def _own(
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
    }  # fmt: skip
    query = "add_thread" if expected_epoch is None else "own_thread"
    if connection.execute(_SQL[query], values).rowcount == 0:
        thread_moved_on(address[0], expected_epoch)
    return (expected_epoch or 0) + 1


def _put(connection: sqlite3.Connection, value: bytes) -> Cell:
    """What the column holds; stores the blob of a long value."""
    if len(value) <= INLINE_BYTES:
        return value
    name = blob_name(value)
    connection.execute(_SQL["add_blob"], (name, len(value), value))
    return name


def _add_ops(connection: sqlite3.Connection, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
    if not ops and not connection.execute(_SQL["holds_lease"], (run.id, epoch)).fetchall():
        lease_lost(run, epoch)
    for op in ops:
        cell = None if op.value is None else _put(connection, op.value)
        _add_op(connection, run, epoch, op, cell)


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


def _add_checkpoint(connection: sqlite3.Connection, row: CheckpointRow) -> int:
    saved = None if row.saved is None else _put(connection, row.saved)
    returned = None if row.returned is None else _put(connection, row.returned)
    meta = _put(connection, row.meta)
    cursor = connection.execute(
        _SQL["add_checkpoint"],
        (
            row.id, row.thread_id, row.ns, row.parent, row.run, row.source, row.step, saved,
            returned, meta, row.ts, checkpoint_check(row, saved, returned, meta),
        ),
    )  # fmt: skip
    return cursor.lastrowid or 0
