"""What ``%nbflow`` and ``%%nbflow`` do, without IPython: a line, a cell and the user's names in,
what is to be shown out.

Each command is one call of a public function; what is here finds the workflow, the saver and the
thread that are meant. The invariant: a line that cannot be meant changes nothing, and raises a
:class:`~nbflow.notebook.names.CommandError` that says what can be written instead.
"""

from __future__ import annotations

import argparse
import ast
import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from nbflow.audit import Audit, audit
from nbflow.export import html, notebook, record
from nbflow.export import json as json_of
from nbflow.inputs import input_from_json, input_schema
from nbflow.notebook.listings import OpenQuestions, Threads
from nbflow.notebook.names import CommandError, place_of_thread, places, workflow_named
from nbflow.pending import pending
from nbflow.threads import thread_of, threads

if TYPE_CHECKING:
    from nbflow.export.sections import Section
    from nbflow.run import Run
    from nbflow.workflow import Workflow

__all__ = ["COMMANDS", "USAGE", "input_in_cell", "run_command", "start_from_cell"]

USAGE = """Look at, open, branch and start the threads of workflows.

%nbflow threads  [--of SOURCE] [--status STATUS]   every thread and how it stands
%nbflow pending  [--of SOURCE] [--text TEXT]       every question that waits for an answer
%nbflow open     THREAD [--of SOURCE]              the live run, with its forms
%nbflow history  THREAD [--of SOURCE]              its checkpoints, newest first
%nbflow fork     THREAD [--of SOURCE] [--checkpoint ID] [--after ID | --before ID]
                                                   branch off; the run of the fork
%nbflow export   THREAD FILE [--of SOURCE]         as .ipynb, .html or .json, by the file's name
%nbflow audit    THREAD [--of SOURCE]              who answered what, when and from where

%%nbflow WORKFLOW [--thread THREAD]
the input: a Python or JSON literal, or plain text where the workflow takes a text

SOURCE is the name of a workflow or of a saver in this notebook, or the path of an SQLite file.
Left out, it is every workflow of this notebook. `run = %nbflow open THREAD` keeps the run.

threads: nbflow.threads.threads    pending: nbflow.pending.pending   open: workflow.thread
history: workflow.get_state_history    fork: workflow.fork   audit: nbflow.audit.audit
export: nbflow.export.notebook, .html, .json
"""
"""What ``%nbflow?`` shows, and ``%nbflow`` alone prints."""


_WRITERS: dict[str, Callable[..., Path]] = {".ipynb": notebook, ".html": html, ".json": json_of}


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{self.prog}: {message}. {_oneline(self.format_usage())}")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise CommandError(message or self.format_usage())


def run_command(line: str, names: Mapping[str, Any]) -> Any:
    """Carry out one line after ``%nbflow``.

    Args:
        names: the user's, where workflows and savers are looked for.

    Returns:
        What is to be shown: a run, or a list that shows itself as a table.

    Raises:
        CommandError: the line is not known, or nothing is meant by one of its names.
        NbflowError: what the command itself raises.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, {"configurable": {"thread_id": "tea"}})
    >>> run_command("threads", {"double": double})
    1 thread
      ✓ tea  double, done, ...
    """
    words = _words(line)
    given = vars(_parser().parse_args(words)) if words else {"command": ""}
    command = given.pop("command")
    return USAGE if command == "" else COMMANDS[command](names, **given)


def start_from_cell(line: str, cell: str, names: Mapping[str, Any]) -> Run:
    """Start a workflow with what stands in a cell: what ``%%nbflow`` does.

    Raises:
        CommandError: no workflow of that name is there, or the line has more in it.
        InvalidInputError: the input does not fit the workflow; no run was begun.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> start_from_cell("double", "21", {"double": double}).result()
    42
    """
    parser = _Parser(prog="%%nbflow", add_help=False)
    parser.add_argument("workflow")
    parser.add_argument("--thread", metavar="THREAD")
    given = parser.parse_args(_words(line))
    workflow = workflow_named(names, given.workflow)
    return workflow.start(input_in_cell(workflow, cell), given.thread)


