"""The two libraries under one set of names. Nothing else of them is used by the programs."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Library", "langgraph", "nbflow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    name: str
    entrypoint: Callable[..., Callable[[Callable[..., Any]], Any]]
    task: Callable[[Callable[..., Any]], Any]
    interrupt: Callable[[Any], Any]
    memory_saver: Callable[[], Any]
    sqlite_saver: Callable[[Path], Any]
    """A saver on a new file; the library's own durability settings."""


def nbflow() -> Library:
    from nbflow.checkpoint.memory import InMemorySaver
    from nbflow.checkpoint.sqlite import SqliteSaver
    from nbflow.func import entrypoint, task
    from nbflow.types import interrupt

    return Library(
        name="nbflow",
        entrypoint=entrypoint,
        task=task,
        interrupt=interrupt,
        memory_saver=InMemorySaver,
        sqlite_saver=lambda path: SqliteSaver(str(path)),
    )


def langgraph() -> Library:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.func import entrypoint, task
    from langgraph.types import interrupt

    return Library(
        name="LangGraph",
        entrypoint=entrypoint,
        task=task,
        interrupt=interrupt,
        memory_saver=InMemorySaver,
        sqlite_saver=lambda path: SqliteSaver(sqlite3.connect(path, check_same_thread=False)),
    )
