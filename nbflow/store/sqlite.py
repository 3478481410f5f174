"""A store in an SQLite file, shared by any number of threads, loops and processes.

The file may be that of a saver or a cache. Rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from typing import ClassVar, Self

from nbflow._database import scripts
from nbflow._database.sqlite_file import SqliteFile
from nbflow.store._sql_store import SqlStore
from nbflow.store.base import IndexConfig, TTLConfig

__all__ = ["SqliteStore"]

_SQL = scripts.queries("sqlite", "store")


class SqliteStore(SqlStore):
    """Keeps values in an SQLite file, made on first use and readable for its owner alone.

    Args:
        database: a path, ``":memory:"``, or an open ``sqlite3`` connection: of one to a file only
            the path is taken.
        index: how values are found by meaning; None compares nothing (289).
        ttl: how long values are kept; None for ever, unless a ``put`` says otherwise (285).
        clock: seconds since 1970.

    Raises:
        StorageError: it cannot be opened, or a newer nbflow made it.

    >>> with SqliteStore(":memory:") as store:
    ...     store.put(("users",), "ada", {"likes": "tea"})
    ...     store.get(("users",), "ada").value
    {'likes': 'tea'}
    """

    _beyond_all: ClassVar[bytes | None] = b""

    def __init__(
        self,
        database: str | os.PathLike[str] | sqlite3.Connection,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = SqliteFile(database)
        super().__init__(self._file, _SQL, index=index, ttl=ttl, clock=clock)

    @classmethod
    def from_conn_string(
        cls, conn_string: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None
    ) -> Self:
        """As LangGraph's: ``with SqliteStore.from_conn_string(path) as store``; closes at the end.

        Without ``with`` it is the store.
        """
        return cls(conn_string, index=index, ttl=ttl)

    def setup(self) -> None:
        """Nothing: the tables are there once the file is open. LangGraph's programs call it."""

    def close(self) -> None:
        super().close()
        self._file.close()
