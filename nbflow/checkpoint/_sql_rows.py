"""Rows of a database as the objects they stand for; what is damaged is an error."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NoReturn

from nbflow._database.database import NO_TEXT, Database
from nbflow.checkpoint._blobs import Blobs
from nbflow.checkpoint._cells import (
    OP_COLUMNS,
    Cell,
    checkpoint_check,
    is_intact,
    is_value_intact,
    run_check,
)
from nbflow.checkpoint._lineage import Lineage
from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow, ThreadRow
from nbflow.errors import CorruptDataError

__all__ = ["CHECKPOINT_VALUES", "OP_VALUES", "RUN_VALUES", "SEQ", "CheckpointPages", "RowReader"]

Found = Mapping[str, bytes]
"""Values of blobs that were read before, by name."""

_NOTHING: Found = {}
RUN_VALUES, OP_VALUES, CHECKPOINT_VALUES = (9, 10), (7,), (7, 8, 9)
"""Where the cells of values stand in a row of the table."""

SEQ = 11
"""Where the sequence number stands in a row of table ckpt."""

_FIRST_PAGE, _PAGE = 20, 100
_OP_TEXTS = ("kind", "name", "lane", "site")


class RowReader:
    """Makes rows into objects."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def thread(self, row: tuple[Any, ...]) -> ThreadRow:
        thread, until = ThreadRow(*row[:-1]), row[-1]
        thread.lease_s = None if until is None else self._database.lease_left(until)
        return thread

    def run(self, row: tuple[Any, ...], found: Found = _NOTHING) -> RunRow:
        run = self.bare_run(row)
        if type(run.input) is not bytes:
            run.input = self._value(run.input, _of_run(run), "input", found)
        if type(run.meta) is not bytes:
            run.meta = self._value(run.meta, _of_run(run), "meta", found)
        return run

    def bare_run(self, row: tuple[Any, ...]) -> RunRow:
        """With cells for values."""
        run = RunRow(*row[:-1])
        if run_check(run, run.input, run.meta) != row[-1]:
            self._damaged(_of_run(run), "a column of table run")
        return run

    def op(self, run_id: str, row: tuple[Any, ...], found: Found = _NOTHING) -> OpRow:
        cells, check = row[:OP_COLUMNS], row[-1]
        op = OpRow(*row[:-1])
        if not is_intact(cells, check, run_id):
            what = "column value of table op"
            if is_value_intact(cells, check):
                what = "a column of table op (it may be run: then the row is another run's)"
            for column in _OP_TEXTS:
                if NO_TEXT in str(getattr(op, column)):
                    what = f"column {column} of table op, which is no text any more,"
            self._damaged(_of_op(op, run_id), what)
        if op.value is not None and type(op.value) is not bytes:
            op.value = self._value(op.value, _of_op(op, run_id), "value", found)
        return op

    def checkpoint(
        self,
        row: tuple[Any, ...],
        found: Found = _NOTHING,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> CheckpointRow | None:
        """None for one that is not wanted; its ``saved`` and ``returned`` are not read."""
        checkpoint = self.bare_checkpoint(row)
        if type(checkpoint.meta) is not bytes:
            where = _of_checkpoint(checkpoint)
            checkpoint.meta = self._value(checkpoint.meta, where, "meta", found)
        if wanted is not None and not wanted(checkpoint):
            return None
        saved, returned = checkpoint.saved, checkpoint.returned
        if saved is not None and type(saved) is not bytes:
            shown_too = ("returned",) if returned == saved else ()
            self._read_or_put_off(checkpoint, saved, found, "saved", *shown_too)
        if returned is not None and type(returned) is not bytes and returned != saved:
            self._read_or_put_off(checkpoint, returned, found, "returned")
        return checkpoint

    def _read_or_put_off(
        self, checkpoint: CheckpointRow, cell: Cell, found: Found, *columns: str
    ) -> None:
        """The value of columns, in a blob; a very long one is read when somebody looks at it."""
        where, name = _of_checkpoint(checkpoint), str(cell)
        value = found.get(name) or self._blobs.find(name)
        if callable(value):
            read = cache(lambda: self._sound(value(), where, columns[0]))
            for column in columns:
                checkpoint.put_off(column, read)
        else:
            sound = self._sound(value, where, columns[0])
            for column in columns:
                setattr(checkpoint, column, sound)

    def bare_checkpoint(self, row: tuple[Any, ...]) -> CheckpointRow:
        """With cells for values."""
        *fields, check = row
        found = CheckpointRow(*fields)
        if checkpoint_check(found, found.saved, found.returned, found.meta) != check:
            self._damaged(_of_checkpoint(found), "a column of table ckpt")
        return found

    def _value(self, cell: Cell, where: str, column: str, found: Found) -> bytes:
        name = str(cell)
        value = found.get(name)
        return self._sound(self._blobs.get(name) if value is None else value, where, column)

    def _sound(self, value: bytes | None, where: str, column: str) -> bytes:
        if value is None:
            self._damaged(where, f"the blob of column {column}")
        return value

    def _damaged(self, where: str, what: str) -> NoReturn:
        raise CorruptDataError(
            f"{where} in {self._database.name} cannot be read: {what} is damaged, its check sum "
            "does not fit. Other runs are not affected. Restore the database from a copy; "
            "nbflow.repair.repair() lists what is damaged of a thread, and goes on before it."
        )


def _of_op(op: OpRow, run_id: str) -> str:
    return f"Op {op.seq} of run {run_id}"


def _of_run(run: RunRow) -> str:
    return f"Run {run.id} of thread {run.thread_id!r}"


def _of_checkpoint(row: CheckpointRow) -> str:
    return f"Checkpoint {row.id} of thread {row.thread_id!r}"


class CheckpointPages(Iterator[CheckpointRow]):
    """Checkpoints read page by page, so that a long history costs only what is looked at.

    A damaged one raises, and the next call gives the one after it; so does one that is missing.

    Args:
        page: rows before a sequence number, newest first, at most so many.
        lineage: of these rows, to which none was shown yet.
        end: of rows with a lower sequence number.
        limit: at most so many rows are read.
    """

    def __init__(
        self,
        reader: RowReader,
        blobs: Blobs,
        page: Callable[[int, int], list[tuple[Any, ...]]],
        lineage: Lineage,
        end: int,
        limit: int,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> None:
        self._reader = reader
        self._blobs = blobs
        self._page = page
        self._lineage = lineage
        self._end = end
        self._left = limit
        self._is_all = False
        """Whether there is no row that was not read."""
        self._wanted = wanted
        self._rows: deque[tuple[Any, ...]] = deque()
        self._found: Found = _NOTHING
        self._size = 0

    def __next__(self) -> CheckpointRow:
        while True:
            if not self._rows:
                self._turn()
            checkpoint = self._next()
            if checkpoint is not None:
                return checkpoint

    def _next(self) -> CheckpointRow | None:
        row = self._rows[0]
        self._lineage.see(row)
        del self._rows[0]
        try:
            return self._reader.checkpoint(row, self._found, self._wanted)
        except CorruptDataError:
            self._lineage.forget()
            raise

    def _turn(self) -> None:
        if not self._size and self._left:
            self._size = _FIRST_PAGE
            self._lineage.begin()
        size = min(self._left, self._size)
        rows = self._page(self._end, size) if size else []
        self._is_all = self._is_all or len(rows) < size
        self._left = 0 if self._is_all else self._left - size
        if not rows:
            if self._is_all:
                self._lineage.end()
            raise StopIteration
        self._end = rows[-1][SEQ]
        self._size = _PAGE
        self._rows.extend(rows)
        self._found = (
            _NOTHING
            if self._wanted is not None
            else self._blobs.get_short_of(rows, CHECKPOINT_VALUES)
        )
