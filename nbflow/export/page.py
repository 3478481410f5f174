"""A record as one HTML page that stands alone: no script, no request, light, dark and printed."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nbflow.record.markup import plain, safe
from nbflow.record.static_view import head_html
from nbflow.record.times import time_html

if TYPE_CHECKING:
    from nbflow.export.sections import Section
    from nbflow.export.story import Record

__all__ = ["page_of"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'"
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;max-width:64em;margin:2em auto;padding:0 1em;
background:Canvas;color:CanvasText}
h1{font-size:1.5em;overflow-wrap:anywhere}h2{font-size:1.1em;margin:1.6em 0 .4em}
pre,code{font-family:ui-monospace,monospace;font-size:13px}
.nbflow-static{max-width:none!important;overflow-x:auto}
@page{margin:1.5cm}
@media print{body{margin:0;max-width:none;padding:0}h2{break-after:avoid}
.nbflow-static{overflow:visible}details::details-content{content-visibility:visible;height:auto}}
"""


def page_of(record: Record) -> str:
    """Return a record as one HTML page.

    >>> from nbflow.export.story import Record
    >>> page_of(Record(log=[], history=[], made_at=0.0))[:15]
    '<!doctype html>'
    """
    return "".join(_page(record))


def _page(record: Record) -> Iterator[str]:
    summary = record.summary
    thread = "" if summary.thread_id is None else f", thread {summary.thread_id}"
    title = html.escape(plain(f"{summary.workflow}{thread}", 200))
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
    yield head_html(summary, 200)
    for section in (record.given, record.tasks):
        yield from _section(section)
    for at, section in enumerate(record.questions, 1):
        yield from _section(section, f" {at}" if len(record.questions) > 1 else "")
    for section in (record.outcome, record.checkpoints):
        yield from _section(section)
    yield f"<p>The record of a run, made {time_html(record.made_at)}.</p></main></body></html>\n"


def _section(section: Section, number: str = "") -> Iterator[str]:
    yield f"<section><h2>{safe(section.title, 80)}{number}</h2>{section.html}</section>"
