"""The side panel in JupyterLab and in Notebook 7: what waits in a kernel and in named databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.pending import pending
from tests.browser.lab import CELL_MS, Lab, Notebook, serve, write_notebook
from tests.server.conftest import make_database

pytestmark = pytest.mark.timeout(240)

PROGRAM = """
%load_ext nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

@entrypoint(checkpointer=InMemorySaver())
def review(topic):
    return interrupt({"question": f"Publish the essay about {topic}?"}, response_schema=bool)
"""
IDS_GIVEN_TWICE = """() => {
    const ids = [...document.querySelectorAll(".nbflow [id]")].map(({ id }) => id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
}"""
"""A card in the notebook and the same card in a panel are drawn by two bundles."""

WAIT = "print('outcome', review.start('penguins', thread_id='penguins').result())"


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server of its own, so that no other test names a database."""
    root, state = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("state")
    with serve(root, state, request.param) as running:
        yield running


@pytest.fixture
def notebook(page: Page, host: Lab) -> Notebook:
    write_notebook(host, "panel.ipynb", [PROGRAM, WAIT])
    opened = Notebook(page, host, "panel.ipynb")
    opened.open()
    return opened


def _badge(page: Page, host: Lab) -> Locator:
    """What says how many questions wait, with the panel open or closed."""
    if host.app == "notebook":
        return page.locator(".nbf-waiting-button button")
    return page.locator(".jp-SideBar .lm-TabBar-tab[data-nbf-waiting]")


def _expect_waiting(page: Page, host: Lab, count: int) -> None:
    badge = _badge(page, host)
    if count == 0:
        expect(badge.and_(page.locator(":visible"))).to_have_count(0, timeout=CELL_MS)
    elif host.app == "notebook":
        words = f"{count} question{' waits' if count == 1 else 's wait'}"
        expect(badge).to_have_text(f"nbflow: {words}", timeout=CELL_MS)
    else:
        expect(badge).to_have_attribute("data-nbf-waiting", str(count), timeout=CELL_MS)


def _answer(form: Locator) -> None:
    form.get_by_role("radio", name="Yes").check()
    form.get_by_role("button", name="Submit").click()


def test_a_question_of_a_waiting_cell_is_answered_in_a_panel(notebook: Notebook, host: Lab) -> None:
    page = notebook.page
    side = page.locator(".nbf-side")
    notebook.command("nbflow:show")
    expect(side.get_by_text("No nbflow in this kernel yet")).to_be_visible(timeout=CELL_MS)
    expect(side.get_by_text("No database is named")).to_be_visible()

    notebook.command("notebook:run-all-cells")
    expect(notebook.cards).to_have_count(1, timeout=CELL_MS)
    _expect_waiting(page, host, 1)
    question = side.get_by_role("button", name="Publish the essay about penguins?")
    question.focus()
    page.keyboard.press("ArrowUp")
    expect(side.get_by_role("button", name="review")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(question).to_be_focused()
    page.keyboard.press("Enter")

    form = page.locator(".nbf-page:visible").get_by_role("form", name=re.compile("penguins"))
    expect(form).to_be_visible(timeout=CELL_MS)
    assert page.evaluate(IDS_GIVEN_TWICE) == []
    _answer(form)
    done = page.locator(".nbf-page:visible .nbf-status-done")
    expect(done).to_be_visible(timeout=CELL_MS)
    _expect_waiting(page, host, 0)
    expect(side.get_by_text("Nothing runs and nothing waits.")).to_be_visible(timeout=CELL_MS)
    if host.app == "jupyterlab":
        page.get_by_role("tab", name="panel.ipynb").click()
    expect(notebook.output("outcome True")).to_be_visible(timeout=CELL_MS)


def test_a_named_database_is_answered_with_no_kernel(
    notebook: Notebook, host: Lab, page: Page
) -> None:
    (host.root / "data").mkdir(exist_ok=True)
    path = host.root / "data" / f"{host.app}.sqlite"
    make_database(path)
    side = page.locator(".nbf-side")
    notebook.command("nbflow:add-database")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("data/none.sqlite")
    dialog.get_by_role("button", name="Add").click()
    refusal = page.get_by_role("dialog").filter(has_text="There is no file")
    expect(refusal).to_be_visible(timeout=CELL_MS)
    refusal.get_by_role("button", name="Close").click()
    expect(dialog.get_by_role("textbox")).to_have_value("data/none.sqlite")
    dialog.get_by_role("textbox").fill(f"data/{path.name}")
    dialog.get_by_role("button", name="Add").click()
    expect(side.locator(".nbf-panel-question")).to_have_count(3, timeout=CELL_MS)
    _expect_waiting(page, host, 3)

    _reload(page, host)
    _expect_waiting(page, host, 3)
    notebook.command("nbflow:show")
    side.get_by_role("button", name="Publish bees?").click()
    inbox = page.locator(".nbf-page:visible")
    form = inbox.get_by_role("form", name=re.compile("Publish bees"))
    _answer(form)
    expect(inbox.get_by_text("Answered: Publish bees?")).to_be_visible(timeout=CELL_MS)
    _expect_waiting(page, host, 2)
    with SqliteSaver(path) as saver:
        assert [one.thread_id for one in pending(saver)] == ["ants", "cats"]

    _lose_and_find(side, path)
    side.get_by_role("button", name=f"Remove data/{path.name}").click()
    expect(side.get_by_text("No database is named")).to_be_visible(timeout=CELL_MS)
    _expect_waiting(page, host, 0)


def _reload(page: Page, host: Lab) -> None:
    """Load the page again; JupyterLab without the address of a notebook, which it opens late."""
    if host.app == "jupyterlab":
        page.goto(f"{host.url}/lab")
    else:
        page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=CELL_MS)


def _lose_and_find(side: Locator, path: Path) -> None:
    """A database that goes is said to be gone, and listed again when it is back."""
    aside = path.with_name("aside.sqlite")
    path.rename(aside)
    side.get_by_role("button", name="Refresh").click()
    expect(side.get_by_role("alert")).to_contain_text("There is no file", timeout=CELL_MS)
    aside.rename(path)
    side.get_by_role("button", name="Refresh").click()
    expect(side.get_by_role("alert")).to_have_count(0, timeout=CELL_MS)
    expect(side.locator(".nbf-panel-question")).to_have_count(2)


def test_the_palette_has_the_commands(notebook: Notebook, page: Page) -> None:
    notebook.command("apputils:activate-command-palette")
    page.keyboard.type("nbflow:")
    items = page.locator(".lm-CommandPalette-itemLabel", has_text=re.compile("^nbflow: [A-Z]"))
    expect(items).to_have_count(4, timeout=CELL_MS)
    assert sorted(items.all_inner_texts()) == [
        "nbflow: Add a database…",
        "nbflow: Open the inbox",
        "nbflow: Refresh the panel",
        "nbflow: Show the panel",
    ]
