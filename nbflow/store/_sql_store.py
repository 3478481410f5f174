"""What stores on a database that speaks SQL do alike; a backend brings its dialect.

Rows carry check sums, and what does not fit them is a :class:`~nbflow.errors.CorruptDataError`,
never a wrong value.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from zlib import crc32

from ormsgpack import packb

from nbflow._database.database import Connection, Database
from nbflow.errors import CorruptDataError, StorageError
from nbflow.store._kept import KeptStore, Place, Row, Written, expiry
from nbflow.store.base import IndexConfig, TTLConfig

__all__ = ["SqlStore"]

_log = logging.getLogger(__name__)
_PAGE = 100
_BEFORE_ALL = (-1, -1)


class SqlStore(KeptStore):
    """A store on a database.

    Args:
        queries: the statements of its dialect.
    """

    _beyond_all: ClassVar[bytes | None]
    """What stands for more than any text."""

    def __init__(
        self,
        database: Database,
        queries: Mapping[str, str],
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(index=index, ttl=ttl, clock=clock)
        self._database = database
        self._sql = queries

    # -- reading ----------------------------------------------------------------------------

    def _row(self, namespace: tuple[str, ...], key: str, alive: float) -> Row | None:
        rows = self._database.rows(self._sql["get_item"], (_name(namespace), key, alive))
        return self._checked(rows[0]) if rows else None

    def _rows(
        self, prefix: tuple[str, ...], alive: float, offset: int = 0, limit: int | None = None
    ) -> Iterator[Row]:
        left = sys.maxsize if limit is None else limit
        after: Place = _BEFORE_ALL
        while left > 0:
            size = min(left, _PAGE)
            page = {
                **self._below(prefix), "alive": alive, "ns": after[0], "item": after[1],
                "limit": size, "offset": offset,
            }  # fmt: skip
            rows = self._database.rows(self._sql["list_items"], page)
            for row in rows:
                yield self._checked(row)
            if len(rows) < size:
                return
            after, offset, left = rows[-1][:2], 0, left - size

    def _vectors(self, prefix: tuple[str, ...], alive: float) -> Iterator[tuple[Place, bytes]]:
        after = (*_BEFORE_ALL, -1)
        while True:
            page = {
                **self._below(prefix), "alive": alive, "ns": after[0], "item": after[1],
                "vector": after[2], "limit": _PAGE,
            }  # fmt: skip
            rows = self._database.rows(self._sql["list_vectors"], page)
            for ns, item, _, data in rows:
                yield (ns, item), data
            if len(rows) < _PAGE:
                return
            after = rows[-1][:3]

    def _rows_at(self, places: Sequence[Place]) -> Iterator[Row]:
        for place in places:
            for row in self._database.rows(self._sql["get_item_at"], place):
                yield self._checked(row)

    def _namespaces(self, prefix: tuple[str, ...], alive: float) -> Iterable[tuple[str, ...]]:
        page = {**self._below(prefix), "alive": alive}
        rows = self._database.rows(self._sql["list_namespaces"], page)
        return [tuple(name.split(".")) for (name,) in rows]

    def _checked(self, found: tuple[Any, ...]) -> Row:
        ns, item, name, key, created, updated, ttl, data, check = found
        if type(data) is not bytes or check != _check(data, name, key, created, updated, ttl):
            raise CorruptDataError(
                f"The value of {key!r} in namespace {name!r} of {self._database.name} cannot be "
                "read: it is damaged, its check sum does not fit. Other values are not affected. "
                "Restore the database from a copy, or delete that value."
            )
        return Row((ns, item), tuple(name.split(".")), key, created, updated, ttl, data)

    # -- writing ----------------------------------------------------------------------------

    def _write(self, writes: Sequence[Written]) -> None:
        names = list({_name(written.namespace) for written in writes})

        def write(connection: Connection) -> None:
            connection.execute(self._sql["lock_namespaces"], (json.dumps(names),)).fetchall()
            for written in writes:
                self._write_one(connection, written)

        self._database.transaction(write)

    def _refresh(self, places: Sequence[Place], now: float) -> None:
        rows = [{"now": now, "item": item} for _, item in places]
        numbers = json.dumps([ns for ns, _ in places])

        def refresh(connection: Connection) -> None:
            connection.execute(self._sql["lock_places"], (numbers,)).fetchall()
            connection.executemany(self._sql["refresh_item"], rows)

        try:
            self._database.transaction(refresh)
        except StorageError as fault:
            # what was read is right all the same: the database may be read-only
            _log.warning("Values were read, but their time did not start anew: %s", fault)

    def _sweep(self, now: float) -> int:
        def sweep(connection: Connection) -> int:
            found = connection.execute(self._sql["namespaces_with_expired"], (now,)).fetchall()
            if not found:
                return 0
            names = json.dumps([name for (name,) in found])
            connection.execute(self._sql["lock_namespaces"], (names,)).fetchall()
            gone = connection.execute(
                self._sql["expired_items"], {"now": now, "names": names}
            ).fetchall()
            for query in ("delete_vectors", "delete_item"):
                connection.executemany(self._sql[query], [(item,) for item, _ in gone])
            for name in dict.fromkeys(name for _, name in gone):
                connection.execute(self._sql["delete_namespace"], (name,))
            return len(gone)

        return self._database.transaction(sweep)

    def _write_one(self, connection: Connection, written: Written) -> None:
        name, now = _name(written.namespace), written.now
        address = {"name": name, "key": written.key}
        created = now
        if written.data is not None:
            connection.execute(self._sql["add_namespace"], (name,))
        found = connection.execute(self._sql["find_item"], {**address, "now": now}).fetchall()
        for item, first, expired in found:
            connection.execute(self._sql["delete_vectors"], (item,))
            if written.data is not None and not expired:
                created = first
                continue
            connection.execute(self._sql["delete_item"], (item,))
            connection.execute(self._sql["delete_namespace"], (name,))
            if written.data is not None:
                connection.execute(self._sql["add_namespace"], (name,))
        if written.data is None:
            return
        check = _check(written.data, name, written.key, created, now, written.ttl)
        connection.execute(
            self._sql["put_item"],
            {
                **address, "created": created, "updated": now, "ttl": written.ttl,
                "expires": expiry(now, written.ttl), "check_": check, "value": written.data,
            },
        )  # fmt: skip
        connection.executemany(
            self._sql["add_vector"], [{**address, "data": vector} for vector in written.vectors]
        )

    def _below(self, prefix: tuple[str, ...]) -> dict[str, Any]:
        """The names at or below a namespace, as the queries take them."""
        name = _name(prefix)
        if not prefix:
            return {"at": name, "below": "", "beyond": self._beyond_all}
        return {"at": name, "below": f"{name}.", "beyond": f"{name}/"}


def _name(namespace: tuple[str, ...]) -> str:
    return ".".join(namespace)


def _check(data: bytes, *cells: Any) -> int:
    """Check sum of a row."""
    return crc32(data, crc32(packb(cells)))
