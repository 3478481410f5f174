"""What all of nbflow's stores do alike; a backend only keeps rows.

A batch is checked and encoded, then its texts are embedded, then it is read, then written: the
user's code never runs while a lock is held, and nothing is stored before all of it can be.
"""

from __future__ import annotations

import asyncio
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar, Self

from nbflow import serde
from nbflow.store._embedding import Embedder, similarities
from nbflow.store._filters import matches
from nbflow.store._requests import (
    Get,
    ListNamespaces,
    Put,
    Request,
    Search,
    prepared,
    require_minutes,
)
from nbflow.store._sweeper import Sweeper
from nbflow.store._together import Together
from nbflow.store.base import (
    BaseStore,
    IndexConfig,
    Item,
    MatchCondition,
    Op,
    Result,
    SearchItem,
    TTLConfig,
)

__all__ = ["KeptStore", "Place", "Row", "Written", "expiry"]

_SWEEP_MINUTES = 5.0
_AT_ONCE = 1_000
"""Vectors compared in one go."""

Place = tuple[int, int]
"""Numbers of a row's namespace and of the row: their order is that of a search."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value as a backend keeps it."""

    place: Place
    namespace: tuple[str, ...]
    key: str
    created: float
    """Seconds since 1970, as of the store's clock; the other times likewise."""
    updated: float
    ttl: float | None
    """Minutes."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """One value to keep, or the absence of one."""

    namespace: tuple[str, ...]
    key: str
    data: bytes | None
    """None deletes."""
    ttl: float | None
    vectors: tuple[bytes, ...]
    now: float


def expiry(now: float, ttl: float | None) -> float | None:
    """When a value expires that is used now."""
    return None if ttl is None else now + ttl * 60


class KeptStore(BaseStore):
    """A store by nbflow; a backend defines the methods below :meth:`close`."""

    supports_ttl: ClassVar[bool] = True

    def __init__(
        self,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.index_config = index
        self.ttl_config = ttl
        self._embedder, self._fields = _index(index)
        self._sweep_minutes = _checked(ttl)
        self._clock = clock
        self._together = Together()
        self._sweeper = Sweeper(self.sweep_ttl)

    # -- asking -----------------------------------------------------------------------------

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        requests = [prepared(op, self._fields) for op in ops]
        vectors = self._embedder.embed(*_to_embed(requests)) if self._embedder else []
        answers = self._answers(requests, [1] * len(requests), vectors)
        return [copies[0] for copies in answers]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        requests = [prepared(op, self._fields) for op in ops]
        answers = await self._aanswers(requests, [1] * len(requests))
        return [copies[0] for copies in answers]

    async def _aone(self, op: Op) -> Result:
        return await self._together.one(prepared(op, self._fields), self._aanswers)

    async def _aanswers(
        self, requests: Sequence[Request], counts: Sequence[int]
    ) -> list[list[Result]]:
        vectors = await self._embedder.aembed(*_to_embed(requests)) if self._embedder else []
        return await asyncio.to_thread(self._answers, requests, counts, vectors)

    def _answers(
        self, requests: Sequence[Request], counts: Sequence[int], vectors: Sequence[bytes]
    ) -> list[list[Result]]:
        """Read what is to be read, then write; each answer as often as its count says."""
        texts, queries = _to_embed(requests) if vectors else ([], [])
        kept = dict(zip(texts, vectors, strict=False))
        asked = dict(zip(queries, vectors[len(texts) :], strict=True))
        now = float(self._clock())
        answers = [
            [] if isinstance(request, Put) else self._read(request, asked, now, count)
            for request, count in zip(requests, counts, strict=True)
        ]
        writes = {(put.namespace, put.key): put for put in requests if isinstance(put, Put)}
        if writes:
            self._write(
                [
                    Written(put.namespace, put.key, put.data, put.ttl,
                            tuple(dict.fromkeys(kept[text] for text in put.texts)), now)
                    for put in writes.values()
                ]
            )  # fmt: skip
        return [copies or [None] * count for copies, count in zip(answers, counts, strict=True)]

    # -- reading ----------------------------------------------------------------------------

    def _read(
        self, request: Get | Search | ListNamespaces, asked: Mapping[str, bytes], now: float,
        count: int,
    ) -> list[Result]:  # fmt: skip
        alive = now if (self.ttl_config or {}).get("omit_expired", True) else float("-inf")
        if isinstance(request, Get):
            row = self._row(request.namespace, request.key, alive)
            self._use([] if row is None else [row], request.refresh, now)
            return [None if row is None else self._item(row) for _ in range(count)]
        if isinstance(request, Search):
            found = self._found(request, asked, alive)
            self._use([row for row, _ in found], request.refresh, now)
            return [[self._search_item(*pair) for pair in found] for _ in range(count)]
        listed = self._listed(request, alive)
        return [listed[:] for _ in range(count)]

    def _use(self, rows: Sequence[Row], refresh: bool, now: float) -> None:
        """Start the time of rows anew, where they have one."""
        places = [row.place for row in rows if row.ttl is not None]
        if refresh and places:
            self._refresh(places, now)

    def _found(
        self, request: Search, asked: Mapping[str, bytes], alive: float
    ) -> list[tuple[Row, float | None]]:
        start, stop = request.offset, min(request.offset + request.limit, sys.maxsize)
        if request.query is None and not request.filter:
            rows = self._rows(request.prefix, alive, request.offset, request.limit)
            return [(row, None) for row in islice(rows, request.limit)]
        if request.query is None:
            ranked: Iterator[tuple[Row, float | None]] = (
                (row, None) for row in self._rows(request.prefix, alive)
            )
        else:
            ranked = self._ranked(request.prefix, asked[request.query], alive)
        if request.filter:
            wanted = request.filter
            ranked = (pair for pair in ranked if matches(self._value(pair[0]), wanted))
        return list(islice(ranked, start, stop)) if request.limit else []

    def _ranked(
        self, prefix: tuple[str, ...], query: bytes, alive: float
    ) -> Iterator[tuple[Row, float | None]]:
        """The nearest first, then those that no vector stands for."""
        scores: dict[Place, float] = {}
        vectors = (pair for pair in self._vectors(prefix, alive) if len(pair[1]) == len(query))
        while part := list(islice(vectors, _AT_ONCE)):
            found = similarities(query, [vector for _, vector in part])
            for (place, _), score in zip(part, found, strict=True):
                scores[place] = max(score, scores.get(place, -2.0))
        nearest = sorted(scores, key=lambda place: (-scores[place], place))
        for row in self._rows_at(nearest):
            yield row, min(1.0, max(-1.0, scores[row.place]))
        for row in self._rows(prefix, alive):
            if row.place not in scores:
                yield row, None

    def _listed(self, request: ListNamespaces, alive: float) -> list[tuple[str, ...]]:
        prefix = _literal_prefix(request.conditions)
        listed = {
            namespace[: request.max_depth]
            for namespace in self._namespaces(prefix, alive)
            if all(_meets(namespace, condition) for condition in request.conditions)
        }
        return sorted(listed)[request.offset : request.offset + request.limit]

    def _value(self, row: Row) -> dict[str, Any]:
        value: dict[str, Any] = serde.loads(row.data)
        return value

    def _item(self, row: Row) -> Item:
        return Item(
            value=self._value(row), key=row.key, namespace=row.namespace,
            created_at=_utc(row.created), updated_at=_utc(row.updated),
        )  # fmt: skip

    def _search_item(self, row: Row, score: float | None) -> SearchItem:
        return SearchItem(
            value=self._value(row), key=row.key, namespace=row.namespace,
            created_at=_utc(row.created), updated_at=_utc(row.updated), score=score,
        )  # fmt: skip

    # -- what has expired -------------------------------------------------------------------

    def sweep_ttl(self) -> int:
        """Delete what has expired; returns how many values that were (285)."""
        return self._sweep(self._clock())

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> Future[None]:
        """Sweep in a thread of its own until it is stopped.

        Args:
            sweep_interval_minutes: None takes the store's setting.

        Returns:
            What is done when the sweeper has ended; cancelling it stops the sweeper. While one
            is at work, that one's.
        """
        minutes = self._sweep_minutes
        if sweep_interval_minutes is not None:
            minutes = require_minutes("sweep_interval_minutes", sweep_interval_minutes)
        return self._sweeper.start(minutes)

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop it; False if it has not ended after so many seconds. None waits for it."""
        return self._sweeper.stop(timeout)

    # -- ending -----------------------------------------------------------------------------

    def close(self) -> None:
        """Stop the sweeper and release the database; calling twice does no harm."""
        self.stop_ttl_sweeper()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await asyncio.to_thread(self.close)

    # -- a backend --------------------------------------------------------------------------

    @abstractmethod
    def _row(self, namespace: tuple[str, ...], key: str, alive: float) -> Row | None:
        """The row of a key, unless it expires at ``alive`` or before."""

    @abstractmethod
    def _rows(
        self, prefix: tuple[str, ...], alive: float, offset: int = 0, limit: int | None = None
    ) -> Iterator[Row]:
        """The rows at or below a namespace by place; never one twice."""

    @abstractmethod
    def _vectors(self, prefix: tuple[str, ...], alive: float) -> Iterator[tuple[Place, bytes]]:
        """The vectors of those rows, by place."""

    @abstractmethod
    def _rows_at(self, places: Sequence[Place]) -> Iterator[Row]:
        """Rows in the order of their places, without those that are gone."""

    @abstractmethod
    def _namespaces(self, prefix: tuple[str, ...], alive: float) -> Iterable[tuple[str, ...]]:
        """The namespaces at or below one that hold a row."""

    @abstractmethod
    def _write(self, writes: Sequence[Written]) -> None:
        """Keep all or nothing. A row that is there keeps its place and ``created``."""

    @abstractmethod
    def _refresh(self, places: Sequence[Place], now: float) -> None:
        """Let rows expire their ``ttl`` after ``now``."""

    @abstractmethod
    def _sweep(self, now: float) -> int:
        """Delete the rows that expire at ``now`` or before."""


