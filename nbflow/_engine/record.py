"""What an execution has on record: what was stored before, and what it stored itself."""

from __future__ import annotations

import threading
from collections import deque

from nbflow._engine.history import ops_of
from nbflow._engine.ids import public_id
from nbflow._engine.replay import Call, Journal
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.errors import CorruptDataError
from nbflow.types import Interrupt

__all__ = ["Record"]


class Record:
    """The record of an execution, and the facts that are still to be stored."""

    saver: BaseCheckpointSaver | None
    run: RunRow | None
    run_id: str
    lock: threading.Lock
    questions: tuple[Interrupt, ...]

    def open_record(self, record: Journal, *, holds_back: bool) -> None:
        """
        Args:
            record: what was stored before.
            holds_back: whether facts are stored only when the execution ends (86).
        """
        self._journal = record
        self._fresh: deque[OpRow] = deque()
        """Facts that the journal does not have yet: most of a run's own are never asked for."""
        self._catching_up = threading.RLock()
        self.holds_back = holds_back
        self._held_back: list[OpRow] = []
        """Facts that are stored with the next thing that must be; used while committing."""
        self._noted: deque[OpRow] = deque()
        """More of them, from event loops."""
        self.late_answers: list[bytes] = []
        """Keys of the questions that were answered while the run worked."""
        self._stored = 0
        """How many facts of the run are stored."""
        self._unheard: list[OpRow] = []
        """Facts that could not be stored, as it seems: the fault may have come after the commit."""

    def count_record(self) -> None:
        """From now on the record has what this execution adds, and nothing else."""
        self._stored = self._journal.facts

    @property
    def journal(self) -> Journal:
        """The calls of the run, with all that was stored so far."""
        if self._fresh:
            with self._catching_up:
                while self._fresh:
                    self._journal.apply(self._fresh[0])
                    self._fresh.popleft()
        return self._journal

    def value_of(self, call: Call) -> bytes:
        """What came of a recorded call, encoded; what was let go is read again.

        Raises:
            StorageError, CorruptDataError: it cannot be read.
        """
        if call.value is None:
            assert self.saver is not None
            for op in self.saver.get_ops(self.run_id):
                let_go = self._journal.get(op.key)
                if let_go is not None and let_go.value is None and op.gen == let_go.gen:
                    let_go.value = op.value
        if call.value is None:
            raise CorruptDataError(
                f"The result of {call.describe()} was stored, and is not there any more. Restore "
                "the database from a copy."
            )
        return call.value

    @property
    def holds_facts(self) -> bool:
        """Whether some wait to be stored."""
        return bool(self._held_back or self._noted)

    @property
    def knows_its_record(self) -> bool:
        """Whether its journal has all that is stored, and nothing else."""
        return self.saver is not None and not self._unheard and not self.holds_facts

    # -- while committing -------------------------------------------------------------------

    def _take_in(self, rows: list[OpRow]) -> None:
        """These are stored, and the journal has none of them."""
        self._stored += len(rows)
        self._fresh += rows
        answers = [row.key for row in rows if row.kind == "answer"]
        self.late_answers += answers
        answered = {public_id(self.run_id, key) for key in answers}
        with self.lock:
            self.questions = tuple(q for q in self.questions if q.id not in answered)

    def _hear(self) -> None:
        """See whether what seems not to be stored is on record: all of it, or nothing."""
        assert self.saver is not None and self.run is not None
        tried = self._unheard
        found = ops_of(self.saver, self.run, after=self._stored)[: len(tried)]
        self._unheard = []
        if list(map(_what, found)) == list(map(_what, tried)):
            in_journal = set(self._held_back).intersection(tried)
            self._held_back = [row for row in self._held_back if row not in in_journal]
            self._stored += len(in_journal)
            self._take_in([row for row in tried if row not in in_journal])

    def _all_held_back(self) -> list[OpRow]:
        while self._noted:
            self._held_back.append(self._noted.popleft())
        return self._held_back


def _what(row: OpRow) -> tuple[str, bytes, int]:
    return row.kind, row.key, row.gen
