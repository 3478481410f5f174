"""The contract of every backend.

Values arrive encoded (:mod:`nbflow.serde`); a backend never looks inside. Only thread rows are ever
updated, and a thread's order is the database's sequence, never a clock. Every method is
synchronous, safe from any thread and event loop, and either happens whole or raises with nothing
stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from nbflow.checkpoint._removal import Past, Removal
from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow, ThreadRow

__all__ = ["LEASE_S", "Orphan", "Primitives"]

LEASE_S = 30.0
"""A lease, unless a saver has another one. Owners renew theirs three times as often."""


class Orphan(NamedTuple):
    """A row of a database that has lost its place."""

    thread_id: str | None
    """The thread that it is of; None where that is not known."""
    run_id: str | None
    """The run that it is of; None where that is not known, or it is no fact of a run."""
    message: str
    """What is not where it was."""


class Primitives(ABC):
    """What a backend implements; see the module for what holds of every method."""

    lease_s: float | None = None
    """Seconds for which a thread is its owner's without a :meth:`renew`. None where an owner can
    only be this process: then it is known without leases who lives."""
    is_at_hand = False
    """Whether storing mostly takes no wait, and heeds :mod:`nbflow._database.haste` where it would.
    Otherwise event loops have it done in a thread."""

    @property
    def identity(self) -> Hashable:
        """Equal for savers that keep the same threads; two savers on one file, for example."""
        return id(self)

    @abstractmethod
    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None:
        """The thread's row; None when the database holds no such thread."""

    @abstractmethod
    def list_threads(self) -> list[ThreadRow]:
        """All threads of the database, the most recently changed first."""

    def rows_of(self, thread_id: str) -> list[ThreadRow]:
        """The thread's rows, one for each namespace; none where there is no such thread."""
        return [row for row in self.list_threads() if row.thread_id == thread_id]

    @abstractmethod
    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        """Store a new run with its opening checkpoint, make it the head, own the thread.

        Args:
            expected_epoch: epoch of the thread row the caller read; None when there was none.

        Returns:
            The new epoch.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        """Own the thread to continue its newest run; returns the new epoch.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def renew(self, run: RunRow, epoch: int) -> None:
        """Own the thread for another ``lease_s`` seconds from now.

        Raises:
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        """Store ops in order, all or none, and give each its ``seq``.

        Args:
            checkpoint: what a nested workflow keeps, in a namespace of its own that the run's
                owner owns, too; becomes that namespace's head.

        Raises:
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        """Store the last ops and the closing checkpoint, set the status, give the thread up.

        Raises:
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        """Store answers, all or none; each key takes one answer per ``gen``. Survives power loss.

        Raises:
            AlreadyAnsweredError: one of them has an answer.
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        """Store a checkpoint made by hand and make it the head; the thread becomes idle.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def get_run(self, run_id: str) -> RunRow | None:
        """The run's row; None when the database holds no such run."""

    @abstractmethod
    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        """Runs of the thread, newest first.

        Raises:
            CorruptDataError: one is damaged, or missing where a checkpoint tells of it.
        """

    @abstractmethod
    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        """Ops of one run in order, up to a sequence number; forks are joined by the caller."""

    def damaged_ops(self, run_id: str) -> list[tuple[int, str]]:
        """Numbers of the run's ops that cannot be read, in order, each with what is wrong; none
        where nothing can be damaged."""
        return []

    def stray_ops(self, run_id: str) -> list[int]:
        """Numbers of ops that are the run's, and that :meth:`get_ops` does not find; none where
        nothing can be damaged."""
        return []

    def orphans(self) -> list[Orphan]:
        """Rows of the database that have lost their place; none where nothing can be damaged."""
        return []

    @abstractmethod
    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        """One checkpoint; without an id the thread's head."""

    @abstractmethod
    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        """Checkpoints newest first.

        Args:
            before: only those stored before the checkpoint with this id.
            limit: at most so many; None for all.
        """

    @abstractmethod
    def search_checkpoints(
        self,
        thread_id: str | None = None,
        ns: str | None = None,
        *,
        before: int | None = None,
        wanted: Callable[[CheckpointRow], bool] | None = None,
    ) -> Iterator[CheckpointRow]:
        """Checkpoints of several namespaces or threads, newest first.

        When a row is damaged, the iterator raises CorruptDataError and goes on with the next row
        if it is asked to.

        Args:
            thread_id: of this thread; None for all.
            ns: of this namespace; None for all.
            before: only those with a lower sequence number.
            wanted: which rows to give; is asked when ``saved`` and ``returned`` are not read yet.
        """

    def get_runs(self, run_ids: Sequence[str]) -> dict[str, RunRow]:
        """Those of the runs that exist, by id."""
        found = ((run_id, self.get_run(run_id)) for run_id in run_ids)
        return {run_id: run for run_id, run in found if run is not None}

    def get_ops_of(self, run_ids: Sequence[str]) -> dict[str, list[OpRow]]:
        """The ops of several runs, by run id."""
        return {run_id: self.get_ops(run_id) for run_id in run_ids}

    @abstractmethod
    def delete_thread(self, thread_id: str) -> None:
        """Remove the thread with all namespaces; no error when there is none (243)."""

    @abstractmethod
    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread as it stands, with all namespaces; the source does not change (244).

        Checkpoints keep their ids, order and metadata. Runs get new ids, since an answer reaches
        a question through the run that asks it: the ids of interrupts and tasks differ. Nobody
        runs the copy of a thread that is running; ``invoke(None)`` goes on with it.

        Raises:
            UnknownThreadError: there is no source.
            InvalidUpdateError: there is a target already; nothing was stored.
            InvalidNameError: the target's name cannot be stored.
        """

    @abstractmethod
    def remove(self, thread_ids: Sequence[str], decide: Callable[[Past], Removal]) -> None:
        """Remove a part of the past of several threads, all or none.

        Args:
            decide: is given what the database holds of one thread when nothing can change it any
                more, in rows whose values are not read.
        """
