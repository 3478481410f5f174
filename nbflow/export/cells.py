"""A record as a notebook: its story in cells, with outputs that need no kernel.

The invariants: the notebook is valid; nothing from the run becomes Markdown or code, save as a
quoted name; its code cells, run again where the workflow is, show the same from what is stored, and
the first of them shows the live run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from nbflow.export.story import is_importable
from nbflow.record.markup import plain, status_words
from nbflow.record.static_view import run_html, run_text
from nbflow.record.times import duration_text, time_text, utc_text

if TYPE_CHECKING:
    from nbflow.export.sections import Section
    from nbflow.export.story import Record
    from nbflow.record.summary import Summary

__all__ = ["attaching", "notebook_of"]

_QUESTIONS = 200


def notebook_of(record: Record) -> nbformat.NotebookNode:
    """Return a record as a valid notebook.

    >>> from nbflow.export.story import Record
    >>> notebook_of(Record(log=[], history=[], made_at=0.0)).nbformat
    4
    """
    cells = list(_cells(record))
    for at, cell in enumerate(cells):
        cell["id"] = f"nbflow-{at}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made: nbformat.NotebookNode = new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    nbformat.validate(made)
    return made


def attaching(record: Record, summary: Summary) -> str:
    """Return the code that shows the live run again.

    >>> from nbflow.export.story import Record
    >>> from nbflow.record.summary import Summary
    >>> told = Record(log=[], history=[], made_at=0.0, module="essays", variable="review")
    >>> print(attaching(told, Summary(thread_id="cats")))
    %load_ext nbflow
    from essays import review
    <BLANKLINE>
    run = review.thread('cats')
    run
    """
    name = record.variable if is_importable(record.variable) else "workflow"
    found = f"# Run the cells that define {name} first: it was made in a notebook."
    if record.module is not None and is_importable(record.module):
        found = f"from {record.module} import {name}"
    return f"%load_ext nbflow\n{found}\n\nrun = {name}.thread({summary.thread_id!r})\nrun"


def _cells(record: Record) -> Iterator[Any]:
    summary = record.summary
    yield new_markdown_cell(_head(record, summary))
    whole = {"text/html": run_html(summary), "text/plain": run_text(summary)}
    if summary.thread_id is None:
        yield _shown("run", whole)
    else:
        yield _shown(attaching(record, summary), whole)
    begin = "from nbflow import export\n\nrecord = export.record(run)\nrecord.given"
    yield from _part("What it was given", begin, record.given)
    yield from _part("Tasks", "record.tasks", record.tasks)
    if summary.questions:
        yield new_markdown_cell("## Questions")
    for at, section in enumerate(record.questions[:_QUESTIONS]):
        yield _shown(f"record.questions[{at}]", _bundle(section))
    outcome = record.outcome
    yield from _part(outcome.title, "record.outcome", outcome)
    yield from _part("History", "record.checkpoints", record.checkpoints)


def _part(title: str, source: str, section: Section) -> Iterator[Any]:
    yield new_markdown_cell(f"## {title}")
    yield _shown(source, _bundle(section))


def _bundle(section: Section) -> dict[str, str]:
    return {"text/html": section.html, "text/plain": section.text}


def _shown(source: str, data: dict[str, str]) -> Any:
    return new_code_cell(source, outputs=[new_output("display_data", data=data)])


def _head(record: Record, summary: Summary) -> str:
    """The title and the facts; names of the run only as quoted code."""
    thread = "" if summary.thread_id is None else f", thread {_quoted(summary.thread_id)}"
    facts = [status_words(summary.status)[1], f"{duration_text(summary.duration_s)} at work"]
    if summary.started_at is not None:
        began = f"{time_text(summary.started_at)} ({utc_text(summary.started_at)})"
        facts.append(f"began {began}")
    open_, all_ = len(summary.open_questions), len(summary.questions)
    if all_:
        facts.append(f"{all_} question{'' if all_ == 1 else 's'}, {open_} open")
    return (
        f"# {_quoted(summary.workflow)}{thread}\n\n"
        f"{' · '.join(facts)}\n\n"
        f"The record of a run, made {utc_text(record.made_at)}. "
        "The first cell, run where the workflow is, shows it live."
    )


def _quoted(text: str) -> str:
    """Text as a Markdown code span, in which nothing has a meaning."""
    line = " ".join(plain(text, 200).split()) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"
