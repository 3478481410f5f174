"""A run as HTML and text: complete, escaped, small."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.events import Asked
from nbflow.func import entrypoint, task
from nbflow.identity import acting_as
from nbflow.notebook.listings import Threads
from nbflow.record.static_tasks import tasks_html
from nbflow.record.static_view import HTML_BYTES, html_of, run_html, text_of
from nbflow.record.summary import Summary, Task, summary_of
from nbflow.record.times import duration_text, utc_text
from nbflow.run import Run
from nbflow.threads import threads
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
    assert reader.attributes <= {
        "style",
        "class",
        "title",
        "open",
        "src",
        "alt",
        "scope",
        "colspan",
    }
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


def test_a_fork_that_has_not_run_says_so_in_words() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def double(n: int) -> int:
        return 2 * n

    assert double.start(2, "tea").result() == 4
    double.fork({"configurable": {"thread_id": "tea"}})
    told = double.thread("tea")

    assert "ready to go on" in read(told)
    assert text_of(told).startswith("double › ready to go on")
    line = repr(Threads(threads(double))).splitlines()[1]
    assert line.startswith("  › tea  double, ready to go on, ")


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


@pytest.mark.timeout(120)
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


class Verdict(BaseModel):
    verdict: Literal["keep", "drop"] = Field(description="What happens to it")
    tags: list[Literal["raw", "gold"]] = []
    sure: bool = True
    reason: str | None = Field(None, title="Why")


def _answered(schema: Any, answer: Any, question: Any = "What now?") -> str:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(_: int) -> Any:
        return interrupt(question, response_schema=schema)

    run = workflow.start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    if answer is not None:
        with acting_as("ada", via="form"):
            run.resume(answer)
        run.result(WAIT_S)
    return " ".join(read(run).split())


def test_the_form_stays_with_its_fields_and_choices() -> None:
    """P23"""
    shown = _answered(Verdict, None)

    for part in ("Verdict *", "○ keep", "○ drop", "What happens to it", "☐ raw", "☐ gold", "Why"):
        assert part in shown
    assert "●" not in shown and "☑" not in shown


def test_the_answer_stands_in_the_form_with_who_gave_it_and_when() -> None:
    answer = {"verdict": "drop", "tags": ["gold"], "sure": False, "reason": "It is empty."}
    shown = _answered(Verdict, answer)

    for part in ("○ keep", "● drop", "☐ raw", "☑ gold", "○ yes", "● no", "It is empty."):
        assert part in shown
    assert re.search(r"Answered by ada \(form\) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d after", shown)


def test_one_is_not_true() -> None:
    shown = _answered({"enum": [1, True, "1"]}, True)

    assert (shown.count("●"), shown.count("○")) == (1, 2)
    assert "● True" in shown


def test_an_answer_of_another_shape_is_shown_as_it_is() -> None:
    shown = _answered({"properties": {"a": {}}}, ["no", "object"])

    assert '[ "no", "object" ]' in shown


def test_decisions_are_marked_for_each_action() -> None:
    call = {"name": "send", "args": {"to": "kim"}}
    config = {"action_name": "send", "allowed_decisions": ["approve", "edit", "reject"]}
    request = {"action_requests": [call], "review_configs": [config]}
    shown = _answered(None, {"decisions": [{"type": "reject", "message": "Not her."}]}, request)

    for part in ("send", "kim", "○ approve", "○ edit", "● reject", "Not her."):
        assert part in shown


def test_times_are_local_with_utc_beside_them() -> None:
    """P19"""
    run = essay.start("cats", thread_id="times")
    run.wait(WAIT_S)

    titles = re.findall(r'title="(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)"', html_of(run))
    assert {utc_text(event.ts) for event in run.events() if isinstance(event, Asked)} <= set(titles)


def test_tasks_stand_below_the_one_that_called_them_with_bars_of_their_time() -> None:
    def task_of(name: str, at: float, took: float, parent: str | None) -> list[Any]:
        call = {"id": name, "name": name, "parent": parent, "seq": 0}
        empty = {"text": "", "kind": "text", "cut": 0}
        return [
            {"type": "task_started", "ts": at, **call, "input": empty, "attempt": 1},
            {"type": "task_finished", "ts": at + took, **call, "result": empty,
             "duration_s": took, "replayed": False},
        ]  # fmt: skip

    log = [
        *task_of("a", 100.0, 10.0, None)[:1], *task_of("b", 100.0, 5.0, None),
        *task_of("in a", 102.0, 4.0, "a"), *task_of("a", 100.0, 10.0, None)[1:],
        *task_of("after a night", 90_000.0, 10.0, None),
    ]  # fmt: skip
    summary = summary_of(log)
    source = "".join(tasks_html(summary.tree(), 10))

    assert [task.name for task in summary.tree()] == ["a", "in a", "b", "after a night"]
    assert re.findall(r"margin-left:([\d.]+)%;width:([\d.]+)%", source) == [
        ("0.0", "48.5"), ("9.7", "19.4"), ("0.0", "24.2"), ("48.5", "48.5"),
    ]  # fmt: skip


class Login(BaseModel):
    user: str
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]


def test_no_secret_of_a_run_is_in_its_record() -> None:
    """P23: in the input, a question's context, a default, an answer, an error."""

    pin = {
        "type": "object",
        "properties": {"pin": {"type": "string", "writeOnly": True, "default": "default-pin"}},
    }

    @task
    def log_in(password: str) -> str:
        raise ValueError(f"401 for {password}")

    @entrypoint(checkpointer=InMemorySaver())
    def secretive(login: Login) -> str:
        with suppress(ValueError):
            log_in(login.password).result()
        given = interrupt(
            {"question": "The PIN?", "for": login.password, "rows": [{"p": login.password}]},
            response_schema=pin,
        )
        raise RuntimeError(f"{given['pin']} is not the PIN of {login.password}")

    run = secretive.start(Login(user="ada", password="hunter2"), thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    asked = html_of(run) + text_of(run)
    run.resume({"pin": "given-pin"})
    assert run.wait(WAIT_S) == "error"
    ended = html_of(run) + text_of(run) + html_of(secretive.thread("1"))

    for secret in ("hunter2", "given-pin", "default-pin"):
        assert secret not in asked + ended
    assert "is not the PIN of" in ended


@pytest.mark.parametrize(
    ("terms", "status", "line", "answer"),
    [
        ({"on_timeout": "default", "default": True}, "done", "true  (by default: ", "● yes"),
        ({}, "error", "no answer  (by nobody: ", "Answered by nobody: the time was up"),
    ],
)
def test_a_question_whose_time_was_up_reads_rightly(
    terms: dict[str, Any], status: str, line: str, answer: str
) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def ship(_: int) -> Any:
        return interrupt("Ship it?", response_schema=bool, timeout=0.01, **terms)

    over = threading.Event()
    run = ship.start(1, "tea")
    run.subscribe(lambda event: over.set() if getattr(event, "status", "") == status else None)

    assert run.status == status or over.wait(WAIT_S)
    assert f"? Ship it?  {line}the time was up)" in text_of(run)
    told = read(run)
    assert answer in told and "null" not in told


def test_short_times_are_text_in_html() -> None:
    task = Task(name="quick", depth=0, status="done", duration_s=0.0)
    told = run_html(Summary(workflow="work", status="done", tasks={"1": task}))

    assert told.count("&lt;1 ms") == 2
    assert not re.search(r"<\d", told)
