"""A cache in this process's memory; it holds copies, never the caller's objects."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from nbflow.cache._kept import Entry, KeptCache
from nbflow.cache.base import FullKey, Namespace, ValueT

__all__ = ["InMemoryCache"]

_SWEEP_AFTER = 1_000
"""Entries kept before what has expired is looked for, at least."""


class InMemoryCache(KeptCache[ValueT]):
    """A cache that ends with the process.

    Args:
        clock: seconds since 1970.

    >>> cache = InMemoryCache()
    >>> cache.set({(("essay",), "tea"): ({"words": 300}, 60)})
    >>> cache.get([(("essay",), "tea")])
    {(('essay',), 'tea'): {'words': 300}}
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock=clock)
        self._entries: dict[Namespace, dict[str, Entry]] = {}
        self._until_sweep = _SWEEP_AFTER
        self._lock = threading.Lock()

    def _read(self, key: FullKey, now: float) -> Entry | None:
        namespace, name = key
        with self._lock:
            entry = self._entries.get(namespace, {}).get(name)
        return entry if entry is not None and _is_alive(entry, now) else None

    def _write(self, entries: Sequence[tuple[FullKey, Entry]], now: float) -> None:
        with self._lock:
            for (namespace, name), entry in entries:
                self._entries.setdefault(namespace, {})[name] = entry
            self._until_sweep -= len(entries)
            if self._until_sweep <= 0:
                self._sweep(now)

    def _sweep(self, now: float) -> None:
        """Drop what has expired; so rarely that it costs little for each entry kept."""
        self._entries = {
            namespace: alive
            for namespace, there in self._entries.items()
            if (alive := {name: kept for name, kept in there.items() if _is_alive(kept, now)})
        }
        self._until_sweep = max(_SWEEP_AFTER, sum(map(len, self._entries.values())))

    def _forget(self, namespaces: Sequence[Namespace] | None) -> None:
        with self._lock:
            if namespaces is None:
                self._entries.clear()
            for namespace in namespaces or ():
                self._entries.pop(namespace, None)


def _is_alive(entry: Entry, now: float) -> bool:
    return entry.expires is None or entry.expires > now
