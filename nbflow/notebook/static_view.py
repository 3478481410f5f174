"""A run as HTML and as text, for a notebook that is read without a kernel.

The invariants: no script, no link, no request; everything that comes from a run is escaped; less
than 50 KB; readable on light and dark ground, since only the page's own text colour is used.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nbflow.forms.cells import with_cell_numbers
from nbflow.notebook.summary import Question, Summary, Task, duration_text, summary_of

if TYPE_CHECKING:
    from nbflow.events import Failure
    from nbflow.forms.model import Field, Picture, Preview
    from nbflow.run import Run

__all__ = ["BOX", "CELL", "HTML_BYTES", "TABLE", "html_of", "plain", "safe", "text_of"]

HTML_BYTES = 50_000
"""What one run adds to a saved notebook as HTML, at the most."""

_STATUS = {
    "running": ("◌", "running"),
    "interrupted": ("?", "waits for an answer"),
    "waiting": ("?", "waits for an answer"),
    "done": ("✓", "done"),
    "error": ("✗", "failed"),
    "failed": ("✗", "failed"),
    "cancelled": ("⊘", "cancelled"),
}
_SCALES = (1.0, 0.3, 0.08, 0.02)
_TASKS = 100
_QUESTIONS = 40
_VALUE_CHARS = 4_000
_ROWS = 20
_OPEN_TASKS = 15
"""More tasks are folded to a line."""
_OPEN_LINES = 20
"""A longer result is folded."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_LINE = "1px solid rgba(128,128,128,.4)"
BOX = f"border:{_LINE};border-radius:4px;padding:8px 12px;margin:4px 0;max-width:60em"
"""Style of the box around what is shown."""
TABLE = "border-collapse:collapse;color:inherit;font-size:inherit"
"""Style of a table."""
CELL = "padding:1px 12px 1px 0;text-align:left;vertical-align:top;border:0;background:none"
"""Style of a cell of it."""
_PRE = (
    "margin:2px 0 6px;padding:4px 8px;white-space:pre-wrap;overflow-wrap:anywhere;"
    "background:transparent;color:inherit;border-left:3px solid rgba(128,128,128,.4)"
)


def html_of(run: Run) -> str:
    """Return the run as HTML with inline styles, less than 50 KB of it.

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
    summary = _current(run)
    for scale in _SCALES:
        text = "".join(_html(summary, scale))
        if len(text.encode()) < HTML_BYTES:
            return text
    return f'<div style="{BOX}">{_head_html(summary, 80)}</div>'


def text_of(run: Run) -> str:
    """Return the run as a few lines of text.

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
    return "\n".join(_text(_current(run)))


def _current(run: Run) -> Summary:
    """Return the summary of the run's events; of a log without an end, the run tells the state."""
    summary = summary_of(run.events())
    summary.workflow = run.workflow.name
    summary.thread_id = run.thread_id
    if summary.status == "running":
        summary.status = run.status
    return summary


def _html(summary: Summary, scale: float) -> Iterator[str]:
    chars = max(40, int(_VALUE_CHARS * scale))
    yield f'<div class="nbflow-static mathjax_ignore tex2jax_ignore" style="{BOX}">'
    yield _head_html(summary, 200)
    yield from _tasks_html(list(summary.tasks.values()), max(4, int(_TASKS * scale)))
    shown = max(1, int(_QUESTIONS * scale))
    questions = list(summary.questions.values())
    for question in questions[-shown:]:
        yield from _question_html(question, chars, alone=len(questions) == 1, again=_again(summary))
    if len(questions) > shown:
        yield f"<div>… and {len(questions) - shown:,} earlier questions</div>"
    if summary.result is not None:
        lines = summary.result["text"].count("\n") + 1
        shut, size = ("", f" ({lines:,} lines)") if lines > _OPEN_LINES else (" open", "")
        yield f'<details{shut} style="margin-top:6px">'
        yield f"<summary><strong>Result</strong>{size}</summary>"
        yield f"{_value_html(summary.result, chars)}</details>"
    if summary.error is not None:
        yield _failure_html(summary.error, chars)
    yield "</div>"