def _index(config: IndexConfig | None) -> tuple[Embedder | None, list[str] | None]:
    if config is None:
        return None, None
    if "embed" not in config:
        raise ValueError("The index has no 'embed'. Give what turns texts into vectors.")
    fields = config.get("fields")
    return Embedder(config["embed"], config.get("dims")), ["$"] if fields is None else list(fields)


def _checked(config: TTLConfig | None) -> float:
    """How often to sweep, of a configuration that can be meant."""
    config = config or {}
    default = config.get("default_ttl")
    if default is not None:
        require_minutes("default_ttl", default)
    interval = config.get("sweep_interval_minutes")
    if interval is None:
        return _SWEEP_MINUTES
    return require_minutes("sweep_interval_minutes", interval)


def _to_embed(requests: Sequence[Request]) -> tuple[list[str], list[str]]:
    """The texts to store and the queries, each once; of several writes to a key only the last."""
    puts = {(put.namespace, put.key): put for put in requests if isinstance(put, Put)}
    texts = dict.fromkeys(text for put in puts.values() for text in put.texts)
    queries = (r.query for r in requests if isinstance(r, Search) and r.query is not None)
    return list(texts), list(dict.fromkeys(queries))


def _literal_prefix(conditions: Sequence[MatchCondition]) -> tuple[str, ...]:
    """What every namespace that meets all conditions begins with."""
    longest: tuple[str, ...] = ()
    for condition in conditions:
        if condition.match_type == "prefix":
            path = condition.path
            literal = path[: path.index("*")] if "*" in path else path
            longest = max(longest, literal, key=len)
    return longest


def _meets(namespace: tuple[str, ...], condition: MatchCondition) -> bool:
    path = condition.path
    if len(path) > len(namespace):
        return False
    end = namespace[: len(path)]
    if condition.match_type == "suffix":
        end = namespace[len(namespace) - len(path) :]
    return all(label in ("*", found) for label, found in zip(path, end, strict=True))


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
