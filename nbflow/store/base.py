"""The contract of every store: dicts under a namespace and a key (277-292).

The names and shapes are those of ``langgraph.store.base``. A store answers operations in batches;
every other method asks for one. It is safe from any thread and event loop, and what it takes and
gives are copies.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Literal, TypedDict, cast

from nbflow.errors import NbflowError
from nbflow.store._embedding import Embeddings, ensure_embeddings
from nbflow.store._texts import get_text_at_path, tokenize_path

__all__ = [
    "NOT_PROVIDED",
    "BaseStore",
    "Embeddings",
    "GetOp",
    "IndexConfig",
    "InvalidNamespaceError",
    "Item",
    "ListNamespacesOp",
    "MatchCondition",
    "NamespaceMatchType",
    "NamespacePath",
    "NotProvided",
    "Op",
    "PutOp",
    "Result",
    "SearchItem",
    "SearchOp",
    "TTLConfig",
    "ensure_embeddings",
    "get_text_at_path",
    "tokenize_path",
]

_Fields = dict[str, Any]

NamespacePath = tuple[str, ...]
"""Labels of a namespace; in :class:`MatchCondition`, ``"*"`` stands for any one label."""

NamespaceMatchType = Literal["prefix", "suffix"]
"""Which end of a namespace a :class:`MatchCondition` looks at."""


class InvalidNamespaceError(NbflowError, ValueError):
    """A namespace that no value can be kept under (278); nothing was stored.

    >>> from nbflow.store.memory import InMemoryStore
    >>> InMemoryStore().put(("a.b",), "key", {})
    Traceback (most recent call last):
    nbflow.store.base.InvalidNamespaceError: The label 'a.b' in namespace ('a.b',) has a dot. ...
    """


class NotProvided(Enum):
    """The absence of a ``ttl``, since ``None`` means "for ever"."""

    NOT_PROVIDED = "NOT_PROVIDED"


NOT_PROVIDED = NotProvided.NOT_PROVIDED
"""What ``ttl`` is where none was given."""


class TTLConfig(TypedDict, total=False):
    """How long values are kept (285)."""

    refresh_on_read: bool
    """Whether reading a value starts its time anew; True when left out."""
    omit_expired: bool
    """Whether expired values are invisible before they are swept; True when left out."""
    default_ttl: float | None
    """Minutes, for a ``put`` that says nothing; None or left out: for ever."""
    sweep_interval_minutes: float | None
    """How often the sweeper deletes what has expired; 5 when left out."""


class IndexConfig(TypedDict, total=False):
    """How values are found by meaning (289)."""

    dims: int
    """Numbers in a vector; others are refused. Left out: any."""
    embed: (
        Embeddings
        | Callable[[list[str]], Sequence[Sequence[float]]]
        | Callable[[list[str]], Awaitable[Sequence[Sequence[float]]]]
    )
    """Texts to vectors: a function, an async function, or LangChain's ``Embeddings``."""
    fields: list[str] | None
    """Paths of the texts to embed, as of :func:`get_text_at_path`; ``["$"]`` when left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One stored value.

    >>> from nbflow.store.memory import InMemoryStore
    >>> store = InMemoryStore()
    >>> store.put(("users",), "ada", {"likes": "tea"})
    >>> item = store.get(("users",), "ada")
    >>> item.namespace, item.key, item.value, item.created_at.tzname()
    (('users',), 'ada', {'likes': 'tea'}, 'UTC')
    """

    value: dict[str, Any]
    """A copy: changing it changes nothing in the store (282)."""
    key: str
    """Its name in the namespace."""
    namespace: tuple[str, ...]
    """Where it is kept: one label or more."""
    created_at: datetime
    """In UTC; when the key was first stored."""
    updated_at: datetime
    """In UTC; when this value was stored."""

    def __hash__(self) -> int:
        return hash((self.namespace, self.key))

    def dict(self) -> _Fields:
        """The fields as JSON has them: the namespace as a list, times in ISO 8601."""
        return {
            "namespace": list(self.namespace),
            "key": self.key,
            "value": self.value,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchItem(Item):
    """One stored value that a search found."""

    score: float | None = None
    """Cosine similarity to the query, at most 1; None where nothing was compared."""

    def __hash__(self) -> int:
        return Item.__hash__(self)

    def dict(self) -> _Fields:
        """The fields as JSON has them, and the score."""
        return {**Item.dict(self), "score": self.score}


@dataclass(frozen=True, slots=True)
class GetOp:
    """Read one value.

    >>> GetOp(("users",), "ada").refresh_ttl
    True
    """

    namespace: tuple[str, ...]
    """Where it is."""
    key: str
    """Its name there."""
    refresh_ttl: bool = True
    """Whether the value's time starts anew."""


@dataclass(frozen=True, slots=True)
class SearchOp:
    """Find values at or below a namespace.

    >>> SearchOp(("users",), filter={"age": {"$gte": 18}}, limit=5).offset
    0
    """

    namespace_prefix: tuple[str, ...]
    """The first labels; ``()`` for all."""
    filter: dict[str, Any] | None = None
    """What a value must have, as of :meth:`BaseStore.search`; None for anything."""
    limit: int = 10
    """At most so many, 0 or more."""
    offset: int = 0
    """How many to leave out first."""
    query: str | None = None
    """Text to compare the values with; None compares nothing."""
    refresh_ttl: bool = True
    """Whether the time of what is found starts anew."""


@dataclass(frozen=True, slots=True)
class MatchCondition:
    """What a namespace begins or ends with.

    >>> MatchCondition("prefix", ("users", "*", "notes")).match_type
    'prefix'
    """

    match_type: NamespaceMatchType
    """Which end is looked at."""
    path: NamespacePath
    """The labels there, ``"*"`` for any one."""


@dataclass(frozen=True, slots=True)
class ListNamespacesOp:
    """List the namespaces that meet all conditions.

    >>> ListNamespacesOp((MatchCondition("suffix", ("v1",)),), max_depth=2).limit
    100
    """

    match_conditions: tuple[MatchCondition, ...] | None = None
    """What each must meet; None for all namespaces."""
    max_depth: int | None = None
    """At most so many labels of each; equal beginnings are listed once."""
    limit: int = 100
    """At most so many, 0 or more."""
    offset: int = 0
    """How many to leave out first."""


@dataclass(frozen=True, slots=True)
class PutOp:
    """Store a value, or delete it.

    >>> PutOp(("users",), "ada", {"likes": "tea"}, ttl=60).index is None
    True
    """

    namespace: tuple[str, ...]
    """Where to keep it: one label or more."""
    key: str
    """Its name there."""
    value: Mapping[str, Any] | None
    """None deletes."""
    index: Literal[False] | list[str] | None = None
    """Paths of the texts to embed; None takes those of the store, False embeds nothing."""
    ttl: float | None = None
    """Minutes; None keeps it for ever."""


Op = GetOp | SearchOp | PutOp | ListNamespacesOp
"""What a store can be asked."""

Result = Item | list[Item] | list[SearchItem] | list[tuple[str, ...]] | None
"""What a store answers: to a :class:`PutOp`, None."""


class BaseStore(ABC):
    """Keeps dicts under ``(namespace, key)``.

    A namespace is a tuple of labels: non-empty strings without dots, the first not
    ``"langgraph"``. To write a store, define :meth:`batch`.
    """

    supports_ttl: ClassVar[bool] = False
    """Whether values can expire."""
    ttl_config: TTLConfig | None = None
    """How long values are kept; None for ever."""

    @abstractmethod
    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Answer several operations in their order (277).

        Reads see what was there before the batch. Its writes are stored together or not at all;
        of several to one key the last counts.

        Raises:
            InvalidNamespaceError, TypeError, ValueError: an operation that cannot be meant.
            NotSerializableError: a value that cannot be stored.
            CorruptDataError: a stored value that is damaged.
            StorageError: the database could not be used.

        >>> from nbflow.store.memory import InMemoryStore
        >>> store = InMemoryStore()
        >>> store.batch([PutOp(("a",), "k", {"n": 1}), GetOp(("a",), "k")])
        [None, None]
        >>> store.batch([GetOp(("a",), "k")])[0].value
        {'n': 1}
        """

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """As :meth:`batch`, beside the event loop."""
        return await asyncio.to_thread(self.batch, list(ops))

    async def _aone(self, op: Op) -> Result:
        (result,) = await self.abatch([op])
        return result

    def get(
        self, namespace: tuple[str, ...], key: str, *, refresh_ttl: bool | None = None
    ) -> Item | None:
        """The stored value; None when there is none, or it has expired.

        Args:
            namespace: where it is.
            key: its name there.
            refresh_ttl: whether its time starts anew (285); None takes the store's setting.

        >>> from nbflow.store.memory import InMemoryStore
        >>> InMemoryStore().get(("users",), "nobody") is None
        True
        """
        (result,) = self.batch([GetOp(namespace, key, self._refreshes(refresh_ttl))])
        return cast("Item | None", result)

    def search(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        query: str | None = None,
        filter: dict[str, Any] | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh_ttl: bool | None = None,
    ) -> list[SearchItem]:
        """Values at or below a namespace (279-281, 286, 289).

        Namespaces come in the order in which they were first used, the values of one in the order
        in which they were first stored. With a query and an index the nearest come first, those
        without vectors last. Without an index a query changes nothing.

        Args:
            namespace_prefix: the first labels; ``()`` for all.
            query: text to compare the values with.
            filter: what a value must have. ``{"a": 1}``: an equal entry; a missing one counts as
                None, and True is not 1. ``{"a": {"b": 1}}`` or ``{"a.b": 1}``: an entry further
                down. ``{"a": {"$gt": 1}}``: one of ``$eq``, ``$ne``, ``$gt``, ``$gte``, ``$lt``,
                ``$lte``; kinds that have no order do not match.
            limit: at most so many, 0 or more.
            offset: how many to leave out first.
            refresh_ttl: as of :meth:`get`, for the values found.

        Raises:
            ValueError: a negative ``limit`` or ``offset``, or a filter that means nothing.

        >>> from nbflow.store.memory import InMemoryStore
        >>> store = InMemoryStore()
        >>> for name, age in (("ada", 36), ("bob", 9)):
        ...     store.put(("users",), name, {"age": age})
        >>> [item.key for item in store.search(("users",), filter={"age": {"$gte": 18}})]
        ['ada']
        """
        refresh = self._refreshes(refresh_ttl)
        op = SearchOp(namespace_prefix, filter, limit, offset, query, refresh)
        (result,) = self.batch([op])
        return cast("list[SearchItem]", result)

    def put(
        self,
        namespace: tuple[str, ...],
        key: str,
        value: Mapping[str, Any] | None,
        index: Literal[False] | list[str] | None = None,
        *,
        ttl: float | NotProvided | None = NOT_PROVIDED,
    ) -> None:
        """Store a value, or replace it; None deletes it (284).

        Args:
            namespace: where to keep it.
            key: its name there.
            value: a dict of anything that :mod:`nbflow.serde` encodes.
            index: paths of the texts to embed; None takes those of the store, False none.
            ttl: minutes until it expires, counted from its last use; None keeps it for ever.
                Left out, the store's ``default_ttl`` counts.

        Raises:
            InvalidNamespaceError: the namespace cannot be one (278).
            TypeError: the value is not a dict (292).
            NotSerializableError: a part of it cannot be stored.
            NotImplementedError: a ``ttl`` for a store in which nothing expires.

        >>> from nbflow.store.memory import InMemoryStore
        >>> store = InMemoryStore()
        >>> store.put(("users", "ada"), "prefs", {"at": (1, 2)})
        >>> store.get(("users", "ada"), "prefs").value
        {'at': (1, 2)}
        """
        self.batch([PutOp(namespace, key, value, index, self._ttl(ttl))])

    def delete(self, namespace: tuple[str, ...], key: str) -> None:
        """Remove a value; no error when there is none (284)."""
        self.batch([PutOp(namespace, key, None)])

    def list_namespaces(
        self,
        *,
        prefix: NamespacePath | None = None,
        suffix: NamespacePath | None = None,
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[tuple[str, ...]]:
        """The namespaces that hold a value, sorted (287).

        Args:
            prefix: first labels, ``"*"`` for any one.
            suffix: last labels, likewise.
            max_depth: at most so many labels of each, 1 or more; equal beginnings come once.
            limit: at most so many, 0 or more.
            offset: how many to leave out first.

        >>> from nbflow.store.memory import InMemoryStore
        >>> store = InMemoryStore()
        >>> store.put(("users", "ada", "notes"), "1", {})
        >>> store.put(("users", "bob", "notes"), "1", {})
        >>> store.list_namespaces(prefix=("users", "*", "notes"), max_depth=2)
        [('users', 'ada'), ('users', 'bob')]
        """
        op = ListNamespacesOp(_conditions(prefix, suffix), max_depth, limit, offset)
        (result,) = self.batch([op])
        return cast("list[tuple[str, ...]]", result)

    async def aget(
        self, namespace: tuple[str, ...], key: str, *, refresh_ttl: bool | None = None
    ) -> Item | None:
        """As :meth:`get`, beside the event loop."""
        op = GetOp(namespace, key, self._refreshes(refresh_ttl))
        return cast("Item | None", await self._aone(op))

    async def asearch(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        query: str | None = None,
        filter: dict[str, Any] | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh_ttl: bool | None = None,
    ) -> list[SearchItem]:
        """As :meth:`search`, beside the event loop."""
        refresh = self._refreshes(refresh_ttl)
        op = SearchOp(namespace_prefix, filter, limit, offset, query, refresh)
        return cast("list[SearchItem]", await self._aone(op))

    async def aput(
        self,
        namespace: tuple[str, ...],
        key: str,
        value: Mapping[str, Any] | None,
        index: Literal[False] | list[str] | None = None,
        *,
        ttl: float | NotProvided | None = NOT_PROVIDED,
    ) -> None:
        """As :meth:`put`, beside the event loop; the value is copied before anything waits."""
        await self._aone(PutOp(namespace, key, value, index, self._ttl(ttl)))

    async def adelete(self, namespace: tuple[str, ...], key: str) -> None:
        """As :meth:`delete`, beside the event loop."""
        await self._aone(PutOp(namespace, key, None))

    async def alist_namespaces(
        self,
        *,
        prefix: NamespacePath | None = None,
        suffix: NamespacePath | None = None,
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[tuple[str, ...]]:
        """As :meth:`list_namespaces`, beside the event loop."""
        op = ListNamespacesOp(_conditions(prefix, suffix), max_depth, limit, offset)
        return cast("list[tuple[str, ...]]", await self._aone(op))

    def _refreshes(self, wanted: bool | None) -> bool:
        if wanted is not None:
            return wanted
        return (self.ttl_config or {}).get("refresh_on_read", True)

    def _ttl(self, wanted: float | NotProvided | None) -> float | None:
        if wanted is NOT_PROVIDED:
            return (self.ttl_config or {}).get("default_ttl")
        if wanted is not None and not self.supports_ttl:
            raise NotImplementedError(
                f"Nothing expires in a {type(self).__name__}, so ttl={wanted!r} cannot be kept. "
                "Nothing was stored. Leave ttl out, or use another store."
            )
        return wanted


def _conditions(
    prefix: NamespacePath | None, suffix: NamespacePath | None
) -> tuple[MatchCondition, ...]:
    ends: tuple[tuple[NamespaceMatchType, NamespacePath | None], ...] = (
        ("prefix", prefix),
        ("suffix", suffix),
    )
    return tuple(MatchCondition(end, path) for end, path in ends if path)
