"""One SQLite database: how it is opened, migrated, locked, and what its errors become.

One connection, used by one thread at a time, whichever that is. Autocommit: a single statement is
a transaction; several go through :meth:`SqliteFile.transaction`, which commits on success only.
Who waits for the lock of another process leaves the connection to others meanwhile, and the thread
of an event loop does not wait at all.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from nbflow._database import scripts
from nbflow._database.haste import SHORTLY_S, WouldWaitError, haste
from nbflow.errors import CorruptDataError, InvalidNameError, StorageError

__all__ = ["BUSY_TIMEOUT_S", "SqliteFile"]

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process's lock."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.05
"""Between two looks whether it is free."""

_LOOK_S = 0.05
"""How often it is looked whether the file is still there; at each commit that would cost much."""

_PAGE_BYTES = 2_048
"""Of a new file. A commit writes whole pages, two for an op; smaller ones would slow blobs."""

_WAL_PAGES = 4_000
"""Pages of the write-ahead log before they are moved into the file, which waits for the disk: some
ten milliseconds, for an event loop, too."""

_MIGRATIONS = scripts.migrations("sqlite")
_OLDER = scripts.queries("sqlite", "older")
_left_behind: list[sqlite3.Connection] = []
"""Connections that must not be closed: those of a parent process, whose locks that would drop, and
those to files that are gone."""


class SqliteFile:
    """A database file, or a database in memory.

    Args:
        source: a path, ``":memory:"``, or an open connection. A connection to a file only tells
            which file; one to a database in memory is used itself.

    Raises:
        StorageError: it cannot be opened, or has a newer schema.
    """

    def __init__(self, source: str | os.PathLike[str] | sqlite3.Connection) -> None:
        given = source if isinstance(source, sqlite3.Connection) else None
        self.name = _file_of(given) if given is not None else os.fspath(source)  # type: ignore[arg-type]
        self._given = given if self.name == ":memory:" else None
        self._open: sqlite3.Connection | None = None
        self._closed = False
        self._at: tuple[str, tuple[int, int]] | None = None
        """The path of the open file and its place on the disk; None for a database in memory."""
        self._looks_at = 0.0
        """When it is looked next whether that is still there, by the monotonic clock."""
        self.lock = threading.Lock()
        """Held around every use of :attr:`connection`; one for all that share a given one."""
        self.recent = threading.Lock()
        """Held around every use of what was read or stored lately."""
        with _registering:
            if self._given is not None:
                self.lock = _lock_of(self._given) or self.lock
            _files.add(self)
        with self.lock:
            self.connection()

    def connection(self) -> sqlite3.Connection:
        """The connection; opened again in a forked child. Hold the lock.

        Raises:
            WouldWaitError: it is not open, and this thread must not wait for that.
        """
        now = time.monotonic()
        if not self._closed and (self._open is None or now >= self._looks_at):
            self._require_file()
            self._looks_at = now + _LOOK_S
        if self._open is None:
            if self._closed:
                raise StorageError(
                    f"What kept data in {self.name} was closed. Nothing was stored. Open it anew."
                )
            if haste.hurried:
                raise WouldWaitError
            try:
                self._open = self._connect()
                path = _file_of(self._open)
                self._at = None if path == ":memory:" else (path, _place_of(path))
            except (sqlite3.Error, OSError) as fault:
                self.fail(fault)
        return self._open

    def _require_file(self) -> None:
        if self._is_gone:
            raise StorageError(
                f"The database {self.name} was deleted or replaced while it was open. Nothing was "
                "stored, and no new file was made. Put the file back, or open anew what is there "
                "now."
            )

    @property
    def _is_gone(self) -> bool:
        """Whether another file, or none, is where the open one was."""
        if self._at is None:
            return False
        path, place = self._at
        try:
            return _place_of(path) != place
        except OSError:
            return True

    def _connect(self) -> sqlite3.Connection:
        if self._given is not None:
            connection = self._given
            connection.isolation_level = None
        else:
            uri = self.name.startswith("file:")
            if not uri and self.name != ":memory:":
                _create_private(self.name)
            connection = sqlite3.connect(
                self.name, timeout=BUSY_TIMEOUT_S, isolation_level=None,
                check_same_thread=False, uri=uri,
            )  # fmt: skip
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            _migrate(connection, self.name)
            if self._given is None:
                connection.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            if self._given is None:
                connection.close()
            raise
        return connection

    def run(self, statement: Callable[[sqlite3.Connection], T]) -> T:
        """Do what is one statement, and a transaction by itself.

        Args:
            statement: called again when another process held the database.

        Raises:
            StorageError, InvalidNameError, CorruptDataError: nothing was stored.
        """
        patience, lock = None, self.lock
        while True:
            if haste.hurried and lock.locked():
                _wait_shortly(lock)
            with lock:
                connection = self.connection()
                try:
                    return statement(connection)
                except (sqlite3.Error, UnicodeEncodeError) as fault:
                    patience = patience or _Patience()
                    if not patience.is_for(fault):
                        self.fail(fault)
            patience.pause()

    def transaction(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        survives_power_loss: bool = False,
        alone: bool = True,
    ) -> T:
        """Do this and commit it, all or none.

        Args:
            work: what is to be done; called once.
            survives_power_loss: wait until the disk has it; otherwise a power cut, though no
                crash of the process, may lose the last commits.
            alone: as every transaction of SQLite that writes.

        Raises:
            StorageError, InvalidNameError: nothing was stored.
        """
        patience, lock, done = _Patience(), self.lock, self._done
        while True:
            if haste.hurried and lock.locked():
                _wait_shortly(lock)
            with lock:
                connection = self.connection()
                try:
                    if self._given is not None and connection.in_transaction:
                        raise sqlite3.OperationalError("its user has a transaction under way")
                    if survives_power_loss:
                        connection.execute("PRAGMA synchronous = FULL")
                    try:
                        if done(connection, "BEGIN IMMEDIATE", patience):
                            found = work(connection)
                            while not done(connection, "COMMIT", patience):
                                patience.pause()
                            return found
                    finally:
                        if connection.in_transaction:
                            connection.execute("ROLLBACK")
                        if survives_power_loss:
                            connection.execute("PRAGMA synchronous = NORMAL")
                except (sqlite3.Error, UnicodeEncodeError) as fault:
                    self.fail(fault)
            patience.pause()

    def _done(self, connection: sqlite3.Connection, statement: str, patience: _Patience) -> bool:
        """False when another process holds the database, and it is worth a wait."""
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as fault:
            if not patience.is_for(fault):
                raise
            return False
        return True

    def rows(self, query: str, parameters: tuple[Any, ...] | dict[str, Any] = ()) -> list[Any]:
        """All rows of one query.

        Raises:
            StorageError: it cannot be read.
            CorruptDataError: a text is not text any more.
        """

        def read(connection: sqlite3.Connection) -> list[Any]:
            try:
                return connection.execute(query, parameters).fetchall()
            except UnicodeEncodeError:
                return []  # no stored name has a lone surrogate

        return self.run(read)

    def checked_rows(
        self, query: str, parameters: tuple[Any, ...] | dict[str, Any] = ()
    ) -> list[Any]:
        """As :meth:`rows`; a text that is none any more has U+FFFD where it is damaged.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            return self.rows(query, parameters)
        except CorruptDataError:
            return self.run(lambda connection: _readable(connection, query, parameters))

    def lease_until(self, seconds: float) -> float:
        """When it ends, by this machine's clock."""
        return time.time() + seconds

    def lease_left(self, read: float) -> float:
        """Seconds from now, by this machine's clock."""
        return read - time.time()

    def number(self, cursor: sqlite3.Cursor) -> int:
        """Of the row that a statement has just added; quicker than a RETURNING."""
        return cursor.lastrowid or 0

    def packed(self, cell: bytes | str) -> bytes | str:
        """As it is: a column holds values as bytes, and names of blobs as text."""
        return cell

    def unpacked(self, rows: list[Any], columns: Sequence[int]) -> list[Any]:
        """As they are."""
        return rows

    def close(self) -> None:
        with self.lock:
            self._closed = True
            if self._open is not None and self._given is None:
                if self._is_gone:  # closing would delete the log of the file that is there now
                    _left_behind.append(self._open)
                else:
                    self._open.close()
            self._open = None

    def forget_parent(self, lock: threading.Lock) -> None:
        """In a forked child: open anew at the next use. A database in memory was copied."""
        self.lock = lock
        self.recent = threading.Lock()
        if self._open is not None and self.name != ":memory:":
            _left_behind.append(self._open)
            self._open = None

    def fail(self, fault: Exception) -> NoReturn:
        """Raise what stands for an error of SQLite, of the file system or of a text."""
        if isinstance(fault, UnicodeEncodeError):
            raise InvalidNameError(
                f"The text {fault.object!r} cannot be stored: it has a lone surrogate, which no "
                "database holds. Nothing was stored. Use whole Unicode characters."
            ) from fault
        text = str(fault)
        if "Could not decode to UTF-8" in text:
            raise CorruptDataError(
                f"A text in {self.name} is damaged: {text}. Restore the file from a copy."
            ) from fault
        reason = next((why for mark, why in _REASONS if mark in text), _OTHER)
        raise StorageError(
            f"The database {self.name} could not be used: {text}. Nothing was stored. {reason}"
        ) from fault


