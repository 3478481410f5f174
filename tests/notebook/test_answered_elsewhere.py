"""An answer from the terminal reaches a run that a real kernel shows, and that a cell waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.cli import main
from nbflow.pending import pending
from tests.notebook.kernel import Kernel, kernel
from tests.notebook.notebooks import REVIEW

pytestmark = pytest.mark.timeout(120)


def answer(folder: Path) -> None:
    (question,) = pending(SqliteSaver(folder / "essays.sqlite"))
    database = str(folder / "essays.sqlite")
    assert main(["inbox", database, "--answer", question.interrupt.id, "true"]) == 0


def begun(page: Kernel, folder: Path, wait: str) -> str:
    """Show a run; returns its widget, when it has asked."""
    page.run(f"import os; os.chdir({str(folder)!r})\n{REVIEW}").finish()
    shown = page.run("run = review.start('cats', thread_id='cats')\nrun").finish()
    widget = shown.widget()
    page.question(widget)
    page.run(wait)
    return widget


@pytest.mark.parametrize("wait", ["pass", "print(run.result())"])
def test_a_run_that_a_page_shows_goes_on(wait: str, tmp_path: Path) -> None:
    with kernel() as page:
        widget = begun(page, tmp_path, wait)

        answer(tmp_path)
        page.say(widget, {"type": "sync", "since": 0, "log": ""})

        page.wait_for(lambda: page.events(widget)[-1].get("status") == "done")
        said = page.run("print(run.result())").finish().printed
        assert said == "('An essay about cats', True)\n"
