"""The databases that the user named: which files may be read, and how each is opened.

The invariant: whatever a request names, only a regular file that really lies under the server's
root, is an nbflow database and was named is ever opened, and each time anew it is made sure of. It
is opened read-only, but for the moment in which an answer is stored.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.pending import ask_again, keep_answer, pending
from nbflow.server.refusals import RefusedError
from nbflow.widgets.batches import batches
from nbflow.widgets.inbox_session import InboxSession
from nbflow.widgets.panel_session import PanelSession, rows_of_saver

if TYPE_CHECKING:
    from nbflow.pending import PendingQuestion
    from nbflow.widgets.panel_protocol import PanelRow

__all__ = ["Database", "Databases"]

_PATH_CHARS = 1_000
_NAMED_AT_MOST = 50
_TABLES = {"thread", "run", "op", "ckpt"}


class Database:
    """One named database, and its conversations with the pages.

    Args:
        file: returns where it is now, or refuses.
    """

    def __init__(self, file: Callable[[], Path]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._reader: SqliteSaver | None = None
        self._read: tuple[int, int] | None = None
        """Device and number of the file that the reader has open."""
        self.inbox: InboxSession = InboxSession(self._questions, {}, keeper=self)
        """Lists the questions, and takes their answers."""
        self.panel: PanelSession = PanelSession(self._rows)
        """Lists the runs."""

    def answer(self, question: PendingQuestion, value: Any) -> None:
        """Store an answer; the run goes on where its code is."""
        with closing(SqliteSaver(self._file())) as saver:
            keep_answer(saver, question.thread_id, question.interrupt.id, value)
        batches.mark(self.panel)

    def ask_again(self, question: PendingQuestion) -> None:
        """Take an answer back."""
        with closing(SqliteSaver(self._file())) as saver:
            ask_again(saver, question.thread_id, question.interrupt.id)
        batches.mark(self.panel)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
            self._reader = self._read = None

    def _questions(self) -> list[PendingQuestion]:
        return pending(self._saver())

    def _rows(self) -> list[PanelRow]:
        return rows_of_saver(self._saver())

    def _saver(self) -> SqliteSaver:
        """Return the reader; of a file that was replaced, a new one."""
        path = self._file()
        found = path.stat()
        with self._lock:
            if self._reader is None or self._read != (found.st_dev, found.st_ino):
                if self._reader is not None:
                    self._reader.close()
                self._reader = SqliteSaver(f"{path.as_uri()}?mode=ro")
                self._read = (found.st_dev, found.st_ino)
            return self._reader


class Databases:
    """Those that were named, for one server root.

    Args:
        root: the folder that the server serves.
        kept: the file that keeps their names, for all roots of this user.
        allow_hidden: whether the server serves hidden files.
    """

    def __init__(self, root: Path, kept: Path, *, allow_hidden: bool) -> None:
        self.root: Path = root.resolve()
        """What paths are relative to."""
        self._kept = kept
        self._allow_hidden = allow_hidden
        self._lock = threading.Lock()
        self._open: dict[str, Database] = {}

    @property
    def names(self) -> list[str]:
        """Paths relative to the root, in the order in which they were named."""
        with self._lock:
            return self._names()

    def add(self, name: object) -> list[str]:
        """Name a database; returns all names.

        Raises:
            RefusedError: it is none that may be read, or there are too many.
        """
        path = self.file(name)
        real = path.relative_to(self.root).as_posix()
        with self._lock:
            names = self._names()
            if real not in names:
                if len(names) >= _NAMED_AT_MOST:
                    raise RefusedError(
                        400,
                        "bad_request",
                        f"{_NAMED_AT_MOST} databases are named, which is the most. Nothing was "
                        "changed. Remove one from the list first.",
                    )
                self._keep([*names, real])
            return self._names()

    def remove(self, name: object) -> list[str]:
        """Forget a name, whether there is such a file or not; returns the others."""
        with self._lock:
            self._keep([one for one in self._names() if one != name])
            gone = self._open.pop(name, None) if isinstance(name, str) else None
            names = self._names()
        if gone is not None:
            gone.close()
        return names

    def get(self, name: object) -> Database:
        """Return a database that was named.

        Raises:
            RefusedError: it was not named, or is none that may be read any more.
        """
        path = self._named(name)
        real = path.relative_to(self.root).as_posix()
        with self._lock:
            if real not in self._open:
                self._open[real] = Database(lambda: self._named(real))
            return self._open[real]

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            opened, self._open = list(self._open.values()), {}
        for one in opened:
            one.close()

    def file(self, name: object) -> Path:
        """Return the database that a path relative to the root names.

        Raises:
            RefusedError: there is none, or it may not be read.
        """
        path = self._under_root(name)
        shown = repr(name)[:200]
        try:
            found = path.stat()
        except OSError:
            raise RefusedError(
                404,
                "missing",
                f"There is no file {shown} under the server's root folder. Expected the path of "
                "a database as the file browser shows it, such as 'runs.sqlite'.",
            ) from None
        if not stat.S_ISREG(found.st_mode) or not _is_database(path):
            raise RefusedError(
                422,
                "no_database",
                f"{shown} is no database of nbflow's, or it is damaged. Expected the file of a "
                "SqliteSaver. Name another one.",
            )
        return path

    def _named(self, name: object) -> Path:
        path = self._under_root(name)
        if path.relative_to(self.root).as_posix() not in self.names:
            raise RefusedError(
                403,
                "not_named",
                f"{repr(name)[:200]} was not named, so it is not read. Add it first: "
                "'nbflow: Add a database' in the command palette.",
            )
        return self.file(name)

    def _under_root(self, name: object) -> Path:
        """Return where a path leads, which need not be there."""
        sound = isinstance(name, str) and 0 < len(name) <= _PATH_CHARS and name.isprintable()
        if not isinstance(name, str) or not sound or "\\" in name or Path(name).is_absolute():
            raise RefusedError(
                400,
                "bad_request",
                f"{repr(name)[:200]} is no path relative to the server's root folder. Expected "
                f"one such as 'data/runs.sqlite', of at most {_PATH_CHARS:,} characters.",
            )
        try:
            path = (self.root / name).resolve()
            parts = path.relative_to(self.root).parts
        except (OSError, RuntimeError, ValueError):
            raise RefusedError(
                403,
                "outside",
                f"{name[:200]!r} leads out of the server's root folder, or nowhere. Only files "
                "that lie in it are read; start the server in a folder above, or copy the file.",
            ) from None
        if not self._allow_hidden and any(part.startswith(".") for part in parts):
            raise RefusedError(
                403,
                "hidden",
                f"{name[:200]!r} is hidden, and this server serves no hidden files. Name a file "
                "that the file browser shows.",
            )
        return path

    def _names(self) -> list[str]:
        found = self._all().get(str(self.root), [])
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    def _all(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._kept.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _keep(self, names: list[str]) -> None:
        """Write the file anew, whole or not at all."""
        kept = {**self._all(), str(self.root): names}
        self._kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._kept.with_name(f"{self._kept.name}.{os.getpid()}.new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(kept, out, indent=1)
            fresh.replace(self._kept)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


def _is_database(path: Path) -> bool:
    """Whether a file is an SQLite database with nbflow's tables; it is read only."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("select name from sqlite_master where type = 'table'")
            return {str(row[0]) for row in found} >= _TABLES
    except sqlite3.Error:
        return False
