"""The two libraries under one set of names. Nothing else of them is used by the programs.

Module paths are LangGraph's with one word changed, and each name is looked up when a program asks
for it, so a name that one library lacks fails that program alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, overload

__all__ = ["KINDS", "Kind", "Library"]

Kind = Literal["memory", "sqlite"]
KINDS: tuple[Kind, ...] = ("memory", "sqlite")

_HOMES = {
    "BaseStore": "store.base",
    "CachePolicy": "types",
    "Command": "types",
    "GraphOutput": "types",
    "InMemoryCache": "cache.memory",
    "InMemorySaver": "checkpoint.memory",
    "InMemoryStore": "store.memory",
    "Interrupt": "types",
    "RetryPolicy": "types",
    "RunControl": "runtime",
    "Runtime": "runtime",
    "StateUpdate": "types",
    "TimeoutPolicy": "types",
    "UnknownInterruptError": "errors",
    "get_config": "config",
    "get_runtime": "runtime",
    "get_store": "config",
    "get_stream_writer": "config",
    "interrupt": "types",
}


class _TaskDecorator(Protocol):
    @overload
    def __call__(self, fn: Callable[..., Any], /, **options: Any) -> Any: ...
    @overload
    def __call__(self, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...


class Library:
    """One library, by name: ``langgraph`` or ``nbflow``."""

    def __init__(self, name: Literal["langgraph", "nbflow"]) -> None:
        self.name = name

    @property
    def entrypoint(self) -> Callable[..., Callable[[Callable[..., Any]], Any]]:
        found: Callable[..., Any] = import_module(f"{self.name}.func").entrypoint
        return found

    @property
    def task(self) -> _TaskDecorator:
        found: _TaskDecorator = import_module(f"{self.name}.func").task
        return found

    def final(self, *, value: Any, save: Any) -> Any:
        return import_module(f"{self.name}.func").entrypoint.final(value=value, save=save)

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(name)
        return getattr(import_module(f"{self.name}.{_HOMES[name]}"), name)

    @contextmanager
    def saver(self, kind: Kind, path: Path) -> Iterator[Any]:
        """An empty saver for a sync program."""
        if kind == "memory":
            yield self.InMemorySaver()
            return
        sqlite = import_module(f"{self.name}.checkpoint.sqlite").SqliteSaver
        if self.name == "nbflow":
            saver = sqlite(str(path))
            yield saver
            saver.close()
            return
        connection = sqlite3.connect(path, check_same_thread=False)
        yield sqlite(connection)
        connection.close()

    @asynccontextmanager
    async def async_saver(self, kind: Kind, path: Path) -> AsyncIterator[Any]:
        """An empty saver for an async program: nbflow's is the same one."""
        if kind == "memory" or self.name == "nbflow":
            with self.saver(kind, path) as saver:
                yield saver
            return
        aio = import_module(f"{self.name}.checkpoint.sqlite.aio").AsyncSqliteSaver
        async with aio.from_conn_string(str(path)) as saver:
            yield saver
