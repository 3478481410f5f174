"""``%nbflow`` and ``%%nbflow`` in IPython: registered, completed, and taken away again.

What they do stands in ``nbflow.notebook.commands``. A wrong line shows its error's name, what is
wrong and what to write instead, without a traceback, and fails the cell.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbflow.errors import NbflowError
from nbflow.notebook.commands import COMMANDS, USAGE, run_command, start_from_cell
from nbflow.notebook.names import CommandError, places, workflows_in
from nbflow.threads import threads

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["add_magics", "completions", "remove_magics"]

_NAME = "nbflow"
_COMPLETED_THREADS = 50


def add_magics(ip: InteractiveShell) -> None:
    """Make the magics known to a shell; a second time changes nothing.

    Args:
        ip: the shell whose namespace the workflows are looked for in.
    """

    def magic(line: str, cell: str | None = None) -> Any:
        return _carried_out(line, cell, ip.user_ns)

    magic.__doc__ = USAGE
    add: Any = ip.register_magic_function
    add(magic, "line_cell", _NAME)
    for key in (f"%{_NAME}", f"%%{_NAME}"):
        ip.strdispatchers["complete_command"].strs.pop(key, None)
        ip.set_hook("complete_command", _complete, str_key=key)


def remove_magics(ip: InteractiveShell) -> None:
    """Take the magics away, as far as they are there.

    Args:
        ip: the shell that :func:`add_magics` was given.
    """
    for kind in ("line", "cell"):
        ip.magics_manager.magics[kind].pop(_NAME, None)
    for key in (f"%{_NAME}", f"%%{_NAME}"):
        ip.strdispatchers["complete_command"].strs.pop(key, None)


def completions(before: str, names: Mapping[str, Any]) -> list[str]:
    """Return the words that can stand next.

    Args:
        before: the line up to the word that is being written.
        names: the user's.

    >>> completions("%nbflow ", {})[:3]
    ['threads', 'pending', 'open']
    """
    words = before.split()
    if words[:1] == [f"%%{_NAME}"]:
        return list(workflows_in(names)) if len(words) == 1 else ["--thread"]
    if len(words) < 2:
        return list(COMMANDS)
    if words[-1] == "--of":
        return list(workflows_in(names))
    if len(words) == 2 and words[1] not in ("threads", "pending"):
        return _thread_ids(names)
    return ["--of"]


def _thread_ids(names: Mapping[str, Any]) -> list[str]:
    try:
        found = [one for place in places(names, None) for one in threads(place.saver)]
    except NbflowError:
        return []
    return [shlex.quote(one.thread_id) for one in found[:_COMPLETED_THREADS]]


def _complete(ip: Any, event: Any) -> list[str]:
    line = event.line
    before = line[: len(line) - len(event.symbol)] if line.endswith(event.symbol) else line
    return [word for word in completions(before, ip.user_ns) if word.startswith(event.symbol)]


def _carried_out(line: str, cell: str | None, names: Mapping[str, Any]) -> Any:
    from IPython.core.error import UsageError

    try:
        if cell is None:
            shown = run_command(line, names)
            if shown is not USAGE:
                return shown
            print(USAGE)
            return None
        return start_from_cell(line, cell, names)
    except NbflowError as exc:
        kind = "" if isinstance(exc, CommandError) else f"{type(exc).__name__}: "
        raise UsageError(f"{kind}{exc}") from exc
