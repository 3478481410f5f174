"""Runs and tasks as OpenTelemetry spans, read from the event spine.

Needs the extra ``otel``; without it this module can be imported and ``instrument`` says what to
install. One execution is one span, a child of the span that was current where it was begun; a run
that is resumed is a span of its own with the same ``nbflow.thread_id`` and ``nbflow.run_id``. Each
task whose function ran is a span below the task or run that called it. A task whose result was
replayed or cached did no work here and has its span in the trace that did, so it is only counted,
on the run's span.

Whatever goes wrong in a tracer, processor or exporter is logged and the run goes on.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from nbflow._hooks import hooks
from nbflow.events import (
    Answered,
    Asked,
    CheckpointSaved,
    Custom,
    Event,
    Failure,
    RunEnded,
    RunStarted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskPaused,
    TaskRetried,
    TaskStarted,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

__all__ = ["instrument"]

_log = logging.getLogger(__name__)

_installing = threading.Lock()
_observer: Callable[[], Callable[[Event], None]] | None = None
"""The one that ``hooks.observers`` has of this module."""


def instrument(
    tracer_provider: TracerProvider | None = None, *, record_values: bool = False
) -> Callable[[], None]:
    """Make spans of every run that begins in this process from now on.

    There is one instrumentation at a time: a second call, such as a notebook cell that is run
    again, takes the place of the first.

    Args:
        tracer_provider: where the spans go; None takes OpenTelemetry's global one, whenever that
            is set. Give it a ``BatchSpanProcessor``: a simple one exports in the run's own threads.
        record_values: also write down questions, answers and ``custom`` values as text. Without
            it no value of the user's is in a span, but for the messages of exceptions.

    Returns:
        A function that stops it. Runs going on are still traced to their end; once another call
        took its place, or the second time, it does nothing.

    Raises:
        ModuleNotFoundError: OpenTelemetry is not installed.

    >>> from opentelemetry.sdk.trace import TracerProvider
    >>> from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    >>> from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    >>> exporter, provider = InMemorySpanExporter(), TracerProvider()
    >>> provider.add_span_processor(SimpleSpanProcessor(exporter))
    >>> stop = instrument(provider)
    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> @entrypoint()
    ... def count(x: int) -> int:
    ...     return double(x).result() + 1
    >>> count.invoke(3)
    7
    >>> [(span.name, span.attributes["nbflow.status"]) for span in exporter.get_finished_spans()]
    [('double', 'done'), ('count', 'done')]
    >>> stop()
    """
    global _observer
    tracer = _tracer(tracer_provider)

    def observer() -> Callable[[Event], None]:
        return _Trace(tracer, record_values=record_values)

    def stop() -> None:
        global _observer
        with _installing:
            if _observer is observer:
                hooks.observers.remove(observer)
                _observer = None

    with _installing:
        hooks.observers.append(observer)
        if _observer is not None:
            hooks.observers.remove(_observer)
        _observer = observer
    return stop


def _tracer(provider: TracerProvider | None) -> Tracer:
    try:
        from opentelemetry import trace
    except ModuleNotFoundError as exc:
        raise ModuleNotFoundError(
            "nbflow.telemetry.instrument() makes OpenTelemetry spans, and the package "
            "opentelemetry-api is not installed here. Install it: pip install 'nbflow[otel]'.",
            name=exc.name,
        ) from exc
    return trace.get_tracer("nbflow", version("nbflow"), provider)


class _Trace:
    """The spans of one execution; called with its events, from several threads."""

    def __init__(self, tracer: Tracer, *, record_values: bool) -> None:
        from opentelemetry.context import get_current

        self._tracer = tracer
        self._record_values = record_values
        self._caller: Context = get_current()
        """Of the code that began the execution; its current span is the parent of the run's."""
        self._lock = threading.Lock()
        self._run: Span | None = None
        """None before the run starts and after it ended."""
        self._tasks: dict[str, Span] = {}
        """Tasks that run now, by id, callers before what they call."""
        self._common: dict[str, Any] = {}
        self._replayed = 0
        self._cached = 0
        self._complained = False

    def __call__(self, event: Event) -> None:
        write = _WRITERS.get(type(event))
        if write is None:
            return
        try:
            write(self, event)
        except Exception:
            level = logging.DEBUG if self._complained else logging.ERROR
            self._complained = True
            _log.log(level, "A span could not be written; the run goes on", exc_info=True)

    # -- the run ----------------------------------------------------------------------------

    def run_started(self, event: RunStarted) -> None:
        self._common = {"nbflow.workflow": event.workflow, "nbflow.run_id": event.run_id}
        if event.thread_id is not None:
            self._common["nbflow.thread_id"] = event.thread_id
        self._run = self._tracer.start_span(
            event.workflow,
            self._caller,
            start_time=_ns(event),
            attributes={**self._common, "nbflow.resumed": event.resumed},
        )

    def run_ended(self, event: RunEnded) -> None:
        with self._lock:
            run, self._run = self._run, None
            left, self._tasks = self._tasks, {}
        status = "interrupted" if event.status == "interrupted" else "cancelled"
        for span in reversed(left.values()):
            _end(span, event, status)
        if run is None:
            return
        run.set_attribute("nbflow.replayed_tasks", self._replayed)
        run.set_attribute("nbflow.cached_tasks", self._cached)
        if event.interrupts:
            run.set_attribute("nbflow.open_questions", len(event.interrupts))
        _end(run, event, event.status, event.error)

    # -- tasks ------------------------------------------------------------------------------

    def task_started(self, event: TaskStarted) -> None:
        from opentelemetry.trace import set_span_in_context

        with self._lock:
            going_on = self._tasks.get(event.id)
        if going_on is not None:
            going_on.set_attribute("nbflow.attempts", event.attempt)
            return
        parent = self._span_of(event.parent)
        if parent is None:
            return
        span = self._tracer.start_span(
            event.name,
            set_span_in_context(parent, self._caller),
            start_time=_ns(event),
            attributes={
                **self._common,
                "nbflow.task": event.name,
                "nbflow.task_id": event.id,
                "nbflow.attempts": event.attempt,
            },
        )
        with self._lock:
            if self._run is not None:
                self._tasks[event.id] = span
                return
        _end(span, event, "cancelled")

    def task_retried(self, event: TaskRetried) -> None:
        span = self._span_of(event.id)
        if span is not None:
            attributes = {
                "nbflow.attempt": event.attempt,
                "nbflow.wait_s": event.wait_s,
                **_described(event.error),
            }
            span.add_event("nbflow.retry", attributes, _ns(event))

    def task_finished(self, event: TaskFinished) -> None:
        if event.cached:
            with self._lock:
                self._cached += 1
        else:
            self._task_ended(event, "done")

    def task_failed(self, event: TaskFailed) -> None:
        self._task_ended(event, "error", event.error)

    def task_cancelled(self, event: TaskCancelled) -> None:
        self._task_ended(event, "cancelled")

    def task_paused(self, event: TaskPaused) -> None:
        if not event.replayed:
            self._task_ended(event, "interrupted")

    def _task_ended(
        self,
        event: TaskFinished | TaskFailed | TaskCancelled | TaskPaused,
        status: str,
        error: Failure | None = None,
    ) -> None:
        with self._lock:
            self._replayed += event.replayed
            span = None if event.replayed else self._tasks.pop(event.id, None)
        if span is not None:
            _end(span, event, status, error)

    def _span_of(self, task_id: str | None) -> Span | None:
        """The task's span; the run's for the entrypoint and for a task that does not run now."""
        with self._lock:
            return self._run if task_id is None else self._tasks.get(task_id, self._run)

    # -- what happens in them ---------------------------------------------------------------

    def asked(self, event: Asked) -> None:
        question = event.interrupt
        self._note(event, event.task, "asked", question.value, interrupt_id=question.id)

    def answered(self, event: Answered) -> None:
        self._note(event, None, "answered", event.answer, interrupt_id=event.interrupt_id)

    def custom(self, event: Custom) -> None:
        if self._record_values:
            self._note(event, event.task, "custom", event.data)

    def checkpoint_saved(self, event: CheckpointSaved) -> None:
        span = self._span_of(None)
        if span is not None:
            attributes: dict[str, str | int] = {
                "nbflow.checkpoint_id": event.checkpoint_id,
                "nbflow.source": event.source,
                "nbflow.step": event.step,
            }
            span.add_event("nbflow.checkpoint", attributes, _ns(event))

    def _note(self, event: Event, task_id: str | None, what: str, value: Any, **more: str) -> None:
        span = self._span_of(task_id)
        if span is None:
            return
        attributes = {f"nbflow.{name}": text for name, text in more.items()}
        if self._record_values:
            attributes["nbflow.value"] = _text(value)
        span.add_event(f"nbflow.{what}", attributes, _ns(event))


