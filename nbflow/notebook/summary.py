"""What a run's events add up to, for a reader without a kernel.

``summary_of`` folds the event log once; the HTML and the text view only draw it. Values are
already previews here, and secrets already hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbflow import events as ev
from nbflow.forms import form_of, preview, without_secrets

if TYPE_CHECKING:
    from nbflow.events import Failure
    from nbflow.forms.model import Form, Preview

__all__ = ["Question", "Summary", "Task", "duration_text", "summary_of"]

_ANSWER_CHARS = 2_000
_RESULT_CHARS = 6_000


@dataclass(slots=True, kw_only=True)
class Task:
    """One task as a line."""

    name: str
    """The task's."""
    depth: int
    """How many tasks it was called in."""
    status: str = "running"
    """``running``, ``waiting``, ``done``, ``failed`` or ``cancelled``."""
    duration_s: float | None = None
    """Seconds that the last attempt took; None before its end."""
    replayed: bool = False
    """Whether the result came from the record, and the function did not run."""
    attempts: int = 1
    """How many there were."""
    error: Failure | None = None
    """What it raised; None when it did not."""


@dataclass(slots=True, kw_only=True)
class Question:
    """One question, and its answer when there is one."""

    form: Form
    """As a page draws it."""
    answer: Preview | None = None
    """None while it is open."""
    by: str = ""
    """Who answered, as it is said; empty when that is not known."""


@dataclass(slots=True, kw_only=True)
class Summary:
    """One run, folded from its events."""

    workflow: str = ""
    """The workflow's name."""
    thread_id: str | None = None
    """None when nothing is kept."""
    status: str = "running"
    """As of :attr:`Run.status <nbflow.run.Run.status>`."""
    duration_s: float = 0.0
    """Seconds at work, the waiting for a person not counted."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """By id, in the order in which they were called."""
    questions: dict[str, Question] = field(default_factory=dict)
    """By id, in the order in which they were asked."""
    result: Preview | None = None
    """None unless the run is done."""
    error: Failure | None = None
    """What ended the run; None unless it failed."""

    @property
    def open_questions(self) -> list[Question]:
        """The questions that nobody has answered."""
        return [question for question in self.questions.values() if question.answer is None]


def summary_of(events: Iterable[ev.Event]) -> Summary:
    """Return what the events say, the last word on each thing winning.

    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint()
    ... def workflow(n: int) -> int:
    ...     return double(n).result() + 1
    >>> run = workflow.start(3)
    >>> run.result()
    7
    >>> summary = summary_of(run.events())
    >>> summary.status, [task.name for task in summary.tasks.values()], summary.result["text"]
    ('done', ['double'], '7')
    """
    summary = Summary()
    schemas: dict[str, dict[str, object] | None] = {}
    for event in events:
        if isinstance(event, ev.RunStarted):
            summary.workflow, summary.thread_id = event.workflow, event.thread_id
            summary.status, summary.error, summary.result = "running", None, None
        elif isinstance(event, ev.Asked):
            _fold_question(summary, event)
            schemas[event.interrupt.id] = event.interrupt.response_schema
        elif isinstance(event, ev.Answered):
            question = summary.questions.get(event.interrupt_id)
            if question is not None:
                shown = without_secrets(event.answer, schemas.get(event.interrupt_id))
                question.answer = preview(shown, _ANSWER_CHARS)
                question.by = _by(event)
        elif isinstance(event, ev.RunEnded):
            summary.status, summary.error = event.status, event.error
            summary.duration_s += event.duration_s
            summary.result = preview(event.value, _RESULT_CHARS) if event.status == "done" else None
            if event.status in ("interrupted", "error"):
                _keep_open(summary, {question.id for question in event.interrupts})
        else:
            _fold_task(summary, event)
    return summary


def _by(answered: ev.Answered) -> str:
    if answered.via == "timeout":
        return "nobody: the time was up"
    return "" if answered.by is None else f"by {answered.by}"


def duration_text(seconds: float) -> str:
    """Return a duration as a person says it.

    >>> duration_text(0.0123), duration_text(75)
    ('12 ms', '1 min 15 s')
    """
    if seconds < 0.001:
        return "<1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _fold_question(summary: Summary, event: ev.Asked) -> None:
    task = None if event.task is None else summary.tasks.get(event.task)
    if task is not None and task.status == "running":
        task.status = "waiting"
    if event.interrupt.id not in summary.questions:
        form = form_of(event.interrupt, None if task is None else task.name)
        summary.questions[event.interrupt.id] = Question(form=form)


def _keep_open(summary: Summary, still_open: set[str]) -> None:
    """Drop the questions that edited code has withdrawn, and the answers that code took back."""
    for asked in still_open & summary.questions.keys():
        summary.questions[asked].answer = None
    summary.questions = {
        asked: question
        for asked, question in summary.questions.items()
        if question.answer is not None or asked in still_open
    }


def _fold_task(summary: Summary, event: ev.Event) -> None:
    if isinstance(event, ev.TaskStarted):
        task = _task(summary, event.id, event.name, event.parent)
        task.status, task.attempts = "running", event.attempt
    elif isinstance(event, ev.TaskFinished | ev.TaskFailed):
        task = _task(summary, event.id, event.name, event.parent)
        if task.duration_s is None or not event.replayed:
            task.duration_s, task.replayed = event.duration_s, event.replayed
        task.status = "done"
        if isinstance(event, ev.TaskFailed):
            task.status, task.error = "failed", event.error
    elif isinstance(event, ev.TaskPaused):
        _task(summary, event.id, event.name, event.parent).status = "waiting"
    elif isinstance(event, ev.TaskCancelled):
        _task(summary, event.id, event.name, event.parent).status = "cancelled"


def _task(summary: Summary, task_id: str, name: str, parent: str | None) -> Task:
    task = summary.tasks.get(task_id)
    if task is None:
        above = None if parent is None else summary.tasks.get(parent)
        depth = 0 if above is None else min(above.depth + 1, 8)
        task = summary.tasks[task_id] = Task(name=name, depth=depth)
    return task
