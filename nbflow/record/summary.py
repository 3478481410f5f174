"""What a run's log adds up to, for a reader without a kernel.

``summary_of`` folds the log once; HTML, text and notebooks only draw it. The log is in wire form:
values are previews, secrets are hidden. It may come from a file, so nothing in it is believed: an
entry about something unknown adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbflow.record.times import duration_text

if TYPE_CHECKING:
    from nbflow.forms.model import Decided, Form, Preview
    from nbflow.widgets.protocol import EventData, FailureData

__all__ = ["Question", "Summary", "Task", "summary_of"]

_DEEPEST = 8


@dataclass(slots=True, kw_only=True)
class Task:
    """One task as a line."""

    name: str
    """The task's."""
    depth: int
    """How many tasks it was called in."""
    parent: str | None = None
    """Id of the task it was called in; None when the entrypoint called it."""
    status: str = "running"
    """``running``, ``waiting``, ``done``, ``failed`` or ``cancelled``."""
    started_at: float = 0.0
    """When its last attempt began, in seconds since the epoch."""
    duration_s: float | None = None
    """Seconds that the last attempt took; None before its end."""
    replayed: bool = False
    """Whether the result came from the record, and the function did not run."""
    attempts: int = 1
    """How many there were."""
    limit: int | None = None
    """How many there may be; None where that is not known."""
    error: FailureData | None = None
    """What it raised; None when it did not."""
    input: Preview | None = None
    """What it was called with; None where that is not known."""
    result: Preview | None = None
    """What it returned; None unless it is done."""

    @property
    def ended_at(self) -> float:
        """When it was over; when it began, as long as it is not."""
        return self.started_at + (self.duration_s or 0.0)


@dataclass(slots=True, kw_only=True)
class Question:
    """One question, and its answer when there is one."""

    form: Form
    """As a page draws it."""
    asked_at: float = 0.0
    """Seconds since the epoch."""
    answer: Preview | None = None
    """None while it is open."""
    decisions: list[Decided] = field(default_factory=list)
    """What was decided about each action of the form; empty for a plain answer."""
    by: str | None = None
    """Who answered; None when it was the clock, or is not known."""
    via: str = ""
    """How, such as ``form`` or ``code``; ``timeout`` when the time was up."""
    expired: bool = False
    """Whether the time was up and the code got an error."""
    answered_at: float | None = None
    """When, in seconds since the epoch; None while it is open."""

    def who(self) -> str:
        """Who answered and how, in words; empty while it is open and where nobody knows.

        >>> Question(form={}, by="ada", via="form").who()
        'by ada (form)'
        """
        if self.via == "timeout":
            return "by nobody: the time was up" if self.expired else "by default: the time was up"
        via = f" ({self.via})" if self.via else ""
        return "" if self.by is None else f"by {self.by}{via}"

    def waited(self) -> str:
        """How long it waited for its answer, in words; empty while it is open."""
        if self.answered_at is None:
            return ""
        return f"after {duration_text(self.answered_at - self.asked_at)}"


