"""A notebook as a task: real kernels, a real database, and a parent that is killed and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

import nbflow
from nbflow import export
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import RunCancelledError
from nbflow.events import Custom
from nbflow.func import entrypoint
from nbflow.headless.failures import NotebookCellError, NotebookParameterError
from nbflow.headless.notebooks import NotebookResult
from nbflow.pending import pending
from nbflow.types import Command, interrupt
from tests.notebook.notebooks import write_notebook

pytestmark = pytest.mark.timeout(120)

_ONCE = "open('executions', 'a').write('x')"
_TWO_QUESTIONS = """
import nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

def not_seven(number):
    return "Not seven." if number == 7 else None

@entrypoint(checkpointer=InMemorySaver())
def shelf(name):
    count = interrupt({"question": f"How many {name}?"}, response_schema=int, validate=not_seven)
    return count, interrupt("Which?", response_schema=str, key="which", assignees=["ada"])

nbflow.glue("shelf", shelf.start(name, thread_id="1").result())
"""


@pytest.fixture
def saver(tmp_path: Path) -> BaseCheckpointSaver:
    return SqliteSaver(tmp_path / "parent.sqlite")


def thread(name: str = "1") -> Any:
    return {"configurable": {"thread_id": name}}


def executions(folder: Path) -> int:
    return len((folder / "executions").read_text())


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_values_and_outputs_are_kept(
    kind: str, tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    write_notebook(
        tmp_path / "double.ipynb",
        f"{_ONCE}\nimport nbflow\nprint(f'doubling {{numbers}}')",
        "nbflow.glue('doubled', [2 * n for n in numbers]); nbflow.glue('by', label)",
        parameters="numbers = []\nlabel = None",
    )
    double = nbflow.notebook_task(tmp_path / "double.ipynb")

    @entrypoint(checkpointer=saver)
    def plain(numbers: list[int]) -> NotebookResult:
        return double(numbers=numbers, label='it\'s "me"').result()

    @entrypoint(checkpointer=saver)
    async def asynchronous(numbers: list[int]) -> NotebookResult:
        return await double(numbers=numbers, label='it\'s "me"')

    result = (
        plain.invoke([1, 2], thread()) if kind == "sync" else
        await asynchronous.ainvoke([1, 2], thread())
    )  # fmt: skip

    assert result.values == {"doubled": [2, 4], "by": 'it\'s "me"'}
    executed = nbformat.reads(result.notebook, as_version=4)
    assert [cell.execution_count for cell in executed.cells] == [1, 2, 3, 4]
    assert executed.cells[2].outputs[0].text == "doubling [1, 2]\n"
    assert nbformat.read(tmp_path / "double.ipynb", as_version=4).cells[1].outputs == []
    assert executions(tmp_path) == 1


def test_a_finished_notebook_is_not_executed_again(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    write_notebook(tmp_path / "one.ipynb", f"{_ONCE}\nimport nbflow\nnbflow.glue('one', 1)")
    one = nbflow.notebook_task(tmp_path / "one.ipynb")

    @entrypoint(checkpointer=saver)
    def both(name: str) -> Any:
        return one().result().values["one"], interrupt("Well?")

    both.invoke("tea", thread())

    assert both.invoke(Command(resume=2), thread()) == (1, 2)
    assert executions(tmp_path) == 1


def test_questions_surface_with_their_schema_and_the_notebook_has_the_last_word(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    write_notebook(tmp_path / "ask.ipynb", _ONCE, _TWO_QUESTIONS, parameters="name = 'salt'")
    ask = nbflow.notebook_task(tmp_path / "ask.ipynb")

    @entrypoint(checkpointer=saver)
    def parent(name: str) -> Any:
        return ask(name=name).result().values["shelf"]

    (first,) = parent.invoke("teas", thread())["__interrupt__"]
    assert (first.value, first.response_schema["type"]) == (
        {"question": "How many teas?"},
        "integer",
    )
    (again,) = parent.invoke(Command(resume=7), thread())["__interrupt__"]
    assert (again.value, again.id != first.id) == (first.value, True)
    (second,) = parent.invoke(Command(resume=3), thread())["__interrupt__"]
    assert (second.value, second.key, second.assignees) == ("Which?", "which", ("ada",))
    with nbflow.acting_as("ada"):
        assert parent.invoke(Command(resume="green"), thread()) == (3, "green")

    assert executions(tmp_path) == 4
    assert [one.task for one in pending(saver)] == []


def test_a_notebook_that_goes_on_in_its_own_database(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    """What it was answered before is not asked again, and that is no divergence."""
    queue = """
