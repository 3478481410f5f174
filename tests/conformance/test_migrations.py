"""The migrations end at the schema, once, whole, and never from a newer version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nbflow._database import scripts, sqlite_file
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import StorageError


def structure(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    connection.close()
    return {(*row[:3], _without_comments(row[3] or "")) for row in rows}


def _without_comments(sql: str) -> str:
    """A column that is added later comes before the comment of the last one."""
    return " ".join(" ".join(line.partition("--")[0] for line in sql.splitlines()).split())


def test_the_migrations_end_at_the_schema(tmp_path: Path) -> None:
    migrated = tmp_path / "migrated.sqlite"
    SqliteSaver(migrated).close()
    written = sqlite3.connect(":memory:")
    written.executescript(scripts.schema("sqlite"))

    assert structure(sqlite3.connect(migrated)) == structure(written)


def test_the_version_is_the_number_of_migrations(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    SqliteSaver(path).close()
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert version == (len(scripts.migrations("sqlite")),)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """Fault 11: with both versions named."""
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    known = len(scripts.migrations("sqlite"))
    with pytest.raises(StorageError, match=rf"x\.sqlite.*version 99.*version {known}\b"):
        SqliteSaver(path)


def test_an_older_schema_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.sqlite"
    SqliteSaver(path).close()
    added = """
        CREATE TABLE later (a); -- it's a comment; with a semicolon
        INSERT INTO later
        VALUES (1);
    """
    monkeypatch.setattr(sqlite_file, "_MIGRATIONS", [*scripts.migrations("sqlite"), added])

    SqliteSaver(path).close()
    SqliteSaver(path).close()

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT a FROM later").fetchall() == [(1,)]
    connection.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.sqlite"
    SqliteSaver(path).close()
    before = structure(sqlite3.connect(path))
    broken = "CREATE TABLE later (a);\nINSERT INTO nowhere VALUES (1);\n"
    monkeypatch.setattr(sqlite_file, "_MIGRATIONS", [*scripts.migrations("sqlite"), broken])

    with pytest.raises(StorageError, match="nowhere"):
        SqliteSaver(path)

    assert structure(sqlite3.connect(path)) == before


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE run (mine)")
    connection.close()
    before = structure(sqlite3.connect(path))

    with pytest.raises(StorageError, match="another program"):
        SqliteSaver(path)

    assert structure(sqlite3.connect(path)) == before
