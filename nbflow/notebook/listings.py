"""Lists that a cell shows as a table: threads, and questions that wait.

The invariants are those of every static view: no script, everything escaped, bounded.
"""

from __future__ import annotations

from nbflow.notebook.static_inbox import inbox_html, inbox_text
from nbflow.pending import PendingQuestion
from nbflow.record.markup import BOX, CELL, CLASSES, TABLE, plain, safe, status_words
from nbflow.record.times import time_html, time_text
from nbflow.threads import ThreadInfo

__all__ = ["OpenQuestions", "Threads"]

_SHOWN = 100
_CHARS = 120
_HEADS = ("", "Thread", "Workflow", "Status", "Questions", "Changed")


class Threads(list[ThreadInfo]):
    """Threads as a table.

    >>> Threads([ThreadInfo(thread_id="tea", workflow="review", status="done", run_id=None,
    ...                     questions=0, changed_at=0.0)])
    1 thread
      ✓ tea  review, done, 1970-01-01 ...
    """

    def __repr__(self) -> str:
        lines = [self._count()]
        for one in self[:_SHOWN]:
            mark, word = status_words(one.status)
            parts = [plain(one.workflow or "no run", _CHARS), word, time_text(one.changed_at)]
            if one.questions:
                parts.insert(2, f"{one.questions} open")
            lines.append(f"  {mark} {plain(one.thread_id, _CHARS)}  {', '.join(parts)}")
        return "\n".join([*lines, *self._more()])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" style="{CELL}">{head}</th>' for head in _HEADS)
        rows = "".join(_row(one) for one in self[:_SHOWN])
        table = f'<table style="{TABLE}"><tr>{heads}</tr>{rows}</table>' if rows else ""
        more = "".join(f"<div>{line}</div>" for line in self._more())
        return (
            f'<div class="{CLASSES}" style="{BOX}"><strong>{self._count()}</strong>{table}{more}'
            "</div>"
        )

    def _count(self) -> str:
        return f"{len(self):,} thread{'' if len(self) == 1 else 's'}"

    def _more(self) -> list[str]:
        return [f"… and {len(self) - _SHOWN:,} more"] if len(self) > _SHOWN else []


class OpenQuestions(list[PendingQuestion]):
    """Questions that wait, as a table.

    >>> OpenQuestions()
    No open questions
    """

    def __repr__(self) -> str:
        return inbox_text(self)

    def _repr_html_(self) -> str:
        return inbox_html(self)


def _row(one: ThreadInfo) -> str:
    mark, word = status_words(one.status)
    cells = [
        mark,
        safe(one.thread_id, _CHARS),
        safe(one.workflow, _CHARS),
        word,
        str(one.questions or ""),
        time_html(one.changed_at),
    ]
    row = "".join(f'<td style="{CELL};overflow-wrap:anywhere">{cell}</td>' for cell in cells)
    return f'<tr style="background:none">{row}</tr>'
