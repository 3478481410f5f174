"""A run going on in the background: look at it, wait for it, answer it, stop it.

What every run has, whoever drives it, is in :mod:`nbflow.base_run`; here is what drives this one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
import uuid
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from nbflow._branching import Branching
from nbflow._engine.alarms import Alarm
from nbflow._engine.answering import answer_to, answered_event, answers_for, timed_out
from nbflow._engine.catching_up import unseen, unseen_end
from nbflow._engine.failures import without_engine
from nbflow._engine.going import go_async, go_sync
from nbflow._engine.loops import background_loop
from nbflow._engine.past import is_at_work, past_events
from nbflow._engine.signals import GentleStop
from nbflow._engine.turns import Turn, place_of
from nbflow._hooks import hooks
from nbflow.base_run import BaseRun
from nbflow.errors import NbflowError, ThreadBusyError, UnknownThreadError
from nbflow.events import Answered, Asked, Event, RunEnded, RunStarted
from nbflow.types import Command, Interrupt

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.opening import Opened
    from nbflow._engine.root import RootOp
    from nbflow.checkpoint.base import OpRow
    from nbflow.workflow import Workflow

__all__ = ["Run", "hooks"]

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0
"""After a question's time, while another process goes on with the run."""

_known: WeakValueDictionary[tuple[Hashable, str], Run] = WeakValueDictionary()