import nbflow
own = SqliteSaver("own.sqlite")
run = nbflow.review(["tea", "salt"], bool, question="Keep it?", checkpointer=own)
nbflow.glue("kept", run.result())
"""
    write_notebook(
        tmp_path / "queue.ipynb", "from nbflow.checkpoint.sqlite import SqliteSaver", queue
    )
    reviewed = nbflow.notebook_task(tmp_path / "queue.ipynb")

    @entrypoint(checkpointer=saver)
    def parent(name: str) -> Any:
        return reviewed().result().values["kept"]

    parent.invoke("x", thread())
    parent.invoke(Command(resume=True), thread())

    assert parent.invoke(Command(resume=False), thread()) == [True, False]


def test_a_secret_that_a_notebook_asks_for_is_shown_nowhere(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    asks = """
import nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

@entrypoint(checkpointer=InMemorySaver())
def log_in(name):
    schema = {"type": "object", "properties": {"pin": {"type": "string", "format": "password"}}}
    return interrupt("Log in", response_schema=schema)["pin"]

nbflow.glue("length", len(log_in.start(1, thread_id="1").result()))
"""
    write_notebook(tmp_path / "log_in.ipynb", asks)
    log_in = nbflow.notebook_task(tmp_path / "log_in.ipynb")

    @entrypoint(checkpointer=saver)
    def parent(name: str) -> Any:
        return log_in().result().values["length"]

    run = parent.start("x", thread_id="1")
    run.wait()
    run.resume({"pin": "hush-4711"})
    assert run.result(60) == 9

    told = export.html(run) + export.json(run)
    assert ("execute log_in.ipynb" in told, "hush-4711" in told) == (True, False)


def test_a_failing_cell_is_an_error_with_its_number_and_traceback(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    write_notebook(tmp_path / "bad.ipynb", f"{_ONCE}\nx = 0", "y = 1 / x")
    bad = nbflow.notebook_task(tmp_path / "bad.ipynb")

    @entrypoint(checkpointer=saver)
    def careful(name: str) -> Any:
        try:
            bad().result()
        except NotebookCellError as error:
            return (
                error.cell,
                error.type,
                "y = 1 / x" in error.traceback,
                str(error),
                interrupt("?"),
            )

    careful.invoke("tea", thread())
    cell, kind, has_line, text, answer = careful.invoke(Command(resume=1), thread())

    assert (cell, kind, has_line, answer) == (2, "ZeroDivisionError", True, 1)
    assert text.endswith("bad.ipynb: Cell In [2] failed: ZeroDivisionError: division by zero")
    assert executions(tmp_path) == 1


@pytest.mark.parametrize(
    ("parameters", "why"),
    [({"topik": 1}, "no parameter 'topik'"), ({"topic": object()}, "has a object in it")],
)
def test_a_parameter_that_cannot_be_meant(
    parameters: dict[str, Any], why: str, tmp_path: Path
) -> None:
    write_notebook(tmp_path / "one.ipynb", "pass", parameters="topic = 1")
    one = nbflow.notebook_task(tmp_path / "one.ipynb")

    @entrypoint()
    def parent(name: str) -> Any:
        return one(**parameters).result()

    with pytest.raises(NotebookParameterError, match=why):
        parent.invoke("x")


def test_cancelling_the_run_ends_the_kernel(tmp_path: Path, saver: BaseCheckpointSaver) -> None:
    pid = "import os, time; open('pid', 'w').write(f'{os.getpid()}.'); time.sleep(100)"
    write_notebook(tmp_path / "slow.ipynb", pid)
    slow = nbflow.notebook_task(tmp_path / "slow.ipynb")

    @entrypoint(checkpointer=saver)
    def parent(name: str) -> Any:
        return slow().result()

    run = parent.start("x", thread_id="1")
    file = tmp_path / "pid"
    wait_for(lambda: file.exists() and file.read_text().endswith("."))
    run.cancel()

    with pytest.raises(RunCancelledError):
        run.result(timeout=20)
    assert gone(int(file.read_text()[:-1]))


def test_two_notebooks_at_once_and_their_progress(
    tmp_path: Path, saver: BaseCheckpointSaver
) -> None:
    write_notebook(tmp_path / "ask.ipynb", "import nbflow", _TWO_QUESTIONS, parameters="name = ''")
    ask = nbflow.notebook_task(tmp_path / "ask.ipynb", name="shelves")

    @entrypoint(checkpointer=saver)
    def parent(names: list[str]) -> Any:
        return [one.result().values["shelf"] for one in [ask(name=name) for name in names]]

    run = parent.start(["teas", "salts"], thread_id="1")
    assert run.wait(60) == "interrupted"
    assert sorted(q.value["question"] for q in run.interrupts) == [
        "How many salts?",
        "How many teas?",
    ]
    said = [event.data for event in run.events() if isinstance(event, Custom)]
    assert {"progress": {"done": 2, "total": 4, "text": "cells"}} in said

    with nbflow.acting_as("ada"):
        run.answer_with(lambda q: "green" if q.key else len(q.value["question"]))
        assert run.result(60) == [(14, "green"), (15, "green")]


_PARENT = """
import sys
from pathlib import Path
import nbflow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import Command
from nbflow.notebook.waiting import host

