"""Times a run's first paint in a real JupyterLab: ``python -m tests.bench.page``.

From the moment a cell is run until its card is painted: the first of a page, for which the bundle
is fetched, and the next ones. Each page starts with a new kernel, so that nothing is warm.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import CELL_MS, FLAGS, Notebook, serve, write_notebook
from tests.conftest import find_chromium

_PAGES = 5
_RUNS = 4
"""Runs in each page."""

_WORKFLOW = """
%load_ext nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

@task
def compose(topic: str) -> str:
    return f"An essay about {topic}"

@entrypoint(checkpointer=InMemorySaver())
def review(topic: str) -> bool:
    return interrupt(compose(topic).result(), response_schema=bool)
"""

_PAINTED = """async (number) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = number;
  const begun = performance.now();
  void window.jupyterapp.commands.execute("notebook:run-cell");
  const form = () => content.widgets[number].node.querySelector(".nbf-card [role=form]");
  while (!form()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


def main() -> None:
    """Print the median and the worst of first and later cards, in milliseconds."""
    firsts, nexts = [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root, state = Path(folder, "root"), Path(folder, "state")
        root.mkdir()
        state.mkdir()
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        cells = [_WORKFLOW, *(f"review.start('{n}', thread_id='{n}')" for n in range(_RUNS))]
        with serve(root, state) as lab:
            for number in range(_PAGES):
                name = f"{number}.ipynb"
                write_notebook(lab, name, cells)
                page = chromium.new_context(viewport={"width": 1100, "height": 1000}).new_page()
                notebook = Notebook(page, lab, name)
                notebook.open()
                notebook.run_cell(0)
                page.wait_for_function(
                    "() => window.jupyterapp.shell.currentWidget.content.widgets[0]"
                    ".model.sharedModel.execution_count === 1",
                    timeout=CELL_MS,
                )
                first, *later = [page.evaluate(_PAINTED, at + 1) for at in range(_RUNS)]
                firsts.append(first)
                nexts += later
                page.context.close()
    for what, found in (("first card of a page", firsts), ("next cards", nexts)):
        print(f"{what}: {statistics.median(found):.0f} ms, at worst {max(found):.0f} ms")


if __name__ == "__main__":
    main()
