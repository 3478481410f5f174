"""One Postgres database: how it is reached, migrated, locked, and what its errors become.

A pool of connections, each used by one thread at a time. Needs Postgres 13 or newer. Nothing that
is said or shown here has the password in it.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

from nbflow._database import scripts
from nbflow.errors import CorruptDataError, InvalidConfigError, InvalidNameError, StorageError

try:
    import psycopg
    import psycopg_pool
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.rows import tuple_row
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"Postgres needs the package {missing.name!r}, which is not installed. Install it with: "
        "pip install 'nbflow[postgres]'",
        name=missing.name,
    ) from missing

__all__ = ["PostgresServer", "Session", "Source"]

Source = str | psycopg_pool.ConnectionPool[Any] | psycopg.Connection[Any]
T = TypeVar("T")

_CONNECTIONS = 10
"""At most so many at once, unless a pool is given."""

_PATIENCE_S = 30.0
"""How long a statement waits for a connection: the server may be starting again."""

_OFTEN = 5
"""Times that the server may undo something, so that somebody else can go on."""

_SQL = scripts.queries("postgres", "server")
_MIGRATIONS = scripts.migrations("postgres")
_SEEING = "ISOLATION LEVEL READ COMMITTED"
"""Who waited for a lock must see what others committed meanwhile."""

_VALUE, _BLOB = b"\x00", b"\x01"
_left_behind: list[object] = []
"""Pools of a parent process: closing them in a child would end the parent's sessions."""


class _UnheardError(Exception):
    """Nobody heard what came of it: the connection broke, or the server undid it to go on."""

    def __init__(self, error: StorageError, *, is_undone: bool) -> None:
        super().__init__(error)
        self.error = error
        self.is_undone = is_undone


class _Here(threading.local):
    """What a thread knows of connections."""

    doubts = False
    """One has just broken, so others may be about to."""


