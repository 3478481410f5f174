"""The contract of every store: values under a namespace and a key (277-292)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbflow.errors import NbflowError

__all__ = ["BaseStore", "InvalidNamespaceError", "Item", "SearchItem"]


class InvalidNamespaceError(NbflowError, ValueError):
    """A namespace that is empty, or has a part that is empty or not a string (278)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One stored value."""

    value: dict[str, Any]
    key: str
    namespace: tuple[str, ...]
    created_at: datetime
    """In UTC."""
    updated_at: datetime
    """In UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchItem(Item):
    """One stored value found by a search."""

    score: float | None = None
    """How near it is to the query; None where nothing was compared."""


class BaseStore(ABC):
    """Keeps dicts under ``(namespace, key)``; safe from any thread and event loop."""

    @abstractmethod
    def put(self, namespace: tuple[str, ...], key: str, value: dict[str, Any] | None) -> None:
        """Store a value; None deletes it (284).

        Raises:
            InvalidNamespaceError: the namespace is not a tuple of names.
            TypeError: the value is not a dict.
            NotSerializableError: a part of it cannot be stored.
        """

    @abstractmethod
    def get(self, namespace: tuple[str, ...], key: str) -> Item | None:
        """The stored value; None when there is none."""

    @abstractmethod
    def delete(self, namespace: tuple[str, ...], key: str) -> None:
        """Remove a value; no error when there is none."""

    @abstractmethod
    def search(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        filter: dict[str, Any] | None = None,
        limit: int = 10,
        offset: int = 0,
    ) -> list[SearchItem]:
        """Values at or below a namespace, in the order in which they were last stored.

        Args:
            filter: entries that a value must have.
            limit: at most so many, 0 or more.
            offset: how many to leave out first.

        Raises:
            ValueError: a negative ``limit`` or ``offset``.
        """

    async def aput(
        self, namespace: tuple[str, ...], key: str, value: dict[str, Any] | None
    ) -> None:
        self.put(namespace, key, value)

    async def aget(self, namespace: tuple[str, ...], key: str) -> Item | None:
        return self.get(namespace, key)

    async def adelete(self, namespace: tuple[str, ...], key: str) -> None:
        self.delete(namespace, key)

    async def asearch(
        self, namespace_prefix: tuple[str, ...], /, **choice: Any
    ) -> list[SearchItem]:
        return self.search(namespace_prefix, **choice)


def check_namespace(namespace: Any) -> tuple[str, ...]:
    """The namespace, if it is one.

    Raises:
        InvalidNamespaceError: it is not.
    """
    good = (
        isinstance(namespace, tuple)
        and bool(namespace)
        and all(isinstance(part, str) and part and "." not in part for part in namespace)
    )
    if not good:
        raise InvalidNamespaceError(
            f"{namespace!r} is no namespace. Give a tuple of one or more names without dots, "
            "such as ('users', 'ada')."
        )
    found: tuple[str, ...] = namespace
    return found
