"""The `nbflow` command: demo notebooks, notebooks executed for CI, a doctor, an inbox, and the care
of threads.

Invariant: what `--check` accepts is what a person sees, the notebook's own cells in a fresh kernel
and a fresh directory, top to bottom. Its answers come from `NAME.answers.json` beside `NAME.ipynb`,
which the kernel reads through `NBFLOW_ANSWERS`. How a question finds its answer is the notebook
side's business, not this module's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from nbflow.terminal.care import add_care
from nbflow.terminal.doctor import add_doctor
from nbflow.terminal.inbox import add_inbox
from nbflow.terminal.run import add_run

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DemoOutcome", "execute_demo", "main"]

_CELL_TIMEOUT_S = 120
_RESULT_TAG = "result"
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What came of executing one demo notebook.

    >>> outcome = DemoOutcome(path=Path("01.ipynb"), notebook=nbformat.v4.new_notebook(),
    ...                       result="ok", error=None, duration_s=1.5)
    >>> outcome.error is None, outcome.result
    (True, 'ok')
    """

    path: Path
    """The notebook that was executed; the file itself is unchanged."""
    notebook: nbformat.NotebookNode
    """The executed copy, with its outputs as far as execution got."""
    result: str
    """The last line printed or shown by the cell tagged `result`; empty if there was none."""
    error: str | None
    """Why execution stopped, in one line; None when every cell ran."""
    duration_s: float
    """Seconds from the kernel's start to its end."""


def execute_demo(path: Path, *, directory: Path | None = None) -> DemoOutcome:
    """Execute a copy of the notebook at `path` in a fresh kernel.

    Its questions are answered from `NAME.answers.json` beside it, where that file exists.
    A cell that fails is an outcome with an `error`, not an exception.

    Args:
        directory: where the kernel works; None takes an empty one and removes it afterwards.
    """
    notebook = nbformat.read(path, as_version=4)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nbflow-demo-", ignore_cleanup_errors=True) as empty:
        error = _execute(notebook, str(directory or empty), path.with_suffix(".answers.json"))
    return DemoOutcome(
        path=path,
        notebook=notebook,
        result=_result_line(notebook),
        error=error,
        duration_s=time.monotonic() - started,
    )


def _execute(notebook: nbformat.NotebookNode, directory: str, answers: Path) -> str | None:
    """Execute `notebook` in place; returns why it stopped, None when every cell ran."""
    env = {**os.environ, "NBFLOW_USER": "demo"}  # outputs name nobody who executed them
    env.pop("NBFLOW_ANSWERS", None)
    if answers.exists():
        env["NBFLOW_ANSWERS"] = str(answers.resolve())
    client = NotebookClient(
        notebook,
        timeout=_CELL_TIMEOUT_S,
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        resources={"metadata": {"path": directory}},
    )
    try:
        client.execute(env=env)
    except CellExecutionError as failure:
        return f"{failure.ename}: {failure.evalue}".splitlines()[0]
    except CellTimeoutError:
        return f"a cell took longer than {_CELL_TIMEOUT_S} s"
    except DeadKernelError:
        return "the kernel died"
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the return value is the process's exit status: 0, or 1 on a failure.

    Args:
        argv: the arguments after the command's name; None takes those of this process.

    Raises:
        SystemExit: the arguments say nothing that it knows (status 2), or ask for help (status 0).

    >>> try:
    ...     main(["--help"])
    ... except SystemExit as stop:
    ...     print("status", stop.code)
    usage: nbflow ...
    status 0
    """
    parser = argparse.ArgumentParser(prog="nbflow", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="open or check the demo notebooks")
    demo.add_argument(
        "--check",
        action="store_true",
        help="execute every notebook headless, print each result, exit 1 if one fails",
    )
    demo.add_argument(
        "--write",
        action="store_true",
        help="as --check, and save the outputs of each notebook that ran to its end",
    )
    demo.add_argument(
        "--directory",
        type=Path,
        default=Path("notebooks"),
        help="where the notebooks are (default: ./notebooks, as in a clone)",
    )
    for add in (add_run, add_doctor, add_inbox, add_care):
        add(commands)
    options = parser.parse_args(argv)
    if options.command != "demo":
        return int(options.act(options))
    notebooks = sorted(options.directory.glob("[0-9]*.ipynb"))
    if not notebooks:
        parser.error(
            f"no demo notebook in {options.directory}: run this at the top of a clone, "
            "or name their folder with --directory"
        )
    if options.check or options.write:
        return _check(notebooks, write=options.write)
    return _open(notebooks[0])


def _check(notebooks: Sequence[Path], *, write: bool) -> int:
    failed = 0
    for path in notebooks:
        outcome = execute_demo(path)
        verdict = "failed" if outcome.error else "ok"
        print(
            f"{path.stem}: {verdict} in {outcome.duration_s:.1f} s: "
            f"{outcome.error or outcome.result}",
            flush=True,
        )
        if outcome.error:
            failed += 1
        elif write:
            nbformat.write(_for_saving(outcome.notebook), path)
    return 1 if failed else 0


def _open(first: Path) -> int:
    command = [sys.executable, "-m", "jupyterlab", str(first)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    os.execv(sys.executable, command)


def _result_line(notebook: nbformat.NotebookNode) -> str:
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if _RESULT_TAG in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
    ]
    lines = "\n".join(texts).strip().splitlines()
    return lines[-1] if lines else ""


def _for_saving(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Leave out what only a live kernel can use, so that every viewer shows the HTML."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(_WIDGET_VIEW, None)
    return notebook
