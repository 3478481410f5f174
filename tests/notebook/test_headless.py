"""With nobody at the keyboard nothing hangs: nbclient, papermill and ``jupyter execute``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebook.notebooks import REVIEW, outputs_of, printed_in, write_notebook

pytestmark = pytest.mark.timeout(120)

_NBCLIENT = (
    "import sys, nbformat, nbclient\n"
    "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
    "try:\n"
    "    nbclient.NotebookClient(notebook, timeout=60).execute()\n"
    "finally:\n"
    "    nbformat.write(notebook, sys.argv[2])\n"
)
_EXECUTE = "from nbclient.cli import main; main()"
_PAPERMILL = "from papermill.cli import papermill; papermill()"
RUNNERS = {
    "nbclient": [sys.executable, "-c", _NBCLIENT, "in.ipynb", "out.ipynb"],
    "papermill": [sys.executable, "-c", _PAPERMILL, "in.ipynb", "out.ipynb", "--no-progress-bar"],
    "jupyter execute": [sys.executable, "-c", _EXECUTE, "in.ipynb", "--output=out.ipynb"],
}
HOW = ("'cats'", "'review'", "'Publish it?'", "nbflow run NOTEBOOK --answers FILE")


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> list[str]:
    """The command that executes in.ipynb into out.ipynb."""
    return RUNNERS[request.param]


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Execute a notebook as that program does; one that hangs fails the test."""
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True,
        check=False, timeout=90, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_shown_run_says_what_it_waits_for(runner: list[str], tmp_path: Path) -> None:
    shown = "import time; run = review.start('cats', thread_id='cats')\nrun"
    write_notebook(tmp_path / "in.ipynb", REVIEW, "print('goes on')", shown)

    ran = run(runner, tmp_path)

    assert ran.returncode == 0, ran.stderr
    printed = printed_in(tmp_path / "out.ipynb")
    assert [part for part in ("goes on", *HOW) if part not in printed] == []
    assert printed.count("waits for an answer") == 1
    (card,) = [o for o in outputs_of(tmp_path / "out.ipynb") if o.output_type == "display_data"]
    assert "not answered yet" in card.data["text/plain"]


@pytest.mark.parametrize("wait", ["run.result()", "await run"])
def test_a_cell_that_waits_fails_at_once_and_says_how_to_answer(
    runner: list[str], wait: str, tmp_path: Path
) -> None:
    started = "run = review.start('cats', thread_id='cats')"
    write_notebook(tmp_path / "in.ipynb", REVIEW, started, wait, "print('never')")

    ran = run(runner, tmp_path)

    assert ran.returncode != 0
    assert [part for part in ("RunPendingError", *HOW) if part not in ran.stderr] == []
    if runner is not RUNNERS["jupyter execute"]:  # which writes nothing when a cell fails
        assert "never" not in printed_in(tmp_path / "out.ipynb")


def test_a_function_answers_and_nothing_is_said_of_waiting(
    runner: list[str], tmp_path: Path
) -> None:
    answered = (
        "run = review.start('cats', thread_id='cats').answer_with(lambda question: True)\nrun"
    )
    write_notebook(tmp_path / "in.ipynb", REVIEW, answered, "print(run.result())")

    ran = run(runner, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert printed_in(tmp_path / "out.ipynb") == "('An essay about cats', True)\n"


def test_a_file_that_the_environment_names_answers(runner: list[str], tmp_path: Path) -> None:
    answers = {"answers": [{"match": "Publish", "answer": False}]}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    shown = "run = review.start('cats', thread_id='cats')\nrun"
    write_notebook(tmp_path / "in.ipynb", REVIEW, shown, "print(run.result())")

    ran = run(runner, tmp_path, NBFLOW_ANSWERS="answers.json")

    assert ran.returncode == 0, ran.stderr
    assert printed_in(tmp_path / "out.ipynb") == "('An essay about cats', False)\n"


def test_the_card_of_a_run_that_a_function_answers_tells_the_end(tmp_path: Path) -> None:
    cell = "run = review.start('{0}', thread_id='{0}')\nrun.answer_with(lambda _: True).result()"
    write_notebook(tmp_path / "in.ipynb", REVIEW, *(cell.format(n) for n in range(15)))

    ran = run(RUNNERS["nbclient"], tmp_path)

    assert ran.returncode == 0, ran.stderr
    found = outputs_of(tmp_path / "out.ipynb")
    cards = [one.data["text/plain"] for one in found if one.output_type == "display_data"]
    assert len(cards) == 15
    assert [card for card in cards if "not answered" in card or "✓ done" not in card] == []