def input_in_cell(workflow: Workflow[Any, Any], cell: str) -> Any:
    """The input that a cell's text stands for: JSON, a Python literal, or the text itself.

    What the workflow's annotation refuses as JSON is tried as plain text: where it takes a text,
    quotes can be left out.

    Raises:
        InvalidInputError: it does not fit.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def shout(text: str) -> str:
    ...     return text.upper()
    >>> input_in_cell(shout, "publish it"), input_in_cell(shout, "'42'"), input_in_cell(shout, "42")
    ('publish it', '42', '42')
    """
    text = cell.strip()
    if input_schema(workflow).get("type") == "string" and text[:1] not in ("'", '"'):
        return input_from_json(workflow, text)
    return input_from_json(workflow, _literal(text))


def _literal(text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return text


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as exc:
        raise CommandError(f"The line cannot be read: {exc}. Close its quotes.") from exc


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%nbflow", add_help=False)
    commands = parser.add_subparsers(dest="command", parser_class=_Parser)

    def add(name: str, *arguments: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, add_help=False)
        for argument in arguments:
            one.add_argument(argument, metavar=argument.upper())
        one.add_argument("--of", metavar="SOURCE")
        return one

    add("threads").add_argument("--status")
    add("pending").add_argument("--text")
    add("open", "thread")
    add("history", "thread")
    add("export", "thread", "file")
    fork = add("fork", "thread")
    fork.add_argument("--checkpoint", metavar="ID")
    where = fork.add_mutually_exclusive_group()
    where.add_argument("--after", metavar="ID")
    where.add_argument("--before", metavar="ID")
    add("audit", "thread")
    return parser


def _threads(names: Mapping[str, Any], of: str | None, status: str | None) -> Threads:
    found = Threads()
    for place in places(names, of):
        found += threads(place.saver, workflow=place.workflow, status=status)
    return Threads(sorted(found, key=lambda one: -one.changed_at))


def _pending(names: Mapping[str, Any], of: str | None, text: str | None) -> OpenQuestions:
    found = OpenQuestions()
    for place in places(names, of):
        found += pending(place.saver, workflow=place.workflow, text=text)
    return OpenQuestions(sorted(found, key=lambda one: one.asked_at))


def _open(names: Mapping[str, Any], thread: str, of: str | None) -> Run:
    return _workflow_of(names, thread, of).thread(thread)


def _history(names: Mapping[str, Any], thread: str, of: str | None) -> Section:
    return record(_workflow_of(names, thread, of), thread).checkpoints


def _fork(
    names: Mapping[str, Any],
    thread: str,
    of: str | None,
    checkpoint: str | None,
    after: str | None,
    before: str | None,
) -> Run:
    workflow = _workflow_of(names, thread, of)
    place = {"thread_id": thread} | ({"checkpoint_id": checkpoint} if checkpoint else {})
    workflow.fork({"configurable": place}, after=after, before=before)
    return workflow.thread(thread)


def _export(names: Mapping[str, Any], thread: str, file: str, of: str | None) -> Path:
    write = _WRITERS.get(Path(file).suffix.lower())
    if write is None:
        raise CommandError(
            f"What {file!r} should be is not known: expected a name that ends with "
            f"{', '.join(_WRITERS)}."
        )
    return write(_workflow_of(names, thread, of), thread, file)


def _audit(names: Mapping[str, Any], thread: str, of: str | None) -> Audit:
    return audit(place_of_thread(names, thread, of).saver, thread)


COMMANDS: dict[str, Callable[..., Any]] = {
    "threads": _threads,
    "pending": _pending,
    "open": _open,
    "history": _history,
    "fork": _fork,
    "export": _export,
    "audit": _audit,
}
"""What each command does, by its name."""


def _workflow_of(names: Mapping[str, Any], thread: str, of: str | None) -> Workflow[Any, Any]:
    """The workflow, defined here, that a thread is of."""
    saver = place_of_thread(names, thread, of).saver
    return workflow_named(names, thread_of(saver, thread).workflow, saver)


def _oneline(text: str) -> str:
    return " ".join(text.split())
