"""A store in an SQLite file, shared by any number of threads, loops and processes.

The file may be that of a saver or a cache. Rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self
from zlib import crc32

from ormsgpack import packb

from nbflow._database import scripts
from nbflow._database.sqlite_file import SqliteFile
from nbflow.errors import CorruptDataError, StorageError
from nbflow.store._kept import KeptStore, Place, Row, Written, expiry
from nbflow.store.base import IndexConfig, TTLConfig

__all__ = ["SqliteStore"]

_log = logging.getLogger(__name__)
_SQL = scripts.queries("sqlite", "store")
_PAGE = 100
_BEFORE_ALL = (-1, -1)
_MORE_THAN_TEXT = b""


class SqliteStore(KeptStore):
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

    def __init__(
        self,
        database: str | os.PathLike[str] | sqlite3.Connection,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(index=index, ttl=ttl, clock=clock)
        self._file = SqliteFile(database)

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

    # -- reading ----------------------------------------------------------------------------

    def _row(self, namespace: tuple[str, ...], key: str, alive: float) -> Row | None:
        rows = self._file.rows(_SQL["get_item"], (_name(namespace), key, alive))
        return self._checked(rows[0]) if rows else None

    def _rows(
        self, prefix: tuple[str, ...], alive: float, offset: int = 0, limit: int | None = None
    ) -> Iterator[Row]:
        left = sys.maxsize if limit is None else limit
        after: Place = _BEFORE_ALL
        while left > 0:
            size = min(left, _PAGE)
            page = {
                **_below(prefix), "alive": alive, "ns": after[0], "item": after[1],
                "limit": size, "offset": offset,
            }  # fmt: skip
            rows = self._file.rows(_SQL["list_items"], page)
            for row in rows:
                yield self._checked(row)
            if len(rows) < size:
                return
            after, offset, left = rows[-1][:2], 0, left - size

    def _vectors(self, prefix: tuple[str, ...], alive: float) -> Iterator[tuple[Place, bytes]]:
        after = (*_BEFORE_ALL, -1)
        while True:
            page = {
                **_below(prefix), "alive": alive, "ns": after[0], "item": after[1],
                "vector": after[2], "limit": _PAGE,
            }  # fmt: skip
            rows = self._file.rows(_SQL["list_vectors"], page)
            for ns, item, _, data in rows:
                yield (ns, item), data
            if len(rows) < _PAGE:
                return
            after = rows[-1][:3]

    def _rows_at(self, places: Sequence[Place]) -> Iterator[Row]:
        for place in places:
            for row in self._file.rows(_SQL["get_item_at"], place):
                yield self._checked(row)

    def _namespaces(self, prefix: tuple[str, ...], alive: float) -> Iterable[tuple[str, ...]]:
        rows = self._file.rows(_SQL["list_namespaces"], {**_below(prefix), "alive": alive})
        return [tuple(name.split(".")) for (name,) in rows]

    def _checked(self, found: tuple[Any, ...]) -> Row:
        ns, item, name, key, created, updated, ttl, data, check = found
        if type(data) is not bytes or check != _check(data, name, key, created, updated, ttl):
            raise CorruptDataError(
                f"The value of {key!r} in namespace {name!r} of {self._file.name} cannot be read: "
                "it is damaged, its check sum does not fit. Other values are not affected. "
                "Restore the file from a copy, or delete that value."
            )
        return Row((ns, item), tuple(name.split(".")), key, created, updated, ttl, data)

    # -- writing ----------------------------------------------------------------------------

    def _write(self, writes: Sequence[Written]) -> None:
        with self._file.transaction() as connection:
            for written in writes:
                _write_one(connection, written)

    def _refresh(self, places: Sequence[Place], now: float) -> None:
        rows = [{"now": now, "item": item} for _, item in places]
        try:
            with self._file.transaction() as connection:
                connection.executemany(_SQL["refresh_item"], rows)
        except StorageError as fault:
            # what was read is right all the same: the file may be read-only
            _log.warning("Values were read, but their time did not start anew: %s", fault)

    def _sweep(self, now: float) -> int:
        with self._file.transaction() as connection:
            gone = connection.execute(_SQL["expired_items"], (now,)).fetchall()
            if gone:
                connection.executemany(_SQL["delete_vectors"], gone)
                connection.executemany(_SQL["delete_item"], gone)
                connection.execute(_SQL["delete_empty_namespaces"])
            return len(gone)


def _name(namespace: tuple[str, ...]) -> str:
    return ".".join(namespace)


def _below(prefix: tuple[str, ...]) -> dict[str, Any]:
    """The names at or below a namespace, as the queries take them."""
    name = _name(prefix)
    if not prefix:
        return {"at": name, "below": "", "beyond": _MORE_THAN_TEXT}
    return {"at": name, "below": f"{name}.", "beyond": f"{name}/"}


def _check(data: bytes, *cells: Any) -> int:
    """Check sum of a row."""
    return crc32(data, crc32(packb(cells)))


def _write_one(connection: sqlite3.Connection, written: Written) -> None:
    name, now = _name(written.namespace), written.now
    address = {"name": name, "key": written.key}
    created = now
    for item, first, expired in connection.execute(
        _SQL["find_item"], {**address, "now": now}
    ).fetchall():
        connection.execute(_SQL["delete_vectors"], (item,))
        if written.data is None or expired:
            connection.execute(_SQL["delete_item"], (item,))
            connection.execute(_SQL["delete_namespace"], (name,))
        else:
            created = first
    if written.data is None:
        return
    connection.execute(_SQL["add_namespace"], (name,))
    check = _check(written.data, name, written.key, created, now, written.ttl)
    connection.execute(
        _SQL["put_item"],
        {
            **address, "created": created, "updated": now, "ttl": written.ttl,
            "expires": expiry(now, written.ttl), "check_": check, "value": written.data,
        },
    )  # fmt: skip
    connection.executemany(
        _SQL["add_vector"], [{**address, "data": vector} for vector in written.vectors]
    )
