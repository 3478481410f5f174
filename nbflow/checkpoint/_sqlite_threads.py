"""Copying threads of an SQLite database, and removing a part of their past.

Everything here runs in a transaction that the caller has begun.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from nbflow._database import scripts
from nbflow.checkpoint._blobs import Blobs
from nbflow.checkpoint._cells import Cell, checkpoint_check, run_check
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._rows import CheckpointRow, RunRow, ThreadRow
from nbflow.checkpoint._sqlite_rows import SEQ, RowReader
from nbflow.checkpoint.refusals import no_source, target_exists

__all__ = ["add_checkpoint", "add_run", "copy_thread", "remove", "thread_row"]

_SQL = scripts.queries("sqlite", "checkpoint")


def copy_thread(
    connection: sqlite3.Connection, reader: RowReader, source: str, target: str
) -> None:
    """Copy a thread; the blobs of its values are shared."""
    if not connection.execute(_SQL["threads_of"], (source,)).fetchall():
        no_source(source)
    if connection.execute(_SQL["threads_of"], (target,)).fetchall():
        target_exists(target)
    runs = [reader.bare_run(row) for row in connection.execute(_SQL["runs_of"], (source,))]
    ids = {run.id: uuid.uuid4().hex for run in runs}
    ops = connection.execute(_SQL["ops_of_thread"], {"thread_id": source}).fetchall()
    numbers = [seq for seq, _, _ in ops]
    first = connection.execute(_SQL["last_op"]).fetchone()[0] + 1
    for run in runs:
        kept = bisect_right(numbers, run.upto)
        run.upto = first + kept - 1 if kept else 0
        run.id, run.thread_id = ids[run.id], target
        run.parent_run = ids.get(run.parent_run or "")
        add_run(connection, run, run.input, run.meta)
    connection.executemany(
        _SQL["copy_op"],
        [
            {"seq": seq, "run": ids[run_id], "copied": copied}
            for seq, (copied, run_id, _) in enumerate(ops, first)
        ],
    )
    for row in connection.execute(_SQL["checkpoints_of"], (source,)).fetchall():
        checkpoint = reader.bare_checkpoint(row)
        checkpoint.thread_id = target
        checkpoint.run = ids.get(checkpoint.run or "")
        add_checkpoint(
            connection, checkpoint, checkpoint.saved, checkpoint.returned, checkpoint.meta
        )
    connection.execute(
        _SQL["copy_threads"], {"target": target, "ids": json.dumps(ids), "source": source}
    )


def remove(
    connection: sqlite3.Connection,
    reader: RowReader,
    blobs: Blobs,
    thread_id: str,
    decide: Callable[[Past], Removal],
) -> Removal:
    """Remove what is decided of one thread; returns the decision."""
    runs = connection.execute(_SQL["runs_of"], (thread_id,)).fetchall()
    checkpoints = connection.execute(_SQL["checkpoints_of"], (thread_id,)).fetchall()
    past = Past(
        threads=[thread_row(row) for row in connection.execute(_SQL["threads_of"], (thread_id,))],
        runs=[RunRow(*row[:-1]) for row in runs],
        checkpoints=[CheckpointRow(*row[:-1]) for row in checkpoints],
    )
    removal = decide(past)
    blobs.collect(connection, _take_out(connection, thread_id, removal))
    for row in checkpoints:
        if row[SEQ] in removal.parents:
            _move_checkpoint(connection, reader.bare_checkpoint(row), removal.parents[row[SEQ]])
    for row in runs:
        if row[0] in removal.bases:
            _move_run(connection, reader.bare_run(row), removal.bases[row[0]])
    for ns in removal.namespaces:
        connection.execute(_SQL["delete_namespace"], (thread_id, ns))
    for thread in removal.threads:
        connection.execute(
            _SQL["set_thread"],
            (
                thread.head, thread.run, thread.status, thread.epoch, thread.owner, thread_id,
                thread.ns,
            ),
        )  # fmt: skip
    return removal


def _take_out(connection: sqlite3.Connection, thread_id: str, removal: Removal) -> list[object]:
    """Delete rows; returns the cells of their values."""
    connection.execute(_SQL["mark_ops"])
    after = {**dict.fromkeys(removal.runs, 0), **removal.cut}
    ops = [
        (seq, cell)
        for seq, run_id, cell in connection.execute(_SQL["ops_of_thread"], {"thread_id": thread_id})
        if run_id in after and seq > after[run_id]
    ]
    connection.executemany(_SQL["delete_op"], [(seq,) for seq, _ in ops])
    cells: list[object] = [cell for _, cell in ops]
    for run_id in removal.runs:
        for row in connection.execute(_SQL["delete_run"], (run_id,)).fetchall():
            cells += row
    for seq in removal.checkpoints:
        for row in connection.execute(_SQL["blobs_of_checkpoint"], (seq,)).fetchall():
            cells += row
        connection.execute(_SQL["delete_checkpoint"], (seq,))
    return cells


def _move_checkpoint(
    connection: sqlite3.Connection, row: CheckpointRow, parent: str | None
) -> None:
    row.parent = parent
    check = checkpoint_check(row, row.saved, row.returned, row.meta)
    connection.execute(_SQL["move_checkpoint"], (parent, check, row.seq))


def _move_run(connection: sqlite3.Connection, run: RunRow, base: str | None) -> None:
    run.base = base
    check = run_check(run, run.input, run.meta)
    connection.execute(_SQL["move_run"], (base, check, run.id))


def thread_row(cells: Sequence[Any]) -> ThreadRow:
    """The row of a thread as it is read."""
    row, until = ThreadRow(*cells[:-1]), cells[-1]
    row.lease_s = None if until is None else until - time.time()
    return row


def add_run(connection: sqlite3.Connection, run: RunRow, given: Cell, meta: Cell) -> None:
    """Store the row of a run.

    Args:
        given: the cell of its input.
        meta: the cell of its ``meta``.
    """
    connection.execute(
        _SQL["add_run"],
        (
            run.id, run.thread_id, run.ns, run.base, run.parent_run, run.upto, run.workflow,
            run.code_fp, run.fmt, given, meta, run.ts, run_check(run, given, meta),
        ),
    )  # fmt: skip


def add_checkpoint(
    connection: sqlite3.Connection,
    row: CheckpointRow,
    saved: Cell | None,
    returned: Cell | None,
    meta: Cell,
) -> int:
    """Store the row of a checkpoint, given the cells of its values; returns its number."""
    cursor = connection.execute(
        _SQL["add_checkpoint"],
        (
            row.id, row.thread_id, row.ns, row.parent, row.run, row.source, row.step, saved,
            returned, meta, row.ts, checkpoint_check(row, saved, returned, meta),
        ),
    )  # fmt: skip
    return cursor.lastrowid or 0
