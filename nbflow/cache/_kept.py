"""What all of nbflow's caches do alike: a backend only keeps bytes."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from zlib import crc32

from nbflow import serde
from nbflow.cache.base import BaseCache, FullKey, Namespace, ValueT
from nbflow.errors import CorruptDataError, NbflowError, NotSerializableError

__all__ = ["Entry", "KeptCache"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as a backend keeps it."""

    data: Any
    """The encoded value; what a backend reads may be anything."""
    check: Any
    """Check sum of the rest."""
    expires: float | None
    """Seconds since 1970, as of the cache's clock."""


class KeptCache(BaseCache[ValueT]):
    """A cache by nbflow; a backend defines the methods below :meth:`close`."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._complained = False
        """Whether the user knows already that the backend fails."""

    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        now = self._clock()
        found: dict[FullKey, ValueT] = {}
        for key in dict.fromkeys(map(_full_key, keys)):
            try:
                entry = self._read(key, now)
                if entry is not None:
                    found[key] = _value(key, entry)
            except CorruptDataError as fault:
                _log.warning("The cached result %r is damaged, so its task runs: %s", key, fault)
            except _NotKnownHere:
                continue
            except NbflowError as fault:
                self._complain("Cached results could not be read, so their tasks run", fault)
                return found
        self._complained = False
        return found

    def set(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        self._keep(self._encoded(pairs))

    async def aset(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """As :meth:`set`, beside the event loop; values are copied before anything waits."""
        await asyncio.to_thread(self._keep, self._encoded(pairs))

    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        self._forget(None if namespaces is None else list(map(_namespace, namespaces)))

    def _encoded(
        self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]
    ) -> list[tuple[FullKey, Entry]]:
        now = self._clock()
        entries = []
        for given, (value, ttl) in pairs.items():
            key = _full_key(given)
            try:
                data = serde.dumps(value)
            except NotSerializableError as fault:
                _log.warning("The result %r is not cached: %s", key, fault)
                continue
            expires = _expiry(now, ttl)
            entries.append((key, Entry(data, _check(data, key, expires), expires)))
        return entries

    def _keep(self, entries: Sequence[tuple[FullKey, Entry]]) -> None:
        try:
            self._write(entries, self._clock())
            self._complained = False
        except NbflowError as fault:
            self._complain("Results could not be cached, so their tasks will run again", fault)

    def _complain(self, what: str, fault: NbflowError) -> None:
        """Say it once, until the backend works again."""
        level = logging.DEBUG if self._complained else logging.WARNING
        self._complained = True
        _log.log(level, "%s: %s", what, fault)

    # -- ending -----------------------------------------------------------------------------

    def close(self) -> None:
        """Release the database; calling twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- a backend --------------------------------------------------------------------------

    @abstractmethod
    def _read(self, key: FullKey, now: float) -> Entry | None:
        """The entry of a key, unless it expires at ``now`` or before."""

    @abstractmethod
    def _write(self, entries: Sequence[tuple[FullKey, Entry]], now: float) -> None:
        """Keep entries, and drop what has expired."""

    @abstractmethod
    def _forget(self, namespaces: Sequence[Namespace] | None) -> None:
        """Drop what is in these namespaces; None drops everything."""


class _NotKnownHere(Exception):
    """A value of a class that this process does not know: the task itself makes a whole one."""


def _value(key: FullKey, entry: Entry) -> Any:
    if type(entry.data) is not bytes or entry.check != _check(entry.data, key, entry.expires):
        raise CorruptDataError("Its check sum does not fit.")
    value = serde.loads(entry.data)
    if _is_opaque(value):
        raise _NotKnownHere
    return value


def _is_opaque(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_opaque, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_opaque, value))
    return isinstance(value, serde.Opaque)


def _check(data: bytes, key: FullKey, expires: float | None) -> int:
    return crc32(data, crc32(repr((key, expires)).encode()))


def _expiry(now: float, ttl: Any) -> float | None:
    if ttl is None:
        return None
    is_number = isinstance(ttl, int | float) and not isinstance(ttl, bool)
    if not is_number or math.isnan(ttl):
        raise TypeError(f"ttl={ttl!r}: give a number of seconds, or None for ever.")
    return float(now + ttl)


def _full_key(key: Any) -> FullKey:
    if isinstance(key, Sequence) and not isinstance(key, str) and len(key) == 2:
        namespace, name = key
        if isinstance(name, str):
            return _namespace(namespace), name
    raise TypeError(f"{key!r} is no key of a cache. Give a tuple of strings, and a string.")


def _namespace(namespace: Any) -> Namespace:
    if isinstance(namespace, Sequence) and not isinstance(namespace, str):
        labels = tuple(namespace)
        if all(isinstance(label, str) for label in labels):
            return labels
    raise TypeError(f"{namespace!r} is no namespace of a cache. Give a tuple of strings.")