def _head_html(summary: Summary, chars: int) -> str:
    mark, word = _STATUS.get(summary.status, ("", summary.status))
    thread = "" if summary.thread_id is None else f" · thread {safe(summary.thread_id, chars)}"
    return (
        f"<div><strong>{safe(summary.workflow, chars)}</strong> {mark} {word}"
        f'<span style="opacity:.7"> · {duration_text(summary.duration_s)}{thread}</span></div>'
    )


def _tasks_html(tasks: list[Task], shown: int) -> Iterator[str]:
    if not tasks:
        return
    folded = len(tasks) > _OPEN_TASKS
    if folded:
        yield f"<details><summary>{_counts(tasks)}</summary>"
    yield f'<table style="{TABLE};margin:6px 0;border:0"><tbody>'
    for task in tasks[:shown]:
        mark, word = _STATUS.get(task.status, ("", task.status))
        indent = f"padding-left:{task.depth * 16}px"
        yield (
            f'<tr style="background:none"><td style="{CELL}" title="{word}">{mark}</td>'
            f'<td style="{CELL};{indent}">{safe(task.name, 80)}</td>'
            f'<td style="{CELL};opacity:.7">{_task_note(task)}</td></tr>'
        )
    yield "</tbody></table>"
    if len(tasks) > shown:
        yield f"<div>… and {len(tasks) - shown:,} more tasks</div>"
    if folded:
        yield "</details>"


def _counts(tasks: list[Task]) -> str:
    """Return how many tasks there are, and in which state those are that are not done."""
    words = Counter(_STATUS.get(task.status, ("", task.status))[1] for task in tasks)
    others = [f"{count:,} {word}" for word, count in words.items() if word != "done"]
    return ", ".join([f"{len(tasks):,} tasks", *others])


def _task_note(task: Task) -> str:
    notes = [_STATUS.get(task.status, ("", task.status))[1]] if task.duration_s is None else []
    if task.duration_s is not None:
        notes.append(duration_text(task.duration_s))
    if task.attempts > 1:
        notes.append(f"attempt {task.attempts}")
    if task.replayed:
        notes.append("from the record")
    if task.error is not None:
        notes.append(safe(f"{task.error.type}: {task.error.message}", 200))
    return ", ".join(notes)


