"""The parts of a record, each as HTML and as text.

The invariants are those of every static view: no script, no link, no request, everything escaped,
less than 50 KB each. Here everything is open, since whoever exports wants it read and printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbflow.record.markup import (
    CELL,
    FAINT,
    TABLE,
    failure_html,
    folded,
    plain,
    preview_html,
    safe,
    status_words,
)
from nbflow.record.static_form import question_html
from nbflow.record.static_tasks import task_details_html, tasks_html, tasks_text
from nbflow.record.static_view import boxed
from nbflow.record.times import time_html, time_text

if TYPE_CHECKING:
    from nbflow.record.summary import Question, Summary, Task
    from nbflow.widgets.protocol import CheckpointItem

__all__ = [
    "Section",
    "given_section",
    "history_section",
    "outcome_section",
    "question_section",
    "tasks_section",
]

_CHARS = 12_000
_TASKS = 200
_CHECKPOINTS = 200
_ID = f"{FAINT};font-size:85%;overflow-wrap:anywhere"
_HEADS = ("Step", "What", "When", "Value and checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a record; a cell shows it.

    >>> Section(title="Result", html="<div>8</div>", text="8")
    8
    """

    title: str
    """What it is, as a heading says it."""
    html: str
    """HTML with inline styles, less than 50 KB."""
    text: str
    """The same as plain text, shorter."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def given_section(summary: Summary) -> Section:
    """Return what a run was given.

    >>> from nbflow.record.summary import Summary
    >>> given_section(Summary(input={"text": "cats", "kind": "text", "cut": 0}))
    cats
    """

    def parts(scale: float) -> Iterator[str]:
        if summary.input is not None:
            yield preview_html(summary.input, int(_CHARS * scale))

    text = "" if summary.input is None else plain(summary.input["text"], 2_000)
    return Section(title="What it was given", html=boxed(parts, ""), text=text)


def tasks_section(summary: Summary) -> Section:
    """Return the tasks with their times, what they were called with and what came of them.

    >>> from nbflow.record.summary import Summary, Task
    >>> tasks_section(Summary(tasks={"1": Task(name="write", depth=0, status="done")}))
      ✓ write  done
    """
    tasks = summary.tree()

    def parts(scale: float) -> Iterator[str]:
        shown = max(4, int(_TASKS * scale))
        yield from tasks_html(tasks, shown, unfolded=True)
        for task in tasks[:shown]:
            said = _details(task, int(_CHARS * scale / 8))
            if said:
                mark = status_words(task.status)[0]
                yield folded(f"{mark} {safe(task.name, 80)}", said)

    text = "\n".join(tasks_text(tasks)) or "No task was called."
    least = f"<div>{len(tasks):,} tasks</div>"
    html = boxed(parts, least) if tasks else boxed(lambda _: iter([text]), text)
    return Section(title="Tasks", html=html, text=text)


def question_section(question: Question) -> Section:
    """Return a question with its form, its answer, who gave it and when.

    >>> from nbflow.forms import form_of
    >>> from nbflow.record.summary import Question
    >>> from nbflow.types import Interrupt
    >>> form = form_of(Interrupt("Publish it?", "0" * 32))
    >>> question_section(Question(form=form, asked_at=0.0))
    Publish it?
    Asked 1970-01-01 ...
    Not answered yet.
    """

    def parts(scale: float) -> Iterator[str]:
        return question_html(question, int(_CHARS * scale), unfolded=True)

    title = plain(question.form["title"], 200)
    lines = [title, f"Asked {time_text(question.asked_at)}"]
    if question.answer is None:
        lines.append("Not answered yet.")
    else:
        at = time_text(question.answered_at or 0.0)
        lines.append(plain(f"Answered {question.who()} {at} {question.waited()}", 300))
        lines.append(plain(question.answer["text"], 2_000))
    html = boxed(parts, safe(title, 200))
    return Section(title="Question", html=html, text="\n".join(lines))


def outcome_section(summary: Summary) -> Section:
    """Return the result, the error, or what the run waits for.

    >>> from nbflow.record.summary import Summary
    >>> outcome_section(Summary(status="cancelled"))
    cancelled
    """
    mark, word = status_words(summary.status)

    def parts(scale: float) -> Iterator[str]:
        chars = int(_CHARS * scale)
        if summary.error is not None:
            yield failure_html(summary.error, chars)
        elif summary.result is not None:
            yield preview_html(summary.result, chars)
        else:
            yield f"{mark} {word}"

    if summary.error is not None:
        said = plain(f"{summary.error['type']}: {summary.error['message']}", 2_000)
        return Section(title="Error", html=boxed(parts, ""), text=said)
    if summary.result is not None:
        text = plain(summary.result["text"], 2_000)
        return Section(title="Result", html=boxed(parts, ""), text=text)
    return Section(title="How it stands", html=boxed(parts, ""), text=word)


def history_section(items: Sequence[CheckpointItem]) -> Section:
    """Return a thread's checkpoints as a table, newest first.

    >>> history_section([])
    No checkpoint is kept.
    """

    def parts(scale: float) -> Iterator[str]:
        shown = max(4, int(_CHECKPOINTS * scale))
        heads = "".join(f'<th scope="col" style="{CELL}">{head}</th>' for head in _HEADS)
        yield f'<table style="{TABLE}"><tbody><tr style="background:none">{heads}</tr>'
        for item in items[:shown]:
            yield _checkpoint_row(item, int(400 * scale))
        yield "</tbody></table>"
        if len(items) > shown:
            yield f"<div>… and {len(items) - shown:,} more</div>"

    if not items:
        none = "No checkpoint is kept."
        return Section(title="History", html=boxed(lambda _: iter([none]), none), text=none)
    lines = [
        f"{item['step']:>4}  {plain(item['source'], 20):<6}  {time_text(_seconds(item))}  "
        f"{' '.join(plain(item['values']['text'], 60).split())}"
        for item in items[:50]
    ]
    return Section(
        title="History", html=boxed(parts, f"{len(items):,} checkpoints"), text="\n".join(lines)
    )


def _checkpoint_row(item: CheckpointItem, chars: int) -> str:
    values = item["values"]
    text = " ".join(values["text"].split())
    identity = f'<code style="{_ID}">{safe(item["checkpoint_id"], 80)}</code>'
    cells = [
        f"{item['step']}",
        safe(item["source"], 40),
        time_html(_seconds(item)),
        f'<div style="overflow-wrap:anywhere">{safe(text, max(20, chars))}</div>{identity}',
    ]
    row = "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells)
    return f'<tr style="background:none;break-inside:avoid">{row}</tr>'


def _seconds(item: CheckpointItem) -> float:
    try:
        moment = datetime.fromisoformat(item["created_at"])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("nan")


def _details(task: Task, chars: int) -> str:
    said = task_details_html(task, chars)
    return said + ("" if task.error is None else failure_html(task.error, chars))
