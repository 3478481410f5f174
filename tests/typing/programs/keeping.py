"""Savers, stores and caches."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any, assert_type

from nbflow import serde
from nbflow.cache.base import BaseCache
from nbflow.cache.memory import InMemoryCache
from nbflow.cache.sqlite import SqliteCache
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointTuple, ThreadRow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import InvalidAnswerError, NbflowError, UnknownInterruptError
from nbflow.store.base import BaseStore, Item, SearchItem
from nbflow.store.memory import InMemoryStore
from nbflow.store.sqlite import SqliteStore


def savers() -> None:
    with SqliteSaver("runs.db") as saver:
        assert_type(saver, SqliteSaver)
        assert_type(saver.list_threads(), list[ThreadRow])
        assert_type(saver.get_tuple({"configurable": {"thread_id": "1"}}), CheckpointTuple | None)
        assert_type(saver.list(None, limit=3), Iterator[CheckpointTuple])
    with SqliteSaver.from_conn_string("runs.db") as other:
        assert_type(other, SqliteSaver)
    any_saver: BaseCheckpointSaver = InMemorySaver()
    any_saver.prune(["1"], strategy="delete")
    any_saver.prune(["1"], strategy="some")  # error: [arg-type]
    SqliteSaver(3)  # error: [arg-type]
    InMemorySaver("runs.db")  # error: [call-arg]


async def savers_later() -> None:
    async with InMemorySaver() as saver:
        assert_type(saver, InMemorySaver)
        assert_type(await saver.aget_tuple({}), CheckpointTuple | None)
        async for one in saver.alist(None):
            assert_type(one, CheckpointTuple)


def stores() -> None:
    with SqliteStore("notes.db", ttl={"default_ttl": 60}) as store:
        assert_type(store, SqliteStore)
    any_store: BaseStore = InMemoryStore()
    any_store.put(("users", "ada"), "drink", {"likes": "tea"}, ttl=None)
    item = any_store.get(("users", "ada"), "drink")
    assert_type(item, Item | None)
    if item is not None:
        assert_type(item.value, dict[str, Any])
        assert_type(item.updated_at, datetime.datetime)
    found = any_store.search(("users",), filter={"likes": {"$ne": "tea"}}, limit=3)
    assert_type(found, list[SearchItem])
    assert_type(found[0].score, float | None)
    assert_type(any_store.list_namespaces(max_depth=1), list[tuple[str, ...]])
    print(item.value)  # error: [union-attr]
    any_store.put("users", "drink", {})  # error: [arg-type]
    any_store.put(("users",), "drink", "tea")  # error: [arg-type]
    any_store.search(prefix=("users",))  # error: [call-arg]


def caches() -> None:
    cache: BaseCache[int] = InMemoryCache()
    cache.set({(("square",), "3"): (9, None)})
    assert_type(cache.get([(("square",), "3")]), dict[tuple[tuple[str, ...], str], int])
    with SqliteCache[str](":memory:") as kept:
        assert_type(kept, SqliteCache[str])
    cache.set({(("square",), "3"): ("nine", None)})  # error: [dict-item]


def errors() -> None:
    assert_type(serde.loads(serde.dumps([1])), Any)
    try:
        savers()
    except UnknownInterruptError as unknown:
        assert_type(unknown.pending_ids, tuple[str, ...])
    except InvalidAnswerError as invalid:
        assert_type(invalid.errors, tuple[dict[str, Any], ...])
    except NbflowError as error:
        print(error.reason)  # error: [attr-defined]
