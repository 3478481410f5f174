"""A notebook executed in a kernel of its own, its questions answered by a program.

The kernel is ended by who started it, whatever happens: when the last cell has run, when a cell
fails, when the execution is cancelled, and when answering a question ends it.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from nbflow.errors import NotSerializableError
from nbflow.headless.failures import NotebookCellError
from nbflow.headless.line import KernelLine
from nbflow.notebook.answers import ANSWERS_VARIABLE
from nbflow.types import Interrupt

__all__ = ["ChildQuestion", "Declined", "Execution", "Reply", "executed_cells", "read_notebook"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CONNECT_S = 60.0
_REST_S = 60.0
"""How long runs may go on after the last cell, where no time-out says otherwise."""
_SKIPPED = "skip-execution"
_KERNEL_FAILED = ("DeadKernelError", "CellTimeoutError")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildQuestion:
    """A question that a cell of the executed notebook waits for.

    >>> ChildQuestion(thread_id="1", workflow="review", run_id="0" * 32,
    ...               interrupt=Interrupt("Publish it?", "0" * 32)).workflow
    'review'
    """

    thread_id: str | None
    """The thread that asks; None where nothing is kept."""
    workflow: str
    """Name of the workflow that asks."""
    run_id: str
    """32 hex digits."""
    interrupt: Interrupt
    """The question itself."""


class Reply(NamedTuple):
    """An answer, and what the audit of the notebook's thread says of it."""

    answer: Any
    """What is answered."""
    via: str
    """How the answer comes."""
    by: str | None = None
    """Who answers; None for the kernel's user."""


class Declined(NamedTuple):
    """No answer: the cell that waits fails."""

    how: str
    """How it could be answered, for the cell's message."""


_Message = Mapping[str, Any]


