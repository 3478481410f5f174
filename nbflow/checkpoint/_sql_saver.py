"""What savers on a database that speaks SQL do alike; a backend brings its dialect.

Values longer than 1 KB lie once in a table of blobs, under their hash, and what equals another one
in parts shares them (255, 257); rows carry check sums, and what does not fit them is a
:class:`~nbflow.errors.CorruptDataError`, never a wrong value.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nbflow._database.database import Connection, Database
from nbflow.checkpoint._blobs import Blobs
from nbflow.checkpoint._cells import INLINE_BYTES, OP_COLUMNS, Cell, is_of_run, op_cells
from nbflow.checkpoint._lineage import Lineage
from nbflow.checkpoint._orphans import orphans, strays
from nbflow.checkpoint._primitives import LEASE_S, Orphan
from nbflow.checkpoint._recent import RecentOps
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._sql_rows import (
    CHECKPOINT_VALUES,
    OP_VALUES,
    RUN_VALUES,
    CheckpointPages,
    RowReader,
)
from nbflow.checkpoint._sql_threads import ThreadTables
from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointRow,
    OpRow,
    RunRow,
    ThreadRow,
    require_names,
)
from nbflow.checkpoint.refusals import (
    lease_lost,
    no_source,
    require_limit,
    thread_moved_on,
    unknown_checkpoint,
)
from nbflow.errors import CorruptDataError

__all__ = ["SqlSaver"]

_LAST = (1 << 63) - 1


class SqlSaver(BaseCheckpointSaver):
    """A saver on a database; a backend says how an op is added.

    Args:
        queries: the statements of its dialect.
        shared: whether other processes may use it, so that owners need leases.
    """

    lease_s: float | None = LEASE_S

    def __init__(
        self, database: Database, queries: Mapping[str, str], *, shared: bool = True
    ) -> None:
        if not shared:
            self.lease_s = None
        self._database = database
        self._sql = queries
        self._in_place = -_LAST
        """Up to which number the ops of all runs were found with them: to look through all of a
        long database takes a while."""
        self._recent = RecentOps()
        """Used with ``database.recent`` held."""
        self._blobs = Blobs(database, queries)
        self._reader = RowReader(database, self._blobs)
        self._tables = ThreadTables(database, queries, self._reader, self._blobs)

    @abstractmethod
    def _add_op(
        self, connection: Connection, run: RunRow, epoch: int, op: OpRow, cell: Cell | None
    ) -> None:
        """Store an op whose value is in a cell, and give it its number.

        Raises:
            LeaseLostError: the thread has another epoch by now.
            AlreadyAnsweredError, StorageError: its key has an answer, or an outcome, in this life.
        """

    def _op_cells(self, op: OpRow, cell: Cell | None, run_id: str) -> tuple[Any, ...]:
        """Its columns with their check sum.

        Raises:
            InvalidNameError: a name that cannot be stored.
        """
        try:
            return op_cells(op, cell, run_id)
        except TypeError:
            require_names(op.name, op.lane, op.site)
            raise

    # -- threads and runs -------------------------------------------------------------------

    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        rows = self._database.rows(self._sql["get_thread"], (thread_id, ns))
        return self._reader.thread(rows[0]) if rows else None

    def list_threads(self) -> list[ThreadRow]:
        return [self._reader.thread(row) for row in self._database.rows(self._sql["list_threads"])]

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)

        def begin(connection: Connection) -> int:
            epoch = self._own(
                connection, (run.thread_id, run.ns), checkpoint.id, run.id, "running", owner,
                expected_epoch,
            )  # fmt: skip
            put = self._blobs.put
            given = put(connection, run.input)
            self._tables.add_run(connection, run, given, put(connection, run.meta))
            checkpoint.seq = self._add_checkpoint(connection, checkpoint)
            return epoch

        return self._database.transaction(begin)

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        return self._database.run(
            lambda connection: self._own(
                connection, (thread_id, ns), None, None, "running", owner, expected_epoch
            )
        )

    def renew(self, run: RunRow, epoch: int) -> None:
        values = (self._lease_until(), run.thread_id, run.ns, epoch)

        def is_there(connection: Connection) -> bool:
            return connection.execute(self._sql["renew_lease"], values).rowcount > 0

        if not self._database.run(is_there):
            lease_lost(run, epoch)

    # -- ops --------------------------------------------------------------------------------

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        if len(ops) == 1 and checkpoint is None:
            op = ops[0]
            if op.value is None or len(op.value) <= INLINE_BYTES:
                return self._database.run(
                    lambda connection: self._add_op(connection, run, epoch, op, op.value)
                )

        def add(connection: Connection) -> None:
            self._add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                require_names(checkpoint.ns)
                checkpoint.seq = self._add_checkpoint(connection, checkpoint)
                connection.execute(
                    self._sql["keep_thread"], (checkpoint.thread_id, checkpoint.ns, checkpoint.id)
                )

        self._database.transaction(add)

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        values = {
            "head": None if checkpoint is None else checkpoint.id, "status": status,
            "thread_id": run.thread_id, "ns": run.ns, "epoch": epoch, "run": run.id,
        }  # fmt: skip

        def give_up(connection: Connection) -> None:
            if connection.execute(self._sql["give_up_thread"], values).rowcount == 0:
                lease_lost(run, epoch)

        def finish(connection: Connection) -> None:
            give_up(connection)
            if ops:
                self._add_ops(connection, run, epoch, ops)
            if checkpoint is not None:
                checkpoint.seq = self._add_checkpoint(connection, checkpoint)

        if not ops and checkpoint is None:
            return self._database.run(give_up)
        self._database.transaction(finish)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        self._database.transaction(
            lambda connection: self._add_ops(connection, run, epoch, ops),
            survives_power_loss=True,
        )

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        require_names(checkpoint.thread_id, checkpoint.ns)

        def update(connection: Connection) -> None:
            self._own(
                connection, (checkpoint.thread_id, checkpoint.ns), checkpoint.id, None, "idle",
                None, expected_epoch,
            )  # fmt: skip
            checkpoint.seq = self._add_checkpoint(connection, checkpoint)

        self._database.transaction(update)

    # -- reading ----------------------------------------------------------------------------

    def get_run(self, run_id: str) -> RunRow | None:
        rows = self._rows("get_run", (run_id,), RUN_VALUES)
        return self._reader.run(rows[0]) if rows else None

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        rows = self._rows("list_runs", (thread_id, ns), RUN_VALUES)
        runs = [self._reader.run(row) for row in rows]
        for opening, run_id in self._database.rows(self._sql["lost_runs"], (thread_id, ns)):
            self._refuse_lost_run(thread_id, ns, opening, run_id)
        return runs

    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        number = self._database.rows(self._sql["number_of_run"], (run_id,))
        with self._database.recent:
            if not number:
                self._recent.forget(run_id)
            ops = self._recent.get(run_id)
        if not number:
            return []
        after = ops[-1].seq if ops else 0
        if upto is not None and after >= upto:
            return [op for op in ops if op.seq <= upto]
        rows = self._rows("get_ops", {"run": number[0][0], "after": after}, OP_VALUES)
        if upto is not None:
            rows = [row for row in rows if row[OP_COLUMNS] <= upto]
        if rows:
            ops = [*ops, *[self._reader.op(run_id, row) for row in rows]]
            with self._database.recent:
                self._recent.put(run_id, ops)
        return ops[:]

    def damaged_ops(self, run_id: str) -> list[tuple[int, str]]:
        found = []
        for number in self._database.rows(self._sql["number_of_run"], (run_id,)):
            for row in self._rows("get_ops", {"run": number[0], "after": 0}, OP_VALUES):
                try:
                    self._reader.op(run_id, row)
                except CorruptDataError as fault:
                    found.append((row[OP_COLUMNS], str(fault)))
        return found

    def stray_ops(self, run_id: str) -> list[int]:
        last = self._database.rows(self._sql["last_run"])[0][0]
        found = [*strays(self._database, self._sql, self._in_place)]
        if not found:
            self._in_place = last
        return [row[OP_COLUMNS] for row in found if is_of_run(row[:OP_COLUMNS], row[-1], run_id)]

    def orphans(self) -> list[Orphan]:
        return orphans(self._database, self._sql)

    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        if checkpoint_id is None:
            rows = self._rows("get_head", (thread_id, ns), CHECKPOINT_VALUES)
        else:
            of = (thread_id, ns, checkpoint_id)
            rows = self._rows("get_checkpoint", of, CHECKPOINT_VALUES)
        return self._reader.checkpoint(rows[0]) if rows else None

    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        require_limit(limit)
        end = _LAST
        if before is not None:
            rows = self._database.rows(self._sql["checkpoint_seq"], (thread_id, ns, before))
            if not rows:
                unknown_checkpoint(thread_id, before)
            end = rows[0][0]
        return CheckpointPages(
            self._reader,
            self._blobs,
            lambda end, size: self._rows(
                "list_checkpoints", (thread_id, ns, end, size), CHECKPOINT_VALUES
            ),
            self._lineage("get_thread", (thread_id, ns) if before is None else ()),
            end,
            _LAST if limit is None else limit,
        )

    def search_checkpoints(
        self,
        thread_id: str | None = None,
        ns: str | None = None,
        *,
        before: int | None = None,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> Iterator[CheckpointRow]:
        query, of = "list_all_checkpoints", list[str]()
        if thread_id is not None and ns is not None:
            query, of = "list_checkpoints", [thread_id, ns]
        elif thread_id is not None:
            query, of = "list_checkpoints_of_thread", [thread_id]
        ends = of if before is None else []
        return CheckpointPages(
            self._reader,
            self._blobs,
            lambda end, size: self._rows(query, (*of, end, size), CHECKPOINT_VALUES),
            self._lineage("get_thread" if ns is not None else "threads_of", ends),
            _LAST if before is None else before,
            _LAST,
            wanted,
        )

    def get_runs(self, run_ids: Sequence[str]) -> dict[str, RunRow]:
        listed = json.dumps([one for one in run_ids if _may_be_an_id(one)])
        rows = self._rows("get_runs", (listed,), RUN_VALUES) if run_ids else []
        found = self._blobs.get_short_of(rows, RUN_VALUES)
        runs = [self._reader.run(row, found) for row in rows]
        return {run.id: run for run in runs}

    def get_ops_of(self, run_ids: Sequence[str]) -> dict[str, list[OpRow]]:
        ops: dict[str, list[OpRow]] = {run_id: [] for run_id in run_ids}
        listed = json.dumps([one for one in ops if _may_be_an_id(one)])
        rows = self._rows("get_ops_of", {"runs": listed}, OP_VALUES) if ops else []
        found = self._blobs.get_short_of(rows, OP_VALUES)
        for row in rows:
            ops[row[-1]].append(self._reader.op(row[-1], row[:-1], found))
        return ops

    # -- the care of threads ----------------------------------------------------------------

    def delete_thread(self, thread_id: str) -> None:
        if not _is_whole(thread_id):
            return
        self._database.transaction(
            lambda connection: self._tables.delete(connection, thread_id), alone=True
        )

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        require_names(target_thread_id)
        if not _is_whole(source_thread_id):
            no_source(source_thread_id)
        self._database.transaction(
            lambda connection: self._tables.copy(connection, source_thread_id, target_thread_id),
            alone=True,
        )

    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        def remove(connection: Connection) -> list[str]:
            cut: list[str] = []
            for thread_id in filter(_is_whole, dict.fromkeys(thread_ids)):
                cut += self._tables.remove(connection, thread_id, decide).cut
            return cut

        cut = self._database.transaction(remove, alone=True)
        with self._database.recent:
            for run_id in cut:
                self._recent.forget(run_id)

    # -- in a transaction -------------------------------------------------------------------

    def _add_ops(
        self, connection: Connection, run: RunRow, epoch: int, ops: Sequence[OpRow]
    ) -> None:
        if not ops and not connection.execute(self._sql["holds_lease"], (run.id, epoch)).fetchall():
            lease_lost(run, epoch)
        put = self._blobs.put
        cells = [None if op.value is None else put(connection, op.value) for op in ops]
        self._add_all(connection, run, epoch, ops, cells)

    def _add_all(
        self,
        connection: Connection,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        cells: Sequence[Cell | None],
    ) -> None:
        """:meth:`_add_op` of several."""
        for op, cell in zip(ops, cells, strict=True):
            self._add_op(connection, run, epoch, op, cell)

    def _add_checkpoint(self, connection: Connection, row: CheckpointRow) -> int:
        put, saved, returned = self._blobs.put, row.saved, row.returned
        saved_cell = None if saved is None else put(connection, saved)
        if returned is None or returned is saved:
            returned_cell = None if returned is None else saved_cell
        else:
            returned_cell = put(connection, returned)
        meta = put(connection, row.meta)
        return self._tables.add_checkpoint(connection, row, saved_cell, returned_cell, meta)

    def _own(
        self,
        connection: Connection,
        address: tuple[str, str],
        head: str | None,
        run: str | None,
        status: str,
        owner: str | None,
        expected_epoch: int | None,
    ) -> int:
        """Move the thread on to the next epoch, or make it; returns that epoch."""
        values = {
            "thread_id": address[0], "ns": address[1], "head": head, "run": run, "status": status,
            "owner": owner, "expected_epoch": expected_epoch,
            "lease_until": None if owner is None else self._lease_until(),
        }  # fmt: skip
        query = "add_thread" if expected_epoch is None else "own_thread"
        if connection.execute(self._sql[query], values).rowcount == 0:
            thread_moved_on(address[0], expected_epoch)
        return (expected_epoch or 0) + 1

    def _lineage(self, threads: str, of: Sequence[str]) -> Lineage:
        """Of checkpoints that are read from the end of these threads on."""

        def find(*place: str) -> tuple[Any, ...] | None:
            rows = self._database.checked_rows(self._sql["get_checkpoint"], place)
            return rows[0] if rows else None

        def heads() -> list[tuple[str, str, str | None]]:
            rows = self._database.checked_rows(self._sql[threads], of) if of else []
            return [row[:3] for row in rows]

        return Lineage(find, heads, self._database.name)

    def _refuse_lost_run(self, thread_id: str, ns: str, opening: str, run_id: str) -> None:
        """Either row may be the damaged one, and tells so; none is, if the thread was deleted."""
        if self.get_checkpoint(thread_id, ns, opening) is None:
            return
        if self.get_run(run_id) is None:
            raise CorruptDataError(
                f"Run {run_id} of thread {thread_id!r}, which checkpoint {opening} opens, is not "
                f"there: column id of table run in {self._database.name} is damaged. Other threads "
                "are not affected. Restore the database from a copy."
            )

    def _lease_until(self) -> float | None:
        return None if self.lease_s is None else self._database.lease_until(self.lease_s)

    def _rows(self, query: str, parameters: object, values: Sequence[int]) -> list[Any]:
        """Rows in which these columns are values or names of blobs."""
        return self._database.unpacked(
            self._database.checked_rows(self._sql[query], parameters), values
        )


def _is_whole(name: str) -> bool:
    """Whether a thread can have this name: a lone surrogate is stored nowhere."""
    return name.encode(errors="replace").decode() == name


def _may_be_an_id(run_id: str) -> bool:
    """Of a run; text that no database takes is none."""
    return run_id.isascii() and "\0" not in run_id