def _wait_shortly(lock: threading.Lock) -> None:
    """Until nobody holds it, for a thread that must not wait.

    Raises:
        WouldWaitError: somebody holds it longer.
    """
    if not lock.acquire(timeout=SHORTLY_S):
        raise WouldWaitError
    lock.release()


def _readable(connection: sqlite3.Connection, query: str, parameters: Any) -> list[Any]:
    before = connection.text_factory
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.text_factory = before


class _Patience:
    """Of a thread that waits until another process gives the database free."""

    def __init__(self) -> None:
        self._until = time.monotonic() + BUSY_TIMEOUT_S
        self._next_s = _FIRST_PAUSE_S

    def is_for(self, fault: Exception) -> bool:
        """Whether waiting may help, and there is time left.

        Raises:
            WouldWaitError: it may help, and this thread must not wait.
        """
        if not isinstance(fault, sqlite3.OperationalError) or "locked" not in str(fault):
            return False
        if haste.hurried:
            raise WouldWaitError from fault
        return time.monotonic() < self._until

    def pause(self) -> None:
        """Give whoever has it some time, each time more, and no two processes the same."""
        time.sleep(self._next_s * random.uniform(0.5, 1))
        self._next_s = min(2 * self._next_s, _LONGEST_PAUSE_S)


