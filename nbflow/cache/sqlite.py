"""A cache in an SQLite file, shared by any number of threads, loops and processes.

The file may be that of a saver or a store. Rows carry check sums; what does not fit them is a
miss.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence

from nbflow._database import scripts
from nbflow._database.database import Connection
from nbflow._database.sqlite_file import SqliteFile
from nbflow.cache._kept import Entry, KeptCache
from nbflow.cache.base import FullKey, Namespace, ValueT

__all__ = ["SqliteCache"]

_SQL = scripts.queries("sqlite", "cache")


class SqliteCache(KeptCache[ValueT]):
    """Keeps results in an SQLite file, made on first use and readable for its owner alone.

    Args:
        path: a path, ``":memory:"``, or an open ``sqlite3`` connection: of one to a file only the
            path is taken.
        clock: seconds since 1970.

    Raises:
        StorageError: it cannot be opened, or a newer nbflow made it.

    >>> with SqliteCache(":memory:") as cache:
    ...     cache.set({(("essay",), "tea"): ({"words": 300}, 60)})
    ...     cache.get([(("essay",), "tea")])
    {(('essay',), 'tea'): {'words': 300}}
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | sqlite3.Connection,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock=clock)
        self._file = SqliteFile(path)

    def close(self) -> None:
        self._file.close()

    def _read(self, key: FullKey, now: float) -> Entry | None:
        rows = self._file.rows(_SQL["get_entry"], (*_address(key), now))
        return Entry(*rows[0]) if rows else None

    def _write(self, entries: Sequence[tuple[FullKey, Entry]], now: float) -> None:
        rows = [(*_address(key), kept.expires, kept.check, kept.data) for key, kept in entries]

        def write(connection: Connection) -> None:
            connection.executemany(_SQL["put_entry"], rows)
            connection.execute(_SQL["delete_expired"], (now,))

        self._file.transaction(write)

    def _forget(self, namespaces: Sequence[Namespace] | None) -> None:
        def forget(connection: Connection) -> None:
            if namespaces is None:
                connection.execute(_SQL["delete_all"])
            for namespace in namespaces or ():
                connection.execute(_SQL["delete_namespace"], (_text(namespace),))

        self._file.transaction(forget)


def _address(key: FullKey) -> tuple[str, bytes]:
    namespace, name = key
    return _text(namespace), name.encode("utf-8", "surrogatepass")


def _text(namespace: Namespace) -> str:
    return json.dumps(namespace)
