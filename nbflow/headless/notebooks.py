"""``nbflow.notebook_task``: a parameterised notebook as a task of a workflow.

A call is a task with an execution of the notebook inside it, and one more for each question: an
execution that comes to a question without an answer ends there, with its kernel, and the question
is the workflow's. When it is answered the notebook is executed again with the answers known so far.
So nothing of a notebook is held while a person thinks, and each execution is recorded like any
other task. What the notebook itself keeps in a database is there for its next execution.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from nbflow import serde
from nbflow._current import current_frame
from nbflow.config import get_stream_writer
from nbflow.func import Task, task
from nbflow.headless.aside import run_aside
from nbflow.headless.execution import (
    ChildQuestion,
    Declined,
    Execution,
    Reply,
    executed_cells,
    read_notebook,
)
from nbflow.headless.failures import NotebookCellError
from nbflow.headless.ledger import Ledger
from nbflow.headless.parameters import parameterised
from nbflow.types import RetryPolicy, interrupt

__all__ = ["NotebookResult", "notebook_task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """What came of a notebook whose cells all ran.

    >>> NotebookResult(path="report.ipynb", values={"kept": 108}, notebook="{}").values["kept"]
    108
    """

    path: str
    """The notebook, as ``notebook_task`` was given it; the file itself is unchanged."""
    values: dict[str, Any]
    """What the notebook handed over with :func:`nbflow.glue <nbflow.notebook.glued.glue>`."""
    notebook: str
    """The executed notebook with its outputs: the text of an ``.ipynb`` file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An execution came to a question without an answer, or with one that the notebook refused."""

    value: Any
    response_schema: dict[str, Any] | None
    key: str | None
    assignees: list[str]
    refused: int | None = None
    """Place of the answer that the notebook refused, among those that it was given."""


serde.register(NotebookResult, _Asked)


_Answers = list[dict[str, Any]]
"""What is known so far: of each question its identity, and the answer."""


class _Stop(Exception):
    """Ends an execution at a question."""


def notebook_task(
    path: str | Path,
    *,
    name: str | None = None,
    cwd: str | Path | None = None,
    kernel_name: str | None = None,
    timeout: float | None = None,
    retry_policy: RetryPolicy | Sequence[RetryPolicy] | None = None,
) -> Task[..., NotebookResult]:
    """Make a notebook a task: called with its parameters, it gives the executed notebook's values.

    The parameters are the names that the cell tagged ``parameters`` assigns, as in papermill; the
    call gives them by keyword. The notebook hands values back with ``nbflow.glue(name, value)``.
    A question that one of its cells waits for, as ``run.result()`` and ``await run`` do, is a
    question of the workflow: to the same people, with the same schema, for any time. Its answer is
    judged by the notebook; one that it refuses is asked for again. After the answer the notebook is
    executed again, so what it does before a question happens more than once; keep in a database of
    the notebook's own what must not. Who answered stands in the workflow's audit; that of a thread
    of the notebook names the first of the assignees.

    Args:
        path: the ``.ipynb`` file, read when the task runs.
        name: what streams and records call the task; the file's name without its ending when left
            out.
        cwd: where the kernel works; the notebook's folder when left out.
        kernel_name: the kernel; the notebook's own when left out.
        timeout: seconds that a cell may take; None for any time.
        retry_policy: when and how often an execution that failed is made again.

    Returns:
        A task. Its calls raise :class:`~nbflow.headless.failures.NotebookCellError` with the number
        and the traceback of a cell that failed, and
        :class:`~nbflow.headless.failures.NotebookParameterError` for a parameter that there is not.

    >>> from nbflow.func import entrypoint
    >>> clean = notebook_task("clean.ipynb")
    >>> @entrypoint()
    ... def monthly(month: int) -> int:
    ...     return clean(month=month).result().values["kept"]
    >>> clean.name
    'clean'
    """
    file = Path(path)
    label = name or file.stem
    folder = None if cwd is None else Path(cwd)

    @task(name=f"execute {file.name}", retry_policy=retry_policy)
    def execute(parameters: dict[str, Any], answers: _Answers) -> NotebookResult | _Asked:
        notebook = parameterised(read_notebook(file), parameters)
        once = _Once(str(file), notebook, answers)
        return once.outcome(
            Execution(
                notebook, cwd=folder or file.resolve().parent, kernel_name=kernel_name,
                timeout=timeout, answer=once.answer, tell=once.tell,
            )
        )  # fmt: skip

    @task(name=label)
    def run(**parameters: Any) -> NotebookResult:
        answers: _Answers = []
        while True:
            came = execute(parameters, answers).result()
            if isinstance(came, NotebookResult):
                return came
            answer = interrupt(
                came.value,
                response_schema=came.response_schema,
                key=came.key,
                assignees=came.assignees or None,
            )
            at = len(answers) if came.refused is None else came.refused
            given = {"question": _identity(came), "answer": answer}
            answers = [*answers[:at], given, *answers[at + 1 :]]

    return run


class _Once:
    """One execution: the answers known so far, and what comes of it."""

    def __init__(self, path: str, notebook: NotebookNode, answers: _Answers) -> None:
        self._path = path
        self._known = answers
        self._left = list(range(len(answers)))
        self._given: tuple[int, _Asked] | None = None
        self._asked: _Asked | None = None
        self._ledger = Ledger()
        self._frame: Any = current_frame.get()
        """Of the task: it knows whether the run goes on."""
        self._write = get_stream_writer()
        self._cells = len(executed_cells(notebook))

    def answer(self, question: ChildQuestion) -> Reply | Declined:
        """The first answer to this question that was not given yet.

        Raises:
            _Stop: there is none.
        """
        asked = question.interrupt
        self._asked = _Asked(
            value=asked.value, response_schema=asked.response_schema, key=asked.key,
            assignees=list(asked.assignees),
        )  # fmt: skip
        identity = _identity(self._asked)
        at = next((one for one in self._left if self._known[one]["question"] == identity), None)
        if at is None:
            raise _Stop
        self._left.remove(at)
        self._given = at, self._asked
        return Reply(self._known[at]["answer"], "notebook task", by=(asked.assignees or (None,))[0])

    def tell(self, message: Mapping[str, Any]) -> None:
        self._ledger.take(message)
        if message["kind"] == "cell":
            done = {"done": message["cell"] - 1, "total": self._cells, "text": "cells"}
            self._write({"progress": done})
        elif message["kind"] == "verdict" and message["fault"] is None:
            self._given = None

    def outcome(self, execution: Execution) -> NotebookResult | _Asked:
        try:
            run_aside(execution.run(), self._frame.execution.check)
        except _Stop:
            assert self._asked is not None
            return self._asked
        except NotebookCellError as failure:
            if self._given is not None:
                at, asked = self._given
                return replace(asked, refused=at)
            said = f"{self._path}: {failure.message}"
            raise NotebookCellError(said, failure.cell, failure.type, failure.traceback) from None
        return NotebookResult(
            path=self._path, values=self._ledger.values,
            notebook=nbformat.writes(execution.notebook),
        )  # fmt: skip


def _identity(asked: _Asked) -> str:
    """What makes a question the same in another execution of the notebook."""
    if asked.key is not None:
        return f"key {asked.key}"
    return hashlib.sha256(serde.dumps([asked.value, asked.response_schema])).hexdigest()