class Run(Branching, BaseRun):
    """One run, from its input to its result, through any number of questions.

    Made by :meth:`Workflow.start <nbflow.workflow.Workflow.start>` and
    :meth:`Workflow.thread <nbflow.workflow.Workflow.thread>`. With ``%load_ext nbflow`` a cell
    shows it as it goes on. Any thread may use it; what it has acknowledged is stored.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(text: str) -> str:
    ...     return f"{text}: {interrupt('Approve?')}"
    >>> run = review.start("essay", thread_id="1")
    >>> run.wait(), [question.value for question in run.interrupts]
    ('interrupted', ['Approve?'])
    >>> run.resume("yes")
    >>> run.result()
    'essay: yes'
    """

    def __init__(
        self, workflow: Workflow[Any, Any], thread_id: str | None, config: dict[str, Any],
        context: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(thread_id)
        self.workflow: Workflow[Any, Any] = workflow
        """What runs."""
        self.id: str = ""
        """32 hex digits; the run's id in the database."""
        self._config = config
        self._context = context
        self._root: RootOp | None = None
        self._epoch = 0
        """Of the thread, when the log was last up to date with it."""
        self._answered_meanwhile: set[str] = set()
        """Ids of questions whose answers the execution has not seen."""
        self._alarms: dict[str, Alarm] = {}
        """By the ids of the open questions that have a deadline."""
        self._background: concurrent.futures.Future[Any] | None = None

    # -- how it comes to be -------------------------------------------------------------------

    @classmethod
    def started(
        cls, workflow: Workflow[Any, Any], input: Any, thread_id: Any, config: dict[str, Any],
        context: Any,
    ) -> Run:  # fmt: skip
        """Begin a run in the background; see :meth:`Workflow.start
        <nbflow.workflow.Workflow.start>`."""
        configurable = dict(config.get("configurable") or {})
        if thread_id is not None:
            configurable["thread_id"] = str(thread_id)
        if workflow.saver is not None:
            configurable.setdefault("thread_id", uuid.uuid4().hex[:8])
        settings = {**config, "configurable": configurable}
        run = cls._for(workflow, settings, input, context)
        Turn(place_of(workflow, settings), partial(run._go, input)).taken()
        return run

    @classmethod
    def watching(cls, workflow: Workflow[Any, Any], config: dict[str, Any], input: Any) -> Run:
        """A run that somebody else drives: the log of a plain ``invoke``."""
        return cls._for(workflow, config, input, None)

    @classmethod
    def attached(cls, workflow: Workflow[Any, Any], thread_id: str) -> Run:
        """The newest run of a thread; see :meth:`Workflow.thread
        <nbflow.workflow.Workflow.thread>`."""
        known = cls._known(workflow, thread_id)
        if known is not None:
            known.refresh()
            if known._running or known._is_newest():
                return known
        saver = workflow.saver
        thread = None if saver is None else saver.get_thread(thread_id)
        if saver is None or thread is None or thread.run is None:
            raise UnknownThreadError(
                f"There is no thread {thread_id!r} with a run in this workflow's checkpointer. "
                "Begin one: workflow.start(input, thread_id=...)."
            )
        run = cls(workflow, thread_id, {"configurable": {"thread_id": thread_id}})
        run.id, run._epoch = thread.run, thread.epoch
        for event in past_events(saver, thread, workflow.name):
            run.log(event)
        run._remember()
        return run

    @classmethod
    def _for(
        cls, workflow: Workflow[Any, Any], config: dict[str, Any], input: Any, context: Any
    ) -> Run:
        thread_id = (config.get("configurable") or {}).get("thread_id")
        thread_id = None if thread_id is None else str(thread_id)
        continues = input is None or isinstance(input, Command)
        known = None if thread_id is None else cls._known(workflow, thread_id)
        if continues and known is not None:
            goes_on = known._running or known._goes_on(config, input)
            if goes_on:
                known._config = {**known._config, **config}
                known._context = context or known._context
                return known
            run = cls(workflow, thread_id, config, context)
            if goes_on is None:
                run._take_past()
            return run
        return cls(workflow, thread_id, config, context)

    @classmethod
    def _known(cls, workflow: Workflow[Any, Any], thread_id: str) -> Run | None:
        """The run that is shown already: the same one, even if the workflow was defined anew."""
        if workflow.saver is None:
            return None
        run = _known.get((workflow.saver.identity, thread_id))
        if run is None or run.workflow.name != workflow.name:
            return None
        return run if run._running or run.workflow is workflow else None

    def _remember(self) -> None:
        """Let other views of this thread's newest run share this log."""
        if self.workflow.saver is not None and self.thread_id is not None:
            _known[(self.workflow.saver.identity, self.thread_id)] = self

    def _is_newest(self) -> bool:
        assert self.workflow.saver is not None and self.thread_id is not None
        thread = self.workflow.saver.get_thread(self.thread_id)
        status = {"idle": "done"}.get(thread.status, thread.status) if thread is not None else ""
        return thread is not None and thread.run == self.id and status == self._status

    @property
    def _run(self) -> Run:
        return self

    # -- looking ----------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take into the log what other processes have done in this run; whether that is anything.

        A run whose last answer was stored where its code is not goes on. A page that shows a run
        does this by itself every few seconds.
        """
        saver = self.workflow.saver
        thread = None if saver is None else saver.get_thread(self.thread_id or "")
        with self._state:
            if saver is None or thread is None or thread.run != self.id or self._running:
                return False
            if thread.epoch == self._epoch:
                return False
            started, *_, ended = past = list(past_events(saver, thread, self.workflow.name))
            news = list(unseen(self._events, past))
            goes_on = thread.status == "ready"
            if goes_on:
                self._epoch = thread.epoch
            elif not is_at_work(thread):
                self._epoch = thread.epoch
                assert isinstance(ended, RunEnded)
                news.append(unseen_end(self._events, ended))
            elif self._status != "running":
                assert isinstance(started, RunStarted)
                self._status, self._told = "running", False
                news.insert(0, replace(started, resumed=True, ts=time.time()))
        for event in news:
            self.log(event)
        if goes_on:
            with suppress(ThreadBusyError):  # somebody else was quicker
                self._go(None)
        return bool(news)

    # -- acting -----------------------------------------------------------------------------

    def answer(self, interrupt_id: str, value: Any) -> None:
        """Answer one question; the run goes on in the background.

        When this returns the answer is stored.

        Raises:
            InvalidAnswerError: it does not fit; the question stays open.
            UnknownInterruptError, AlreadyAnsweredError: the question is not open.
        """
        with self._state:
            command = answer_to(interrupt_id, value)
            if self._running:
                self._answer_meanwhile(command)
            else:
                self._go(command)

    def resume(self, *answer: Any) -> None:
        """Give the answer to the one open question; without one, continue a failed run.

        Raises:
            UnknownInterruptError, InvalidAnswerError: nothing was stored.
        """
        with self._state:
            command = Command(resume=answer[0]) if answer else None
            if self._running and command is not None:
                self._answer_meanwhile(command)
            elif not self._running:
                self._go(command)

    def cancel(self) -> None:
        """Stop at the next op; ``resume()`` continues."""
        with self._state:
            root = self._root
            if root is not None and self._running:
                root.execution.stop()
                if self._background is not None:
                    self._background.cancel()

    # -- going ------------------------------------------------------------------------------

    def _go_again(self) -> None:
        """Go on after an answer that came while the run worked after another."""
        try:
            self._go(None)
        except Exception as exc:
            _log.exception("%r has its answer but could not go on; run.resume() tries again", self)
            with self._state:
                self._running = False
                self._status = "error"
                self._exception = exc
                turn = self._turn
            self._release(turn)

    def _follow(self, opened: Opened) -> None:
        """Show an execution that the caller drives, if it has anything to drive."""
        root = opened.root
        if root is None:
            return
        with root.or_end():
            with self._state:
                self._take(root)
            if hooks.started is not None:
                hooks.started(self)

    def _take(self, root: RootOp) -> None:
        self._root = root
        self.id, self._epoch = root.execution.run_id, root.execution.epoch
        self._remember()
        self._running = True
        self._told = False
        self._turn += 1
        self._answered_meanwhile.clear()
        self._status = "running"
        self._exception = None

    def _noted(self, event: Event) -> bool:
        if isinstance(event, RunEnded):
            return self._rest(event)
        if isinstance(event, Asked) and self._running:  # what is past says when it ends
            self._watch_clock(event.interrupt)
        elif isinstance(event, Answered):
            self._leave_clock(event.interrupt_id)
        return False

    def _rest(self, event: RunEnded) -> bool:
        """The execution ended; True when an answer came meanwhile and it goes on at once."""
        if event.status == "interrupted" and self._answered_meanwhile:
            given = self._answered_meanwhile
            event.interrupts = tuple(one for one in event.interrupts if one.id not in given)
            self._ended = event
            given.clear()
            return True
        outcome = None if self._root is None else self._root.outcome
        self._exception = None if outcome is None else outcome.exception
        if self._exception is not None:
            self._traceback = without_engine(self._exception).__traceback__
        open_ = event.interrupts if event.status == "interrupted" else ()
        for closed in self._alarms.keys() - {question.id for question in open_}:
            self._leave_clock(closed)
        for question in open_:
            self._watch_clock(question)
        return super()._noted(event)

    def _go(self, input: Any) -> None:
        with GentleStop() as stop:
            with self._state:
                opened = self.workflow._opened(input, self._config, self._context, (self.log,))
                root = opened.root
                if root is None:
                    self._over(opened.already)
                    return
                with root.or_end():
                    self._take(root)
            stop.stops(root.execution)
            self._go_beside(root)

    def _go_beside(self, root: RootOp) -> None:
        if self.workflow._spec.is_async:
            self._background = asyncio.run_coroutine_threadsafe(
                go_async(root, True), background_loop()
            )
        else:
            work = partial(self._context_vars.copy().run, go_sync, root, False)
            with root.or_end():
                threading.Thread(target=work, name="nbflow-run", daemon=True).start()

    def _over(self, value: Any) -> None:
        """The run has been brought to its end, by somebody else if this log does not tell it."""
        self._already = value
        if self._events and self._status != "done":
            self.log(RunEnded(workflow=self.workflow.name, status="done", value=value))
        self._status = "done"

    def _answer_meanwhile(self, command: Command) -> None:
        """An answer to one question while the run works on after another."""
        execution = self._execution()
        assert execution.run is not None
        judges = self.workflow.judges
        self._take_meanwhile(answers_for(execution.run, execution.journal, command, judges))

    def _take_meanwhile(self, rows: list[OpRow]) -> None:
        execution = self._execution()
        execution.take_answers(rows)
        for row in rows:
            answered = answered_event(execution.run_id, row)
            self._answered_meanwhile.add(answered.interrupt_id)
            self.log(answered)

    def _execution(self) -> Execution:
        assert self._root is not None
        return self._root.execution

    def _watch_clock(self, question: Interrupt) -> None:
        if question.deadline is not None and question.id not in self._alarms:
            self._alarms[question.id] = Alarm(question.deadline, self._time_up)

    def _leave_clock(self, interrupt_id: str) -> None:
        alarm = self._alarms.pop(interrupt_id, None)
        if alarm is not None:
            alarm.off()

    def _time_up(self) -> None:
        """The time of a question is up: if it is still open, the run goes on without an answer."""
        with self._state:
            now = time.time()
            over = [q for q in self.interrupts if q.deadline is not None and q.deadline <= now]
            if not over:
                return
            try:
                if self._running:
                    execution = self._execution()
                    assert execution.run is not None
                    self._take_meanwhile(timed_out(execution.run, execution.journal))
                else:
                    self._go(None)
            except ThreadBusyError:  # somebody else goes on with it: see how that ends
                self._alarms[over[0].id] = Alarm(now + _LOOK_AGAIN_S, self._time_up)
            except NbflowError as exc:
                _log.warning("The time of a question of %r is up, but: %s", self, exc)
