"""What runs cost a page and a saved notebook: the bundle once a page, little for each run."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket, expect

from nbflow.widgets.assets import bundle_gz
from tests.browser.lab import CELL_MS, Lab, Notebook, write_notebook

pytestmark = pytest.mark.timeout(120)

MOST_BYTES = 50_000
"""That a run may add to a saved notebook."""

WORKFLOW = """
%load_ext nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

@task
def compose(topic: str, n: int) -> str:
    return f"Essay {n} about {topic}"

@entrypoint(checkpointer=InMemorySaver())
def review(topic: str) -> list[bool]:
    essays = [compose(topic, n) for n in range(20)]
    return [interrupt(essay.result(), response_schema=bool) for essay in essays]
"""

RUNS = 3


def test_the_bundle_comes_once_a_page_and_runs_stay_small(page: Page, lab: Lab) -> None:
    """P1, P23: three runs and a second view, a reload, and the size of what is saved"""
    bundles: list[int] = []
    page.on("websocket", lambda socket: _count_bundles(socket, bundles))
    cells = [f"run = review.start('cats', thread_id='{n}')\nrun" for n in range(RUNS)]
    write_notebook(lab, "costs.ipynb", [WORKFLOW, *cells])
    empty = (lab.root / "costs.ipynb").stat().st_size
    notebook = Notebook(page, lab, "costs.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    _all_ask(notebook, RUNS)
    page.evaluate(
        "() => { const { content } = window.jupyterapp.shell.currentWidget;"
        " content.activeCellIndex = content.widgets.length - 1; }"
    )
    notebook.command("notebook:create-output-view")
    expect(page.locator(".nbf-card")).to_have_count(RUNS + 1, timeout=CELL_MS)
    assert len(bundles) == 1

    notebook.save()
    added = (lab.root / "costs.ipynb").stat().st_size - empty
    assert 0 < added < RUNS * MOST_BYTES

    page.reload()
    notebook.ready()
    _all_ask(notebook, RUNS)
    assert len(bundles) == 2


def _all_ask(notebook: Notebook, count: int) -> None:
    expect(notebook.cards).to_have_count(count, timeout=CELL_MS)
    for number in range(count):
        form = notebook.cards.nth(number).get_by_role("form")
        expect(form).to_be_visible(timeout=CELL_MS)


def _count_bundles(socket: WebSocket, found: list[int]) -> None:
    whole = len(bundle_gz())

    def look(frame: Any) -> None:
        if len(frame) >= whole:
            found.append(len(frame))

    socket.on("framereceived", look)
