"""What of a thread's runs cannot be read any more, and how to go on from before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbflow._engine.threads import refuse_busy
from nbflow.checkpoint._removal import Past, Removal, without
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.threads import row_of, saver_of

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["Damage", "orphans", "repair"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One fact of a run that cannot be read, or a row that has lost its place.

    >>> Damage(run_id="0" * 32, seq=7, message="its value is damaged").seq
    7
    """

    run_id: str | None
    """As in the database; None where it is not known, or the row is no fact of a run."""
    seq: int | None
    """Number of the fact, which grows over the whole database; None for a row that has lost its
    place."""
    message: str
    """What is damaged of it."""


def repair(
    source: BaseCheckpointSaver | BaseWorkflow, thread_id: str | int, *, drop: bool = False
) -> tuple[Damage, ...]:
    """List what is damaged in the runs of a thread, and, where that is wished, drop it.

    A fact whose check sum does not fit is known to be damaged, and can be dropped. What has lost
    its place (see :func:`orphans`) is listed where it is of the thread, or may be; it is not
    dropped. Such a database, and one of which the file itself is damaged, has to be restored from
    a copy.

    Args:
        source: a saver, or a workflow, whose saver is meant.
        drop: remove each run's facts from its first damaged one on, with what nested workflows
            saved since and the facts of forks that begin with those. ``invoke(None)`` then runs
            the tasks behind that place again, and asks again what was asked there; a run that is
            done keeps its value.

    Returns:
        Facts in the order of the runs, oldest first, then what has lost its place; empty when all
        can be read.

    Raises:
        UnknownThreadError: there is no such thread.
        ThreadBusyError: it is running; nothing was removed.
        CorruptDataError: what is damaged or missing is no fact of a run; nothing was removed.
        MissingSaverError: the workflow keeps nothing.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, {"configurable": {"thread_id": "1"}})
    >>> repair(double, "1")
    ()
    """
    saver, _ = saver_of(source)
    name = str(thread_id)
    threads = saver.rows_of(name) or [row_of(saver, name)]
    found: list[Damage] = []
    ends: dict[str, tuple[int, float]] = {}
    for row in threads:
        for run in reversed(saver.list_runs(name, row.ns)):
            damaged = saver.damaged_ops(run.id)
            found += [Damage(run_id=run.id, seq=seq, message=why) for seq, why in damaged]
            if damaged:
                first = damaged[0][0]
                sound = saver.get_ops(run.id, upto=first - 1)
                ends[run.id] = first - 1, max([run.ts, *[op.ts + op.dur for op in sound]])
    if drop and ends:
        for row in threads:
            refuse_busy(row)
        saver.remove([name], lambda past: _cut(past, ends))
    return (*found, *_lost(saver, {name, None}))


def orphans(source: BaseCheckpointSaver | BaseWorkflow) -> tuple[Damage, ...]:
    """List the rows of a whole database that have lost their place.

    These are ops without their run, runs and checkpoints without their thread, forks without the
    run that they begin with, checkpoints without the one that they follow, and what a thread names
    as its newest and does not have. In SQLite numbers of ops that are missing, too, as long as no
    later ones were removed on purpose. What only changes the order of branches in a history leaves
    no such trace.

    Args:
        source: a saver, or a workflow, whose saver is meant.

    Returns:
        Empty when each row is where it belongs.

    Raises:
        CorruptDataError: the name of a thread cannot be read.
        MissingSaverError: the workflow keeps nothing.

    >>> from nbflow.checkpoint.sqlite import SqliteSaver
    >>> orphans(SqliteSaver(":memory:"))
    ()
    """
    return tuple(_lost(saver_of(source)[0], None))


def _lost(saver: BaseCheckpointSaver, threads: Collection[str | None] | None) -> Iterator[Damage]:
    """Of these threads; None for all."""
    for one in saver.orphans():
        if threads is None or one.thread_id in threads:
            yield Damage(run_id=one.run_id, seq=None, message=one.message)


def _cut(past: Past, ends: Mapping[str, tuple[int, float]]) -> Removal:
    """Take out the ops behind the last ones, by run, and what was saved after those times."""
    namespaces = {run.id: run.ns for run in past.runs}
    cut = {run_id: upto for run_id, (upto, _) in ends.items()}
    for run in past.runs:  # a fork is younger than what it begins with
        if run.parent_run in cut and run.upto > cut[run.parent_run]:
            cut[run.id] = min(cut.get(run.id, 0), 0)
    gone = {
        row.seq
        for row in past.checkpoints
        if row.run in cut
        and row.ns != namespaces.get(row.run, row.ns)
        and row.ts > (ends[row.run][1] if row.run in ends else 0.0)
    }
    removal = without(past, gone)
    return replace(removal, cut={**removal.cut, **cut})