class Session:
    """A connection on which statements run, as one of SQLite's takes them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, query: str, parameters: Any = (), /) -> psycopg.Cursor[Any]:
        return self._cursor().execute(query, parameters)

    def executemany(self, query: str, rows: Iterable[Any], /) -> None:
        self._cursor().executemany(query, rows)

    def first_of_each(self, query: str, rows: Sequence[Any]) -> list[Any]:
        """What the query returns first for each of these parameters; None for nothing.

        They are sent without a wait for one another.
        """
        cursor = self._cursor()
        if len(rows) < 2:
            return [cursor.execute(query, row).fetchone() for row in rows]
        cursor.executemany(query, rows, returning=True)
        found = [cursor.fetchone()]
        while cursor.nextset():
            found.append(cursor.fetchone())
        return found

    def _cursor(self) -> psycopg.Cursor[Any]:
        return self._connection.cursor(binary=True, row_factory=tuple_row)


class PostgresServer:
    """The tables of nbflow in the current schema of a database, made on first use.

    Args:
        source: a DSN, a pool, or an open connection. A connection only tells which database; a
            pool is used itself.

    Raises:
        StorageError: it cannot be reached or used, or has a newer schema.
        InvalidConfigError: the source is something else.
    """

    def __init__(self, source: Source) -> None:
        self._given, self._conninfo, self._kwargs = _parts(source)
        self._closed = False
        self._pool: psycopg_pool.ConnectionPool[Any] | None = None
        self._making = threading.Lock()
        self._here = _Here()
        self.recent = threading.Lock()
        """Held around every use of what was read or stored lately."""
        settings = _settings(self._conninfo)
        self._secret = str(self._kwargs.get("password") or settings.get("password") or "")
        self.name = self._address = _shown(settings | self._kwargs)
        try:
            with psycopg.connect(self._conninfo, **{**self._kwargs, "autocommit": True}) as first:
                self._address = f"{first.info.host}:{first.info.port}"
                self.name = f"{first.info.dbname} at {self._address}"
                self._database, self._schema = self._prepare(first)
        except psycopg.Error as fault:
            self._fail(fault)
        with _registering:
            _servers.add(self)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Server, database and schema."""
        return self._address, self._database, self._schema

    # -- statements -------------------------------------------------------------------------

    def run(self, statement: Callable[[Session], T]) -> T:
        """Do what is one statement, and a transaction by itself; call it in :meth:`twice`."""
        with self._borrowed() as connection:
            found = statement(Session(connection))
            if not connection.autocommit:
                connection.commit()
            return found

    def transaction(
        self,
        work: Callable[[Session], T],
        *,
        survives_power_loss: bool = False,
        alone: bool = False,
    ) -> T:
        """Do this and commit it, all or none; call it in :meth:`twice`.

        Args:
            work: what is to be done.
            survives_power_loss: wait until the server's disk has it, even where the server is set
                not to.
            alone: no other transaction of this kind runs beside it. Who deletes long values must
                be, since others store the same ones by their names.
        """
        with self._borrowed() as connection:
            session = Session(connection)
            begin = _SQL["begin_alone" if alone else "begin_shared"]
            try:
                how = "BEGIN" if connection.autocommit else "SET TRANSACTION"
                connection.execute(f"{how} {_SEEING}; {begin}")
                if survives_power_loss:
                    session.execute(_SQL["wait_for_disk"])
                done = work(session)
                connection.commit()
                return done
            except BaseException:
                if not connection.closed:
                    with suppress(psycopg.Error):
                        connection.rollback()
                raise

    def rows(self, query: str, parameters: Any = ()) -> list[Any]:
        """All rows of one query.

        Raises:
            StorageError: it cannot be read.
        """

        def read(session: Session) -> list[Any]:
            return session.execute(query, parameters).fetchall()

        try:
            return self.twice(lambda: self.run(read))
        except InvalidNameError:
            return []  # no stored name is one that cannot be stored

    def checked_rows(self, query: str, parameters: Any = ()) -> list[Any]:
        """As :meth:`rows`: the server lets no text be stored that is none."""
        return self.rows(query, parameters)

    def twice(self, work: Callable[[], T], again: Callable[[], T] | None = None) -> T:
        """Do what uses statements or transactions; once more if nobody heard what came of it, and
        a few times more if the server undid it, so that somebody else could go on.

        Args:
            again: what to do then; left out, the same. The work may or may not have been stored.

        Raises:
            StorageError: nothing was stored; or the connection broke again, and it is not known.
            InvalidNameError: nothing was stored.
        """
        broken, undone, before = False, 0, self._here.doubts
        while True:
            self._here.doubts = broken or before
            try:
                return again() if broken and again is not None else work()
            except _UnheardError as fault:
                undone += fault.is_undone
                if undone > _OFTEN or (broken and not fault.is_undone):
                    raise fault.error from fault.error.__cause__
                broken = broken or not fault.is_undone
            finally:
                self._here.doubts = before

    def lease_until(self, seconds: float) -> float:
        """The seconds, which the queries add to the server's clock."""
        return seconds

    def lease_left(self, read: float) -> float:
        """What the queries read: seconds from now, by the server's clock."""
        return read

    def number(self, cursor: psycopg.Cursor[Any]) -> int:
        """Of the row that a statement has just added, which it returns."""
        return int(cursor.fetchall()[0][0])

    def packed(self, cell: bytes | str) -> bytes:
        """With a byte in front that tells a value from the name of a blob."""
        return _VALUE + cell if isinstance(cell, bytes) else _BLOB + cell.encode()

    def unpacked(self, rows: list[Any], columns: Sequence[int]) -> list[Any]:
        """Rows in which these columns are values or names of blobs again."""
        found = []
        for row in rows:
            cells = [*row]
            for at in columns:
                cells[at] = _cell(cells[at])
            found.append((*cells,))
        return found

    def close(self) -> None:
        """End the connections; those of a pool that was given stay."""
        with self._making:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None and pool is not self._given:
            pool.close()

    def forget_parent(self) -> None:
        """In a forked child: connect anew at the next use."""
        _left_behind.extend((self._pool, self._given))
        self._pool = self._given = None
        self._making, self.recent = threading.Lock(), threading.Lock()

    # -- connections ------------------------------------------------------------------------

    @contextmanager
    def _borrowed(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that was alive a moment ago; its errors become those of nbflow."""
        pool = self._pool or self._made()
        try:
            connection = pool.getconn()
            is_alive = _answers if self._here.doubts else _is_alive
            while not is_alive(connection):
                connection.close()
                pool.putconn(connection)
                connection = pool.getconn()
        except psycopg.Error as fault:
            self._fail(fault)
        try:
            yield connection
        except (psycopg.Error, UnicodeEncodeError) as fault:
            self._fail(fault, connection)
        finally:
            pool.putconn(connection)

    def _made(self) -> psycopg_pool.ConnectionPool[Any]:
        with self._making:
            if self._closed:
                raise StorageError(
                    f"What kept data in {self.name} was closed. Nothing was stored. Open it anew."
                )
            if self._pool is None:
                self._pool = self._given or psycopg_pool.ConnectionPool(
                    self._conninfo, kwargs={**self._kwargs, "autocommit": True}, min_size=0,
                    max_size=_CONNECTIONS, timeout=_PATIENCE_S, open=True, name="nbflow",
                )  # fmt: skip
                if self._given is None:
                    weakref.finalize(self, _end, self._pool, os.getpid())
            return self._pool

    def _prepare(self, connection: psycopg.Connection[Any]) -> tuple[str, str]:
        """Bring the schema to this version, in one transaction; returns database and schema."""
        session = Session(connection)
        database, schema, encoding = session.execute(_SQL["whereabouts"]).fetchall()[0]
        if encoding != "UTF8":
            raise StorageError(
                f"The database {self.name} has the encoding {encoding}, which cannot hold every "
                "text; expected UTF8. Nothing was changed. Use a database made with ENCODING UTF8."
            )
        if schema is None:
            raise StorageError(
                f"The database {self.name} has no schema of those on this user's search_path. "
                "Nothing was changed. Make one, or name another one in the DSN: "
                "?options=-csearch_path%3Dname."
            )
        if _version(session) == len(_MIGRATIONS):
            return database, schema
        with connection.transaction():
            session.execute(_SQL["lock_schema"])
            _migrate(connection, _version(session), self.name)
        return database, schema

    def _fail(
        self, fault: Exception, connection: psycopg.Connection[Any] | None = None
    ) -> NoReturn:
        """Raise what stands for an error of Postgres, of the connection or of a text."""
        said = fault.diag.message_primary if isinstance(fault, psycopg.Error) else _SURROGATE
        text = " ".join((said or str(fault)).split())
        cause = None if self._secret and self._secret in str(fault) else fault
        text = text.replace(self._secret, "...") if self._secret else text
        code = getattr(fault, "sqlstate", None) or ""
        if isinstance(fault, UnicodeEncodeError) or "NUL (0x00)" in text or code in _NO_TEXT:
            raise InvalidNameError(
                f"A text cannot be stored in {self.name}: {text}. Nothing was stored. Use whole "
                "Unicode characters other than NUL, and names of at most 2,000 bytes."
            ) from cause
        if code in _DAMAGE:
            raise CorruptDataError(
                f"{self.name} is damaged: {text}. Restore the database from a copy."
            ) from cause
        reason = next((why for mark, why in _REASONS if mark in (code, type(fault).__name__)), None)
        if reason is None:
            reason = next((why for mark, why in _REASONS if mark in text), _OTHER)
        is_lost = connection is not None and (connection.closed or code in _ENDED)
        stored = "Whether anything was stored is not known." if is_lost else "Nothing was stored."
        error = StorageError(
            f"The database {self.name} could not be used: {text}. {stored} {reason}"
        )
        error.__cause__ = cause
        if connection is not None and (is_lost or code in _UNDONE):
            raise _UnheardError(error, is_undone=code in _UNDONE)
        raise error


_SURROGATE = "it has a lone surrogate"
_NO_TEXT = ("54000", "22021", "22P02", "22P05")
_DAMAGE = ("XX001", "XX002")
_UNDONE = ("40P01", "40001")
_ENDED = ("57P01", "57P02", "57P03")
_OTHER = "Check the server and its log, then try again; a run: invoke(None)."
_REASONS = (
    ("password authentication failed", "Check user and password."),
    ("does not exist", "Name a database and a user that exist."),
    ("42501", "Let this user make and write tables there, or use a schema where it may."),
    ("42P07", "Its tables belong to another program: use another schema."),
    ("42P01", "Its tables were removed: open it anew."),
    ("25006", "It is read-only: connect to the primary server."),
    ("53100", "The server's disk is full: free some space, then try again; a run: invoke(None)."),
    ("too many", "It has too many connections: let it take more, or give a smaller pool."),
    ("55P03", "Somebody else held a lock for too long: try again."),
    ("invalid memory alloc", "A value is too large: store a file and return its path."),
    ("PoolTimeout", "The server did not answer, or others use all connections of the pool."),
    ("PoolClosed", "Its pool was closed: open it anew."),
    ("invalid DSN", "Write it as postgresql://user:password@host:port/database."),
    ("connection", "Check that the server runs and can be reached from here."),
)  # fmt: skip

_servers: weakref.WeakSet[PostgresServer] = weakref.WeakSet()
_registering = threading.Lock()


def _after_fork() -> None:
    global _registering
    _registering = threading.Lock()
    for server in _servers:
        server.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _end(pool: psycopg_pool.ConnectionPool[Any], pid: int) -> None:
    """Close a pool of nbflow's that nobody uses any more; not a parent process's."""
    if os.getpid() == pid:
        pool.close()


def _parts(
    source: Source,
) -> tuple[psycopg_pool.ConnectionPool[Any] | None, str, dict[str, Any]]:
    """The pool if one is given, and with what a connection like its own is made."""
    if isinstance(source, psycopg_pool.ConnectionPool):
        kwargs = source.kwargs
        if not isinstance(source.conninfo, str) or not isinstance(kwargs, Mapping | None):
            raise InvalidConfigError(
                "The pool makes its conninfo or kwargs by a function; expected values, with which "
                "a forked process can connect anew. Give the DSN itself."
            )
        return source, source.conninfo, dict(kwargs or {})
    if isinstance(source, psycopg.Connection):
        secret = {"password": source.info.password} if source.info.password else {}
        return None, make_conninfo(**source.info.get_parameters(), **secret), {}
    if not isinstance(source, str):
        raise InvalidConfigError(
            f"The database is a {type(source).__name__}; expected a DSN such as "
            "'postgresql://user:password@host/database', a psycopg_pool.ConnectionPool or a "
            "psycopg.Connection. One saver or store serves sync and async code."
        )
    return None, source, {}


def _settings(conninfo: str) -> dict[str, Any]:
    """What a DSN says; a message about one that cannot be read shows no part of it."""
    with suppress(psycopg.Error):
        found = conninfo_to_dict(conninfo)
        if "@" not in str(found.get("host", ""))[1:]:
            return found
    raise InvalidConfigError(
        "The DSN cannot be read. Expected postgresql://user:password@host:port/database, in which "
        "signs such as @ : / ? # % of the password are written by urllib.parse.quote(password, "
        "safe=''). It is not shown here, since a password may be in it."
    )


def _shown(settings: Mapping[str, Any]) -> str:
    """Database, host and port, as far as they are named."""
    host = settings.get("host") or "localhost"
    return f"{settings.get('dbname') or 'postgres'} at {host}:{settings.get('port') or 5432}"


def _is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has not ended it meanwhile; asks nobody."""
    try:
        for _ in range(2):  # a last message, then the end
            connection.pgconn.consume_input()
    except psycopg.Error:
        return False
    return not connection.closed


def _answers(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server says so."""
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        return False
    return True


def _cell(stored: bytes | None) -> bytes | str | None:
    if stored is None:
        return None
    return stored[1:].decode("ascii", "replace") if stored[:1] == _BLOB else stored[1:]


def _version(session: Session) -> int:
    """How many migrations were applied; 0 where there are no tables yet."""
    if not session.execute(_SQL["has_version"]).fetchall()[0][0]:
        return 0
    return int(session.execute(_SQL["get_version"]).fetchall()[0][0])


def _migrate(connection: psycopg.Connection[Any], found: int, name: str) -> None:
    """Apply what is missing, in the transaction that is open."""
    known = len(_MIGRATIONS)
    if found > known:
        raise StorageError(
            f"The database {name} has schema version {found}; this nbflow knows version {known}. "
            "Nothing was changed. Upgrade nbflow, or use another database or schema."
        )
    if found == known:
        return
    for script in _MIGRATIONS[found:]:
        connection.execute(script)
    session = Session(connection)
    session.execute(_SQL["forget_version"])
    session.execute(_SQL["set_version"], (known,))
