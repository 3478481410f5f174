"""The timeline of a run as a table: tasks by depth, each with a bar where its time was spent.

The bars leave out the time in which no task worked, so that a night of waiting for a person does
not flatten the rest. They are drawn as borders in the text's own colour: those are also printed.
"""

from __future__ import annotations

import html
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from nbflow.record.markup import CELL, FAINT, TABLE, plain, preview_html, safe, status_words
from nbflow.record.times import duration_text, time_text, utc_text

if TYPE_CHECKING:
    from nbflow.record.summary import Task

__all__ = ["task_details_html", "task_note", "tasks_html", "tasks_text"]

_OPEN_TASKS = 15
"""More tasks are folded to a line."""
_TEXT_TASKS = 20
_BAR = {"done": "solid", "failed": "double", "cancelled": "dashed"}
"""How the line of a bar is drawn; dotted for what is not over."""
_NAME = "min-width:5em;overflow-wrap:anywhere"


def tasks_html(tasks: Sequence[Task], shown: int, *, unfolded: bool = False) -> Iterator[str]:
    """Yield a table of tasks.

    Args:
        shown: how many; the others are counted.
        unfolded: show many tasks as openly as few.

    >>> from nbflow.record.summary import Task
    >>> "".join(tasks_html([], 10))
    ''
    >>> "1.5 s" in "".join(tasks_html([Task(name="write", depth=0, duration_s=1.5)], 10))
    True
    """
    if not tasks:
        return
    is_folded = len(tasks) > _OPEN_TASKS
    if is_folded:
        shut = " open" if unfolded else ""
        yield f"<details{shut}><summary>{_counts(tasks)}</summary>"
    place = _axis(tasks)
    yield f'<table style="{TABLE};margin:6px 0;border:0;width:100%"><tbody>'
    for task in tasks[:shown]:
        yield _row(task, place)
    yield "</tbody></table>"
    if len(tasks) > shown:
        yield f"<div>… and {len(tasks) - shown:,} more tasks</div>"
    if is_folded:
        yield "</details>"


def task_details_html(task: Task, chars: int) -> str:
    """Return what a task was called with and what came of it; empty where neither is known.

    >>> from nbflow.record.summary import Task
    >>> task_details_html(Task(name="write", depth=0), 100)
    ''
    """
    parts = []
    if task.input is not None:
        parts.append(f'<div style="{FAINT}">Called with</div>{preview_html(task.input, chars)}')
    if task.result is not None:
        parts.append(f'<div style="{FAINT}">Returned</div>{preview_html(task.result, chars)}')
    return "".join(parts)


def tasks_text(tasks: Sequence[Task]) -> Iterator[str]:
    """Yield a line of text for each task.

    >>> from nbflow.record.summary import Task
    >>> list(tasks_text([Task(name="write", depth=1, status="done", duration_s=1.5)]))
    ['    ✓ write  1.5 s']
    """
    for task in tasks[:_TEXT_TASKS]:
        note = ", ".join(filter(None, [task_note(task), _fault(task)]))
        yield f"  {'  ' * task.depth}{status_words(task.status)[0]} {plain(task.name, 60)}  {note}"
    if len(tasks) > _TEXT_TASKS:
        yield f"  … and {len(tasks) - _TEXT_TASKS:,} more tasks"


def task_note(task: Task) -> str:
    """Return what is said beside a task's name.

    >>> from nbflow.record.summary import Task
    >>> task_note(Task(name="write", depth=0, status="done", duration_s=1.5, attempts=2,
    ...                limit=3))
    '1.5 s, attempt 2 of 3'
    """
    notes = [status_words(task.status)[1]] if task.duration_s is None else []
    if task.duration_s is not None:
        notes.append(duration_text(task.duration_s))
    if task.attempts > 1:
        limit = "" if task.limit is None else f" of {task.limit}"
        notes.append(f"attempt {task.attempts}{limit}")
    if task.replayed:
        notes.append("from the record")
    return ", ".join(notes)


def _fault(task: Task) -> str:
    """What a task raised, as one line; empty when it did not."""
    if task.error is None:
        return ""
    return plain(" ".join(f"{task.error['type']}: {task.error['message']}".split()), 200)


def _row(task: Task, place: Callable[[float], float]) -> str:
    mark, word = status_words(task.status)
    left, right = place(task.started_at), place(task.ended_at)
    when = f"{time_text(task.started_at)} ({utc_text(task.started_at)})"
    bar = (
        f'<div title="{when}" style="margin-left:{left:.1f}%;width:{max(0.0, right - left):.1f}%;'
        f'min-width:3px;border-top:.6em {_BAR.get(task.status, "dotted")};opacity:.5"></div>'
    )
    return (
        f'<tr style="background:none;break-inside:avoid">'
        f'<td style="{CELL};width:1.2em" title="{word}">{mark}</td>'
        f'<td style="{CELL};{_NAME}">{_indent(task)}{safe(task.name, 80)}</td>'
        f'<td style="{CELL};width:40%;vertical-align:middle">{bar}</td>'
        f'<td style="{CELL};{FAINT}">{html.escape(task_note(task))}</td></tr>{_fault_row(task)}'
    )


def _fault_row(task: Task) -> str:
    """What a task raised, below its line and as wide as the table."""
    said = _fault(task)
    if not said:
        return ""
    return (
        f'<tr style="background:none"><td style="{CELL}"></td><td colspan="3" style="{CELL};'
        f'{FAINT};overflow-wrap:anywhere">{_indent(task)}{safe(said, 250)}</td></tr>'
    )


def _indent(task: Task) -> str:
    """Room before a task that another one called, in a way that a host without styles keeps."""
    return "&nbsp;" * (4 * task.depth)


def _counts(tasks: Sequence[Task]) -> str:
    """How many tasks there are, and in which state those are that are not done."""
    words = Counter(status_words(task.status)[1] for task in tasks)
    others = [f"{count:,} {word}" for word, count in words.items() if word != "done"]
    return ", ".join([f"{len(tasks):,} tasks", *others])


def _axis(tasks: Sequence[Task]) -> Callable[[float], float]:
    """Return what puts a moment on the timeline, from 0 to 97 percent: time at work alone."""
    begins: list[float] = []
    ends: list[float] = []
    for start, end in sorted((task.started_at, task.ended_at) for task in tasks):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(start)
            ends.append(end)
    before = [0.0]
    for start, end in zip(begins, ends, strict=True):
        before.append(before[-1] + end - start)
    scale = 97.0 / before[-1] if before[-1] > 0 else 0.0

    def place(at: float) -> float:
        here = max(0, bisect_right(begins, at) - 1)
        return (before[here] + min(at, ends[here]) - begins[here]) * scale

    return place
