"""A store in this process's memory; it holds copies, never the caller's objects (282)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from nbflow import serde
from nbflow.store.base import BaseStore, Item, SearchItem, check_namespace

__all__ = ["InMemoryStore"]


class InMemoryStore(BaseStore):
    """A store that ends with the process.

    >>> store = InMemoryStore()
    >>> store.put(("users",), "ada", {"likes": "tea"})
    >>> store.get(("users",), "ada").value
    {'likes': 'tea'}
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[tuple[str, ...], str], tuple[bytes, datetime, datetime]] = {}
        self._lock = threading.Lock()

    def put(self, namespace: tuple[str, ...], key: str, value: dict[str, Any] | None) -> None:
        at = (check_namespace(namespace), key)
        if value is None:
            self.delete(namespace, key)
            return
        if not isinstance(value, dict):
            raise TypeError(
                f"A store keeps dicts; {key!r} was given {type(value).__name__}. Wrap it: "
                "{'value': ...}."
            )
        data = serde.dumps(value)
        now = datetime.now(UTC)
        with self._lock:
            old = self._rows.pop(at, None)
            self._rows[at] = (data, now if old is None else old[1], now)

    def get(self, namespace: tuple[str, ...], key: str) -> Item | None:
        row = self._rows.get((check_namespace(namespace), key))
        if row is None:
            return None
        data, created, updated = row
        return Item(
            value=serde.loads(data), key=key, namespace=namespace, created_at=created,
            updated_at=updated,
        )  # fmt: skip

    def delete(self, namespace: tuple[str, ...], key: str) -> None:
        with self._lock:
            self._rows.pop((check_namespace(namespace), key), None)

    def search(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        filter: dict[str, Any] | None = None,
        limit: int = 10,
        offset: int = 0,
    ) -> list[SearchItem]:
        if limit < 0 or offset < 0:
            raise ValueError(f"limit and offset must be 0 or more, not {limit} and {offset}.")
        prefix = tuple(namespace_prefix)
        with self._lock:
            rows = [(at, row) for at, row in self._rows.items() if at[0][: len(prefix)] == prefix]
        found: list[SearchItem] = []
        for (namespace, key), (data, created, updated) in rows:
            value = serde.loads(data)
            if all(k in value and value[k] == v for k, v in (filter or {}).items()):
                found.append(
                    SearchItem(
                        value=value, key=key, namespace=namespace, created_at=created,
                        updated_at=updated,
                    )
                )  # fmt: skip
            if len(found) == offset + limit:
                break
        return found[offset:]