def _question_html(question: Question, chars: int, *, alone: bool, again: str) -> Iterator[str]:
    """Yield a question; among several, an answered one is folded to a line with its answer."""
    form = question.form
    title = f"<strong>{safe(form['title'], chars)}</strong>"
    folded = question.answer is not None and not alone
    brief = ""
    if folded and question.answer is not None:
        line = " ".join(question.answer["text"].split())
        brief = f'<span style="opacity:.7"> {safe(line, 90)}</span>'
    shut = "" if folded else " open"
    yield f'<details{shut} style="margin-top:6px"><summary>{title}{brief}</summary>'
    for field in form["context"][:20]:
        yield from _field_html(field, max(40, chars // 4))
    for action in form["actions"][:20]:
        if action["name"]:
            yield f'<div style="margin-top:4px"><strong>{safe(action["name"], 80)}</strong></div>'
        for field in action["context"][:20]:
            yield from _field_html(field, max(40, chars // 8))
    if question.answer is None:
        yield f'<div style="opacity:.7">Not answered yet.{again}</div>'
    else:
        label = f"Answered {safe(question.by, 120)}" if question.by else "Answer"
        yield f"<div>{label}</div>{_value_html(question.answer, chars // 2)}"
    yield "</details>"


_PICTURE_SCALE = 20
"""How many characters of a picture, in base64, count as one of text."""


def _again(summary: Summary) -> str:
    """Say how the form is shown again in a notebook that has no kernel any more."""
    if summary.thread_id is None or summary.status not in ("running", "interrupted"):
        return ""
    call = f"{summary.workflow}.thread({summary.thread_id!r})"
    return f" In a cell, {safe(call, 200)} shows the form."


def _picture_html(label: str, picture: Picture, chars: int) -> str:
    if len(picture["data"]) > chars * _PICTURE_SCALE:
        return '<div style="opacity:.7">A picture, too large for the record.</div>'
    data = f"data:{picture['mime']};base64,{picture['data']}"
    return f'<img alt="{safe(label or "Picture", 80)}" style="max-width:100%" src="{data}">'


def _field_html(field: Field, chars: int) -> Iterator[str]:
    if field["label"]:
        yield f'<div style="opacity:.7">{safe(field["label"], 80)}</div>'
    value = field["value"]
    if field["kind"] == "image":
        yield _picture_html(field["label"], value, chars)
        return
    if field["kind"] != "table":
        text = value if isinstance(value, str) else _json(value)
        yield f'<pre style="{_PRE}">{safe(text, chars)}</pre>'
        return
    rows = value["rows"][: max(1, min(_ROWS, chars // 50))]
    yield f'<table style="{TABLE};margin:2px 0;border:{_LINE}"><thead><tr>'
    columns = value["columns"][:20]
    yield "".join(f'<th style="{CELL}">{safe(name, 60)}</th>' for name in columns)
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = (safe("" if cell is None else str(cell), 80) for cell in row[:20])
        yield "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"
    yield "</tbody></table>"
    if value["total"] > len(rows):
        yield f"<div>… and {value['total'] - len(rows):,} more rows</div>"


def _value_html(value: Preview, chars: int) -> str:
    text = safe(value["text"], chars)
    left_out = value["cut"] + max(0, len(value["text"]) - chars)
    more = f"\n… ({left_out:,} more characters)" if left_out else ""
    return f'<pre style="{_PRE}">{text}{more}</pre>'


def _failure_html(error: Failure, chars: int) -> str:
    notes = [note for note in error.notes if note not in error.traceback]
    lines = [f"{error.type}: {error.message}", *notes]
    traceback = with_cell_numbers(error.traceback)[-chars:]
    message = "\n".join(lines)
    shown = f'<pre style="{_PRE}">{safe(message, chars)}</pre>'
    if not traceback:
        return shown
    return (
        f"{shown}<details><summary>Traceback</summary>"
        f'<pre style="{_PRE}">{safe(traceback, chars)}</pre></details>'
    )


def _text(summary: Summary) -> Iterator[str]:
    mark, word = _STATUS.get(summary.status, ("", summary.status))
    thread = "" if summary.thread_id is None else f" · thread {plain(summary.thread_id, 80)}"
    name = plain(summary.workflow, 80)
    yield f"{name} {mark} {word} · {duration_text(summary.duration_s)}{thread}"
    tasks = list(summary.tasks.values())
    for task in tasks[:20]:
        mark = _STATUS.get(task.status, ("", ""))[0]
        note = html.unescape(_task_note(task))
        yield f"  {'  ' * task.depth}{mark} {plain(task.name, 60)}  {note}"
    if len(tasks) > 20:
        yield f"  … and {len(tasks) - 20:,} more tasks"
    for question in list(summary.questions.values())[-10:]:
        answer = "(not answered yet)"
        if question.answer is not None:
            answer = plain(question.answer["text"], 200)
            if question.by:
                answer += f"  ({plain(question.by, 120)})"
        yield f"  ? {plain(question.form['title'], 200)}  {answer}"
    if summary.result is not None:
        yield f"  → {plain(summary.result['text'], 500)}"
    if summary.error is not None:
        yield f"  {plain(f'{summary.error.type}: {summary.error.message}', 500)}"


def safe(text: str, chars: int) -> str:
    """Return text cut, made visible and escaped.

    >>> safe("<b>Publish it?</b>", 10)
    '&lt;b&gt;Publis…'
    """
    return html.escape(plain(text, chars), quote=True)


def plain(text: str, chars: int) -> str:
    r"""Return text cut, without terminal codes, and with unseen characters written out.

    >>> plain("Publish \x1b[1mit\x1b[0m?\x00", 40)
    'Publish it?\\u0000'
    """
    kept = text if len(text) <= chars else text[: max(0, chars - 1)] + "…"
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", _ANSI.sub("", kept))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
