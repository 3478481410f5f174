"""A run as HTML and text: complete, escaped, small."""

from __future__ import annotations

import re
import threading
from html.parser import HTMLParser
from typing import Any

import pytest

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.notebook.static_view import HTML_BYTES, html_of, text_of
from nbflow.notebook.summary import duration_text
from nbflow.run import Run
from nbflow.types import interrupt

WAIT_S = 10.0
TAGS = {
    *("div", "span", "strong", "pre", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td", "img"),
}


class Reader(HTMLParser):
    """Reads what a browser would: the elements, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles = ""
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += dict(attrs).get("style") or ""
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(run: Run) -> str:
    """The text of the run's HTML, which is proven to be small, closed and without a script."""
    source = html_of(run)
    assert len(source.encode()) < HTML_BYTES
    reader = Reader(source)
    assert reader.open == []
    assert reader.tags <= TAGS
    assert reader.attributes <= {"style", "class", "title", "open", "src", "alt"}
    assert "url" not in reader.styles
    return reader.text


@task
def write(topic: str) -> str:
    return f"An essay about {topic}"


@entrypoint(checkpointer=InMemorySaver())
def essay(topic: str) -> dict[str, Any]:
    text = write(topic).result()
    return {"essay": text, "review": interrupt({"question": "Good?", "essay": text})}


def test_a_waiting_run_shows_the_question() -> None:
    run = essay.start("cats", thread_id="waits")
    run.wait(WAIT_S)

    shown = read(run)

    for part in ("essay", "waits for an answer", "write", "Good?", "Not answered yet"):
        assert part in shown
    assert "An essay about cats" in shown
    assert text_of(run).splitlines()[0].startswith("essay ? waits for an answer")


def test_a_finished_run_shows_the_answer_and_the_result() -> None:
    run = essay.start("cats", thread_id="done")
    run.wait(WAIT_S)
    run.resume("Splendid.")
    run.result(WAIT_S)

    shown = read(run)

    assert shown.count("Splendid.") == 2
    assert "Not answered" not in shown
    assert "✓ done" in shown
    assert "Splendid." in text_of(run)


def test_a_failed_run_shows_the_error() -> None:
    @task
    def divide() -> float:
        return 1 / 0

    @entrypoint()
    def fails(_: int) -> float:
        return divide().result()

    run = fails.start(1)
    assert run.wait(WAIT_S) == "error"

    assert "ZeroDivisionError: division by zero" in read(run)
    assert "✗ failed" in text_of(run)


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</pre></div><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "<svg onload=alert(1)>",
    "\x1b[31mred\x1b[0m \x1b]8;;http://x.org\x07link",
    "\u202eevil\u2066 \x00 \x7f",
    "$$\\href{javascript:alert(1)}{x}$$",
    '" style="background:url(http://x.org)',
)


def _hostile_run(text: str) -> Run:
    @task(name=text)
    def work(value: str) -> str:
        raise ValueError(value)

    @entrypoint(checkpointer=InMemorySaver())
    def hostile(value: str) -> str:
        try:
            work(value).result()
        except ValueError:
            interrupt({"question": value, value: value, "rows": [{value: value}]})
        raise RuntimeError(value)

    run = hostile.start(text, thread_id=text)
    run.wait(WAIT_S)
    return run


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    run = _hostile_run(text)
    waiting = read(run)
    run.resume(text)
    run.wait(WAIT_S)
    ended = read(run)

    for shown in (waiting, ended, text_of(run)):
        assert not re.search("[\x00\x1b\x7f\u202e\u2066]", shown)
    if "\x1b" not in text and "\x00" not in text:
        assert text in waiting


def test_many_tasks_are_folded_to_a_line() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def several(count: int) -> int:
        return len([write(str(n)).result() for n in range(count)])

    few, many = (several.start(count, thread_id=str(count)) for count in (15, 16))
    for run in (few, many):
        run.result(WAIT_S)

    assert "16 tasks" in read(many)
    assert "15 tasks" not in read(few)


def test_a_question_says_how_to_see_its_form_again() -> None:
    run = essay.start("cats", thread_id="again")
    run.wait(WAIT_S)
    assert "essay.thread('again') shows the form" in read(run)

    run.resume("Splendid.")
    run.result(WAIT_S)
    assert "shows the form" not in read(run)


def test_a_large_run_stays_small() -> None:
    @task
    def big(n: int) -> str:
        return "<&>" * 10_000

    @entrypoint(checkpointer=InMemorySaver())
    def large(count: int) -> list[str]:
        texts = [big(n).result() for n in range(count)]
        for n in range(60):
            interrupt({"question": f"{n}? " + "<" * 5_000, "texts": texts[:5]})
        return texts

    run = large.start(300, thread_id="large")
    for _ in range(60):
        assert run.wait(WAIT_S) == "interrupted"
        run.resume("&" * 5_000)
    run.result(WAIT_S)

    shown = read(run)

    assert "more tasks" in shown
    assert "earlier questions" in shown
    assert len(text_of(run)) < 10_000


def test_secrets_are_not_in_the_output() -> None:
    schema = {"type": "string", "format": "password"}

    @entrypoint(checkpointer=InMemorySaver())
    def login(_: int) -> str:
        interrupt("Password?", response_schema=schema)
        return "in"

    run = login.start(1, thread_id="secret")
    run.wait(WAIT_S)
    run.resume("hunter2")
    run.result(WAIT_S)

    assert "hunter2" not in html_of(run) + text_of(run)


def test_a_running_run_can_be_read() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @task
    def held() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    @entrypoint()
    def slow(_: int) -> None:
        held().result()

    run = slow.start(1)
    assert begun.wait(WAIT_S)
    shown = read(run)
    go_on.set()
    run.result(WAIT_S)

    assert "held" in shown
    assert "running" in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "<1 ms"), (0.25, "250 ms"), (1.25, "1.2 s"), (61, "1 min 1 s"), (7_260, "2 h 1 min")],
)
def test_durations_are_human(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def _asked(payload: Any) -> str:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(_: int) -> Any:
        return interrupt(payload)

    run = workflow.start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    return html_of(run)


def test_what_is_decided_on_stays_in_the_record() -> None:
    calls = [
        {"name": "send_email", "args": {"to": "kim@example.org"}},
        {"name": "delete_<files>", "args": {"paths": ["/tmp/a"]}},
    ]
    configs = [{"action_name": c["name"], "allowed_decisions": ["approve"]} for c in calls]
    text = Reader(_asked({"action_requests": calls, "review_configs": configs})).text
    for shown in ("Decide on 2 actions", "send_email", "kim@example.org", "delete_<files>"):
        assert shown in text


@pytest.mark.parametrize(("size", "shown"), [(9_000, True), (60_000, False)])
def test_a_picture_stays_in_the_record_when_it_is_small(size: int, shown: bool) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(size)
    source = _asked({"question": "Good?", 'a"b': png})
    assert len(source.encode()) < HTML_BYTES
    assert ('src="data:image/png;base64,iVBORw0KGgoAAAA' in source) is shown
    assert ("too large for the record" in source) is not shown