ask = nbflow.notebook_task("ask.ipynb")

@entrypoint(checkpointer=SqliteSaver("parent.sqlite"))
def parent(name):
    return ask(name=name).result().values["shelf"]

config = {"configurable": {"thread_id": "1"}}
"""


def parent_does(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", _PARENT + code], cwd=folder, text=True,
        capture_output=True, check=False, timeout=60, env={**os.environ, "NBFLOW_USER": "ada"},
    )  # fmt: skip


def test_a_parent_that_is_killed_at_a_question_goes_on(tmp_path: Path) -> None:
    write_notebook(tmp_path / "ask.ipynb", _ONCE, _TWO_QUESTIONS, parameters="name = ''")
    begin = "run = parent.start('teas', thread_id='1'); run.wait(); import os; os._exit(9)"
    look = "run = parent.thread('1'); print(run.status, [q.value for q in run.interrupts])"

    assert parent_does(tmp_path, begin).returncode == 9
    looked = parent_does(tmp_path, look)
    assert (looked.stdout, looked.stderr) == ("interrupted [{'question': 'How many teas?'}]\n", "")
    assert executions(tmp_path) == 1
    parent_does(tmp_path, "parent.invoke(Command(resume=3), config)")
    ended = parent_does(tmp_path, "print(parent.invoke(Command(resume='green'), config))")

    assert (ended.stdout, ended.stderr) == ("(3, 'green')\n", "")
    assert executions(tmp_path) == 3


def test_a_parent_that_is_killed_takes_the_kernel_with_it(tmp_path: Path) -> None:
    pid = "import os, time; open('pid', 'w').write(f'{os.getpid()}.'); time.sleep(100)"
    write_notebook(tmp_path / "ask.ipynb", pid, parameters="name = ''")
    begin = "parent.invoke('teas', config)"
    file = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", _PARENT + begin], cwd=tmp_path) as process:
        wait_for(lambda: file.exists() and file.read_text().endswith("."))
        process.send_signal(signal.SIGKILL)

    wait_for(lambda: gone(int(file.read_text()[:-1])))


def test_in_a_notebook_the_question_is_under_the_cell(tmp_path: Path) -> None:
    """``nbflow run`` executes a notebook whose workflow executes another one."""
    write_notebook(tmp_path / "ask.ipynb", _TWO_QUESTIONS, parameters="name = ''")
    started = "run = parent.start('teas', thread_id='1')\nrun"
    write_notebook(tmp_path / "in.ipynb", _PARENT, started, "print(run.result())")
    answers = {"answers": [{"match": "How many", "answer": 3}, {"key": "which", "answer": "green"}]}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    main = "from nbflow.cli import main; raise SystemExit(main())"
    words = ["run", "in.ipynb", "--answers", "answers.json", "--json"]

    ran = subprocess.run(
        [sys.executable, "-c", main, *words], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=90, env={**os.environ, "NBFLOW_USER": "ada"},
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    (run,) = json.loads(ran.stdout)["runs"]
    assert [question["status"] for question in run["questions"]] == ["answered", "answered"]
