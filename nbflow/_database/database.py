"""What savers ask of a database, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

__all__ = ["NO_TEXT", "Connection", "Cursor", "Database"]

NO_TEXT = "\ufffd"
"""Stands where a stored text is none."""

T = TypeVar("T")


class Cursor(Protocol):
    """What came of a statement, as Python's database modules have it."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Where statements of one transaction go."""

    def execute(self, query: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, query: str, rows: Iterable[Any], /) -> object: ...


class Database(Protocol):
    """Statements and transactions, all safe from any thread and event loop.

    What cannot be done raises StorageError, InvalidNameError or CorruptDataError, with nothing
    stored.
    """

    @property
    def name(self) -> str:
        """For messages; no secret is in it."""

    @property
    def recent(self) -> threading.Lock:
        """Held around every use of what was read or stored lately; new in a forked child."""

    def run(self, statement: Callable[[Connection], T]) -> T:
        """Do what is one statement, and a transaction by itself."""

    def transaction(
        self,
        work: Callable[[Connection], T],
        *,
        survives_power_loss: bool = False,
        alone: bool = False,
    ) -> T:
        """Do this and commit it, all or none. No ``with``: a Ctrl+C at its end would leave it open.

        Args:
            work: what is to be done; called once.
            survives_power_loss: wait until the disk has it.
            alone: no other transaction runs beside this one, though single statements may.
        """

    def rows(self, query: str, parameters: Any = ...) -> list[Any]:
        """All rows of one query."""

    def checked_rows(self, query: str, parameters: Any = ...) -> list[Any]:
        """As :meth:`rows`, for rows with check sums that the caller looks at: a text that is
        damaged does not keep the others from being read, and has :data:`NO_TEXT` in it."""

    def lease_until(self, seconds: float) -> float:
        """What is stored of a lease that ends in so many seconds."""

    def lease_left(self, read: float) -> float:
        """How many seconds are left of a lease, by what is read of it."""

    def number(self, cursor: Any) -> int:
        """Of the row that a statement has just added."""

    def packed(self, cell: bytes | str) -> Any:
        """A value, or the name of its blob, as a column holds it."""

    def unpacked(self, rows: list[Any], columns: Sequence[int]) -> list[Any]:
        """Rows in which these columns are values or names of blobs again."""
