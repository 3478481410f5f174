"""Threads kept in an SQLite file, shared by any number of threads, loops and processes.

Values longer than 1 KB lie once in the table ``blob``, under their hash, and what equals another
one in parts shares them (255, 257); rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable
from typing import Any, Self

from nbflow._database import scripts
from nbflow._database.sqlite_file import SqliteFile
from nbflow.checkpoint._cells import Cell
from nbflow.checkpoint._sql_saver import SqlSaver
from nbflow.checkpoint.base import OpRow, RunRow
from nbflow.checkpoint.refusals import key_taken, lease_lost

__all__ = ["SqliteSaver"]

_SQL = scripts.queries("sqlite", "checkpoint")
_ADD_OP = _SQL["add_op"]


class SqliteSaver(SqlSaver):
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

    is_at_hand = True
    """A commit takes some microseconds, unless another process has the file locked."""

    def __init__(self, database: str | os.PathLike[str] | sqlite3.Connection) -> None:
        file = SqliteFile(database)
        super().__init__(file, _SQL, shared=file.name != ":memory:")
        self._file = file
        self._identity = (
            id(self) if file.name == ":memory:" else (type(self), os.path.realpath(file.name))
        )

    @property
    def identity(self) -> Hashable:
        return self._identity

    @classmethod
    def from_conn_string(cls, conn_string: str) -> Self:
        """As LangGraph's: ``with SqliteSaver.from_conn_string(path) as saver``; closes at the end.

        Without ``with`` it is the saver.
        """
        return cls(conn_string)

    def close(self) -> None:
        self._file.close()

    def _add_op(
        self, connection: Any, run: RunRow, epoch: int, op: OpRow, cell: Cell | None
    ) -> None:
        cells = self._op_cells(op, cell, run.id)
        try:
            cursor = connection.execute(_ADD_OP, (run.id, epoch, *cells))
        except sqlite3.IntegrityError as fault:
            if "NOT NULL constraint failed: op.run" in str(fault):
                lease_lost(run, epoch)
            if "UNIQUE" not in str(fault):
                raise
            key_taken(run, op)
        op.seq = cursor.lastrowid or 0
