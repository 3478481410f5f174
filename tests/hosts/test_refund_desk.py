"""Notebook 04 in Voila: an app without code, two reviewers, one database."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from nbflow.audit import audit
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.threads import threads
from tests.browser.lab import CELL_MS, Lab, serve
from tests.hosts.matrix import asked_elsewhere

pytestmark = pytest.mark.timeout(240)

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_refund_desk.ipynb"


@pytest.fixture(params=["True", "False"], ids=["progressive", "default"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    shutil.copy(NOTEBOOK, root)
    with serve(root, state, "voila", None, f"--progressive_rendering={request.param}") as server:
        yield server


def visit(browser: Browser, desk: Lab, name: str, asked: list[str]) -> Page:
    """Open the app and say who one is."""
    context = browser.new_context(viewport={"width": 1100, "height": 1000})
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{desk.url}/voila/render/{NOTEBOOK.name}", timeout=2 * CELL_MS)
    expect(page.locator(".nbf-inbox")).to_contain_text("Refund order", timeout=2 * CELL_MS)
    field = page.get_by_placeholder("Ada")
    field.fill(name)
    field.press("Tab")
    return page


def opened(page: Page, order: int) -> Locator:
    """The form of one request."""
    page.get_by_text(f"Refund order {order}?").first.click()
    form = page.get_by_role("form")
    expect(form).to_be_visible(timeout=CELL_MS)
    return form


def submit(form: Locator) -> None:
    form.get_by_role("button", name=re.compile("^Submit")).click()


def test_two_reviewers_share_one_desk(browser: Browser, desk: Lab) -> None:
    asked: list[str] = []
    ada, grace = (visit(browser, desk, name, asked) for name in ("Ada", "Grace"))
    for page in (ada, grace):
        expect(page.get_by_role("heading", name="Refund desk")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("import nbflow")
        expect(page.locator(".nbf-inbox")).to_contain_text("4 waiting")

    late = opened(grace, 1042)
    late.get_by_label("decline").check()
    form = opened(ada, 1042)
    form.get_by_label("refund").check()
    submit(form)
    expect(form).to_contain_text("Between 0.01 and 19.90, which was paid.", timeout=CELL_MS)
    form.get_by_label("Amount").fill("19.9")
    submit(form)

    submit(late)
    first = re.compile("[Aa]nswered by Ada")
    expect(grace.locator(".nbf-inbox")).to_contain_text(first, timeout=CELL_MS)
    for page in (ada, grace):
        told = page.get_by_text("19.90 euro paid back for order 1042, by Ada")
        expect(told).to_be_visible(timeout=CELL_MS)
        expect(page.locator(".nbf-inbox")).to_contain_text("3 waiting", timeout=CELL_MS)

    saver = SqliteSaver(desk.root / "refunds.sqlite")
    assert [(one.by, one.answer["amount"]) for one in audit(saver, "order-1042")] == [("Ada", 19.9)]
    states = {one.thread_id: one.status for one in threads(saver)}
    assert states.pop("order-1042") == "done"
    assert set(states.values()) == {"interrupted"}
    folder = os.environ.get("NBFLOW_SHOTS")
    if folder:
        grace.screenshot(path=Path(folder) / "refund-desk.png")
    for page in (ada, grace):
        page.context.close()
    assert asked_elsewhere(asked, "voila") == []
