"""The demo notebooks run from a fresh kernel, and what is committed is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from nbflow.cli import execute_demo, main

_NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
_RESULTS = {
    "01_review_an_essay": (
        "{'review_workflow': {'essay': 'An essay about cats', 'review': 'This essay is great.'}}"
    ),
    "02_clean_real_data": ("110 records before, 108 after; sex unknown in 7 before, in 1 after"),
    "03_gallery_of_questions": "[True, False]",
    "04_refund_desk": "4 requests came in.",
    "10_tutorial": "{'text': 'Dear reader, this is about wind.', 'tone': 'friendly'}",
    "20_how_to_run_tasks": "['words on rain', 'words on sun', 'Ada']",
    "21_how_to_ask": "[True, False]",
    "22_how_to_keep_and_share": "{'topic': 'cats', 'ok': 'yes'}",
    "30_reference": "[('double', 'done'), ('count', 'done')]",
}
_ANSWER_TWO_THEN_DIE = """
import os, signal
for answer in ("Grace", {"action": "drop", "reason": "decided before the kill"}):
    run.wait()
    run.answer(run.interrupts[0].id, answer)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_every_demo_is_expected_here() -> None:
    assert sorted(path.stem for path in _NOTEBOOKS.glob("*.ipynb")) == sorted(_RESULTS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", _RESULTS)
def test_a_demo_runs_from_a_fresh_kernel(name: str) -> None:
    outcome = execute_demo(_NOTEBOOKS / f"{name}.ipynb")

    assert (outcome.error, outcome.result) == (None, _RESULTS[name])
    committed = nbformat.read(_NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert _shape(committed) == _shape(outcome.notebook), "nbflow demo --write brings it up to date"
    assert _values(committed) == _values(outcome.notebook), "nbflow demo --write"


def _shape(notebook: nbformat.NotebookNode) -> list[set[tuple[str, ...]]]:
    """What outputs each cell has, and of which elements; without times, and the order of prints."""
    return [{_elements(output) for output in cell.get("outputs", [])} for cell in notebook.cells]


def _values(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """What the last line of each cell is; without pages, whose texts have times."""
    return [
        [
            re.sub(r"\b[0-9a-f]{8,32}\b|0x[0-9a-f]+", "ID", output.data["text/plain"])
            for output in cell.get("outputs", [])
            if output.output_type == "execute_result" and "text/html" not in output.data
        ]
        for cell in notebook.cells
    ]


def _elements(output: nbformat.NotebookNode) -> tuple[str, ...]:
    tags = re.findall(r"<[^>]*>", output.get("data", {}).get("text/html", ""))
    return output.output_type, *(re.sub(r"[\d.]+", "0", tag) for tag in tags)


@pytest.mark.timeout(180)
def test_the_review_goes_on_after_the_kernel_was_killed_in_the_middle(tmp_path: Path) -> None:
    """The same notebook again, in the same folder: answers stay, and the rest is asked."""
    notebook = nbformat.read(_NOTEBOOKS / "02_clean_real_data.ipynb", as_version=4)
    waiting = next(cell for cell in notebook.cells if cell.source == "result = run.result()")
    waiting.source = _ANSWER_TWO_THEN_DIE
    nbformat.write(notebook, tmp_path / "killed.ipynb")

    killed = execute_demo(tmp_path / "killed.ipynb", directory=tmp_path)
    outcome = execute_demo(_NOTEBOOKS / "02_clean_real_data.ipynb", directory=tmp_path)

    assert killed.error == "the kernel died"
    assert (outcome.error, outcome.result) == (None, _RESULTS["02_clean_real_data"])
    decisions = "".join(
        output.data["text/html"]
        for cell in outcome.notebook.cells
        if "decisions" in cell.source
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    )
    assert ("decided before the kill" in decisions, "Grace" in decisions) == (True, True)
    assert "Ada" not in decisions


@pytest.mark.parametrize("name", _RESULTS)
def test_the_committed_notebook_shows_the_result_without_a_kernel(name: str) -> None:
    path = _NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.get("data", {}).get("text/html", "") for output in outputs]

    assert [output for output in outputs if output.output_type == "error"] == []
    assert _RESULTS[name] in path.read_text(encoding="utf-8").replace('\\"', '"')
    assert "widgets" not in notebook.metadata
    assert any("nbflow" in html for html in shown) or name == "30_reference"  # it shows values
    assert not any("waits for an answer" in html for html in shown)
    assert "<script" not in "".join(shown)
    assert path.stat().st_size < 250_000


@pytest.mark.timeout(60)
def test_a_failing_notebook_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("raise LookupError('no such penguin')")]
    )
    nbformat.write(notebook, tmp_path / "01_broken.ipynb")

    status = main(["demo", "--check", "--directory", str(tmp_path)])

    assert status == 1
    assert "01_broken: failed" in (printed := capsys.readouterr().out)
    assert "LookupError: no such penguin" in printed


def test_a_folder_without_demos_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--directory", str(tmp_path)])

    assert "run this at the top of a clone" in capsys.readouterr().err
