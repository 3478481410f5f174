"""Storing the rows of threads, copying threads, and removing a part of their past.

Everything here runs in a transaction that the caller has begun.
"""

from __future__ import annotations

import json
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from nbflow._database.database import Connection, Database
from nbflow.checkpoint._blobs import Blobs
from nbflow.checkpoint._cells import OP_COLUMNS, Cell, checkpoint_check, moved_check, run_check
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._rows import CheckpointRow, RunRow
from nbflow.checkpoint._sql_rows import CHECKPOINT_VALUES, OP_VALUES, RUN_VALUES, SEQ, RowReader
from nbflow.checkpoint.refusals import no_source, target_exists

__all__ = ["ThreadTables"]

_OP_BLOB = (2,)
_DELETED_RUN, _DELETED_CHECKPOINT = (0, 1), (0, 1, 2)
_DELETIONS = ("delete_ops", "delete_runs", "delete_checkpoints", "delete_threads")


class ThreadTables:
    """The tables of a database that threads lie in.

    Args:
        queries: the statements of its dialect.
    """

    def __init__(
        self, database: Database, queries: Mapping[str, str], reader: RowReader, blobs: Blobs
    ) -> None:
        self._database = database
        self._sql = queries
        self._reader = reader
        self._blobs = blobs

    def add_run(self, connection: Connection, run: RunRow, given: Cell, meta: Cell) -> None:
        """Store the row of a run.

        Args:
            given: the cell of its input.
            meta: the cell of its ``meta``.
        """
        packed = self._database.packed
        connection.execute(
            self._sql["add_run"],
            (
                run.id, run.thread_id, run.ns, run.base, run.parent_run, run.upto, run.workflow,
                run.code_fp, run.fmt, packed(given), packed(meta), run.ts,
                run_check(run, given, meta),
            ),
        )  # fmt: skip

    def add_checkpoint(
        self,
        connection: Connection,
        row: CheckpointRow,
        saved: Cell | None,
        returned: Cell | None,
        meta: Cell,
    ) -> int:
        """Store the row of a checkpoint, given the cells of its values; returns its number."""
        packed = self._database.packed
        cursor = connection.execute(
            self._sql["add_checkpoint"],
            (
                row.id, row.thread_id, row.ns, row.parent, row.run, row.source, row.step,
                None if saved is None else packed(saved),
                None if returned is None else packed(returned), packed(meta), row.ts,
                checkpoint_check(row, saved, returned, meta),
            ),
        )  # fmt: skip
        return self._database.number(cursor)

    def delete(self, connection: Connection, thread_id: str) -> None:
        """Delete a thread with the blobs that nothing else holds."""
        of = {"thread_id": thread_id}
        connection.execute(self._sql["threads_of"], (thread_id,)).fetchall()
        found = connection.execute(self._sql["blobs_of_thread"], of).fetchall()
        connection.execute(self._sql["mark_ops"])
        for query in _DELETIONS:
            connection.execute(self._sql[query], of)
        self._blobs.collect(connection, [name for (name,) in self._database.unpacked(found, (0,))])

    def copy(self, connection: Connection, source: str, target: str) -> None:
        """Copy a thread; the blobs of its values are shared."""
        if not connection.execute(self._sql["threads_of"], (source,)).fetchall():
            no_source(source)
        if connection.execute(self._sql["threads_of"], (target,)).fetchall():
            target_exists(target)
        runs = [self._reader.bare_run(row) for row in self._runs_of(connection, source)]
        ids = {run.id: uuid.uuid4().hex for run in runs}
        rows = connection.execute(self._sql["get_ops_of"], {"runs": json.dumps([*ids])}).fetchall()
        ops = self._database.unpacked(rows, OP_VALUES)
        before = [row[OP_COLUMNS] for row in ops]
        copies = [n for (n,) in connection.execute(self._sql["new_ops"], (len(ops),)).fetchall()]
        for run in runs:
            kept = bisect_right(before, run.upto)
            run.upto = copies[kept - 1] if kept else 0
            run.id, run.thread_id = ids[run.id], target
            run.parent_run = ids.get(run.parent_run or "")
            self.add_run(connection, run, run.input, run.meta)
        connection.executemany(
            self._sql["copy_op"],
            [
                {
                    "seq": seq, "run": ids[run_id], "copied": copied,
                    "check_": moved_check(tuple(cells), check, run_id, ids[run_id]),
                }
                for seq, (*cells, copied, check, run_id) in zip(copies, ops, strict=True)
            ],
        )  # fmt: skip
        for row in self._checkpoints_of(connection, source):
            found = self._reader.bare_checkpoint(row)
            found.thread_id = target
            found.run = ids.get(found.run or "")
            self.add_checkpoint(connection, found, found.saved, found.returned, found.meta)
        connection.execute(
            self._sql["copy_threads"], {"target": target, "ids": json.dumps(ids), "source": source}
        )

    def remove(
        self, connection: Connection, thread_id: str, decide: Callable[[Past], Removal]
    ) -> Removal:
        """Remove what is decided of one thread; returns the decision."""
        threads = connection.execute(self._sql["threads_of"], (thread_id,)).fetchall()
        runs = self._runs_of(connection, thread_id)
        checkpoints = self._checkpoints_of(connection, thread_id)
        past = Past(
            threads=[self._reader.thread(row) for row in threads],
            runs=[RunRow(*row[:-1]) for row in runs],
            checkpoints=[CheckpointRow(*row[:-1]) for row in checkpoints],
        )
        removal = decide(past)
        self._blobs.collect(connection, self._take_out(connection, thread_id, removal))
        for row in checkpoints:
            if row[SEQ] in removal.parents:
                found = self._reader.bare_checkpoint(row)
                self._move_checkpoint(connection, found, removal.parents[row[SEQ]])
        for row in runs:
            if row[0] in removal.bases:
                self._move_run(connection, self._reader.bare_run(row), removal.bases[row[0]])
        for ns in removal.namespaces:
            connection.execute(self._sql["delete_namespace"], (thread_id, ns))
        for thread in removal.threads:
            connection.execute(
                self._sql["set_thread"],
                (
                    thread.head, thread.run, thread.status, thread.epoch, thread.owner, thread_id,
                    thread.ns,
                ),
            )  # fmt: skip
        return removal

    def _runs_of(self, connection: Connection, thread_id: str) -> list[Any]:
        rows = connection.execute(self._sql["runs_of"], (thread_id,)).fetchall()
        return self._database.unpacked(rows, RUN_VALUES)

    def _checkpoints_of(self, connection: Connection, thread_id: str) -> list[Any]:
        rows = connection.execute(self._sql["checkpoints_of"], (thread_id,)).fetchall()
        return self._database.unpacked(rows, CHECKPOINT_VALUES)

    def _take_out(self, connection: Connection, thread_id: str, removal: Removal) -> list[object]:
        """Delete rows; returns the cells of their values."""
        unpacked = self._database.unpacked
        connection.execute(self._sql["mark_ops"])
        after = {**dict.fromkeys(removal.runs, 0), **removal.cut}
        rows = connection.execute(self._sql["ops_of_thread"], {"thread_id": thread_id}).fetchall()
        ops = [
            (seq, cell)
            for seq, run_id, cell in unpacked(rows, _OP_BLOB)
            if run_id in after and seq > after[run_id]
        ]
        connection.executemany(self._sql["delete_op"], [(seq,) for seq, _ in ops])
        cells: list[object] = [cell for _, cell in ops]
        for run_id in removal.runs:
            rows = connection.execute(self._sql["delete_run"], (run_id,)).fetchall()
            cells += [cell for row in unpacked(rows, _DELETED_RUN) for cell in row]
        for seq in removal.checkpoints:
            rows = connection.execute(self._sql["blobs_of_checkpoint"], (seq,)).fetchall()
            cells += [cell for row in unpacked(rows, _DELETED_CHECKPOINT) for cell in row]
            connection.execute(self._sql["delete_checkpoint"], (seq,))
        return cells

    def _move_checkpoint(
        self, connection: Connection, row: CheckpointRow, parent: str | None
    ) -> None:
        row.parent = parent
        check = checkpoint_check(row, row.saved, row.returned, row.meta)
        connection.execute(self._sql["move_checkpoint"], (parent, check, row.seq))

    def _move_run(self, connection: Connection, run: RunRow, base: str | None) -> None:
        run.base = base
        check = run_check(run, run.input, run.meta)
        connection.execute(self._sql["move_run"], (base, check, run.id))
