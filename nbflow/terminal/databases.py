"""What the commands that take a database have in common: how it is named, and how they refuse."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbflow.errors import NbflowError
from nbflow.notebook.names import CommandError, places

if TYPE_CHECKING:
    from nbflow.checkpoint.base import BaseCheckpointSaver

__all__ = ["acted", "saver_in"]

_REFUSED, _BAD_INPUT = 1, 2


def saver_in(database: str) -> BaseCheckpointSaver:
    """Open a database that is there; none is made.

    Args:
        database: an SQLite file that a ``SqliteSaver`` made.

    Raises:
        CommandError: it is none of nbflow's.
        StorageError: it cannot be read, or a newer nbflow made it.

    >>> saver_in("nowhere.sqlite")
    Traceback (most recent call last):
        ...
    nbflow.notebook.names.CommandError: 'nowhere.sqlite' is no database of nbflow's. Give the...
    """
    try:
        return places({}, database)[0].saver
    except CommandError:
        raise CommandError(
            f"{database!r} is no database of nbflow's. Give the file of a SqliteSaver."
        ) from None


def acted(command: str, act: Callable[[], str]) -> int:
    """Print what came of a command, or on standard error why it was refused.

    Returns:
        The exit status: 0, 1 when it was refused, 2 when there is no such database.

    >>> acted("inbox", lambda: "No open questions")
    No open questions
    0
    """
    try:
        print(act())
    except (NbflowError, LookupError) as exc:
        why = exc.args[0] if isinstance(exc, LookupError) else exc
        print(f"nbflow {command}: {why}", file=sys.stderr)
        return _BAD_INPUT if isinstance(exc, CommandError) else _REFUSED
    return 0
