"""A run told to somebody who has neither the kernel nor the code: as a notebook, a page or a file.

``notebook``, ``html`` and ``json`` take a run, or a workflow and a thread; ``load`` reads what
``json`` wrote. What they write holds no script, and no secret that the run's schemas mark; reading
runs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, overload

from nbflow.export.files import record_in, to_json
from nbflow.export.page import page_of
from nbflow.export.story import Record, record

if TYPE_CHECKING:
    import nbformat

    from nbflow.base_run import BaseRun
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["Record", "html", "json", "load", "notebook", "record"]

_Path = str | os.PathLike[str]
_Id = str | int | None
if TYPE_CHECKING:
    _Source = BaseRun | BaseWorkflow | Record


@overload
def notebook(
    source: _Source, thread_id: _Id = None, path: None = None
) -> nbformat.NotebookNode: ...
@overload
def notebook(source: _Source, thread_id: _Id = None, *, path: _Path) -> Path: ...
@overload
def notebook(source: _Source, thread_id: _Id, path: _Path) -> Path: ...
def notebook(
    source: _Source, thread_id: _Id = None, path: _Path | None = None
) -> nbformat.NotebookNode | Path:
    """Return a run as a notebook that tells its story, or write it to a file.

    What the run was given, its tasks, each question with who answered what and when, the result or
    the error, and its history, in outputs that need no kernel. Its first cell shows the live run
    again where the workflow can be imported or is defined.

    Args:
        source: a run; a workflow; or a record.
        thread_id: which thread of a workflow.
        path: a file to write, such as ``"record.ipynb"``, in place of what is there; it is
            returned then.

    Raises:
        MissingThreadError, UnknownThreadError, WorkflowMismatchError: as in :func:`record`.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> run.result()
    8
    >>> [cell.source for cell in notebook(run).cells if cell.cell_type == "code"][1:3]
    ['from nbflow import export\\n\\nrecord = export.record(run)\\nrecord.given', 'record.tasks']
    """
    import nbformat

    from nbflow.export.cells import notebook_of

    made = notebook_of(record(source, thread_id))
    if path is None:
        return made
    nbformat.write(made, Path(path))
    return Path(path)


@overload
def html(source: _Source, thread_id: _Id = None, path: None = None) -> str: ...
@overload
def html(source: _Source, thread_id: _Id = None, *, path: _Path) -> Path: ...
@overload
def html(source: _Source, thread_id: _Id, path: _Path) -> Path: ...
def html(source: _Source, thread_id: _Id = None, path: _Path | None = None) -> str | Path:
    """Return a run as one HTML page that needs nothing else, or write it to a file.

    Args:
        source: a run; a workflow; or a record.
        thread_id: which thread of a workflow.
        path: a file to write; what is there is replaced. Its path is returned.

    Raises:
        MissingThreadError, UnknownThreadError, WorkflowMismatchError: as in :func:`record`.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> "<h1>double</h1>" in html(double.start(4))
    True
    """
    return _written(page_of(record(source, thread_id)), path)


@overload
def json(source: _Source, thread_id: _Id = None, path: None = None) -> str: ...
@overload
def json(source: _Source, thread_id: _Id = None, *, path: _Path) -> Path: ...
@overload
def json(source: _Source, thread_id: _Id, path: _Path) -> Path: ...
def json(source: _Source, thread_id: _Id = None, path: _Path | None = None) -> str | Path:
    """Return a run as JSON that :func:`load` reads, or write it to a file.

    Args:
        source: a run; a workflow; or a record.
        thread_id: which thread of a workflow.
        path: a file to write; what is there is replaced. Its path is returned.

    Raises:
        MissingThreadError, UnknownThreadError, WorkflowMismatchError: as in :func:`record`.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> json(double.start(4))[:20]
    '{"nbflow_record":1,"'
    """
    return _written(to_json(record(source, thread_id)), path)


def load(path: _Path) -> Record:
    """Return the record that a file of :func:`json` holds, to look at; nothing of it is run.

    Raises:
        CorruptDataError: it holds none, or one that a newer nbflow wrote.
        OSError: the file cannot be read.

    >>> try:
    ...     load("/dev/null")
    ... except ValueError as error:
    ...     print(str(error)[:29])
    This is no record of a run: I
    """
    return record_in(path)


def _written(text: str, path: _Path | None) -> str | Path:
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)