class Execution:
    """One execution of one notebook.

    Args:
        notebook: is executed in place: it has the outputs, as far as the cells came.
        cwd: where the kernel works.
        kernel_name: None for the notebook's own.
        timeout: seconds that a cell, and the runs after the last one, may take; None for any time,
            and a minute after the last cell.
        answer: is asked for the answer to each question, in the context of :meth:`run`; what it
            raises ends the execution. An answer that the kernel refuses has a verdict, below.
        tell: hears everything that the kernel tells, and of each cell that begins.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        *,
        cwd: Path,
        kernel_name: str | None = None,
        timeout: float | None = None,
        answer: Callable[[ChildQuestion], Reply | Declined],
        tell: Callable[[_Message], None],
    ) -> None:
        self.notebook = notebook
        """The notebook, with the outputs so far."""
        self._cwd = cwd
        self._timeout = timeout
        self._answer = answer
        self._tell = tell
        named: dict[str, Any] = {} if kernel_name is None else {"kernel_name": kernel_name}
        self._client = NotebookClient(
            notebook, timeout=None if timeout is None else max(1, round(timeout)),
            store_widget_state=False, record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"], **named,
        )  # fmt: skip
        self._cell = 0
        self._finishing = False

    async def run(self) -> None:
        """Execute every cell.

        Raises:
            NotebookCellError: a cell failed, or its kernel died, did not start or took too long.
            NoSuchKernel: there is no kernel of this name.
            BaseException: what ``answer`` raised.
        """
        manager = self._client.create_kernel_manager()
        line = KernelLine()
        env = {k: v for k, v in os.environ.items() if k != ANSWERS_VARIABLE}
        done = False
        try:
            await self._start(env)
            connected = await self._connect(line)
            await self._converse(line, connected)
            done = True
        finally:
            await asyncio.shield(_end_kernel(manager, self._client.kc, at_once=not done))
            line.close()

    async def _start(self, env: dict[str, str]) -> None:
        try:
            await self._client.async_start_new_kernel(cwd=str(self._cwd), env=env)
            await self._client.async_start_new_kernel_client()
        except (RuntimeError, OSError) as exc:
            said = f"The kernel did not start, so no cell ran: {exc}"
            raise NotebookCellError(said, 0, _KERNEL_FAILED[0]) from exc

    async def _connect(self, line: KernelLine) -> bool:
        """Connect the kernel; False when it knows no nbflow."""
        reply = await self._silently(line.connecting, _CONNECT_S)
        return bool(reply["content"]["status"] == "ok")

    async def _silently(self, code: str, limit_s: float | None) -> Any:
        client: Any = self._client.kc
        return await client.execute(
            code, silent=True, store_history=False, reply=True, timeout=limit_s
        )

    async def _converse(self, line: KernelLine, connected: bool) -> None:
        """Execute the cells and hear the kernel meanwhile, until both are over."""
        cells = asyncio.ensure_future(self._cells(connected))
        hearing = asyncio.ensure_future(line.hear())
        try:
            while connected:
                heard_out = self._finishing and cells.done()
                waiting = {hearing} if heard_out else {cells, hearing}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    if self._finishing:
                        continue  # what the kernel said before it replied is on its way
                    break
                message = hearing.result()
                if message is None and self._finishing:
                    raise self._failed("the kernel died", _KERNEL_FAILED[0])
                if message is None or message["kind"] == "finished":
                    break
                self._take(message, line)
                hearing = asyncio.ensure_future(line.hear())
            await asyncio.wait({cells})
            cells.result()
        finally:
            hearing.cancel()
            cells.cancel()
            await asyncio.gather(cells, hearing, return_exceptions=True)

    def _take(self, message: _Message, line: KernelLine) -> None:
        self._tell(message)
        if message["kind"] != "question":
            return
        facts = {**message["interrupt"]}
        facts["assignees"] = tuple(facts["assignees"])
        question = ChildQuestion(
            thread_id=message["thread_id"], workflow=message["workflow"],
            run_id=message["run_id"], interrupt=Interrupt(**facts),
        )  # fmt: skip
        given = self._answer(question)
        if isinstance(given, Declined):
            line.say(how=given.how)
            return
        try:
            line.say(answer=given.answer, via=given.via, by=given.by)
        except NotSerializableError as exc:
            line.say(how=f"give an answer that can be stored: {exc}")

    async def _cells(self, connected: bool) -> None:
        try:
            for at, cell in executed_cells(self.notebook):
                self._cell += 1
                self._tell({"kind": "cell", "cell": self._cell, "source": cell.source})
                await self._execute(cell, at)
        except NotebookCellError as failure:
            if connected and failure.type not in _KERNEL_FAILED:
                await self._finish(0.0)
            raise
        if connected:
            await self._finish(_REST_S if self._timeout is None else self._timeout)

    async def _finish(self, limit_s: float) -> None:
        """Let the kernel tell the rest, when the runs have come to rest or the time is up."""
        self._finishing = True
        code = f"from nbflow.notebook.supervisor import finish\nfinish({limit_s!r})"
        reply = await self._silently(code, None)
        self._finishing = reply["content"]["status"] == "ok"

    async def _execute(self, cell: NotebookNode, at: int) -> None:
        try:
            await self._client.async_execute_cell(cell, at, execution_count=self._cell)
        except CellExecutionError as exc:
            cell["execution_count"] = self._cell
            said = f"{exc.ename}: {exc.evalue}"
            raise self._failed(said, exc.ename, _traceback_in(cell)) from None
        except DeadKernelError:
            raise self._failed("the kernel died", _KERNEL_FAILED[0]) from None
        except CellTimeoutError:
            said = f"it took longer than {self._timeout:g} s"
            raise self._failed(said, _KERNEL_FAILED[1]) from None

    def _failed(self, why: str, kind: str, traceback: str = "") -> NotebookCellError:
        return NotebookCellError(
            f"Cell In [{self._cell}] failed: {why}", self._cell, kind, traceback
        )


def executed_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """The cells that an execution runs, each with its place in the notebook.

    >>> cells = [nbformat.v4.new_markdown_cell("# Tea"), nbformat.v4.new_code_cell("tea = 1")]
    >>> [at for at, cell in executed_cells(nbformat.v4.new_notebook(cells=cells))]
    [1]
    """
    return [
        (at, cell)
        for at, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
        if _SKIPPED not in cell.metadata.get("tags", [])
    ]


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook, of whatever version, without its outputs.

    Raises:
        OSError: there is no such file.
        ValueError: it is no notebook.

    >>> try:
    ...     read_notebook(Path("nowhere.ipynb"))
    ... except FileNotFoundError as error:
    ...     print(error.filename)
    nowhere.ipynb
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except OSError:
        raise
    except Exception as exc:  # nbformat's own, and what JSON and its schema raise
        raise ValueError(f"{path} is no notebook: {' '.join(str(exc).split())[:300]}") from exc
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _traceback_in(cell: NotebookNode) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return _COLOUR.sub("", "\n".join(errors[-1].traceback)) if errors else ""


async def _end_kernel(manager: Any, client: Any, *, at_once: bool) -> None:
    if client is not None:
        client.stop_channels()
    if manager.has_kernel:
        await manager.shutdown_kernel(now=at_once)
    await manager.cleanup_resources()
