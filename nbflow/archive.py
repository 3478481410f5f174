"""A thread as one file: taken out of any database, and put into another one, on another machine.

The file is an SQLite database with that thread alone. It can also be opened as it is, by
:class:`~nbflow.checkpoint.sqlite.SqliteSaver` or ``nbflow inbox``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbflow._engine.owners import owner_name
from nbflow._engine.threads import refuse_busy
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, RunRow, ThreadRow
from nbflow.checkpoint.refusals import no_source, target_exists
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import InvalidConfigError, StorageError
from nbflow.threads import saver_of

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["export_thread", "import_thread"]


def export_thread(
    source: BaseCheckpointSaver | BaseWorkflow,
    thread_id: str | int,
    path: str | os.PathLike[str],
) -> None:
    """Write a thread with everything that is kept of it into a new file, readable for its owner.

    What an :class:`~nbflow.checkpoint.encrypted.EncryptedSaver` keeps is not encrypted in the file.

    Args:
        source: a saver, or a workflow, whose saver is meant.

    Raises:
        UnknownThreadError: there is no such thread.
        ThreadBusyError: it is running.
        StorageError: there is such a file already, or it cannot be written.
        MissingSaverError: the workflow keeps nothing.

    >>> import tempfile
    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> _ = double.invoke(4, config)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_thread(double, "1", f"{folder}/one.sqlite")
    ...     double.saver.delete_thread("1")
    ...     import_thread(f"{folder}/one.sqlite", double)
    '1'
    >>> double.get_state(config).values
    8
    """
    saver, _ = saver_of(source)
    path = Path(path)
    if path.exists():
        raise StorageError(
            f"There is a file {os.fspath(path)!r} already. Nothing was written. Give another path."
        )
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with SqliteSaver(part) as target:
            _copy(saver, str(thread_id), target, str(thread_id))
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def import_thread(
    path: str | os.PathLike[str],
    target: BaseCheckpointSaver | BaseWorkflow,
    *,
    thread_id: str | int | None = None,
    as_thread: str | int | None = None,
) -> str:
    """Put a thread of a file into a database; the file does not change.

    Ids of interrupts and checkpoints stay what they were, unless the database holds runs of the
    thread already, under another name: then runs and interrupts get new ones.

    Args:
        target: a saver, or a workflow, whose saver is meant.
        thread_id: which thread of the file; needed where it holds several.
        as_thread: its name from now on; by default the one that it has.

    Returns:
        That name.

    Raises:
        UnknownThreadError: the file has no such thread.
        InvalidUpdateError: the database has a thread of that name; nothing was stored.
        CorruptDataError, StorageError: the file cannot be read; nothing was stored.
        InvalidConfigError: the file holds several threads, and none was named.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> try:
    ...     import_thread("lost.sqlite", InMemorySaver())
    ... except StorageError as error:
    ...     print(error)
    There is no file 'lost.sqlite'. Nothing was stored.
    """
    saver, _ = saver_of(target)
    if not Path(path).is_file():
        raise StorageError(f"There is no file {os.fspath(path)!r}. Nothing was stored.")
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder, "thread.sqlite")
        for beside in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{os.fspath(path)}{beside}", f"{mine}{beside}")
        with _opened(mine, path) as source:
            name = _only_thread(source, path) if thread_id is None else str(thread_id)
            new_name = name if as_thread is None else str(as_thread)
            _copy(source, name, saver, new_name)
    return new_name


def _opened(mine: Path, path: str | os.PathLike[str]) -> SqliteSaver:
    try:
        return SqliteSaver(mine)
    except StorageError as exc:
        raise StorageError(str(exc).replace(os.fspath(mine), os.fspath(path))) from exc


def _only_thread(saver: BaseCheckpointSaver, path: str | os.PathLike[str]) -> str:
    names = sorted({row.thread_id for row in saver.list_threads()})
    if len(names) != 1:
        raise InvalidConfigError(
            f"The file {os.fspath(path)!r} holds {len(names)} threads: {', '.join(names[:5])}. "
            "Nothing was stored. Say which one is meant: thread_id=..., in a terminal --thread."
        )
    return names[0]


def _copy(
    source: BaseCheckpointSaver, thread_id: str, target: BaseCheckpointSaver, new_name: str
) -> None:
    threads = source.rows_of(thread_id)
    if not threads:
        no_source(thread_id)
    for row in threads:
        refuse_busy(row)
    if target.rows_of(new_name):
        target_exists(new_name)
    try:
        _Copy(source, threads, target, new_name).write()
    except BaseException:
        target.delete_thread(new_name)
        raise


class _Copy:
    """Stores a thread anew, in the order in which it came about, as its runs once did.

    Runs of which a prune left no opening checkpoint get one for as long as this takes.
    """

    def __init__(
        self,
        source: BaseCheckpointSaver,
        threads: list[ThreadRow],
        target: BaseCheckpointSaver,
        new_name: str,
    ) -> None:
        self._source = source
        self._target = target
        self._name = new_name
        self._threads = {row.ns: row for row in threads}
        thread_id = threads[0].thread_id
        listed = [reversed(source.list_runs(thread_id, row.ns)) for row in threads]
        self._runs = {run.id: run for runs in listed for run in runs}
        known = target.get_runs([*self._runs])
        self._ids = {one: uuid.uuid4().hex if known else one for one in self._runs}
        self._rows = [*source.search_checkpoints(thread_id)][::-1]
        self._openings = {
            row.run for row in self._rows if row.run is not None and row.source in ("input", "fork")
        }
        self._seqs: dict[str, dict[int, int]] = {}
        """Numbers of the ops of each run, by those they had."""
        self._epochs: dict[str, int] = {}
        """By namespace."""
        self._newest: dict[str, RunRow] = {}
        """As stored, by namespace."""
        self._made_up: set[int] = set()

    def write(self) -> None:
        for run in self._runs.values():
            if not any(one.id in self._openings for one in self._line(run)):
                self._begin_without_opening(run)
        for row in self._rows:
            self._store(row)
        for ns, run in self._newest.items():
            self._target.finish(run, self._epochs[ns], self._threads[ns].status)
        if self._made_up:
            self._target.remove([self._name], self._without_made_up)

    def _line(self, run: RunRow | None) -> Iterator[RunRow]:
        """A run, and those that it is a fork of, near and far."""
        while run is not None:
            yield run
            run = self._runs.get(run.parent_run or "")

    @property
    def _namespaces(self) -> set[str]:
        """Those of the runs; the others are nested workflows'."""
        return {run.ns for run in self._runs.values()} or {*self._threads}

    def _store(self, row: CheckpointRow) -> None:
        ns, opens = row.ns, row.source in ("input", "fork")
        if row.source == "loop" and row.run in self._runs:
            self._begin_without_opening(self._runs[row.run])
        moved = replace(
            row, thread_id=self._name, run=None if row.run is None else self._ids.get(row.run),
            seq=0,
        )  # fmt: skip
        if ns not in self._namespaces and self._newest:
            run = next(reversed(self._newest.values()))
            self._target.append(run, self._epochs[run.ns], (), moved)
        elif opens and row.run in self._runs:
            self._begin(self._runs[row.run], moved)
        elif row.source == "loop" and ns in self._newest:
            self._target.finish(self._newest[ns], self._epochs[ns], "idle", (), moved)
        else:
            self._target.update(moved, self._epochs.get(ns))
            self._epochs[ns] = self._epochs.get(ns, 0) + 1

    def _begin(self, run: RunRow, opening: CheckpointRow) -> None:
        above = self._runs.get(run.parent_run or "")
        if above is not None and above.id not in self._openings:
            self._begin_without_opening(above)
        moved = replace(
            run, id=self._ids[run.id], thread_id=self._name,
            parent_run=None if run.parent_run is None else self._ids.get(run.parent_run),
            upto=self._upto(run),
        )  # fmt: skip
        epoch = self._target.begin_run(moved, opening, owner_name(), self._epochs.get(run.ns))
        self._epochs[run.ns] = epoch
        self._newest[run.ns] = moved
        ops = [*map(copy, self._source.get_ops(run.id))]
        before = [op.seq for op in ops]
        if ops:
            self._target.append(moved, epoch, ops)
        self._seqs[run.id] = dict(zip(before, [op.seq for op in ops], strict=True))

    def _upto(self, fork: RunRow) -> int:
        """The last op that a fork keeps, by its number of now; it may end before any op."""
        run, upto = fork, fork.upto
        while run.parent_run in self._seqs:
            kept = [seq for seq in self._seqs[run.parent_run] if seq <= upto]
            if kept:
                return self._seqs[run.parent_run][kept[-1]]
            run = self._runs[run.parent_run]
            upto = min(upto, run.upto)
        return 0

    def _begin_without_opening(self, run: RunRow) -> None:
        """After what it is a fork of, and before its own forks."""
        if run.id in self._seqs:
            return
        made_up = CheckpointRow(
            id=uuid.uuid4().hex, thread_id=self._name, ns=run.ns, parent=None,
            run=self._ids[run.id], source="input", step=-1, saved=None, returned=None,
            meta=run.meta, ts=run.ts,
        )  # fmt: skip
        self._begin(run, made_up)
        self._made_up.add(made_up.seq)

    def _without_made_up(self, _past: Past) -> Removal:
        return Removal(
            checkpoints=self._made_up, runs=(), cut={}, parents={}, bases={}, threads=(),
            namespaces=(),
        )  # fmt: skip
