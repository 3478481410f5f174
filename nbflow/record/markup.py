"""The few marks and styles that all static views share, and how text gets into them.

The invariants: everything that comes from a run goes through ``safe``; only the page's own text
colour is used, so that it reads on light, dark and paper; no script, no link, no request.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from nbflow.forms.cells import with_cell_numbers

if TYPE_CHECKING:
    from nbflow.forms.model import Preview
    from nbflow.widgets.protocol import FailureData

__all__ = [
    "BOX",
    "CELL",
    "CLASSES",
    "FAINT",
    "LINE",
    "PRE",
    "TABLE",
    "failure_html",
    "folded",
    "plain",
    "preview_html",
    "safe",
    "status_words",
]

_STATUS = {
    "running": ("◌", "running"),
    "interrupted": ("?", "waits for an answer"),
    "waiting": ("?", "waits for an answer"),
    "done": ("✓", "done"),
    "error": ("✗", "failed"),
    "failed": ("✗", "failed"),
    "crashed": ("✗", "crashed"),
    "cancelled": ("⊘", "cancelled"),
    "ready": ("›", "ready to go on"),
    "dropped": ("⊘", "left unfinished"),
}

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

CLASSES = "nbflow-static mathjax_ignore tex2jax_ignore"
"""Classes of every static view: found by its style, left alone by formula typesetters."""
LINE = "1px solid rgba(128,128,128,.4)"
"""Style of a border."""
FAINT = "opacity:.72"
"""Style of what is said besides."""
BOX = f"border:{LINE};border-radius:4px;padding:8px 12px;margin:4px 0;max-width:60em"
"""Style of the box around what is shown."""
TABLE = "border-collapse:collapse;color:inherit;font-size:inherit"
"""Style of a table."""
CELL = "padding:1px 12px 1px 0;text-align:left;vertical-align:top;border:0;background:none"
"""Style of a cell of it."""
PRE = (
    "margin:2px 0 6px;padding:4px 8px;white-space:pre-wrap;overflow-wrap:anywhere;"
    "background:transparent;color:inherit;border-left:3px solid rgba(128,128,128,.4)"
)
"""Style of a value."""


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


def status_words(status: str) -> tuple[str, str]:
    """Return a status as a sign and as words.

    >>> status_words("interrupted")
    ('?', 'waits for an answer')
    """
    return _STATUS.get(status, ("", plain(status, 40)))


def preview_html(value: Preview, chars: int) -> str:
    """Return a value, and how much of it is not shown.

    >>> preview_html({"text": "a < b", "kind": "text", "cut": 0}, 100)[-15:]
    '>a &lt; b</pre>'
    """
    text = safe(value["text"], chars)
    left_out = value["cut"] + max(0, len(value["text"]) - chars)
    more = f"\n… ({left_out:,} more characters)" if left_out else ""
    return f'<pre style="{PRE}">{text}{more}</pre>'


def failure_html(error: FailureData, chars: int) -> str:
    """Return a failure: its text, and its traceback folded.

    >>> error = {"type": "ValueError", "message": "no", "traceback": "", "notes": []}
    >>> failure_html(error, 100)[-21:]
    '>ValueError: no</pre>'
    """
    notes = [note for note in error["notes"] if note not in error["traceback"]]
    lines = [f"{error['type']}: {error['message']}", *notes]
    traceback = with_cell_numbers(error["traceback"])[-chars:]
    message = "\n".join(lines)
    shown = f'<pre style="{PRE}">{safe(message, chars)}</pre>'
    if not traceback:
        return shown
    return shown + folded("Traceback", f'<pre style="{PRE}">{safe(traceback, chars)}</pre>')


def folded(summary: str, body: str, *, is_open: bool = False) -> str:
    """Return HTML that opens and shuts.

    Args:
        summary: HTML of the line that stays.
        body: HTML of the rest.

    >>> folded("More", "<div>…</div>")
    '<details style="margin-top:6px"><summary>More</summary><div>…</div></details>'
    """
    shut = " open" if is_open else ""
    return f'<details{shut} style="margin-top:6px"><summary>{summary}</summary>{body}</details>'
