"""A store in a Postgres database, shared by any number of threads, loops and machines.

The database may be that of a saver. Rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from nbflow._database import scripts
from nbflow._database.postgres_server import PostgresServer, Source
from nbflow.store._kept import Place, Written
from nbflow.store._sql_store import SqlStore
from nbflow.store.base import IndexConfig, TTLConfig

__all__ = ["PostgresStore"]

_SQL = scripts.queries("postgres", "store")


class PostgresStore(SqlStore):
    """Keeps values in a Postgres database, in tables ``nbflow_store_...`` made on first use.

    They lie in the connection's current schema. A connection that breaks is made anew, and what
    was being stored is stored once. Keys with a NUL are refused, by InvalidNameError.

    Args:
        database: a DSN such as ``postgresql://user:password@host/database``; a
            ``psycopg_pool.ConnectionPool``, which stays yours to close; or an open
            ``psycopg.Connection``, which only tells where.
        index: how values are found by meaning; None compares nothing (289).
        ttl: how long values are kept; None for ever, unless a ``put`` says otherwise (285).
        clock: seconds since 1970; machines that share a store set theirs alike.

    Raises:
        StorageError: the database cannot be reached or used, or a newer nbflow made its tables.
        InvalidConfigError: ``database`` is something else, or a DSN that cannot be read.
        ModuleNotFoundError: ``nbflow[postgres]`` is not installed.
    """

    _beyond_all: ClassVar[bytes | None] = None

    def __init__(
        self,
        database: Source,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server = PostgresServer(database)
        super().__init__(self._server, _SQL, index=index, ttl=ttl, clock=clock)

    @classmethod
    def from_conn_string(
        cls, conn_string: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None
    ) -> Self:
        """As LangGraph's: ``with PostgresStore.from_conn_string(dsn) as store``; closes at the end.

        Without ``with`` it is the store.
        """
        return cls(conn_string, index=index, ttl=ttl)

    def setup(self) -> None:
        """Nothing: the tables are there once the store is. LangGraph's programs call it."""

    def close(self) -> None:
        super().close()
        self._server.close()

    def _write(self, writes: Sequence[Written]) -> None:
        write = super()._write
        self._server.twice(lambda: write(writes))

    def _refresh(self, places: Sequence[Place], now: float) -> None:
        refresh = super()._refresh
        self._server.twice(lambda: refresh(places, now))

    def _sweep(self, now: float) -> int:
        sweep = super()._sweep
        return self._server.twice(lambda: sweep(now))
