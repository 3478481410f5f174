"""Rows of a database that have lost their place: what they are of is not where it was.

They are looked for in the whole database, since nothing else leads to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbflow._database.database import Database
from nbflow.checkpoint._cells import OP_COLUMNS, is_of_run
from nbflow.checkpoint._primitives import Orphan
from nbflow.checkpoint._sql_rows import OP_VALUES

__all__ = ["orphans", "strays"]

_FIRST = -(1 << 63)
_PLACES = {
    "thread of run": "Run {id} is of thread {thread_id!r}, which has no row",
    "thread of checkpoint": "Checkpoint {id} is of thread {thread_id!r}, which has no row",
    "head": "Thread {thread_id!r} has the newest checkpoint {other}, which is not there",
    "newest run": "Thread {thread_id!r} has the newest run {other}, which is not there",
    "parent of run": "Run {id} is a fork of run {other}, which is not there",
    "parent of checkpoint": "Checkpoint {id} follows checkpoint {other}, which is not before it",
    "run of checkpoint": "Checkpoint {id} is of run {other}, which is not there",
    "end of run": "Checkpoint {id} ends run {other}, and others stand before it that are no part",
    "order": "Checkpoint {id} and its run {other} are not in the order of those before them",
}


def orphans(database: Database, queries: Mapping[str, str]) -> list[Orphan]:
    """All of a database."""
    return [
        *_lost_ops(database, queries),
        *(
            Orphan(
                thread_id,
                None,
                _PLACES[what].format(thread_id=thread_id, id=row_id, other=other) + ".",
            )
            for what, thread_id, row_id, other in database.checked_rows(queries["lost_places"])
        ),
        *_gaps(database, queries),
    ]


def strays(
    database: Database, queries: Mapping[str, str], after: int = _FIRST
) -> Iterator[tuple[Any, ...]]:
    """The ops whose run is not there.

    Args:
        after: only those of runs with a higher number.
    """
    for number in database.checked_rows(queries["stray_numbers"], {"after": after}):
        rows = database.checked_rows(queries["get_ops"], {"run": number[0], "after": _FIRST})
        yield from database.unpacked(rows, OP_VALUES)


def _lost_ops(database: Database, queries: Mapping[str, str]) -> Iterator[Orphan]:
    lost = [*strays(database, queries)]
    runs = database.checked_rows(queries["run_ids"]) if lost else []
    for row in lost:
        seq, cells, check = row[OP_COLUMNS], row[:OP_COLUMNS], row[-1]
        of = next((run for run in runs if is_of_run(cells, check, run[0])), None)
        if of is None:
            yield Orphan(None, None, f"Op {seq} is of no run that is there.")
        else:
            what = f"Op {seq} is of run {of[0]}, and stands where that one's ops are not."
            yield Orphan(of[1], of[0], what)


def _gaps(database: Database, queries: Mapping[str, str]) -> Iterator[Orphan]:
    """Numbers that were given to ops which are not there; some databases leave out numbers."""
    for first, last in database.checked_rows(queries["op_gaps"]) if "op_gaps" in queries else ():
        which = f"number {first} is" if first == last else f"numbers {first} to {last} are"
        yield Orphan(None, None, f"The {which} no op's, and was given: an op is not in its place.")
