"""A real Postgres server for tests: of Debian's package, on loopback, in a folder of its own.

Its password has every character that means something in a URL. Root cannot run Postgres, so
under root it runs as the user ``postgres`` that the package makes.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

__all__ = ["PASSWORD", "Server", "own_schema", "running_server"]

PASSWORD = "a!b@c$d()e*_,/:;=?@ff[]22% #&+\\'\"ü"
_INSTALLED = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the machine does not stop, the server alone does
    "max_connections": "200",
    "shared_buffers": "32MB",
}


_SETPRIV = shutil.which("setpriv")
_DIES_WITH_US = [_SETPRIV, "--pdeathsig", "INT", "--"] if _SETPRIV else []
"""So that no server is left behind by tests that are killed."""


class Server:
    """One server process with its data; ``dsn`` names its database ``postgres``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"
        self._data = folder / "data"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.dsn = (
            f"postgresql://postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{self._port}/postgres"
        )
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        _own(folder, secret)
        subprocess.run(
            [
                _program("initdb"), "-D", self._data, "-U", "postgres", "-A", "scram-sha-256",
                "--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync",
            ],
            check=True, stdout=subprocess.DEVNULL, **_as_postgres(),
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            *_DIES_WITH_US,
            _program("postgres"),
            "-D",
            str(self._data),
            "-p",
            str(self._port),
        ]
        command += [part for pair in _SETTINGS.items() for part in ("-c", "=".join(pair))]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as_postgres()
            )
        while self._process.poll() is None:
            ready = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
            if subprocess.run(ready, check=False).returncode == 0:
                return
        raise RuntimeError(f"The server did not start: {self._log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT ends sessions, SIGQUIT leaves all work to be recovered."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextmanager
def running_server() -> Iterator[Server]:
    """A server of one's own; it ends with the block, and its data goes."""
    folder = Path(tempfile.mkdtemp(prefix="nbflow-postgres-"))
    try:
        server = Server(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_schema(dsn: str) -> Iterator[str]:
    """A DSN whose tables lie in a schema of its own; it goes with the block."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    try:
        yield f"{dsn}{'&' if '?' in dsn else '?'}options=-csearch_path%3D{name}"
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def _program(name: str) -> str:
    folders = sorted(_INSTALLED.glob("*/bin"), key=lambda path: int(path.parent.name))
    found = next((str(f / name) for f in reversed(folders) if (f / name).exists()), None)
    found = found or shutil.which(name)
    if found is None:
        raise RuntimeError(
            f"Postgres is not installed: there is no {name}. Install it (on Debian and Ubuntu: "
            "apt-get install postgresql), or set NBFLOW_TEST_POSTGRES_DSN to a database of your "
            "own in which this user may make schemas."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_postgres() -> dict[str, Any]:
    """How a process is started as a user who may run Postgres."""
    if not _is_root():
        return {}
    user, group = _postgres()
    return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}


def _own(*paths: Path) -> None:
    if _is_root():
        for path in paths:
            os.chown(path, *_postgres())


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _postgres() -> tuple[int, int]:
    """The user and group that the package makes."""
    import pwd

    account = pwd.getpwnam("postgres")
    return account.pw_uid, account.pw_gid
