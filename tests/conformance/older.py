"""Files as an older nbflow left them: its schema, and what that could hold."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from nbflow._database import scripts

__all__ = ["set_back"]


def set_back(path: str | os.PathLike[str], version: int) -> None:
    """Make a closed database one of an older schema version, with what that one has a place for."""
    newer = Path(f"{os.fspath(path)}-newer")
    Path(path).rename(newer)
    connection = sqlite3.connect(path)
    for script in scripts.migrations("sqlite")[:version]:
        connection.executescript(script)
    connection.execute("ATTACH ? AS newer", (str(newer),))
    tables = "SELECT name FROM main.sqlite_master WHERE type = 'table'"
    for (table,) in connection.execute(tables).fetchall():
        columns = ", ".join(
            row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")
        )
        connection.execute(f"DELETE FROM main.{table}")
        connection.execute(
            f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
        )
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    newer.unlink()
