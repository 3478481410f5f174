"""``nbflow run``: real notebooks in real kernels, and an exit status for each thing that comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbflow.cli import main
from tests.notebook.notebooks import REVIEW, outputs_of, printed_in, write_notebook

pytestmark = pytest.mark.timeout(90)

Run = Callable[..., tuple[int, Any, str]]

_MAIN = "from nbflow.cli import main; raise SystemExit(main())"
_WAIT = ("run = review.start(topic, thread_id=topic)\nrun", "print(run.result())")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Gives the exit status, the summary and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, Any, str]:
        status = main(["run", *words, "--json"])
        out, said = capsys.readouterr()
        return status, json.loads(out), said

    return run


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook whose second cell waits for an answer."""
    return write_notebook(tmp_path / "in.ipynb", REVIEW, *_WAIT, parameters="topic = 'cats'")


def answers(folder: Path, text: str, name: str = "answers.yaml") -> str:
    (folder / name).write_text(text)
    return name


def test_every_cell_runs_with_answers_and_parameters(
    run: Run, notebook: Path, tmp_path: Path
) -> None:
    file = answers(tmp_path, "answers:\n  - {key: publish, thread: dogs, answer: true}\n")

    status, summary, said = run(
        "in.ipynb", "--answers", file, "-p", "topic", "dogs", "--output", "out.ipynb"
    )

    assert status == 0, said
    (one,) = summary["runs"]
    assert (summary["status"], summary["exit_status"], summary["error"]) == ("done", 0, None)
    assert (one["workflow"], one["thread_id"], one["status"]) == ("review", "dogs", "done")
    assert one["tasks"] == {"finished": 1, "replayed": 1}
    assert one["questions"] == [
        {
            "question": "Publish it?",
            "key": "publish",
            "status": "answered",
            "answer": True,
            "from": "entry 1 of answers.yaml",
        }
    ]
    assert printed_in(tmp_path / "out.ipynb") == "('An essay about dogs', True)\n"
    for line in ("[1/5] topic = 'cats'", "[2/5] topic = 'dogs'", "compose finished", "? Publish"):
        assert line in said
    assert outputs_of(notebook) == []


def test_answers_are_taken_in_order_from_json(run: Run, tmp_path: Path) -> None:
    many = "for n in range(2): print(review.start('cats', thread_id=str(n)).result())"
    write_notebook(tmp_path / "in.ipynb", REVIEW, many)
    file = answers(tmp_path, '{"answers": [{"answer": false}, {"answer": true}]}', "a.json")

    status, summary, said = run("in.ipynb", "--answers", file)

    assert status == 0, said
    given = [question["answer"] for one in summary["runs"] for question in one["questions"]]
    assert given == [False, True]


def test_values_are_handed_over_and_secrets_are_not_told(run: Run, tmp_path: Path) -> None:
    asks = """
import nbflow
@entrypoint(checkpointer=SqliteSaver("essays.sqlite"))
def log_in(name):
    schema = {"type": "object", "properties": {"pin": {"type": "string", "format": "password"}}}
    return interrupt("Log in", response_schema=schema)["pin"]
nbflow.glue("length", len(log_in.start("ada", thread_id="ada").result()))
"""
    write_notebook(tmp_path / "in.ipynb", REVIEW, asks)
    file = answers(tmp_path, "answers: [{match: Log in, answer: {pin: 'hush-4711'}}]")

    status, summary, said = run("in.ipynb", "--answers", file)

    assert status == 0, said
    assert summary["values"] == {"length": 9}
    assert "hush-4711" not in json.dumps(summary) + said


def test_a_failing_cell_is_status_1(run: Run, tmp_path: Path) -> None:
    write_notebook(tmp_path / "in.ipynb", "x = 1", "print('so far')\n1 / 0", "print('never')")

    status, summary, said = run("in.ipynb", "--output", "out.ipynb")

    assert (status, summary["status"]) == (1, "cell_failed")
    error = summary["error"]
    assert (error["cell"], error["type"]) == (2, "ZeroDivisionError")
    assert "1 / 0" in error["traceback"] and "\x1b" not in error["traceback"]
    assert "ZeroDivisionError: division by zero" in said
    assert printed_in(tmp_path / "out.ipynb") == "so far\n"


