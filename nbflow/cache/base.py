"""The contract of every cache: results under a namespace and a key (221-232).

A cache never costs a result: what it cannot read is a miss, and what it cannot keep is only
logged.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

__all__ = ["BaseCache", "FullKey", "Namespace", "ValueT"]

ValueT = TypeVar("ValueT")
"""What a cache keeps; any type that :mod:`nbflow.serde` encodes."""

Namespace = tuple[str, ...]
"""What a task's results are kept under; one namespace says nothing of another."""

FullKey = tuple[Namespace, str]
"""A namespace and a key in it."""


class BaseCache(ABC, Generic[ValueT]):
    """Keeps values under ``(namespace, key)``; safe from any thread and event loop (231).

    To write a cache, define :meth:`get`, :meth:`set` and :meth:`clear`.
    """

    @abstractmethod
    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """The values that are there, have not expired and can be read; None is a value (225).

        >>> from nbflow.cache.memory import InMemoryCache
        >>> cache = InMemoryCache()
        >>> cache.set({(("essay",), "1"): ("done", None)})
        >>> cache.get([(("essay",), "1"), (("essay",), "2")])
        {(('essay',), '1'): 'done'}
        """

    @abstractmethod
    def set(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Keep values, each with its seconds to live; None keeps it until it is cleared (224)."""

    @abstractmethod
    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Forget what is in these very namespaces; None forgets everything (222).

        >>> from nbflow.cache.memory import InMemoryCache
        >>> cache = InMemoryCache()
        >>> cache.set({(("a",), "k"): (1, None), (("a", "b"), "k"): (2, None)})
        >>> cache.clear([("a",)])
        >>> cache.get([(("a",), "k"), (("a", "b"), "k")])
        {(('a', 'b'), 'k'): 2}
        """

    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """As :meth:`get`, beside the event loop."""
        return await asyncio.to_thread(self.get, list(keys))

    async def aset(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """As :meth:`set`, beside the event loop."""
        await asyncio.to_thread(self.set, dict(pairs))

    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """As :meth:`clear`, beside the event loop."""
        await asyncio.to_thread(self.clear, namespaces)
