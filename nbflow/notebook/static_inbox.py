"""The open questions as text and as HTML, where no inbox can be live.

The invariants are those of the static view of a run: no script, no link, everything escaped, less
than 50 KB.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbflow.forms import form_of
from nbflow.notebook.static_view import BOX, CELL, TABLE, plain, safe

if TYPE_CHECKING:
    from nbflow.pending import PendingQuestion

__all__ = ["inbox_html", "inbox_text"]

_SHOWN = 50
_CHARS = 120


def inbox_text(questions: Sequence[PendingQuestion]) -> str:
    """Return the open questions as lines of text.

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
        title, workflow, thread, since = (plain(part, _CHARS) for part in _parts(question))
        lines.append(f"  ? {title}  ({workflow}, thread {thread}, since {since})")
    if len(questions) > _SHOWN:
        lines.append(_more(questions))
    return "\n".join(lines)


def inbox_html(questions: Sequence[PendingQuestion]) -> str:
    """Return the open questions as a table with inline styles.

    >>> inbox_html([])[-48:]
    '<strong>Inbox</strong> · No open questions</div>'
    """
    rows = "".join(
        "<tr>"
        + "".join(f'<td style="{CELL}">{safe(part, _CHARS)}</td>' for part in _parts(question))
        + "</tr>"
        for question in questions[:_SHOWN]
    )
    heads = ("Question", "Workflow", "Thread", "Asked")
    head = "".join(f'<th scope="col" style="{CELL}">{name}</th>' for name in heads)
    table = f'<table style="{TABLE}"><tr>{head}</tr>{rows}</table>' if rows else ""
    more = f"<div>{_more(questions)}</div>" if len(questions) > _SHOWN else ""
    return (
        f'<div class="nbflow-static mathjax_ignore tex2jax_ignore" style="{BOX}">'
        f"<strong>Inbox</strong> · {_count(questions)}{table}{more}</div>"
    )


def _parts(question: PendingQuestion) -> tuple[str, str, str, str]:
    asked = datetime.fromtimestamp(question.asked_at, UTC).astimezone()
    title = form_of(question.interrupt, question.task)["title"]
    return title, question.workflow, question.thread_id, f"{asked:%Y-%m-%d %H:%M}"


def _count(questions: Sequence[PendingQuestion]) -> str:
    if not questions:
        return "No open questions"
    return f"{len(questions):,} open question{'' if len(questions) == 1 else 's'}"


def _more(questions: Sequence[PendingQuestion]) -> str:
    return f"… and {len(questions) - _SHOWN:,} more"
