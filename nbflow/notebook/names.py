"""What a name in a notebook stands for: a workflow, a saver, or a database file.

The invariant: looking changes nothing; a file that nbflow did not make is not opened as one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NbflowError
from nbflow.workflow import Workflow

__all__ = ["CommandError", "Place", "place_of_thread", "places", "workflow_named", "workflows_in"]

_AnyWorkflow = Workflow[Any, Any]


class CommandError(NbflowError, ValueError):
    """A line of ``%nbflow`` that cannot be meant; nothing was done.

    >>> issubclass(CommandError, NbflowError)
    True
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where threads are looked for.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> Place(saver=InMemorySaver(), workflow="review").workflow
    'review'
    """

    saver: BaseCheckpointSaver
    """What keeps them."""
    workflow: str | None = None
    """Only those of the workflow of this name; None for all."""


def workflows_in(names: Mapping[str, Any]) -> dict[str, _AnyWorkflow]:
    """Return the workflows of a namespace by the names that they have there.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> list(workflows_in({"double": double, "_1": double, "n": 7}))
    ['double']
    """
    return {
        name: value
        for name, value in list(names.items())
        if isinstance(value, Workflow) and not name.startswith("_")
    }


def workflow_named(
    names: Mapping[str, Any], name: str, saver: BaseCheckpointSaver | None = None
) -> _AnyWorkflow:
    """Return the workflow that a name of the namespace stands for, or that is called so itself.

    Args:
        saver: what must keep its threads; None for any.

    Raises:
        CommandError: there is none.

    >>> workflow_named({}, "review")
    Traceback (most recent call last):
        ...
    nbflow.notebook.names.CommandError: There is no workflow 'review' here. Run the cell that...
    """
    found = workflows_in(names)
    fitting = [
        one
        for one in [found.get(name), *found.values()]
        if one is not None
        and (one is found.get(name) or one.name == name)
        and (saver is None or (one.saver is not None and one.saver.identity == saver.identity))
    ]
    if fitting:
        return fitting[0]
    kept = "" if saver is None else " with this thread's checkpointer"
    there = f" There are: {', '.join(found)}." if found else ""
    raise CommandError(
        f"There is no workflow {name!r} here{kept}. Run the cell that defines it, or import it."
        f"{there}"
    )


def places(names: Mapping[str, Any], of: str | None) -> list[Place]:
    """Return where threads are looked for.

    Args:
        of: a workflow's or a saver's name, or the path of an SQLite file; None for every workflow
            of the namespace that keeps something.

    Raises:
        CommandError: nothing is meant by it, or there is no workflow.

    >>> places({}, "no.sqlite")
    Traceback (most recent call last):
        ...
    nbflow.notebook.names.CommandError: 'no.sqlite' is neither a workflow nor a saver here, nor...
    """
    if of is not None:
        return [_place(names, of)]
    found = {
        (one.saver.identity, one.name): Place(saver=one.saver, workflow=one.name)
        for one in workflows_in(names).values()
        if one.saver is not None
    }
    if not found:
        raise CommandError(
            "There is no workflow with a checkpointer here. Run the cell that defines one, or name "
            "a database: --of FILE.sqlite"
        )
    return list(found.values())


def place_of_thread(names: Mapping[str, Any], thread_id: str, of: str | None) -> Place:
    """Return the one place that holds a thread.

    Raises:
        CommandError: none does, or several do.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> place_of_thread({"saver": InMemorySaver()}, "tea", "saver")
    Traceback (most recent call last):
        ...
    nbflow.notebook.names.CommandError: There is no thread 'tea' here. %nbflow threads lists...
    """
    savers = {one.saver.identity: one.saver for one in places(names, of)}
    holding = [one for one in savers.values() if one.get_thread(thread_id) is not None]
    if len(holding) == 1:
        return Place(saver=holding[0])
    if holding:
        raise CommandError(
            f"{len(holding)} databases have a thread {thread_id!r}. Say which: --of WORKFLOW"
        )
    raise CommandError(f"There is no thread {thread_id!r} here. %nbflow threads lists them.")


def _place(names: Mapping[str, Any], of: str) -> Place:
    value = names.get(of)
    if isinstance(value, BaseCheckpointSaver):
        return Place(saver=value)
    if of in workflows_in(names) or not Path(of).is_file():
        return _place_of_workflow(names, of)
    path = Path(of)
    if not _is_database(path):
        raise CommandError(f"{of!r} is no database of nbflow's. A SqliteSaver makes one.")
    from nbflow.checkpoint.sqlite import SqliteSaver

    opened = SqliteSaver(path)
    known = (one.saver for one in workflows_in(names).values() if one.saver is not None)
    return Place(saver=next((one for one in known if one.identity == opened.identity), opened))


def _place_of_workflow(names: Mapping[str, Any], of: str) -> Place:
    fitting = [one for name, one in workflows_in(names).items() if of in (name, one.name)]
    if not fitting:
        there = ", ".join(workflows_in(names)) or "none"
        raise CommandError(
            f"{of!r} is neither a workflow nor a saver here, nor a file. Workflows here: {there}."
        )
    if fitting[0].saver is None:
        raise CommandError(
            f"{of!r} keeps nothing, so it has no thread. Declare "
            "@entrypoint(checkpointer=SqliteSaver('runs.sqlite'))."
        )
    return Place(saver=fitting[0].saver, workflow=fitting[0].name)


def _is_database(path: Path) -> bool:
    """Whether a file is an SQLite database with nbflow's tables; it is read only."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return {"thread", "run", "op"} <= set(_tables(connection))
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _tables(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute("select name from sqlite_master where type = 'table'"):
        yield str(row[0])
