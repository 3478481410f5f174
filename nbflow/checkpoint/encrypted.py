"""Threads whose values are encrypted before they reach the database.

Every value is sealed with AES-256 for the row and the column that it stands in, and what is read
must have been sealed for just that place with just that key; else it is a
:class:`~nbflow.errors.CorruptDataError` that names the row, never a value (273, 274). The keeping
is left to the saver inside.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from nbflow import serde
from nbflow.checkpoint._primitives import Orphan
from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._sealing import RowSealer, key_of
from nbflow.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointRow,
    OpRow,
    RunRow,
    ThreadRow,
    require_names,
)
from nbflow.errors import CorruptDataError, ThreadBusyError

__all__ = ["EncryptedSaver"]

_ORIGINS = "|origins|"
"""Namespace of the note on what a thread was copied from; that of no workflow begins so."""


class EncryptedSaver(BaseCheckpointSaver):
    """Keeps threads in another saver, and encrypts what is in them (273, 274).

    Encrypted are inputs, arguments, results, failures, questions, answers, what is saved for the
    next run, and metadata. Readable stay the ids of threads, runs and checkpoints, the
    names of workflows, tasks and namespaces, where a task was called (``essay.py:12``), the
    fingerprint of the code, times, statuses, who runs a thread, the order and number of calls, how
    long each value is, and which calls of the database have equal names and arguments.

    A value that was changed, put in another row or stored without the key is refused, and so is a
    thread under another name. Somebody who can write to the database can still remove rows, or
    put old ones back in their place. A copy of a thread counts as the thread itself.

    A store and a cache are databases of their own, and are not encrypted by this. Equal values
    are no longer stored once, since each is encrypted in its own way (255).

    Args:
        saver: keeps the rows; this one closes it.
        key: 32 random bytes, such as ``os.urandom(32)``. Keep it apart from the database: without
            it nothing can be read again.

    Raises:
        InvalidConfigError: the key is not 32 bytes.
        ModuleNotFoundError: ``cryptography`` is not installed.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> inside = InMemorySaver()
    >>> @entrypoint(checkpointer=EncryptedSaver(inside, bytes(range(32))))
    ... def remember(secret: str) -> str:
    ...     return secret
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> remember.invoke("a secret", config), remember.get_state(config).values
    ('a secret', 'a secret')
    >>> b"secret" in inside.get_checkpoint("1").saved
    False
    """

    def __init__(self, saver: BaseCheckpointSaver, key: bytes) -> None:
        self._inner = saver
        self._rows = RowSealer(key)

    @classmethod
    def from_passphrase(cls, saver: BaseCheckpointSaver, passphrase: str, salt: bytes) -> Self:
        """With a key made from a passphrase by scrypt, which takes half a second and 128 MB.

        Args:
            salt: 16 random bytes or more, the same each time for one database; no secret.

        Raises:
            InvalidConfigError: the salt is shorter, or the passphrase empty.
        """
        return cls(saver, key_of(passphrase, salt))

    @property
    def is_at_hand(self) -> bool:  # type: ignore[override]
        """That of the saver inside."""
        return self._inner.is_at_hand

    @property
    def lease_s(self) -> float | None:
        """That of the saver inside."""
        return self._inner.lease_s

    @lease_s.setter
    def lease_s(self, seconds: float | None) -> None:
        self._inner.lease_s = seconds

    @property
    def identity(self) -> Hashable:
        return (type(self), self._rows.fingerprint, self._inner.identity)

    # -- storing ----------------------------------------------------------------------------

    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        require_names(run.thread_id, run.ns, run.workflow)
        sealed = self._rows.seal_checkpoint(checkpoint)
        epoch = self._inner.begin_run(self._rows.seal_run(run), sealed, owner, expected_epoch)
        checkpoint.seq = sealed.seq
        return epoch

    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        return self._inner.claim(thread_id, ns, owner, expected_epoch)

    def renew(self, run: RunRow, epoch: int) -> None:
        self._inner.renew(run, epoch)

    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        sealed = self._sealed_ops(run, ops)
        kept = self._sealed_checkpoint(checkpoint)
        self._inner.append(run, epoch, sealed, kept)
        _number(ops, sealed, checkpoint, kept)

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        sealed = self._sealed_ops(run, ops)
        kept = self._sealed_checkpoint(checkpoint)
        self._inner.finish(run, epoch, status, sealed, kept)
        _number(ops, sealed, checkpoint, kept)

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        sealed = self._sealed_ops(run, ops)
        self._inner.answer(run, epoch, sealed)
        _number(ops, sealed)

    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        require_names(checkpoint.thread_id, checkpoint.ns)
        sealed = self._rows.seal_checkpoint(checkpoint)
        self._inner.update(sealed, expected_epoch)
        checkpoint.seq = sealed.seq

    def _sealed_ops(self, run: RunRow, ops: Sequence[OpRow]) -> list[OpRow]:
        seal = self._rows.seal_op
        return [seal(op, run.id) for op in ops]

    def _sealed_checkpoint(self, checkpoint: CheckpointRow | None) -> CheckpointRow | None:
        if checkpoint is None:
            return None
        require_names(checkpoint.ns)
        return self._rows.seal_checkpoint(checkpoint)

    # -- reading ----------------------------------------------------------------------------

    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        return self._inner.get_thread(thread_id, ns)

    def list_threads(self) -> list[ThreadRow]:
        return [thread for thread in self._inner.list_threads() if thread.ns != _ORIGINS]

    def get_run(self, run_id: str) -> RunRow | None:
        row = self._inner.get_run(run_id)
        return None if row is None else self._reader().run(row)

    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        reader = self._reader()
        return [reader.run(row) for row in self._inner.list_runs(thread_id, ns)]

    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        reader = self._reader()
        return [reader.op(op, run_id) for op in self._inner.get_ops(run_id, upto)]

    def get_runs(self, run_ids: Sequence[str]) -> dict[str, RunRow]:
        reader = self._reader()
        found = self._inner.get_runs(run_ids)
        return {run_id: reader.run(row) for run_id, row in found.items()}

    def get_ops_of(self, run_ids: Sequence[str]) -> dict[str, list[OpRow]]:
        reader = self._reader()
        found = self._inner.get_ops_of(run_ids)
        return {run_id: [reader.op(op, run_id) for op in ops] for run_id, ops in found.items()}

    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        row = self._inner.get_checkpoint(thread_id, ns, checkpoint_id)
        return None if row is None else self._reader().checkpoint(row)

    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        rows = self._inner.list_checkpoints(thread_id, ns, before=before, limit=limit)
        return _Opened(rows, self._reader())

    def search_checkpoints(
        self,
        thread_id: str | None = None,
        ns: str | None = None,
        *,
        before: int | None = None,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> Iterator[CheckpointRow]:
        reader = self._reader()

        def is_wanted(row: CheckpointRow) -> bool:
            if row.ns == _ORIGINS:
                return False
            if wanted is None:
                return True
            try:
                shown = reader.description(row)
            except CorruptDataError:
                return True  # reading all of it says what is wrong, and goes on after it
            return wanted(shown)

        asks = is_wanted if wanted is not None or ns is None else None
        rows = self._inner.search_checkpoints(thread_id, ns, before=before, wanted=asks)
        return _Opened(rows, reader)

    def _reader(self) -> _Reader:
        return _Reader(self._inner, self._rows)

    # -- the care of threads ----------------------------------------------------------------

    def damaged_ops(self, run_id: str) -> list[tuple[int, str]]:
        return self._inner.damaged_ops(run_id)

    def stray_ops(self, run_id: str) -> list[int]:
        return self._inner.stray_ops(run_id)

    def orphans(self) -> list[Orphan]:
        return self._inner.orphans()

    def delete_thread(self, thread_id: str) -> None:
        self._inner.delete_thread(thread_id)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As of every saver (244). When the machine stops between its two steps, the copy cannot
        be read: then delete it and copy again."""
        self._inner.copy_thread(source_thread_id, target_thread_id)
        try:
            self._note_copy(source_thread_id, target_thread_id)
        except BaseException:
            self._inner.delete_thread(target_thread_id)
            raise

    def _note_copy(self, source: str, target: str) -> None:
        """Store for which rows those of a copy were sealed."""
        known = self._reader().origins(source)
        sealed_for = {
            run.meta: known.runs.get(run.id, (source, run.id)) for run in self._runs_of(source)
        }
        copied = self._runs_of(target)
        if not all(run.meta in sealed_for for run in copied):
            raise ThreadBusyError(
                f"Thread {source!r} was deleted or pruned while it was copied. Nothing was "
                "stored. Try again."
            )
        runs = {run.id: sealed_for[run.meta] for run in copied}
        note = CheckpointRow(
            id=uuid.uuid4().hex, thread_id=target, ns=_ORIGINS, parent=None, run=None,
            source="update", step=0, saved=None, returned=None,
            meta=serde.dumps([(source, *known.threads), runs]), ts=time.time(),
        )  # fmt: skip
        before = self._inner.get_thread(target, _ORIGINS)
        self._inner.update(
            self._rows.seal_checkpoint(note), None if before is None else before.epoch
        )

    def _runs_of(self, thread_id: str) -> list[RunRow]:
        """As the saver inside keeps them, of all namespaces."""
        rows = self._inner.rows_of(thread_id)
        return [run for row in rows for run in self._inner.list_runs(thread_id, row.ns)]

    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        self._inner.remove(thread_ids, lambda past: _with_the_note(past, decide))

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True, slots=True)
class _Origins:
    """For which rows those of a copied thread were sealed."""

    threads: Sequence[str] = ()
    """Ids of the threads that its checkpoints were made in."""
    runs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Thread and id under which runs began, by the ids that they have here."""


class _Reader:
    """Opens the rows of one question to a saver, each in its place or in that it was copied from.

    A thread is copied row by row, so of a copy only the saver's own note tells what is in order.
    """

    def __init__(self, inner: BaseCheckpointSaver, rows: RowSealer) -> None:
        self._inner = inner
        self._rows = rows
        self._origins: dict[str, _Origins] = {}
        """By thread."""
        self._run_origins: dict[str, str | None] = {}
        """By run; None for one that was not copied."""

    def run(self, row: RunRow) -> RunRow:
        try:
            return self._rows.open_run(row, row.thread_id, row.id)
        except CorruptDataError:
            origin = self.origins(row.thread_id).runs.get(row.id)
            if origin is not None:
                with suppress(CorruptDataError):
                    return self._rows.open_run(row, *origin)
            raise

    def op(self, op: OpRow, run_id: str) -> OpRow:
        try:
            return self._rows.open_op(op, run_id)
        except CorruptDataError:
            origin = self._origin_of(run_id)
            if origin is not None:
                with suppress(CorruptDataError):
                    return self._rows.open_op(op, origin)
            raise

    def checkpoint(self, row: CheckpointRow) -> CheckpointRow:
        return self._checkpoint(row, self._rows.open_checkpoint)

    def description(self, row: CheckpointRow) -> CheckpointRow:
        """Of a row of which only ``meta`` was read."""
        return self._checkpoint(row, self._rows.open_meta)

    def _checkpoint(
        self, row: CheckpointRow, opened: Callable[[CheckpointRow, str], CheckpointRow]
    ) -> CheckpointRow:
        try:
            return opened(row, row.thread_id)
        except CorruptDataError:
            for thread_id in self.origins(row.thread_id).threads:
                with suppress(CorruptDataError):
                    return opened(row, thread_id)
            raise

    def origins(self, thread_id: str) -> _Origins:
        """What the saver noted when the thread was made as a copy; nothing for any other."""
        known = self._origins.get(thread_id)
        if known is None:
            note = self._inner.get_checkpoint(thread_id, _ORIGINS)
            if note is None:
                known = _Origins()
            else:
                known = _Origins(*serde.loads(self._rows.open_checkpoint(note, thread_id).meta))
            self._origins[thread_id] = known
        return known

    def _origin_of(self, run_id: str) -> str | None:
        if run_id not in self._run_origins:
            run = self._inner.get_run(run_id)
            origins = _Origins() if run is None else self.origins(run.thread_id)
            self._run_origins[run_id] = origins.runs.get(run_id, (None, None))[1]
        return self._run_origins[run_id]


class _Opened(Iterator[CheckpointRow]):
    """Checkpoints opened one by one; after one that is damaged, the next can be asked for."""

    def __init__(self, rows: Iterator[CheckpointRow], reader: _Reader) -> None:
        self._rows = rows
        self._reader = reader

    def __next__(self) -> CheckpointRow:
        return self._reader.checkpoint(next(self._rows))


def _number(
    ops: Sequence[OpRow],
    sealed: Sequence[OpRow],
    checkpoint: CheckpointRow | None = None,
    kept: CheckpointRow | None = None,
) -> None:
    """Tell the caller the numbers that the rows got."""
    for op, stored in zip(ops, sealed, strict=True):
        op.seq = stored.seq
    if checkpoint is not None and kept is not None:
        checkpoint.seq = kept.seq


def _with_the_note(past: Past, decide: Callable[[Past], Removal]) -> Removal:
    """What to remove, with the note on a copied thread when nothing else of it is left."""
    shown = replace(
        past,
        threads=[row for row in past.threads if row.ns != _ORIGINS],
        checkpoints=[row for row in past.checkpoints if row.ns != _ORIGINS],
    )
    removal = decide(shown)
    if {row.ns for row in shown.threads} - {*removal.namespaces}:
        return removal
    notes = [row.seq for row in past.checkpoints if row.ns == _ORIGINS]
    return replace(
        removal,
        checkpoints={*removal.checkpoints, *notes},
        namespaces=[*removal.namespaces, _ORIGINS],
    )
