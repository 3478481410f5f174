"""What an executed notebook's kernel told, put together: its runs, tasks, questions and values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbflow.forms import form_of, without_secrets
from nbflow.headless.execution import ChildQuestion

__all__ = ["Ledger", "RunEntry", "json_form"]

_VALUE_CHARS = 2_000


@dataclass(slots=True, kw_only=True)
class RunEntry:
    """One run, as the summary has it.

    >>> RunEntry(workflow="review", thread_id="1", run_id="0" * 32).status
    'running'
    """

    workflow: str
    """The workflow's name."""
    thread_id: str | None
    """None when nothing is kept."""
    run_id: str
    """32 hex digits."""
    status: str = "running"
    """As it stood last: ``done``, ``interrupted``, ``error``, ``cancelled`` or ``running``."""
    duration_s: float = 0.0
    """Seconds at work, over all executions."""
    tasks: Counter[str] = field(default_factory=Counter)
    """How many calls of tasks ended how: ``finished``, ``replayed``, ``failed``, ``retried``."""
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id: ``question``, ``key``, ``status``, and where the program answered, ``answer`` and
    ``from``."""
    error: dict[str, str] | None = None
    """``type`` and ``message`` of what ended it."""


class Ledger:
    """Takes what the kernel tells.

    >>> ledger = Ledger()
    >>> ledger.take({"kind": "run", "run_id": "1", "workflow": "review", "thread_id": "cats"})
    >>> ledger.take({"kind": "asked", "run_id": "1", "id": "7", "title": "Publish?", "key": None})
    >>> [question["question"] for question in ledger.open_questions()]
    ['Publish?']
    """

    def __init__(self) -> None:
        self.runs: dict[str, RunEntry] = {}
        """By id, in the order in which they began."""
        self.values: dict[str, Any] = {}
        """What the notebook handed over with ``nbflow.glue``."""
        self._asking: dict[str, Any] = {}
        """The question whose verdict is awaited."""

    def take(self, message: Mapping[str, Any]) -> None:
        """Take in one message."""
        if message["kind"] == "value":
            self.values[message["name"]] = message["value"]
        elif message["kind"] == "verdict":
            fault = message["fault"]
            self._asking.update({"status": "answered"} if fault is None else {
                "status": "refused", "fault": fault,
            })  # fmt: skip
        elif message["kind"] in ("run", "task", "asked", "answered", "ended"):
            self._take_of_run(message)

    def note(self, question: ChildQuestion) -> None:
        """Note that a cell waits for the answer to a question."""
        self._question(question)

    def answered(self, question: ChildQuestion, answer: Any, source: str) -> None:
        """Note what the program answers; the kernel's verdict comes next.

        Args:
            source: where the answer comes from.
        """
        shown = without_secrets(answer, question.interrupt.response_schema)
        self._asking = self._question(question)
        self._asking |= {"answer": json_form(shown), "from": source}

    def open_questions(self) -> list[dict[str, Any]]:
        """The questions that nobody has answered, with ``thread_id`` and ``workflow``."""
        return [
            {**question, "thread_id": run.thread_id, "workflow": run.workflow}
            for run in self.runs.values()
            for question in run.questions.values()
            if question["status"] == "open"
        ]

    def refused(self) -> list[dict[str, Any]]:
        """The questions whose answer the kernel refused."""
        return [
            question
            for run in self.runs.values()
            for question in run.questions.values()
            if question["status"] == "refused"
        ]

    def records(self) -> list[dict[str, Any]]:
        """The runs as JSON has them."""
        return [
            {
                "workflow": run.workflow,
                "thread_id": run.thread_id,
                "run_id": run.run_id,
                "status": run.status,
                "duration_s": round(run.duration_s, 3),
                "tasks": dict(run.tasks),
                "questions": list(run.questions.values()),
                "error": run.error,
            }
            for run in self.runs.values()
        ]

    def _question(self, question: ChildQuestion) -> dict[str, Any]:
        """The question's entry, also of a run that another process has begun."""
        asked = question.interrupt
        run = self._run(question.run_id, question.workflow, question.thread_id)
        title = form_of(asked)["title"]
        return run.questions.setdefault(asked.id, _entry(title, asked.key))

    def _run(self, run_id: str, workflow: str, thread_id: str | None) -> RunEntry:
        made = RunEntry(workflow=workflow, thread_id=thread_id, run_id=run_id)
        return self.runs.setdefault(run_id, made)

    def _take_of_run(self, message: Mapping[str, Any]) -> None:
        run_id = message["run_id"]
        if message["kind"] == "run":
            self._run(run_id, message["workflow"], message["thread_id"]).status = "running"
        run = self.runs[run_id]
        match message["kind"]:
            case "task" if message["status"] != "running":
                run.tasks[message["status"]] += 1
            case "asked":
                asked = _entry(message["title"], message["key"])
                run.questions.setdefault(message["id"], asked)
            case "answered" if message["id"] in run.questions:
                question = run.questions[message["id"]]
                question["status"] = "answered"
                question.setdefault("from", message["via"])
            case "ended":
                run.status, run.error = message["status"], message["error"]
                run.duration_s += message["duration_s"]


def _entry(title: str, key: str | None) -> dict[str, Any]:
    return {"question": title, "key": key, "status": "open"}


def json_form(value: Any) -> Any:
    """A value as JSON has it; what JSON cannot hold is a text.

    >>> json_form({"kept": 108}), json_form(b"tea")
    ({'kept': 108}, "b'tea'")
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return repr(value)[:_VALUE_CHARS]
