"""``nbflow run NOTEBOOK``: executes a notebook where nobody is at the keyboard.

Progress goes to standard error, and with ``--json`` a summary to standard output. The exit status
says what came of it, each outcome with one of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel

from nbflow.errors import RunPendingError
from nbflow.headless.execution import (
    ChildQuestion,
    Declined,
    Execution,
    Reply,
    executed_cells,
    read_notebook,
)
from nbflow.headless.failures import NotebookCellError
from nbflow.headless.ledger import Ledger, json_form
from nbflow.headless.parameters import parameterised
from nbflow.notebook.answers import ANSWERS_VARIABLE, AnswerFile
from nbflow.notebook.plain_yaml import read_yaml
from nbflow.record.times import duration_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbformat import NotebookNode

__all__ = ["ExitStatus", "NotebookOutcome", "add_run", "run_notebook"]

_STOPPED = 130
"""As a shell says of a command that Ctrl-C ended."""


class ExitStatus(IntEnum):
    """What came of a notebook, as the exit status says it."""

    DONE = 0
    """Every cell ran, and no question is open."""
    CELL_FAILED = 1
    """A cell raised, took too long or lost its kernel."""
    BAD_INPUT = 2
    """The notebook, the answers, a parameter or the command line cannot be used; nothing ran."""
    UNANSWERED = 3
    """A question has no answer."""
    WRONG_ANSWER = 4
    """The kernel refused an answer."""


def add_run(commands: Any) -> None:
    """Add the command to a parser's commands.

    >>> parser = argparse.ArgumentParser()
    >>> add_run(parser.add_subparsers())
    >>> parser.parse_args(["run", "report.ipynb", "-p", "month", "3"]).parameters
    [['month', '3']]
    """
    run = commands.add_parser(
        "run",
        help="execute a notebook, with answers from a file",
        description="Execute a notebook with nobody at the keyboard. " + _statuses(),
    )
    run.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    run.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help=f"YAML or JSON with the answers (default: the file that {ANSWERS_VARIABLE} names)",
    )
    run.add_argument(
        "--output", type=Path, metavar="FILE", help="where the executed notebook is written"
    )
    run.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a value for a name in the cell tagged 'parameters': JSON, or plain text",
    )
    run.add_argument(
        "--timeout", type=float, metavar="S", help="seconds that a cell may take (default: any)"
    )
    run.add_argument("--kernel", metavar="NAME", help="the kernel (default: the notebook's own)")
    run.add_argument(
        "--json", action="store_true", help="print a summary as JSON to standard output"
    )
    run.set_defaults(act=_run)


def _statuses() -> str:
    said = "; ".join(f"{one.value} {one.name.lower().replace('_', ' ')}" for one in ExitStatus)
    return f"Exit status: {said}."


def run_notebook(
    path: Path,
    answers: AnswerFile | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    timeout: float | None = None,
    kernel_name: str | None = None,
    say: Callable[[str], None] = print,
) -> NotebookOutcome:
    """Execute a copy of a notebook in its own folder; returns what came of it.

    Args:
        say: takes each line of progress.

    Raises:
        OSError, ValueError, NotebookParameterError: the notebook or a parameter cannot be used.
    """
    outcome = NotebookOutcome(
        path=path, notebook=parameterised(read_notebook(path), parameters or {})
    )
    progress = _Progress(outcome, say)

    def answer(question: ChildQuestion) -> Reply | Declined:
        outcome.ledger.note(question)
        if answers is None:
            return Declined("name a file of answers: --answers FILE")
        taken = answers.take(question.interrupt, question.thread_id)
        if taken is None:
            return Declined(f"add an answer to {answers.path!r}: none is left for this question")
        source = f"entry {taken.entry} of {answers.path}"
        outcome.ledger.answered(question, taken.answer, source)
        say(f"      {question.workflow} · {question.thread_id}: answered by {source}")
        return Reply(taken.answer, "answers file")

    execution = Execution(
        outcome.notebook, cwd=path.resolve().parent, kernel_name=kernel_name, timeout=timeout,
        answer=answer, tell=progress.tell,
    )  # fmt: skip
    started = time.monotonic()
    try:
        asyncio.run(execution.run())
    except NotebookCellError as failure:
        outcome.failure = failure
    outcome.duration_s = time.monotonic() - started
    return outcome


@dataclass(slots=True, kw_only=True)
class NotebookOutcome:
    """What came of executing a notebook."""

    path: Path
    """The notebook that was executed; the file itself is unchanged."""
    notebook: NotebookNode
    """The executed copy, with its outputs as far as execution got."""
    ledger: Ledger = field(default_factory=Ledger)
    """What its runs did."""
    failure: NotebookCellError | None = None
    """The cell that failed; None when every cell ran."""
    duration_s: float = 0.0
    """Seconds from the kernel's start to its end."""

    @property
    def status(self) -> ExitStatus:
        """What it was, in one word."""
        failed = self.failure
        if failed is None:
            return ExitStatus.UNANSWERED if self.ledger.open_questions() else ExitStatus.DONE
        if failed.type == "RunPendingError" and self.ledger.open_questions():
            return ExitStatus.UNANSWERED
        refused = failed.type in ("InvalidAnswerError", "NotAssignedError") and (
            self.ledger.refused()
        )
        return ExitStatus.WRONG_ANSWER if refused else ExitStatus.CELL_FAILED

    def summary(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        failed = self.failure
        return {
            "notebook": str(self.path),
            "status": self.status.name.lower(),
            "exit_status": self.status.value,
            "duration_s": round(self.duration_s, 3),
            "runs": self.ledger.records(),
            "values": {name: json_form(value) for name, value in self.ledger.values.items()},
            "error": None if failed is None else {
                "cell": failed.cell, "type": failed.type, "message": failed.message,
                "traceback": failed.traceback,
            },
        }  # fmt: skip


class _Progress:
    """Says which cell runs, and what the tasks of the runs in it do."""

    def __init__(self, outcome: NotebookOutcome, say: Callable[[str], None]) -> None:
        self._ledger, self._say = outcome.ledger, say
        self._cells = len(executed_cells(outcome.notebook))

    def tell(self, message: Mapping[str, Any]) -> None:
        self._ledger.take(message)
        kind = message["kind"]
        if kind == "cell":
            first = message["source"].strip().splitlines()[0]
            self._say(f"[{message['cell']}/{self._cells}] {first[:80]}")
        elif kind in ("task", "asked", "ended"):
            run = self._ledger.runs[message["run_id"]]
            line = self._line(message)
            if line:
                self._say(f"      {run.workflow} · {run.thread_id}: {line}")
        elif kind == "verdict" and message["fault"] is not None:
            self._say(f"      refused: {message['fault']}")

    @staticmethod
    def _line(message: Mapping[str, Any]) -> str:
        if message["kind"] == "asked":
            return f"? {message['title']}"
        status, took = message["status"], message["duration_s"]
        if message["kind"] == "ended" and status == "interrupted":
            return ""
        if message["kind"] == "ended":
            error = message["error"]
            return f"{status} in {duration_text(took)}" + (
                f": {error['type']}: {error['message']}" if error else ""
            )
        if status in ("running", "replayed"):
            return ""
        return f"{message['name']} {status}" + ("" if took is None else f", {duration_text(took)}")


def _run(options: argparse.Namespace) -> int:
    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        if options.output is not None and not options.output.resolve().parent.is_dir():
            raise FileNotFoundError(f"There is no folder for the output {options.output}.")
        answers = _answers(options.answers)
        parameters = {name: _value(text) for name, text in options.parameters}
        outcome = run_notebook(
            options.notebook, answers, parameters, timeout=options.timeout,
            kernel_name=options.kernel, say=say,
        )  # fmt: skip
        if options.output is not None:
            nbformat.write(outcome.notebook, options.output)
    except (OSError, ValueError, RunPendingError, NoSuchKernel) as exc:
        return _refuse(options, str(exc), say)
    except KeyboardInterrupt:
        say(f"nbflow run: {options.notebook} was stopped, and its kernel ended.")
        return _STOPPED
    summary = outcome.summary()
    if options.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    if outcome.failure is not None:
        say(outcome.failure.traceback or outcome.failure.message)
    for question in outcome.ledger.open_questions():
        say(
            f"{question['question']!r} of {question['workflow']} on thread "
            f"{question['thread_id']!r} has no answer. A cell must wait for it, as run.result() "
            "does, and the file of answers have an entry for it."
        )
    for run in outcome.ledger.runs.values():
        if run.status == "running":
            say(f"{run.workflow} · {run.thread_id}: still at work when its kernel was ended")
    say(f"{options.notebook}: {summary['status']} in {duration_text(outcome.duration_s)}")
    return int(outcome.status)


def _refuse(options: argparse.Namespace, why: str, say: Callable[[str], None]) -> int:
    say(f"nbflow run: {why}")
    if options.json:
        status = ExitStatus.BAD_INPUT
        facts = {"status": status.name.lower(), "exit_status": status.value, "error": why}
        print(json.dumps({"notebook": str(options.notebook), **facts}, ensure_ascii=False))
    return int(ExitStatus.BAD_INPUT)


def _answers(named: Path | None) -> AnswerFile | None:
    path = named or os.environ.get(ANSWERS_VARIABLE)
    return AnswerFile(str(path)) if path else None


def _value(text: str) -> Any:
    """A value on the command line: what JSON would read, else the text."""
    try:
        return read_yaml(text)
    except ValueError:
        return text