@dataclass(slots=True, kw_only=True)
class Summary:
    """One run, folded from its log."""

    workflow: str = ""
    """The workflow's name."""
    thread_id: str | None = None
    """None when nothing is kept."""
    run_id: str = ""
    """32 hex digits."""
    status: str = "running"
    """As of :attr:`Run.status <nbflow.run.Run.status>`."""
    started_at: float | None = None
    """When it first began, in seconds since the epoch; None for an empty log."""
    ended_at: float | None = None
    """When it last paused or ended; None while it runs."""
    duration_s: float = 0.0
    """Seconds at work, the waiting for a person not counted."""
    input: Preview | None = None
    """What it was given."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """By id, in the order in which they were called."""
    questions: dict[str, Question] = field(default_factory=dict)
    """By id, in the order in which they were asked."""
    result: Preview | None = None
    """None unless the run is done."""
    error: FailureData | None = None
    """What ended the run; None unless it failed."""
    branched_from: Summary | None = None
    """The run that a card showed before it went on to this one; None where it did not."""

    def tree(self) -> list[Task]:
        """The tasks with each below the one that called it; otherwise as they were called.

        >>> Summary(tasks={"1": Task(name="a", depth=0), "2": Task(name="b", depth=0),
        ...                "3": Task(name="in a", depth=1, parent="1")}).tree()[1].name
        'in a'
        """
        below: dict[str | None, list[str]] = {}
        for key, task in self.tasks.items():
            below.setdefault(task.parent if task.depth else None, []).append(key)
        found: list[Task] = []
        left = below.pop(None, [])[::-1]
        while left:
            key = left.pop()
            found.append(self.tasks[key])
            left += below.pop(key, [])[::-1]
        return found

    @property
    def open_questions(self) -> list[Question]:
        """The questions that nobody has answered."""
        return [question for question in self.questions.values() if question.answer is None]


def summary_of(log: Iterable[EventData]) -> Summary:
    """Return what a log says, the last word on each thing winning.

    >>> from nbflow.func import entrypoint, task
    >>> from nbflow.record.log import log_of
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint()
    ... def workflow(n: int) -> int:
    ...     return double(n).result() + 1
    >>> run = workflow.start(3)
    >>> run.result()
    7
    >>> summary = summary_of(log_of(run))
    >>> summary.status, [task.name for task in summary.tasks.values()], summary.result["text"]
    ('done', ['double'], '7')
    """
    summary = Summary()
    for entry in log:
        if entry["type"] == "run_started":
            _begin(summary, entry)
        elif entry["type"] == "run_ended":
            _end(summary, entry)
        elif entry["type"] == "asked":
            _ask(summary, entry)
        elif entry["type"] == "answered":
            _answer(summary, entry)
        elif entry["type"].startswith("task_"):
            _fold_task(summary, entry)
    return summary


def _begin(summary: Summary, entry: Any) -> None:
    summary.workflow, summary.thread_id = entry["workflow"], entry["thread_id"]
    summary.run_id = entry["run_id"]
    if summary.started_at is None:
        summary.started_at, summary.input = entry["ts"], entry["input"]
    summary.status, summary.error, summary.result = "running", None, None
    summary.ended_at = None


def _end(summary: Summary, entry: Any) -> None:
    summary.status, summary.error, summary.ended_at = entry["status"], entry["error"], entry["ts"]
    summary.duration_s += entry["duration_s"]
    summary.result = entry["value"] if entry["status"] == "done" else None
    if entry["status"] in ("interrupted", "error"):
        still_open = set(entry["open"])
        for asked in still_open & summary.questions.keys():  # the code took the answer back
            summary.questions[asked].answer = None
        summary.questions = {
            asked: question
            for asked, question in summary.questions.items()
            if question.answer is not None or asked in still_open
        }


def _ask(summary: Summary, entry: Any) -> None:
    form: Form = entry["form"]
    for task in reversed(summary.tasks.values()):
        if task.name == form["task"] and task.status == "running":
            task.status = "waiting"
            break
    if form["interrupt_id"] not in summary.questions:
        summary.questions[form["interrupt_id"]] = Question(form=form, asked_at=entry["ts"])


def _answer(summary: Summary, entry: Any) -> None:
    question = summary.questions.get(entry["interrupt_id"])
    if question is not None:
        question.answer, question.decisions = entry["answer"], entry["decisions"]
        question.by, question.via, question.expired = entry["by"], entry["via"], entry["expired"]
        question.answered_at = entry["ts"]


def _fold_task(summary: Summary, entry: Any) -> None:
    kind = entry["type"]
    task = _task(summary, entry)
    if kind == "task_retried":
        task.limit = entry.get("limit")
        return
    if kind == "task_started":
        task.status, task.attempts = "running", entry["attempt"]
        task.started_at = entry["ts"]
        task.input = entry["input"] if entry["input"]["text"] else task.input
    elif kind == "task_paused":
        task.status = "waiting"
    elif kind == "task_cancelled":
        task.status = "cancelled"
    else:
        if task.duration_s is None or not entry["replayed"]:
            task.duration_s, task.replayed = entry["duration_s"], entry["replayed"]
        task.status = "done" if kind == "task_finished" else "failed"
        task.result, task.error = entry.get("result"), entry.get("error")


def _task(summary: Summary, entry: Any) -> Task:
    task = summary.tasks.get(entry["id"])
    if task is None:
        above = None if entry["parent"] is None else summary.tasks.get(entry["parent"])
        depth = 0 if above is None else min(above.depth + 1, _DEEPEST)
        parent = None if above is None else entry["parent"]
        task = Task(name=entry["name"], depth=depth, parent=parent, started_at=entry["ts"])
        summary.tasks[entry["id"]] = task
    return task
