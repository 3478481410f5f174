"""The half of a run that lets a function answer: each question as it comes, in the background."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from nbflow._engine.loops import background_loop
from nbflow.errors import ThreadBusyError, UnknownInterruptError
from nbflow.events import Asked, Event, RunEnded
from nbflow.identity import acting_as
from nbflow.types import UNSET, Interrupt

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

__all__ = ["Answerer", "Answers"]

_log = logging.getLogger(__name__)


class Answers:
    """What a :class:`~nbflow.run.Run` has for a program that answers."""

    _answerer: Answerer | None = None

    @property
    def _run(self) -> BaseRun:
        raise NotImplementedError

    def answer_with(self, answer: Callable[[Interrupt], Any]) -> Self:
        """Let a function answer each question as it comes, until the run ends; returns the run.

        It is called once for each question, one after another, in a thread of its own. What it
        raises, and an answer that is refused, leaves the question open: whoever waits for the
        run's result gets the exception, and it is logged. Where somebody else was quicker, the
        first answer stands.

        Args:
            answer: takes the question; plain or async. Its result is the answer, None as well;
                ``nbflow.types.UNSET`` leaves the question to others.

        >>> from nbflow.checkpoint.memory import InMemorySaver
        >>> from nbflow.func import entrypoint
        >>> from nbflow.types import interrupt
        >>> @entrypoint(checkpointer=InMemorySaver())
        ... def review(names: list[str]) -> list[bool]:
        ...     return [interrupt(f"Keep {name}?") for name in names]
        >>> run = review.start(["tea", "salt"], thread_id="1")
        >>> run.answer_with(lambda question: "tea" in question.value).result()
        [True, False]
        """
        run = self._run
        self._answerer = answerer = Answerer(run, answer)
        answerer.unsubscribe = run.subscribe(answerer.listen)
        if run.status in ("running", "interrupted"):
            answerer.take(*run.interrupts)
        else:
            answerer.unsubscribe()
        return self

    @property
    def is_attended(self) -> bool:
        """Whether a function that ``answer_with`` was given is at work on a question."""
        return self._answerer is not None and self._answerer.at_work


class Answerer:
    """Calls a function for each question of one run."""

    def __init__(self, run: BaseRun, answer: Callable[[Interrupt], Any]) -> None:
        self._run, self._answer = run, answer
        self._context = copy_context()
        self._state = threading.Lock()
        self._seen: set[str] = set()
        self._answers: dict[str, Any] = {}
        """What the function has said, by question, until the run has taken it."""
        self._waiting: deque[Interrupt] = deque()
        self.at_work = False
        """Whether the function has questions still."""
        self._error: Exception | None = None
        self.unsubscribe: Callable[[], None] = lambda: None

    def listen(self, event: Event) -> None:
        """Take the questions of which an event tells."""
        if isinstance(event, Asked):
            self.take(event.interrupt)
        elif isinstance(event, RunEnded) and event.status == "interrupted":
            self.take(*event.interrupts)
        elif isinstance(event, RunEnded):
            self.unsubscribe()

    def take(self, *questions: Interrupt) -> None:
        """Let the function answer those that it has not seen."""
        with self._state:
            new = [one for one in questions if one.id not in self._seen]
            self._seen.update(one.id for one in new)
            self._waiting.extend(new)
            if self.at_work or not new:
                return
            self.at_work = True
        work = partial(self._context.copy().run, self._work)
        threading.Thread(target=work, name="nbflow-answers", daemon=True).start()

    def attends(self) -> bool:
        """Whether there is still something to hope for; what went wrong is raised, once.

        Raises:
            Exception: what the function raised, or why its answer was refused.
        """
        with self._state:
            error, self._error = self._error, None
            if error is None or self.at_work:
                return self.at_work
        raise error

    def _work(self) -> None:
        while True:
            with self._state:
                if not self._waiting:
                    self.at_work = False
                    break
                question = self._waiting.popleft()
            try:
                self._one(question)
            except ThreadBusyError:
                self._later(question)
            except UnknownInterruptError:
                _log.debug("Somebody else was quicker with %s", question.id)
            except Exception as exc:
                _log.warning("answer_with: the question %s stays open: %s", question.id, exc)
                with self._state:
                    self._error = exc
        self._run._wake()

    def _later(self, question: Interrupt) -> None:
        """The run takes no answer while it is at work: give it again at its next stop."""
        with self._state:
            self._seen.discard(question.id)
        if self._run.status == "interrupted":
            self.take(question)

    def _one(self, question: Interrupt) -> None:
        if question.id not in self._answers:
            answer = self._answer(question)
            if inspect.isawaitable(answer):
                future = asyncio.run_coroutine_threadsafe(_awaited(answer), background_loop())
                answer = future.result()
            self._answers[question.id] = answer
        answer = self._answers[question.id]
        if answer is not UNSET:
            with acting_as(via="answer_with"):
                self._run.answer(question.id, answer)
        del self._answers[question.id]


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
