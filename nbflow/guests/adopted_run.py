"""A run of an adopted graph: LangGraph does the work and keeps it, nbflow shows it and asks."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow._engine.answers import encoded_answer
from nbflow.base_run import BaseRun
from nbflow.branches import checkpoint_id_of
from nbflow.errors import (
    AlreadyAnsweredError,
    ThreadBusyError,
    UnknownCheckpointError,
    UnknownInterruptError,
    UnknownOpError,
)
from nbflow.events import Answered, CheckpointSaved, Event, RunEnded, RunStarted
from nbflow.guests.snapshots import as_snapshot, config_of, past_of
from nbflow.guests.telling import Teller, as_failure, without_runtime
from nbflow.identity import responder

if TYPE_CHECKING:
    from nbflow.guests.driver import Parts
    from nbflow.guests.graph import AdoptedGraph
    from nbflow.types import Interrupt, StateSnapshot

__all__ = ["AdoptedRun"]

_TAKEN_S = 30.0
"""How long a caller waits for LangGraph to take what it was given, before it goes on."""

_STOPS_S = 1.0
"""How long an answer waits for a run that is still at work beside its question."""


class AdoptedRun(BaseRun):
    """One run of an adopted graph; made by :meth:`AdoptedGraph.start
    <nbflow.guests.graph.AdoptedGraph.start>`.

    What a run of nbflow's can do it can do too, except what LangGraph does not keep: a fork within
    a step, deadlines, assignees and who has answered.

    >>> from langgraph.checkpoint.memory import InMemorySaver
    >>> from langgraph.func import entrypoint
    >>> from langgraph.types import interrupt
    >>> import nbflow
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(text: str) -> str:
    ...     return f"{text}: {interrupt('Approve?')}"
    >>> run = nbflow.adopt(review).start("essay", thread_id="1")
    >>> run.wait(), [question.value for question in run.interrupts]
    ('interrupted', ['Approve?'])
    >>> run.resume("yes")
    >>> run.result()
    'essay: yes'
    """

    def __init__(
        self, graph: AdoptedGraph, thread_id: str | None, config: dict[str, Any], context: Any
    ) -> None:
        super().__init__(thread_id)
        self.workflow: AdoptedGraph = graph
        """What runs."""
        self.id: str = uuid.uuid4().hex
        """32 hex digits, made up here: LangGraph has no name for a run."""
        self._config = config
        self._context = context
        self._parts: Parts | None = None
        self._stopped = False
        self._refusal: BaseException | None = None

    # -- how it comes to be -----------------------------------------------------------------

    def take_past(self) -> None:
        """Tell in the log what the thread's newest run has done."""
        graph = self.workflow
        shots = graph.driver.history(config_of(self.thread_id or ""))
        for event in past_of(
            shots, graph.name, graph.unseen, lambda at: graph.driver.stored(at)[0]
        ):
            if isinstance(event, RunStarted):
                self.id = event.run_id
            elif isinstance(event, RunEnded):
                event.value = graph.as_output(event.value)
            self.log(event)

    # -- looking ----------------------------------------------------------------------------

    @property
    def is_at_work(self) -> bool:
        """Whether it goes on in this process now."""
        return self._running

    @property
    def settings(self) -> tuple[dict[str, Any], Any]:
        """The configuration and the context that it goes on with."""
        return self._config, self._context

    def is_newest(self) -> bool:
        """Whether nobody has gone on with the thread since."""
        if self._running:
            return True
        newest = self.workflow.get_state(config_of(self.thread_id or "")).config
        saved = [one.checkpoint_id for one in self._events if isinstance(one, CheckpointSaved)]
        return saved[-1:] == [checkpoint_id_of(newest)]

    def refresh(self) -> bool:
        """Nothing: what another process does with LangGraph's thread is seen when it is attached
        to again, ``adopted.thread(thread_id)``."""
        return False

    def history(self, limit: int | None = None, before: str | None = None) -> list[StateSnapshot]:
        """The thread's checkpoints, newest first.

        Args:
            before: only those older than the checkpoint with this id.
        """
        if not self.workflow.keeps_threads or self.thread_id is None:
            return []
        mark = None if before is None else config_of(self.thread_id, before)
        shots = self.workflow.driver.history(config_of(self.thread_id), limit=limit, before=mark)
        return [as_snapshot(shot) for shot in shots]

    # -- acting -----------------------------------------------------------------------------

    def answer(self, interrupt_id: str, value: Any) -> None:
        """Answer one question; the run goes on in the background.

        When this returns, LangGraph has taken the answer. It takes none while a task beside the
        question is at work; this waits for that for a second at most.

        Raises:
            InvalidAnswerError: it does not fit the schema that the question has.
            UnknownInterruptError, AlreadyAnsweredError: the question is not open.
            ThreadBusyError: the run is still at work.
        """
        from langgraph.types import Command

        with self._state:
            if not self.workflow.driver.is_on_its_loop:
                self._state.wait_for(lambda: not self._running, _STOPS_S)
            question = self._open_question(interrupt_id)
            self._refuse_stale(interrupt_id)
            if question.response_schema is not None:
                encoded_answer(question.response_schema, None, value, interrupt_id)
            who = responder()
            given = Answered(interrupt_id=interrupt_id, answer=value, by=who.name, via=who.via)
            taken = self._go(Command(resume={interrupt_id: value}), before=given)
        self._wait_taken(taken)

    def resume(self, *answer: Any) -> None:
        """Give the answer to the one open question; without one, go on.

        Raises:
            UnknownInterruptError: there is not one question alone, or somebody else has gone on
                with the thread.
        """
        if not answer:
            if self._status in ("interrupted", "ready"):
                self._refuse_stale(None)
            self._wait_taken(self._go(None))
            return
        questions = self.interrupts
        if len(questions) != 1:
            raise UnknownInterruptError(
                f"Thread {self.thread_id!r} has {len(questions)} open questions, so an answer has "
                "to say which one it is for: run.answer(interrupt_id, answer).",
                "ambiguous" if questions else "not_pending",
                (),
                [question.id for question in questions],
            )
        self.answer(questions[0].id, answer[0])

    def cancel(self) -> None:
        """Stop; ``resume()`` goes on. An async graph stops at once, another after its step."""
        with self._state:
            self._stopped = True
            if self._parts is not None:
                self._parts.stop()

    def fork(
        self,
        *,
        checkpoint_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> AdoptedRun:
        """As :meth:`again`: LangGraph has a checkpoint after each step, and branches there.

        Raises:
            UnknownOpError: ``after`` or ``before`` is given.
        """
        if after is not None or before is not None:
            raise UnknownOpError(
                "A graph of LangGraph's branches off at its checkpoints, not within a step. Take "
                "the checkpoint that comes before it: run.fork(checkpoint_id=...)."
            )
        return self.again(checkpoint_id)

    def again(self, checkpoint_id: str | None = None) -> AdoptedRun:
        """Run again from a checkpoint, on a branch of its own: ``invoke(None, config)``.

        Args:
            checkpoint_id: None for the thread's newest.

        Raises:
            MissingSaverError: nothing is kept.
        """
        return self.begin(None, checkpoint_id)

    def begin(self, input: Any, checkpoint_id: str | None = None) -> AdoptedRun:
        """Begin the thread's next run after a checkpoint; as ``invoke(input, config)``.

        Args:
            checkpoint_id: None for the thread's newest.

        Raises:
            MissingSaverError: nothing is kept.
            UnknownCheckpointError: the thread has no such checkpoint.
        """
        self.workflow.refuse_unkept("begin")
        if checkpoint_id is not None:
            at = config_of(self.thread_id or "", checkpoint_id)
            if self.workflow.get_state(at).created_at is None:
                raise UnknownCheckpointError(
                    f"Thread {self.thread_id!r} of {self.workflow.name!r} has no checkpoint "
                    f"{checkpoint_id!r}. run.history() lists those that there are."
                )
        make = partial(AdoptedRun, self.workflow, self.thread_id, self._config, self._context)
        run = self._context_vars.copy().run(make)
        run.go(input, checkpoint_id)
        return run

    # -- going ------------------------------------------------------------------------------

    def go(self, input: Any, checkpoint_id: str | None = None) -> None:
        """Let LangGraph run; returns when it has taken the input.

        Raises:
            ThreadBusyError: a run on this thread goes on in this process.
            Exception: what LangGraph refused the input with.
        """
        self._wait_taken(self._go(input, checkpoint_id))

    def _go(
        self, input: Any, checkpoint_id: str | None = None, before: Event | None = None
    ) -> threading.Event:
        with self._state:
            self.workflow.claim(self)
            taken = threading.Event()
            self._running, self._told, self._stopped = True, False, False
            self._refusal = None
            self._turn += 1
            settings = self._config
            if checkpoint_id is not None:
                at = config_of(self.thread_id or "", checkpoint_id)["configurable"]
                settings = {**settings, "configurable": {**settings["configurable"], **at}}
        work = partial(self._work, input, settings, before, taken)
        context = self._context_vars.copy()
        threading.Thread(target=context.run, args=(work,), name="nbflow-graph", daemon=True).start()
        return taken

    def _wait_taken(self, taken: threading.Event) -> None:
        if self.workflow.driver.is_on_its_loop:
            return
        taken.wait(_TAKEN_S)
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise refusal

    def _work(
        self, input: Any, config: dict[str, Any], before: Event | None, taken: threading.Event
    ) -> None:
        status = self._status
        begun, teller = False, Teller()
        try:
            teller = Teller(self.workflow.unseen, self._kept(config))
            parts = self.workflow.driver.parts(input, config, self._context)
            with self._state:
                self._parts = parts
            for ns, mode, data in parts:
                if not begun:
                    begun = True
                    self._begin_log(input, before)
                    taken.set()
                self._log_all(*teller.events(ns, mode, data))
                if self._stopped:
                    parts.stop()
            if not begun:
                begun = True
                self._begin_log(input, before)
            ended = self._end(teller)
            self._log_all(*teller.rest(ended.status), ended)
        except BaseException as exc:
            if begun:
                self._failed(exc, teller)
            else:
                self._refuse(exc, status)
        finally:
            with self._state:
                self._parts = None
            taken.set()

    def _log_all(self, *events: Event) -> None:
        for event in events:
            self.log(event)

    def _failed(self, exc: BaseException, teller: Teller) -> None:
        """Tell how an execution has failed; questions beside the failure stay open."""
        self._exception = without_runtime(exc)
        self._traceback = exc.__traceback__
        if isinstance(exc, NotImplementedError | TypeError) and "sync" in str(exc):
            exc.add_note("nbflow.adopt(graph, is_async=True) runs it by its async methods.")
        questions: tuple[Interrupt, ...] = ()
        if teller.asked and self.workflow.keeps_threads and self.thread_id is not None:
            with suppress(Exception):  # of the saver, which may be what has failed
                questions = self.workflow.get_state(config_of(self.thread_id)).interrupts
        ended = self._ending("error", error=as_failure(exc), interrupts=questions)
        self._log_all(*teller.rest("error"), ended)

    def _kept(self, config: dict[str, Any]) -> dict[str, Any]:
        """What tasks have returned that do not run again when the thread goes on."""
        graph = self.workflow
        if not graph.keeps_threads or self.thread_id is None:
            return {}
        if graph.unseen is not None:
            return graph.driver.stored(config)[1]
        tasks = graph.driver.call("get_state", config).tasks
        return {task.id: task.result for task in tasks if task.result is not None}

    def _begin_log(self, input: Any, answered: Event | None) -> None:
        with self._state:
            self._status, self._exception = "running", None
        if answered is not None:
            self.log(answered)
        resumed = bool(self._events)
        given = next((e.input for e in self._events if isinstance(e, RunStarted)), input)
        self.log(
            RunStarted(
                workflow=self.workflow.name, thread_id=self.thread_id, run_id=self.id,
                input=given, resumed=resumed,
            )
        )  # fmt: skip

    def _refuse(self, exc: BaseException, status: str) -> None:
        """Nothing has begun: the run stands as it stood, and who let it go on is told why."""
        with self._state:
            self._refusal = exc
            self._running, self._status, turn = False, status, self._turn
            if not self._events:
                self._status, self._exception = "error", exc
        self._release(turn)

    def _end(self, teller: Teller) -> RunEnded:
        """How an execution has ended, as LangGraph keeps it."""
        if self._stopped:
            return self._ending("cancelled")
        if not self.workflow.keeps_threads or self.thread_id is None:
            if teller.asked:
                self.workflow.refuse_unkept("answer")
            return self._ending("done", value=self.workflow.as_output(teller.value))
        shot = as_snapshot(self.workflow.driver.call("get_state", config_of(self.thread_id)))
        status = "interrupted" if shot.interrupts else "ready" if shot.next else "done"
        value = self.workflow.as_output(teller.value) if status == "done" else None
        return self._ending(status, value=value, interrupts=shot.interrupts)

    def _ending(self, status: str, **what: Any) -> RunEnded:
        started = next((e.ts for e in reversed(self._events) if isinstance(e, RunStarted)), None)
        ended = RunEnded(workflow=self.workflow.name, status=status, **what)
        ended.duration_s = 0.0 if started is None else max(0.0, ended.ts - started)
        return ended

    def _refuse_stale(self, interrupt_id: str | None) -> None:
        """LangGraph would take an answer that nobody waits for, and go on with another branch.

        Raises:
            UnknownInterruptError: somebody else has gone on with the thread since.
        """
        shot = self.workflow.get_state(config_of(self.thread_id or ""))
        open_ = [question.id for question in shot.interrupts]
        is_stale = not self.is_newest() if interrupt_id is None else interrupt_id not in open_
        if is_stale:
            raise UnknownInterruptError(
                f"Somebody has gone on with thread {self.thread_id!r} since, so nothing was done. "
                f"{self.workflow.name}.thread({self.thread_id!r}) shows how it stands.",
                "not_pending",
                [] if interrupt_id is None else [interrupt_id],
                open_,
            )

    def _open_question(self, interrupt_id: str) -> Interrupt:
        questions: Mapping[str, Interrupt] = {one.id: one for one in self.interrupts}
        if interrupt_id in questions:
            if self._running:
                raise ThreadBusyError(
                    f"The run on thread {self.thread_id!r} is still at work, and LangGraph takes "
                    "an answer only when it has stopped. Nothing was stored: answer again then."
                )
            return questions[interrupt_id]
        known = any(
            isinstance(one, Answered) and one.interrupt_id == interrupt_id for one in self._events
        )
        kind = AlreadyAnsweredError if known else UnknownInterruptError
        said = "has its answer already" if known else "is no open question"
        raise kind(
            f"{interrupt_id!r} {said} of thread {self.thread_id!r}. Nothing was stored. Open: "
            f"{list(questions) or 'none'}.",
            "answered" if known else "not_pending",
            [interrupt_id],
            list(questions),
        )
