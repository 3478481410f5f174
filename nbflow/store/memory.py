"""A store in this process's memory; it holds copies, never the caller's objects (282)."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from nbflow.store._kept import KeptStore, Place, Row, Written, expiry
from nbflow.store.base import IndexConfig, TTLConfig

__all__ = ["InMemoryStore"]


@dataclass(frozen=True, slots=True)
class _Kept:
    row: Row
    expires: float | None
    vectors: tuple[bytes, ...]

    def is_alive(self, alive: float) -> bool:
        return self.expires is None or self.expires > alive


@dataclass(slots=True)
class _Namespace:
    number: int
    rows: dict[str, _Kept]


class InMemoryStore(KeptStore):
    """A store that ends with the process.

    Args:
        index: how values are found by meaning; None compares nothing (289).
        ttl: how long values are kept; None for ever, unless a ``put`` says otherwise (285).
        clock: seconds since 1970.

    >>> store = InMemoryStore()
    >>> store.put(("users",), "ada", {"likes": "tea"})
    >>> store.get(("users",), "ada").value
    {'likes': 'tea'}

    >>> def embed(texts):
    ...     return [[text.count("e"), text.count("a")] for text in texts]
    >>> store = InMemoryStore(index={"dims": 2, "embed": embed, "fields": ["text"]})
    >>> store.put(("docs",), "1", {"text": "banana"})
    >>> store.put(("docs",), "2", {"text": "cherry tree"})
    >>> [item.key for item in store.search(("docs",), query="bees", limit=1)]
    ['2']
    """

    def __init__(
        self,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(index=index, ttl=ttl, clock=clock)
        self._kept: dict[tuple[str, ...], _Namespace] = {}
        self._addresses: dict[Place, tuple[tuple[str, ...], str]] = {}
        self._numbers = count()
        self._lock = threading.Lock()

    def _row(self, namespace: tuple[str, ...], key: str, alive: float) -> Row | None:
        with self._lock:
            there = self._kept.get(namespace)
            kept = None if there is None else there.rows.get(key)
        return kept.row if kept is not None and kept.is_alive(alive) else None

    def _rows(
        self, prefix: tuple[str, ...], alive: float, offset: int = 0, limit: int | None = None
    ) -> Iterator[Row]:
        stop = None if limit is None else min(offset + limit, sys.maxsize)
        return iter([kept.row for kept in self._copied(prefix, alive, offset, stop)])

    def _vectors(self, prefix: tuple[str, ...], alive: float) -> Iterator[tuple[Place, bytes]]:
        for kept in self._copied(prefix, alive):
            for vector in kept.vectors:
                yield kept.row.place, vector

    def _copied(
        self, prefix: tuple[str, ...], alive: float, start: int = 0, stop: int | None = None
    ) -> list[_Kept]:
        """What is there now, so that nobody waits while it is looked at."""
        with self._lock:
            found = (
                kept
                for namespace, there in self._kept.items()
                if namespace[: len(prefix)] == prefix
                for kept in there.rows.values()
                if kept.is_alive(alive)
            )
            return list(islice(found, start, stop))

    def _rows_at(self, places: Sequence[Place]) -> Iterator[Row]:
        for place in places:
            with self._lock:
                kept = self._at(place)
            if kept is not None:
                yield kept.row

    def _namespaces(self, prefix: tuple[str, ...], alive: float) -> Iterable[tuple[str, ...]]:
        with self._lock:
            return [
                namespace
                for namespace, there in self._kept.items()
                if namespace[: len(prefix)] == prefix
                and any(kept.is_alive(alive) for kept in there.rows.values())
            ]

    def _write(self, writes: Sequence[Written]) -> None:
        with self._lock:
            for written in writes:
                self._put(written)

    def _refresh(self, places: Sequence[Place], now: float) -> None:
        with self._lock:
            for place in places:
                kept = self._at(place)
                if kept is not None and kept.row.ttl is not None:
                    row = kept.row
                    renewed = replace(kept, expires=expiry(now, row.ttl))
                    self._kept[row.namespace].rows[row.key] = renewed

    def _sweep(self, now: float) -> int:
        with self._lock:
            gone = [
                kept.row
                for there in self._kept.values()
                for kept in there.rows.values()
                if not kept.is_alive(now)
            ]
            for row in gone:
                self._drop(row)
            return len(gone)

    # -- with the lock held -----------------------------------------------------------------

    def _at(self, place: Place) -> _Kept | None:
        address = self._addresses.get(place)
        return None if address is None else self._kept[address[0]].rows[address[1]]

    def _put(self, written: Written) -> None:
        there = self._kept.get(written.namespace)
        old = None if there is None else there.rows.get(written.key)
        if old is not None and (written.data is None or not old.is_alive(written.now)):
            self._drop(old.row)
            old = None
        if written.data is None:
            return
        if written.namespace not in self._kept:
            self._kept[written.namespace] = _Namespace(next(self._numbers), {})
        there = self._kept[written.namespace]
        place = (there.number, next(self._numbers)) if old is None else old.row.place
        created = written.now if old is None else old.row.created
        row = Row(
            place, written.namespace, written.key, created, written.now, written.ttl, written.data
        )
        there.rows[written.key] = _Kept(row, expiry(written.now, written.ttl), written.vectors)
        self._addresses[place] = (written.namespace, written.key)

    def _drop(self, row: Row) -> None:
        there = self._kept[row.namespace]
        del there.rows[row.key], self._addresses[row.place]
        if not there.rows:
            del self._kept[row.namespace]
