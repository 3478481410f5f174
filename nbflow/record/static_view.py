"""A run as HTML and as text, for a notebook that is read without a kernel.

The invariants: no script, no link, no request; everything that comes from a run is escaped; less
than 50 KB; readable on light and dark ground and on paper, since only the page's own text colour is
used.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nbflow.record.log import log_of
from nbflow.record.markup import (
    BOX,
    CLASSES,
    FAINT,
    failure_html,
    plain,
    preview_html,
    safe,
    status_words,
)
from nbflow.record.static_form import question_html
from nbflow.record.static_tasks import tasks_html, tasks_text
from nbflow.record.summary import Summary, summary_of
from nbflow.record.times import duration_text, time_html

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

__all__ = ["HTML_BYTES", "boxed", "head_html", "html_of", "run_html", "run_text", "text_of"]

HTML_BYTES = 50_000
"""What one run adds to a saved notebook as HTML, at the most."""

_SCALES = (1.0, 0.3, 0.08, 0.02)
_TASKS = 100
_QUESTIONS = 40
_VALUE_CHARS = 4_000
_OPEN_LINES = 20
"""A longer result is folded."""


def html_of(run: BaseRun, branched_from: BaseRun | None = None) -> str:
    """Return the run as HTML with inline styles, less than 50 KB of it.

    Args:
        branched_from: the run that was shown before, of which this one is a branch.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> run.result()
    8
    >>> html_of(run)[:27]
    '<div class="nbflow-static m'
    """
    return run_html(_current(run, branched_from))


def text_of(run: BaseRun, branched_from: BaseRun | None = None) -> str:
    """Return the run as a few lines of text.

    Args:
        branched_from: as of :func:`html_of`.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> run.result()
    8
    >>> print(text_of(run))
    double ✓ done · ...
      → 8
    """
    return run_text(_current(run, branched_from))


def run_html(summary: Summary) -> str:
    """Return what a log adds up to as HTML with inline styles, less than 50 KB of it.

    >>> run_html(Summary(workflow="review", status="done"))[:27]
    '<div class="nbflow-static m'
    """
    return boxed(lambda scale: _html(summary, scale), head_html(summary, 80))


def boxed(parts: Callable[[float], Iterator[str]], least: str) -> str:
    """Return HTML in the box of a static view, on the largest scale on which it is small enough.

    Args:
        parts: yields the HTML on a scale from 1 down.
        least: what is shown when no scale is small enough.

    >>> boxed(lambda scale: iter([f"<div>{scale}</div>"]), "")[-22:]
    '"><div>1.0</div></div>'
    """
    for scale in _SCALES:
        text = f'<div class="{CLASSES}" style="{BOX}">{"".join(parts(scale))}</div>'
        if len(text.encode()) < HTML_BYTES:
            return text
    return f'<div class="{CLASSES}" style="{BOX}">{least}</div>'


def run_text(summary: Summary) -> str:
    """Return what a log adds up to as a few lines of text.

    >>> print(run_text(Summary(workflow="review", thread_id="cats", status="interrupted")))
    review ? waits for an answer · <1 ms · thread cats
    """
    return "\n".join(_text(summary))


def _current(run: BaseRun, branched_from: BaseRun | None = None) -> Summary:
    """Return the summary of the run's log; of a log without an end, the run tells the state."""
    summary = summary_of(log_of(run))
    summary.workflow = run.workflow.name
    summary.thread_id = run.thread_id
    if summary.status == "running":
        summary.status = run.status
    if branched_from is not None:
        summary.branched_from = _current(branched_from)
    return summary


def _html(summary: Summary, scale: float) -> Iterator[str]:
    chars = max(40, int(_VALUE_CHARS * scale))
    yield head_html(summary, 200)
    yield from tasks_html(summary.tree(), max(4, int(_TASKS * scale)))
    shown = max(1, int(_QUESTIONS * scale))
    questions = list(summary.questions.values())
    for question in questions[-shown:]:
        alone = len(questions) == 1
        yield from question_html(question, chars, alone=alone, again=_again(summary))
    if len(questions) > shown:
        yield f"<div>… and {len(questions) - shown:,} earlier questions</div>"
    if summary.result is not None:
        lines = summary.result["text"].count("\n") + 1
        shut, size = ("", f" ({lines:,} lines)") if lines > _OPEN_LINES else (" open", "")
        yield f'<details{shut} style="margin-top:6px">'
        yield f"<summary><strong>Result</strong>{size}</summary>"
        yield f"{preview_html(summary.result, chars)}</details>"
    if summary.error is not None:
        yield failure_html(summary.error, chars)


def head_html(summary: Summary, chars: int) -> str:
    """Return the line above everything: what ran, how it stands, since when and for how long.

    >>> "✓ done" in head_html(Summary(workflow="review", status="done"), 80)
    True
    """
    mark, word = status_words(summary.status)
    parts = [html.escape(duration_text(summary.duration_s))]
    if summary.thread_id is not None:
        parts.append(f"thread {safe(summary.thread_id, chars)}")
    if summary.started_at is not None:
        parts.append(time_html(summary.started_at))
    return (
        f"<div><strong>{safe(summary.workflow, chars)}</strong> {mark} {word}"
        f'<span style="{FAINT}"> · {" · ".join(parts)}</span></div>{_origin_html(summary)}'
    )


def _origin_html(summary: Summary) -> str:
    before = summary.branched_from
    if before is None:
        return ""
    began = "" if before.started_at is None else f", begun {time_html(before.started_at)}"
    return f'<div style="{FAINT}">{html.escape(_origin(before))}{began}</div>'


def _origin(before: Summary) -> str:
    return f"Branched from run {plain(before.run_id, 9)} ({' '.join(status_words(before.status))})"


def _again(summary: Summary) -> str:
    """Say how the form is shown again in a notebook that has no kernel any more."""
    if summary.thread_id is None or summary.status not in ("running", "interrupted"):
        return ""
    call = f"{summary.workflow}.thread({summary.thread_id!r})"
    return f" In a cell, {safe(call, 200)} shows the form."


def _text(summary: Summary) -> Iterator[str]:
    mark, word = status_words(summary.status)
    thread = "" if summary.thread_id is None else f" · thread {plain(summary.thread_id, 80)}"
    name = plain(summary.workflow, 80)
    yield f"{name} {mark} {word} · {duration_text(summary.duration_s)}{thread}"
    if summary.branched_from is not None:
        yield f"  {_origin(summary.branched_from)}"
    yield from tasks_text(summary.tree())
    for question in list(summary.questions.values())[-10:]:
        answer = "(not answered yet)"
        if question.answer is not None:
            answer = "no answer" if question.expired else plain(question.answer["text"], 200)
            if question.by or question.via == "timeout":
                answer += f"  ({plain(question.who(), 120)})"
        yield f"  ? {plain(question.form['title'], 200)}  {answer}"
    if summary.result is not None:
        yield f"  → {plain(summary.result['text'], 500)}"
    if summary.error is not None:
        said = f"{summary.error['type']}: {summary.error['message']}"
        yield f"  {plain(said, 500)}"
