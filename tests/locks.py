"""Databases that somebody else has in their hands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

__all__ = ["locked_file", "locked_tables"]


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """While inside, nobody else can write an SQLite file."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def locked_tables(dsn: str) -> Iterator[None]:
    """While inside, nobody else can write the threads of a Postgres database."""
    with psycopg.connect(dsn) as other:
        other.execute(
            "LOCK TABLE nbflow_thread, nbflow_run, nbflow_op, nbflow_ckpt IN EXCLUSIVE MODE"
        )
        yield
        other.rollback()
