"""The open questions as text and as HTML, where no inbox can be live.

The invariants are those of the static view of a run: no script, no link, everything escaped, less
than 50 KB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nbflow.forms import form_of
from nbflow.record.markup import BOX, CELL, CLASSES, TABLE, plain, safe
from nbflow.record.times import time_html, time_text

if TYPE_CHECKING:
    from nbflow.forms.model import Form
    from nbflow.pending import PendingQuestion

    Drawn = Callable[[PendingQuestion], Form]

__all__ = ["inbox_html", "inbox_text"]

_SHOWN = 50
_CHARS = 120


def _form(question: PendingQuestion) -> Form:
    return form_of(question.interrupt, question.task)


def inbox_text(questions: Sequence[PendingQuestion], form: Drawn = _form) -> str:
    """Return the open questions as lines of text.

    Args:
        form: draws a question; a caller who knows what its run has in secret leaves that out.

    >>> from nbflow.pending import PendingQuestion
    >>> from nbflow.types import Interrupt
    >>> print(inbox_text([PendingQuestion(
    ...     thread_id="1", workflow="review", run_id="0" * 32, task=None, asked_at=0.0,
    ...     interrupt=Interrupt("Publish it?", "0" * 32))]))
    1 open question
      ? Publish it?  (review, thread 1, since 1970-01-01 ...)
    """
    lines = [_count(questions)]
    for question in questions[:_SHOWN]:
        title, workflow, thread, since = (plain(part, _CHARS) for part in _parts(question, form))
        lines.append(f"  ? {title}  ({workflow}, thread {thread}, since {since})")
    if len(questions) > _SHOWN:
        lines.append(_more(questions))
    return "\n".join(lines)


def inbox_html(questions: Sequence[PendingQuestion], form: Drawn = _form) -> str:
    """Return the open questions as a table with inline styles.

    Args:
        form: as of :func:`inbox_text`.

    >>> inbox_html([])[-48:]
    '<strong>Inbox</strong> · No open questions</div>'
    """
    rows = "".join(_row(question, form) for question in questions[:_SHOWN])
    heads = ("Question", "Workflow", "Thread", "Asked")
    head = "".join(f'<th scope="col" style="{CELL}">{name}</th>' for name in heads)
    table = f'<table style="{TABLE}"><tr>{head}</tr>{rows}</table>' if rows else ""
    more = f"<div>{_more(questions)}</div>" if len(questions) > _SHOWN else ""
    return (
        f'<div class="{CLASSES}" style="{BOX}">'
        f"<strong>Inbox</strong> · {_count(questions)}{table}{more}</div>"
    )


def _row(question: PendingQuestion, form: Drawn) -> str:
    *parts, _ = _parts(question, form)
    cells = [*(safe(part, _CHARS) for part in parts), time_html(question.asked_at)]
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _parts(question: PendingQuestion, form: Drawn) -> tuple[str, str, str, str]:
    return (
        form(question)["title"],
        question.workflow,
        question.thread_id,
        time_text(question.asked_at),
    )


def _count(questions: Sequence[PendingQuestion]) -> str:
    if not questions:
        return "No open questions"
    return f"{len(questions):,} open question{'' if len(questions) == 1 else 's'}"


def _more(questions: Sequence[PendingQuestion]) -> str:
    return f"… and {len(questions) - _SHOWN:,} more"
