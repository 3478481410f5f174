"""How the facts of an execution are stored: in one order, and without holding up an event loop.

On an event loop a fact is stored at once where that takes no wait, as with an SQLite file that
nobody else is using. Else a clerk stores it in a thread, and what follows from it follows then.
While one commit is under way, outcomes of other tasks wait for it; the next takes all of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, TypeVarTuple

from nbflow._database.haste import SHORTLY_S, WouldWaitError, haste
from nbflow._engine import faults
from nbflow._engine.clerk import Clerk
from nbflow._engine.loops import on_a_loop
from nbflow._engine.nested import mark_of, saved_before
from nbflow._engine.record import Record
from nbflow._engine.replay import OUTCOMES, Journal
from nbflow.checkpoint.base import CheckpointRow, OpRow
from nbflow.errors import RunCancelled

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["Rows", "Storing", "Then"]

Given = TypeVarTuple("Given")

_MOST_TOGETHER = 256
"""Outcomes in one commit."""

_LONG_BYTES = 1 << 20
"""A longer result, once it is stored, is kept in the database alone."""

Then = Callable[[BaseException | None], None]
"""Told what kept a fact from being stored, or None. When it was a stop, the fact may be stored."""

Rows = Callable[[int], list[OpRow]]
"""The last facts of an execution, given how many there are by then."""

Keep = Callable[[], CheckpointRow]
"""Makes what a nested workflow keeps; it may have to read for it."""


class _Waiting:
    """An outcome that is stored with the next commit."""

    __slots__ = ("fault", "is_done", "op", "rows")

    def __init__(self, rows: list[OpRow], op: Op) -> None:
        self.rows = rows
        self.op = op
        self.is_done = False
        self.fault: BaseException | None = None


class Storing(Record):
    """Who writes the record, when, and in which thread."""

    epoch: int
    closed: bool
    """Whether it has ended: late code can store nothing."""
    broken: BaseException | None
    """What made the record end: nothing more can be stored."""

    def open_record(self, record: Journal, *, holds_back: bool) -> None:
        super().open_record(record, holds_back=holds_back)
        self._waiting: deque[_Waiting] = deque()
        self._unannounced: dict[bytes, Op] = {}
        self.committing = threading.Lock()
        """Held while facts are stored."""
        self._is_at_hand = self.saver is not None and self.saver.is_at_hand
        self._never_waits = self.saver is None or (
            self.saver.is_at_hand and self.saver.lease_s is None
        )
        """Whether nobody outside this process can keep anything from being stored at once."""
        self._clerk: Clerk | None = None

    def check(self) -> None:
        """Refuse to go on in a run that was stopped or can no longer store anything."""
        raise NotImplementedError

    def stop(self) -> None:
        """No op starts any more."""
        raise NotImplementedError

    def commit(self, rows: list[OpRow], *, at_once: bool = False) -> None:
        """Store facts in this thread, and with them that the ops still running had begun.

        Args:
            at_once: hold nothing back.

        Raises:
            StorageError, LeaseLostError: nothing was stored; the run can go no further.
        """
        with self.committing:
            self._append(rows, at_once=at_once)

    def store(self, rows: list[OpRow], op: Op, then: Then, keep: Keep | None = None) -> None:
        """Store the outcome of an op, which is decided; ``then`` is called in the op's thread.

        Args:
            keep: of a nested workflow.
        """
        loop = None if self._never_waits else op.loop_here
        if keep is not None:
            return self._do(loop, op, then, self._append, rows, op, keep)
        try:
            if loop is not None:
                if not self._shortly(self._append, rows, op, held=self.holds_back):
                    stored = self._with_others(rows, op)
                    return self._clerks().do(stored, loop, partial(op.go_on, then))
            elif self.committing.locked():
                self._with_others(rows, op)()
            else:
                with self.committing:
                    self._append(rows, op)
        except BaseException as exc:
            return self._not_stored(exc, op, then)
        op.hear(then, None)

    def note(self, rows: list[OpRow]) -> None:
        """Store facts that nobody waits for: on an event loop perhaps a little later.

        Raises:
            StorageError, LeaseLostError: nothing was stored; the run can go no further.
        """
        if self._never_waits or not on_a_loop():
            self.commit(rows)
        elif not self._shortly(self._append, rows, held=self.holds_back):
            rows = [*self._begun(), *rows]
            self._noted += rows
            self._fresh += rows
            self._clerks().promise(self._store_noted)

    def announce(self, op: Op) -> Iterator[Future[None]]:
        """Have it on record that an attempt begins, before its first line runs.

        Yields:
            What is to be waited for.

        Raises:
            StorageError, LeaseLostError: it is not on record, and must not run.
        """
        if self.saver is None:
            return
        self._unannounced.pop(op.key, None)
        store = partial(self.commit, [op.row("start")], at_once=True)
        if op.loop_here is None:
            return store()
        try:
            yield self._clerks().promise(store)
        except asyncio.CancelledError:
            begins_not = [op.row("cancel"), op.row("void")]
            op.gen += 1
            yield self._clerks().promise(partial(self.commit, begins_not, at_once=True))
            raise

    def read_last_saved(self, op: Op) -> Iterator[Future[None]]:
        """Have at hand what a nested workflow saved last, where reading it would hold up a loop.

        Yields:
            What is to be waited for.

        Raises:
            StorageError, CorruptDataError: it cannot be read.
        """
        if self._is_at_hand or op.loop_here is None or op.last_saved is not None:
            return

        def read() -> None:
            op.last_saved = (saved_before(op),)

        yield self._clerks().promise(read)

    def all_stored(self) -> Future[None]:
        """Settled when all is stored that a clerk has by now, and has been told of."""
        return self._clerks().promise(lambda: None)

    def finish(
        self,
        op: Op,
        status: str,
        rows: Rows,
        closing: CheckpointRow | None,
        then: Then,
        look: Callable[[], None] | None = None,
    ) -> None:
        """Store the last facts and give the thread up; from then on nothing can be stored.

        Args:
            look: reads then what is to be told of it.
        """
        loop = None if self._never_waits else op.loop_here
        self._do(loop, op, then, self._finish, status, rows, closing, look)

    def take_answers(self, rows: list[OpRow]) -> None:
        """Store answers that came while the run works; a later replay finds them."""
        assert self.saver is not None and self.run is not None
        with self.committing:
            if self._unheard:
                self._hear()
            held_back = self._all_held_back()
            if held_back:
                self.saver.append(self.run, self.epoch, held_back)
                self._stored += len(held_back)
                self._held_back = []
            try:
                faults.reach("before answer")
                self.saver.answer(self.run, self.epoch, rows)
                faults.reach("after answer")
            except BaseException:
                self._unheard = rows
                raise
            self._take_in(rows)

    # -- where ------------------------------------------------------------------------------

    def _do(
        self,
        loop: asyncio.AbstractEventLoop | None,
        op: Op,
        then: Then,
        work: Callable[[*Given], None],
        *given: *Given,
    ) -> None:
        try:
            if loop is None:
                self._patiently(work, *given)
            elif not self._shortly(work, *given):
                apart, then = partial(self._patiently, work, *given), partial(op.go_on, then)
                return self._clerks().do(apart, loop, then)
        except BaseException as exc:
            return self._not_stored(exc, op, then)
        op.hear(then, None)

    def _not_stored(self, fault: BaseException, op: Op, then: Then) -> None:
        """Something kept a fact from being stored; or the user stopped the run just then, and
        nobody knows whether it is."""
        if not isinstance(fault, Exception | RunCancelled):
            self.broken = self.broken or _stopped()
            self.stop()
        op.hear(then, fault)

    def _shortly(self, work: Callable[[*Given], None], *given: *Given, held: bool = False) -> bool:
        """Do it here if that takes no wait; False when it would, and nothing was stored.

        Args:
            held: it does no more than to hold facts back, wherever they will be stored.
        """
        at_hand = held or self._is_at_hand
        if not at_hand or not self.committing.acquire(timeout=SHORTLY_S):
            return False
        haste.hurried = True
        try:
            work(*given)
        except WouldWaitError:
            return False
        finally:
            haste.hurried = False
            self.committing.release()
        return True

    def _patiently(self, work: Callable[[*Given], None], *given: *Given) -> None:
        with self.committing:
            work(*given)

    def _with_others(self, rows: list[OpRow], op: Op) -> Callable[[], None]:
        """Have an outcome stored by whoever commits next; what is returned waits for that, or
        is the one."""
        mine = _Waiting(rows, op)
        self._waiting.append(mine)

        def stored() -> None:
            with self.committing:
                while not mine.is_done:
                    self._append_waiting()
            if mine.fault is not None:
                raise mine.fault

        return stored

    def _append_waiting(self) -> None:
        if not self._waiting:  # who took them was stopped
            self.check()
        together = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_TOGETHER))]
        fault: BaseException | None
        fault = _stopped()
        try:
            for one in together:
                self._unannounced.pop(one.op.key, None)
            self._append([row for one in together for row in one.rows])
            fault = None
        except (Exception, RunCancelled) as exc:
            fault = exc
        finally:
            for one in together:
                one.is_done, one.fault = True, fault

    def _store_noted(self) -> None:
        with self.committing:
            if self.holds_facts and not self.closed:
                self._append([])

    def _clerks(self) -> Clerk:
        with self.lock:
            if self._clerk is None:
                self._clerk = Clerk()
            return self._clerk

    # -- while committing -------------------------------------------------------------------

    def _append(
        self,
        rows: list[OpRow],
        op: Op | None = None,
        keep: Keep | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        assert self.saver is not None and self.run is not None
        if self.closed or self.broken is not None:
            self.check()
        if op is not None:
            self._unannounced.pop(op.key, None)
        begun = self._begun() if self._unannounced else []
        if begun:
            rows = [*begun, *rows]
        holds_facts = self._held_back or self._noted
        stored = [*self._all_held_back(), *rows] if holds_facts else rows
        if self.holds_back and keep is None and not at_once:
            self._held_back = [*stored]
            self._fresh += rows
            return
        try:
            if faults.hook is not None:
                faults.hook("before commit", _about(stored))
            if self._unheard:
                self._hear()
            checkpoint = None if keep is None else keep()
            self.saver.append(self.run, self.epoch, stored, checkpoint)
            if faults.hook is not None:
                faults.hook("after commit", _about(stored))
        except WouldWaitError:
            self._held_back += begun
            self._fresh += begun
            raise
        except BaseException as exc:
            self.broken = exc if isinstance(exc, Exception) else _stopped()
            self._unheard = self._unheard or stored
            raise
        self._held_back = []
        self._stored += len(stored)
        for row in rows:
            is_long = row.value is not None and len(row.value) > _LONG_BYTES
            self._fresh.append(_without_value(row) if is_long and row.kind in OUTCOMES else row)

    def _finish(
        self,
        status: str,
        rows: Rows,
        closing: CheckpointRow | None,
        look: Callable[[], None] | None,
    ) -> None:
        if not self.closed:  # else that is done, and the look would have held up a loop
            self._give_up_thread(status, rows, closing)
        if look is not None:
            look()

    def _give_up_thread(self, status: str, rows: Rows, closing: CheckpointRow | None) -> None:
        assert self.saver is not None and self.run is not None
        if self._unheard:
            self._hear()
        held_back = self._all_held_back()
        # only now it is sure which answers came in time
        last = rows(self._stored + len(held_back))
        faults.reach("before end")
        self.saver.finish(self.run, self.epoch, status, [*held_back, *last], closing)
        faults.reach("after end")
        self.closed, self._held_back = True, []
        self._fresh += last

    def _begun(self) -> list[OpRow]:
        with self.lock:
            begun, self._unannounced = self._unannounced, {}
        return [op.row("start", mark_of(op)) for op in tuple(begun.values())]


def _without_value(row: OpRow) -> OpRow:
    row = copy(row)
    row.value = None
    return row


def _stopped() -> RunCancelled:
    return RunCancelled(
        "The run was stopped while it stored something. invoke(None, config) continues it."
    )


def _about(stored: list[OpRow]) -> str:
    return stored[-1].name if stored else ""
