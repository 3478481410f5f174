"""Where the long values of a database lie: once each, under their hash.

A value of 64 KB and more lies in parts, which similar values share: a conversation that grows by a
message at each turn takes a few parts more, not all of it again (255). Blobs never change; what is
read does not fit its hash is damaged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from nbflow import serde
from nbflow._database.database import Connection, Database
from nbflow.checkpoint._cells import INLINE_BYTES, Cell, blob_name
from nbflow.checkpoint._parts import LONGEST, SHORTEST, parts_of
from nbflow.checkpoint._recent import RecentValues

__all__ = ["Blobs"]

_HASH_BYTES = 16

_BATCH = 64
"""Parts that are stored or read by one statement: as many as most values have."""

_LATE = 1 << 20
"""Bytes of a value that is worth not to be read."""

T = TypeVar("T")


class Blobs:
    """The blobs of one database.

    Args:
        queries: the statements of its dialect.
    """

    def __init__(self, database: Database, queries: Mapping[str, str]) -> None:
        self._database = database
        self._sql = queries
        self._recent = RecentValues()
        """Used with ``database.recent`` held."""

    def put(self, connection: Connection, value: bytes) -> Cell:
        """What the column of a value holds; stores a long one, in the transaction that is open."""
        if len(value) <= INLINE_BYTES:
            return value
        if len(value) >= SHORTEST:
            return self._put_parts(connection, value)
        name = blob_name(value)
        connection.execute(self._sql["add_blob"], (name, len(value), value))
        return name

    def _has(self, connection: Connection, name: str) -> bool:
        return bool(connection.execute(self._sql["has_blob"], (name,)).fetchall())

    def _put_parts(self, connection: Connection, value: bytes) -> str:
        with self._database.recent:
            known = self._recent.name_of(value)
        if known is not None and self._has(connection, known):
            return known
        cut = parts_of(value)
        names = [*map(blob_name, cut)]
        parts = dict(zip(names, cut, strict=True))
        hashes = bytes.fromhex("".join(names))
        name = _name_of_whole(hashes)
        if connection.execute(self._sql["add_whole"], (name, len(value), hashes)).rowcount:
            listed = json.dumps([*parts])
            missing = connection.execute(self._sql["missing_parts"], (listed,)).fetchall()
            for some in _batches(missing):
                connection.executemany(
                    self._sql["add_blob"], [(h, len(parts[h]), parts[h]) for (h,) in some]
                )
            connection.execute(self._sql["join_parts"], {"whole": name, "parts": listed})
        with self._database.recent:
            self._recent.put(name, value)
        return name

    def get(self, name: str) -> bytes | None:
        """The value; None when it is missing or damaged."""
        with self._database.recent:
            known = self._recent.get(name)
        if known is not None:
            return known
        rows = self._database.rows(self._sql["get_blob"], (name,))
        return self._value(name, *rows[0]) if rows else None

    def find(self, name: str) -> bytes | Callable[[], bytes | None] | None:
        """As :meth:`get`; of a very long value what reads it, once it is known to be there."""
        with self._database.recent:
            known = self._recent.get(name)
        if known is not None:
            return known
        for codec, size, data in self._database.rows(self._sql["get_blob"], (name,)):
            read = partial(self._value, name, codec, size, data)
            is_late = codec == "parts" and type(size) is int and size >= _LATE
            return read if is_late else read()
        return None

    def get_short_of(
        self, rows: Iterable[Sequence[Any]], columns: Iterable[int]
    ) -> dict[str, bytes]:
        """Values of blobs that the columns of some rows name, by one query: the shorter ones, of
        those that are sound."""
        names = {row[at] for row in rows for at in columns if type(row[at]) is str}
        if not names:
            return {}
        listed = json.dumps([*names])
        rows = self._database.rows(
            self._sql["get_short_blobs"], {"names": listed, "size": SHORTEST - 1}
        )
        found = ((row[0], self._value(*row)) for row in rows)
        return {name: value for name, value in found if value is not None}

    def _value(self, name: str, codec: Any, size: Any, data: Any) -> bytes | None:
        if not isinstance(data, bytes):
            return None
        if codec == "raw":
            return data if size == len(data) and blob_name(data) == name else None
        if codec != "parts" or _name_of_whole(data) != name:
            return None
        # a part that is repeated ten thousand times makes a small file a value of terabytes
        if type(size) is not int or size > max(LONGEST, serde.MAX_BYTES):
            return None
        value = self._joined(_names_in(data), size)
        if value is not None:
            with self._database.recent:
                self._recent.put(name, value)
        return value

    def _joined(self, names: Sequence[str], size: int) -> bytes | None:
        """A value of that size; None when a part is missing or damaged."""
        parts: dict[str, bytes] = {}
        for some in _batches([*dict.fromkeys(names)]):
            rows = self._database.rows(self._sql["get_parts"], (json.dumps(some),))
            if len(rows) != len(some) or not all(_is_sound(*row) for row in rows):
                return None
            parts.update(rows)
        if sum(len(parts[name]) for name in names) != size:
            return None
        return b"".join(parts[name] for name in names)

    def collect(self, connection: Connection, cells: Iterable[Any]) -> None:
        """Delete the blobs among the cells of deleted rows that nothing else holds."""
        todo = {cell for cell in cells if isinstance(cell, str)}
        while todo:
            deleted = [
                row for h in todo for row in connection.execute(self._sql["delete_blob"], {"h": h})
            ]
            todo = set()
            for blob, codec, data in deleted:
                if codec == "parts" and isinstance(data, bytes):
                    names = _names_in(data)
                    connection.execute(
                        self._sql["part_from_whole"], {"whole": blob, "parts": json.dumps(names)}
                    )
                    todo.update(names)


def _batches(parts: Sequence[T]) -> Iterator[Sequence[T]]:
    return (parts[at : at + _BATCH] for at in range(0, len(parts), _BATCH))


def _name_of_whole(hashes: bytes) -> str:
    """Under which a value in parts is kept; no value in one piece has this name."""
    return blake2b(hashes, digest_size=_HASH_BYTES, person=b"parts").hexdigest()


def _names_in(hashes: bytes) -> list[str]:
    text = hashes.hex()
    return [text[at : at + 2 * _HASH_BYTES] for at in range(0, len(text), 2 * _HASH_BYTES)]


def _is_sound(name: str, part: Any) -> bool:
    return isinstance(part, bytes) and blob_name(part) == name
