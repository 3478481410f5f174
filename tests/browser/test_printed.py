"""The record of a run as a browser shows it: wide, narrow, and on paper with nothing folded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from pydantic import BaseModel, Field

from nbflow import export
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.notebook.display import saved_html
from nbflow.run import Run
from nbflow.types import interrupt

pytestmark = pytest.mark.timeout(120)


class Verdict(BaseModel):
    verdict: Literal["keep", "drop"] = Field(description="What happens to it")
    reason: str = Field("", title="Why")


@task
def fetch(name: str) -> str:
    return f"5 rows of {name}"


@entrypoint(checkpointer=InMemorySaver())
def prepare(name: str) -> Any:
    rows = [fetch(f"{name}{'_and_more' * at}").result() for at in range(20)]
    first = interrupt({"question": "Which?", "rows": [{"a": n} for n in range(5)]}, key="1",
                      response_schema=Verdict)  # fmt: skip
    return [rows, first, interrupt("Sure?", response_schema=bool)]


def _finished() -> Run:
    run = prepare.start("table", thread_id="1")
    for answer in ({"verdict": "drop", "reason": "It holds nothing."}, True):
        assert run.wait(10) == "interrupted"
        run.resume(answer)
    run.result(10)
    return run


@pytest.fixture(params=["cell", "page"])
def shown(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """What a cell keeps, or the exported page, in a browser that is told every request."""
    run = _finished()
    source = saved_html(run) if request.param == "cell" else export.html(run)
    (tmp_path / "record.html").write_text(f"<meta charset=utf-8>{source}", encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto((tmp_path / "record.html").as_uri())
    assert len(asked) == 1
    yield page
    page.close()


def test_on_paper_nothing_is_folded(shown: Page) -> None:
    answer = shown.get_by_text("It holds nothing.", exact=True).first
    shown.emulate_media(media="print")

    box = answer.bounding_box()
    assert answer.is_visible() and box is not None and box["height"] > 5
    assert shown.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("width", [320, 1200])
def test_no_width_needs_a_second_scroll_bar(shown: Page, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 700})

    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_each_bar_can_be_seen(shown: Page) -> None:
    shown.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    heights = shown.eval_on_selector_all(
        "td > div[title]", "found => found.map(one => one.getBoundingClientRect())"
    )

    assert len(heights) == 20
    assert all(one["width"] >= 3 and one["height"] >= 5 for one in heights)
