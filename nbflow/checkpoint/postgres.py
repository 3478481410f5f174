"""Threads kept in a Postgres database, shared by any number of threads, loops and machines.

Many may write at once: who stores something in a thread holds its row until it is committed, so
the ops and checkpoints of one thread are numbered in the order of their commits. Those of
different threads are numbered as they are written: what :meth:`list` shows of all threads may lack
one that is being committed, and show it in its place the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Self

from psycopg.errors import UniqueViolation

from nbflow._database import scripts
from nbflow._database.postgres_server import PostgresServer, Source
from nbflow.checkpoint._cells import Cell, op_cells
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._sql_saver import SqlSaver
from nbflow.checkpoint.base import CheckpointRow, OpRow, RunRow
from nbflow.checkpoint.refusals import key_taken, lease_lost
from nbflow.errors import ThreadBusyError

__all__ = ["PostgresSaver"]

_SQL = scripts.queries("postgres", "checkpoint")
_VALUE = 7
"""Where the cell of the value stands in the columns of an op."""


class PostgresSaver(SqlSaver):
    """Keeps threads in a Postgres database, in tables ``nbflow_...`` that are made on first use.

    They lie in the connection's current schema. A connection that breaks is made anew, and what
    was being stored is stored once, whether or not the server had committed it. After the server
    has stopped, up to 30 s are spent waiting for it to come back. The tasks of an async workflow
    are committed on its event loop, which stands still until the server has answered.

    Args:
        database: a DSN such as ``postgresql://user:password@host/database``; a
            ``psycopg_pool.ConnectionPool``, which stays yours to close; or an open
            ``psycopg.Connection``, which only tells where.

    Raises:
        StorageError: the database cannot be reached or used, or a newer nbflow made its tables.
        InvalidConfigError: ``database`` is something else, or a DSN that cannot be read.
        ModuleNotFoundError: ``nbflow[postgres]`` is not installed.
    """

    def __init__(self, database: Source) -> None:
        server = PostgresServer(database)
        super().__init__(server, _SQL)
        self._server = server

    @property
    def identity(self) -> Hashable:
        return (type(self), *self._server.identity)

    @classmethod
    def from_conn_string(cls, conn_string: str) -> Self:
        """As LangGraph's: ``with PostgresSaver.from_conn_string(dsn) as saver``; closes at the end.

        Without ``with`` it is the saver.
        """
        return cls(conn_string)

    def setup(self) -> None:
        """Nothing: the tables are there once the saver is. LangGraph's programs call it."""

    def close(self) -> None:
        self._server.close()

    # -- storing, of which the answer may get lost ------------------------------------------

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        begin = super().begin_run

        def begin_or_find() -> int:
            try:
                return begin(run, checkpoint, owner, expected_epoch)
            except ThreadBusyError:
                if self.get_run(run.id) is None:
                    raise
                self._number(checkpoint)
                return (expected_epoch or 0) + 1

        return self._server.twice(
            lambda: begin(run, checkpoint, owner, expected_epoch), begin_or_find
        )

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        """As of every saver. When the answer gets lost it is told as busy, since another claim of
        this process may have won; then nobody runs the thread until somebody claims it."""
        claim = super().claim
        return self._server.twice(lambda: claim(thread_id, ns, owner, expected_epoch))

    def renew(self, run: RunRow, epoch: int) -> None:
        renew = super().renew
        self._server.twice(lambda: renew(run, epoch))

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        append = super().append
        self._once(lambda: append(run, epoch, ops, checkpoint), run, epoch, ops, checkpoint)

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        finish = super().finish
        self._once(lambda: finish(run, epoch, status, ops, checkpoint), run, epoch, ops, checkpoint)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        answer = super().answer
        self._once(lambda: answer(run, epoch, ops), run, epoch, ops, None)

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        update = super().update

        def update_or_find() -> None:
            try:
                update(checkpoint, expected_epoch)
            except ThreadBusyError:
                if not self._number(checkpoint):
                    raise

        self._server.twice(lambda: update(checkpoint, expected_epoch), update_or_find)

    def delete_thread(self, thread_id: str) -> None:
        delete = super().delete_thread
        self._server.twice(lambda: delete(thread_id))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As of every saver (244). When the answer gets lost, the copy may be there, and it is told
        that there is such a thread already."""
        copy = super().copy_thread
        self._server.twice(lambda: copy(source_thread_id, target_thread_id))

    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        remove = super().remove
        self._server.twice(lambda: remove(thread_ids, decide))

    def _once(
        self,
        store: Callable[[], None],
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None,
    ) -> None:
        """Store, and when nobody hears what came of it, look first whether it is there."""

        def store_or_find() -> None:
            if not self._found(run, epoch, ops, checkpoint):
                store()

        self._server.twice(store, store_or_find)

    def _found(
        self, run: RunRow, epoch: int, ops: Sequence[OpRow], checkpoint: CheckpointRow | None
    ) -> bool:
        """Whether ops and checkpoint are there, of which all are or none is; numbers them."""

        def are_there(session: Any) -> bool:
            # whoever may still be storing them holds this lock
            if not session.execute(_SQL["holds_lease"], (run.id, epoch)).fetchall():
                lease_lost(run, epoch)
            for op in ops:
                cell = None if op.value is None else self._blobs.put(session, op.value)
                cells = op_cells(op, cell, run.id)
                sought = (run.id, op.key, op.kind, cells[-1])
                rows = session.execute(_SQL["find_op"], sought).fetchall()
                if not rows:
                    return False
                op.seq = rows[0][0]
            return True

        if not self._server.transaction(are_there):
            return False
        return self._number(checkpoint) if checkpoint is not None else bool(ops)

    def _number(self, checkpoint: CheckpointRow) -> bool:
        """Give a checkpoint its number, if it is stored."""
        address = (checkpoint.thread_id, checkpoint.ns, checkpoint.id)
        rows = self._server.rows(_SQL["checkpoint_seq"], address)
        if rows:
            checkpoint.seq = rows[0][0]
        return bool(rows)

    def _add_op(
        self, connection: Any, run: RunRow, epoch: int, op: OpRow, cell: Cell | None
    ) -> None:
        self._add_all(connection, run, epoch, [op], [cell])

    def _add_all(
        self, connection: Any, run: RunRow, epoch: int, ops: Sequence[OpRow],
        cells: Sequence[Cell | None],
    ) -> None:  # fmt: skip
        rows = [
            (run.id, epoch, *self._packed(self._op_cells(op, cell, run.id)))
            for op, cell in zip(ops, cells, strict=True)
        ]
        try:
            numbers = connection.first_of_each(_SQL["add_op"], rows)
        except UniqueViolation as fault:
            told = fault.diag.message_detail or ""
            key_taken(run, next((op for op in ops if op.key.hex() in told), ops[0]))
        for op, number in zip(ops, numbers, strict=True):
            if number is None:
                lease_lost(run, epoch)
            op.seq = number[0]

    def _packed(self, cells: tuple[Any, ...]) -> tuple[Any, ...]:
        value = cells[_VALUE]
        if value is None:
            return cells
        return (*cells[:_VALUE], self._server.packed(value), *cells[_VALUE + 1 :])
