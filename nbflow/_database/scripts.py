"""The SQL of the databases, kept in ``.sql`` files: one folder per dialect."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["migrations", "queries", "schema"]

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def queries(dialect: str, subject: str) -> dict[str, str]:
    """The named statements of one file, such as ``checkpoint.sql``."""
    text = (_FOLDER / dialect / f"{subject}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return dict(zip(parts[::2], map(_bare, parts[1::2]), strict=True))


def _bare(statement: str) -> str:
    """Without comments and line breaks, so that it is short in traces."""
    lines = (line for line in statement.splitlines() if not line.startswith("--"))
    return " ".join(" ".join(lines).split()).removesuffix(";")


def migrations(dialect: str) -> list[str]:
    """The scripts that lead from an empty database to ``schema.sql``, in order."""
    paths = sorted((_FOLDER / dialect / "migrations").glob("[0-9]*.sql"))
    return [path.read_text(encoding="utf-8") for path in paths]


def schema(dialect: str) -> str:
    """The database as the migrations leave it."""
    return (_FOLDER / dialect / "schema.sql").read_text(encoding="utf-8")