_OTHER = "Check the file and its folder."
_REASONS = (
    (
        "locked",
        f"Another process held it for {BUSY_TIMEOUT_S:g} s: end that one, or use another file.",
    ),
    ("readonly", "It is read-only: let this user write the file and its folder."),
    ("no such table", "An older nbflow made it, and it is read-only: let this user write it."),
    ("unable to open", "Check that the folder exists and may be written."),
    ("full", "The disk is full: free some space, then try again; a run: invoke(None)."),
    ("disk I/O error", "Check the disk's space and health, then try again; a run: invoke(None)."),
    ("malformed", "The file is damaged: restore it from a copy."),
    ("not a database", "The file is something else: give another path."),
    ("too big", "A value is larger than SQLite takes: store a file and return its path."),
    ("closed database", "Its connection was closed: open it anew."),
    ("already exists", "Its tables belong to another program: give another path."),
    ("under way", "Commit it or roll it back first."),
    ("created in a thread", "Make the connection with check_same_thread=False."),
)

_files: weakref.WeakSet[SqliteFile] = weakref.WeakSet()
_registering = threading.Lock()


def _lock_of(connection: sqlite3.Connection) -> threading.Lock | None:
    """That of another who was given the same connection."""
    return next((file.lock for file in _files if file._given is connection), None)


def _after_fork() -> None:
    global _registering
    _registering = threading.Lock()
    locks: dict[int, threading.Lock] = {}
    for file in _files:
        file.forget_parent(locks.setdefault(id(file._given or file), threading.Lock()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _file_of(connection: sqlite3.Connection) -> str:
    for row in connection.execute("PRAGMA database_list").fetchall():
        if row[1] == "main" and row[2]:
            return str(row[2])
    return ":memory:"


def _place_of(path: str) -> tuple[int, int]:
    """Device and number of a file: another one at the same path has others."""
    found = os.stat(path)  # noqa: PTH116  # much quicker than a Path
    return found.st_dev, found.st_ino


def _create_private(path: str) -> None:
    """Make the file readable for its owner alone; SQLite gives its side files the same mode."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    if Path(path).exists():
        return
    try:
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        return


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and one writer side by side; a read-only file stays as it is."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            if "readonly" in str(fault):
                return
            # SQLite does not wait by itself when two processes switch a new file at once
            if "locked" not in str(fault) or time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring the schema to this version, in one transaction."""
    known = len(_MIGRATIONS)
    found = _version(connection)
    if found > known:
        raise StorageError(
            f"The database {name} has schema version {found}; this nbflow knows version {known}. "
            "Nothing was changed. Upgrade nbflow, or use another file."
        )
    if found == known:
        return
    try:
        connection.execute("BEGIN IMMEDIATE")
        for script in _MIGRATIONS[_version(connection) :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {known}")
        connection.execute("COMMIT")
    except BaseException as fault:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if found and isinstance(fault, sqlite3.OperationalError) and "readonly" in str(fault):
            _stand_in(connection, found)
            return
        raise


def _stand_in(connection: sqlite3.Connection, version: int) -> None:
    """Let what an older schema has be read by this version's queries."""
    for name, statement in _OLDER.items():
        if version < int(name.removeprefix("before_")):
            connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
