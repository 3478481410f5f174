"""What every run is, whoever drives it: a log of events, listeners, a status, somebody who waits.

The log keeps every event in order, without gaps, from the first execution through every pause and
answer. Views read it and have no other source, so whatever fills one has the same views.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nbflow._answerers import Answers
from nbflow._hooks import hooks
from nbflow._made import note_run
from nbflow._waits import Waits
from nbflow.events import Answered, Asked, Event, RunEnded
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.types import StateSnapshot

__all__ = ["BaseRun"]

_log = logging.getLogger(__name__)


class BaseRun(Answers, Waits, ABC):
    """One run, from its input to its result, through any number of questions.

    :class:`~nbflow.run.Run` is one that nbflow drives,
    :class:`~nbflow.guests.adopted_run.AdoptedRun` one of somebody else's graph. Any thread may
    use it.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> isinstance(run, BaseRun), run.result(), run.status
    (True, 8, 'done')
    """

    workflow: BaseWorkflow
    """What runs."""

    def __init__(self, thread_id: str | None) -> None:
        self.thread_id = thread_id
        """The thread's name; None when nothing is kept."""
        self.id: str = ""
        """32 hex digits."""
        self._state = threading.Condition(threading.RLock())
        self._events: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = []
        self._running = False
        self._turn = 0
        """How many executions there have been."""
        self._context_vars = copy_context()
        """Of the cell that began it: what the run prints belongs there."""
        self._told = True
        """Whether every listener has heard of the end; only then do waiters go on."""
        self._waiters: list[Callable[[], None]] = []
        self._already: Any = None
        """The value of a run that was over before it was asked for."""
        self._status = "running"
        self._ended: RunEnded | None = None
        self._exception: BaseException | None = None
        self._traceback: TracebackType | None = None
        """Of the exception, as it was raised: each raising adds to the exception's own."""
        note_run(self)

    @property
    def _run(self) -> BaseRun:
        return self

    # -- looking ----------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<nbflow run of {self.workflow.name!r} on thread {self.thread_id!r}: {self.status}>"

    @property
    def status(self) -> str:
        """``running``, ``interrupted``, ``done``, ``error`` or ``cancelled``; ``ready`` when it has
        its answers and nobody has let it go on."""
        return self._status

    @property
    def interrupts(self) -> tuple[Interrupt, ...]:
        """The open questions; those of a run that failed can be answered, too."""
        with self._state:
            if self._status not in ("running", "interrupted", "error"):
                return ()
            open_: dict[str, Interrupt] = {}
            for event in self._events:
                if isinstance(event, Asked):
                    open_[event.interrupt.id] = event.interrupt
                elif isinstance(event, Answered):
                    open_.pop(event.interrupt_id, None)
                elif isinstance(event, RunEnded):
                    open_ = {q.id: q for q in event.interrupts}
            return tuple(open_.values())

    def events(self, since: int = 0) -> list[Event]:
        """The log from one sequence number on."""
        with self._state:
            return self._events[since:]

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Be told of every later event, in the thread that causes it; returns how to stop."""
        with self._state:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._state:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        display = hooks.filled().display
        return {"text/plain": repr(self)} if display is None else display(self)

    def freeze(self) -> None:
        """Keep of what cells show of this run only its record: HTML, without the live view.

        The outputs are replaced before this returns, so it can be the last thing that a kernel
        does. The run goes on and can be shown again. Outside a notebook this changes nothing.

        Raises:
            CannotFreezeError: a cell shows the run as its value, without ``%load_ext nbflow``.
        """
        if (freeze := hooks.filled().freeze) is not None:
            freeze(self)

    @abstractmethod
    def refresh(self) -> bool:
        """Take into the log what others have done in this run; whether that is anything."""

    @abstractmethod
    def history(self, limit: int | None = None, before: str | None = None) -> list[StateSnapshot]:
        """The thread's checkpoints, newest first.

        Args:
            before: only those older than the checkpoint with this id.
        """

    # -- acting -----------------------------------------------------------------------------

    @abstractmethod
    def answer(self, interrupt_id: str, value: Any) -> None:
        """Answer one question; the run goes on in the background."""

    @abstractmethod
    def resume(self, *answer: Any) -> None:
        """Give the answer to the one open question; without one, continue a failed run."""

    @abstractmethod
    def cancel(self) -> None:
        """Stop as soon as can be; ``resume()`` continues."""

    @abstractmethod
    def fork(
        self,
        *,
        checkpoint_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> BaseRun:
        """Branch off with everything up to an op, and go on."""

    @abstractmethod
    def again(self, checkpoint_id: str | None = None) -> BaseRun:
        """Run again from a checkpoint, on a branch of its own."""

    @abstractmethod
    def begin(self, input: Any, checkpoint_id: str | None = None) -> BaseRun:
        """Begin the thread's next run after a checkpoint."""

    # -- the log ----------------------------------------------------------------------------

    def log(self, event: Event) -> None:
        """Take one event into the log and tell the listeners."""
        with self._state:
            event.seq = len(self._events)
            self._events.append(event)
            turn = self._turn
            again = self._noted(event)
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                _log.exception("A listener of %r failed; the run goes on", self)
        if again:
            self._go_again()
        elif isinstance(event, RunEnded):
            self._release(turn)

    def _noted(self, event: Event) -> bool:
        """What an event changes; True when the run goes on at once, though the event ends it."""
        if isinstance(event, RunEnded):
            self._ended = event
            self._running = False
            self._status = event.status
        return False

    def _go_again(self) -> None:
        """Go on after an end that is none."""
        raise NotImplementedError

    def _release(self, turn: int) -> None:
        """Let the waiters go on, unless a listener has set the run going again."""
        with self._state:
            if turn != self._turn:
                return
            self._told = True
            self._state.notify_all()
            waiters = tuple(self._waiters)
        for wake in waiters:
            wake()