@pytest.mark.parametrize(
    ("cell", "words", "type"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", (), "DeadKernelError"),
        ("import time; time.sleep(60)", ("--timeout", "1"), "CellTimeoutError"),
    ],
)
def test_a_lost_kernel_and_a_slow_cell_are_status_1(
    run: Run, cell: str, words: tuple[str, ...], type: str, tmp_path: Path
) -> None:
    write_notebook(tmp_path / "in.ipynb", cell)

    status, summary, _ = run("in.ipynb", *words)

    assert (status, summary["error"]["type"], summary["error"]["cell"]) == (1, type, 1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nowhere.ipynb",), "nowhere.ipynb"),
        (("broken.ipynb",), "is no notebook"),
        (("in.ipynb", "--answers", "nowhere.yaml"), "cannot be read as answers"),
        (("in.ipynb", "--answers", "broken.yaml"), "cannot be read as answers"),
        (("in.ipynb", "--answers", "code.yaml"), "cannot be read as answers"),
        (("in.ipynb", "--answers", "typo.yaml"), "an entry knows no 'mach'"),
        (("in.ipynb", "-p", "topik", "dogs"), "no parameter 'topik'"),
        (("in.ipynb", "--kernel", "cobol"), "cobol"),
        (("in.ipynb", "--output", "nowhere/out.ipynb"), "no folder"),
    ],
)
def test_what_cannot_be_used_is_status_2(
    run: Run, words: tuple[str, ...], why: str, notebook: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.ipynb").write_text("{}")
    answers(tmp_path, "answers: [", "broken.yaml")
    answers(tmp_path, "answers: !!python/name:os.system", "code.yaml")
    answers(tmp_path, "answers: [{mach: Publish, answer: true}]", "typo.yaml")

    status, summary, said = run(*words)

    assert (status, summary["status"]) == (2, "bad_input")
    assert why in summary["error"] and why in said
    assert not (tmp_path / "essays.sqlite").exists()


@pytest.mark.parametrize("text", [None, "answers: [{match: Something else, answer: 1}]"])
def test_a_question_without_an_answer_is_status_3(
    run: Run, text: str | None, notebook: Path, tmp_path: Path
) -> None:
    named = () if text is None else ("--answers", answers(tmp_path, text))

    status, summary, said = run("in.ipynb", *named)

    assert (status, summary["status"]) == (3, "unanswered")
    (question,) = summary["runs"][0]["questions"]
    assert question == {"question": "Publish it?", "key": "publish", "status": "open"}
    assert "'Publish it?' of review on thread 'cats' has no answer" in said


def test_a_question_that_no_cell_waits_for_is_status_3(run: Run, tmp_path: Path) -> None:
    slow = "@task\ndef compose(topic):\n    import time; time.sleep(0.5); return topic"
    write_notebook(tmp_path / "in.ipynb", REVIEW, slow, "run = review.start('cats', thread_id='1')")

    status, summary, _ = run("in.ipynb")

    assert (status, summary["error"]) == (3, None)
    assert summary["runs"][0]["status"] == "interrupted"


def test_a_wrong_answer_is_status_4(run: Run, notebook: Path, tmp_path: Path) -> None:
    file = answers(tmp_path, "answers: {publish: perhaps}")

    status, summary, said = run("in.ipynb", "--answers", file)

    assert (status, summary["status"]) == (4, "wrong_answer")
    (question,) = summary["runs"][0]["questions"]
    assert (question["status"], question["answer"]) == ("refused", "perhaps")
    assert "valid boolean" in question["fault"] and "refused:" in said


def test_a_thread_that_an_earlier_execution_left_is_answered(run: Run, tmp_path: Path) -> None:
    later = "print(review.thread('cats').result())"
    write_notebook(tmp_path / "first.ipynb", REVIEW, "run = review.start('cats', thread_id='cats')")
    write_notebook(tmp_path / "second.ipynb", REVIEW, later)
    file = answers(tmp_path, "answers: {publish: true}")

    assert run("first.ipynb")[0] == 3
    status, summary, said = run("second.ipynb", "--answers", file)

    assert status == 0, said
    assert summary["runs"][0]["questions"][0]["status"] == "answered"


def test_a_kernel_without_nbflow_executes_its_notebook(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = "import sys; sys.modules['nbflow'] = None\n"
    start = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    argv = [sys.executable, "-c", bare + start, "-f", "{connection_file}"]
    spec = tmp_path / "kernels" / "bare"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "bare"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    write_notebook(tmp_path / "in.ipynb", "print('so far')", "1 / 0")

    status, summary, said = run("in.ipynb", "--kernel", "bare", "--output", "out.ipynb")

    assert (status, summary["runs"]) == (1, []), said
    assert printed_in(tmp_path / "out.ipynb") == "so far\n"


def test_a_kernel_that_does_not_start_is_status_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "dies"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(3)"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "dies"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    write_notebook(tmp_path / "in.ipynb", "print('never')")

    status, summary, said = run("in.ipynb", "--kernel", "dies")

    assert (status, summary["error"]["cell"]) == (1, 0), said
    assert "The kernel did not start" in summary["error"]["message"]


def test_a_run_that_does_not_end_is_left(run: Run, tmp_path: Path) -> None:
    slow = (
        "import time\n"
        "@task\ndef slow(): time.sleep(100)\n"
        "@entrypoint(checkpointer=SqliteSaver('slow.sqlite'))\n"
        "def waits(x): return slow().result()\n"
        "run = waits.start(1, thread_id='1')"
    )
    write_notebook(tmp_path / "in.ipynb", REVIEW, slow)

    status, summary, said = run("in.ipynb", "--timeout", "2")

    assert (status, summary["runs"][0]["status"]) == (0, "running")
    assert "waits · 1: still at work when its kernel was ended" in said


def test_ctrl_c_ends_the_kernel(tmp_path: Path) -> None:
    cell = "import os, time\nopen('pid', 'w').write(f'{os.getpid()}\\n')\ntime.sleep(60)"
    write_notebook(tmp_path / "in.ipynb", cell)
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    words = [sys.executable, "-c", f"{heeds}; {_MAIN}", "run", "in.ipynb"]
    with subprocess.Popen(words, cwd=tmp_path) as command:
        while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n")):
            assert command.poll() is None
        command.send_signal(signal.SIGINT)
        try:
            assert command.wait(timeout=30) == 130
        finally:
            command.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_the_executed_notebook_is_a_valid_one(run: Run, notebook: Path, tmp_path: Path) -> None:
    whole = nbformat.read(notebook, as_version=4)
    skipped = {"tags": ["skip-execution"]}
    whole.cells += [nbformat.v4.new_code_cell("1 / 0", metadata=skipped)]
    whole.cells += [nbformat.v4.new_code_cell("'the end'")]
    nbformat.write(whole, notebook)
    file = answers(tmp_path, "answers: {publish: true}")

    run("in.ipynb", "--answers", file, "--output", "out.ipynb", "-p", "topic", "'3'")

    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)

    nbformat.validate(executed)
    assert [cell.execution_count for cell in executed.cells] == [1, 2, 3, 4, 5, None, 6]
    assert "topic = '3'" in executed.cells[1].source
