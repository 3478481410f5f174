"""A real run in its timeline: 100,000 events, a reload among them, progress and prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

TASKS = 50_000

LARGE = f"""
%load_ext nbflow
import threading
from nbflow.func import entrypoint, task

reloaded = threading.Event()

@task
def measure(n: int) -> int:
    if n == {TASKS // 2}:
        reloaded.wait(60)
    if n == {TASKS - 5}:
        raise ValueError("out of range")
    return n

@task
def survey(first: int, last: int) -> int:
    return sum(measure(n).exception() is None for n in range(first, last))

@entrypoint()
def season(tasks: int) -> int:
    return sum(survey(at, at + 999).result() for at in range(0, tasks, 1_000))

run = season.start({TASKS})
run
"""

LIVELY = """
%load_ext nbflow
import sys, threading
from nbflow.config import get_stream_writer
from nbflow.func import entrypoint, task
from nbflow.types import RetryPolicy, interrupt

go_on = threading.Event()

@task
def render(pages: int) -> str:
    write = get_stream_writer()
    write({"progress": {"done": 3, "total": pages, "text": "pages"}})
    print("rendering", pages, "pages")
    print("page 3 is empty", file=sys.stderr)
    go_on.wait(60)
    return "report.html"

@task(retry_policy=RetryPolicy(max_attempts=4, initial_interval=600, jitter=False))
def fetch(station: str) -> str:
    raise ConnectionError(f"{station} answered 503")

@entrypoint()
def report(pages: int) -> str:
    later = fetch("torgersen")
    done = render(pages).result()
    return done

run = report.start(12)
run
"""


def cell(notebook: Notebook, number: int) -> Locator:
    return notebook.panel.locator(".jp-CodeCell").nth(number)


def frames_of_a_scroll(card: Locator) -> list[float]:
    """Milliseconds of each frame while a person scrolls through the whole list."""
    frames: list[float] = card.locator(".nbf-long").evaluate(
        """async (box) => {
          const frames = [];
          let last = await new Promise(requestAnimationFrame);
          for (let step = 1; step <= 90; step += 1) {
            box.scrollTop = (box.scrollHeight * step) / 90;
            const now = await new Promise(requestAnimationFrame);
            frames.push(now - last);
            last = now;
          }
          return frames;
        }"""
    )
    return sorted(frames)


@pytest.mark.timeout(120)
def test_a_hundred_thousand_events_and_a_reload_among_them(page: Page, lab: Lab) -> None:
    write_notebook(lab, "large.ipynb", [LARGE, "reloaded.set()"])
    notebook = Notebook(page, lab, "large.ipynb")
    notebook.open()
    notebook.run_cell(0)
    card = notebook.cards.first
    half = re.compile(r"^25,\d{3} tasks · 2 running$")
    expect(card.locator(".nbf-counts")).to_have_text(half, timeout=CELL_MS)
    notebook.save()
    notebook.open()

    expect(card.locator(".nbf-counts")).to_have_text(half, timeout=CELL_MS)
    expect(card.locator(".nbf-pill")).to_have_text("Running")
    notebook.run_cell(1)
    expect(card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    expect(card.locator(".nbf-counts")).to_have_text("50,000 tasks · 1 failed", timeout=CELL_MS)
    frames = frames_of_a_scroll(card)
    assert frames[len(frames) * 9 // 10] < 100, frames
    assert card.locator(".nbf-tasks > li").count() < 100
    card.get_by_role("button", name="Waterfall").click()
    assert card.locator(".nbf-tasks > li").count() < 100

    card.get_by_role("button", name="Find", exact=True).click()
    card.get_by_role("searchbox").fill("out of range")
    expect(card.locator(".nbf-counts")).to_have_text("1 of 50,000 tasks")
    expect(card.locator(".nbf-tasks > li")).to_have_count(2)
    failed = card.get_by_role("button", name="Task measure: failed, inside survey")
    failed.click()
    expect(card.locator(".nbf-details")).to_contain_text("Cell In[1], line 12")


@pytest.mark.timeout(120)
def test_progress_prints_and_the_next_attempt_are_seen(page: Page, lab: Lab, shots: Path) -> None:
    write_notebook(lab, "lively.ipynb", [LIVELY, "go_on.set(); print('went on')"])
    notebook = Notebook(page, lab, "lively.ipynb")
    notebook.open()
    notebook.run_cell(0)
    card = notebook.cards.first
    render = card.get_by_role("button", name="Task render: running, 3 of 12 pages")
    expect(render).to_be_visible(timeout=CELL_MS)
    waiting = card.get_by_role(
        "button", name=re.compile("Task fetch: running, Attempt 1 of 4 failed, next in [12] min")
    )
    expect(waiting).to_be_visible(timeout=CELL_MS)
    photograph(notebook, card, shots, "timeline")

    render.press("Enter")
    lines = card.get_by_role("group", name="Sent and printed: render")
    expect(lines).to_contain_text("rendering 12 pages")
    expect(lines).to_contain_text("page 3 is empty")
    expect(cell(notebook, 0)).to_contain_text("page 3 is empty")
    expect(notebook.output(re.compile("^rendering 12 pages"))).to_be_visible()

    cells = notebook.panel.locator(".jp-Cell")
    expect(cells).to_have_count(2)
    for key in ("ArrowDown", "ArrowUp", "n", "w", "b", "a", "d", "d"):
        page.keyboard.press(key)
    expect(card.locator(".nbf-waterfall")).to_be_visible()
    expect(cells).to_have_count(2)
    notebook.run_cell(1)
    expect(card.locator(".nbf-task-head", has_text="render")).to_contain_text("done")