_WRITERS: dict[type[Event], Callable[[_Trace, Any], None]] = {
    RunStarted: _Trace.run_started,
    RunEnded: _Trace.run_ended,
    TaskStarted: _Trace.task_started,
    TaskRetried: _Trace.task_retried,
    TaskFinished: _Trace.task_finished,
    TaskFailed: _Trace.task_failed,
    TaskCancelled: _Trace.task_cancelled,
    TaskPaused: _Trace.task_paused,
    Asked: _Trace.asked,
    Answered: _Trace.answered,
    Custom: _Trace.custom,
    CheckpointSaved: _Trace.checkpoint_saved,
}


def _end(span: Span, event: Event, status: str, error: Failure | None = None) -> None:
    """End a span where the event was; what was cancelled or waits has not failed."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("nbflow.status", status)
    if status == "error" and error is not None:
        span.set_attribute("error.type", error.type)
        span.add_event("exception", _described(error), _ns(event))
        span.set_status(Status(StatusCode.ERROR, f"{error.type}: {error.message}"))
    span.end(_ns(event))


def _described(error: Failure) -> dict[str, Any]:
    """An exception in the names of OpenTelemetry's semantic conventions."""
    return {
        "exception.type": error.type,
        "exception.message": error.message,
        "exception.stacktrace": error.traceback,
    }


def _text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _ns(event: Event) -> int:
    return int(event.ts * 1_000_000_000)
