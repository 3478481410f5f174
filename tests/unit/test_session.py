"""One run's conversation with its pages: every message is answered, no answer counts twice."""

from __future__ import annotations

import gzip
import threading
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.run import Run
from nbflow.types import interrupt
from nbflow.widgets import assets
from nbflow.widgets.conversation import MESSAGE_CHARS
from nbflow.widgets.protocol import Events, Failed, History, Receipt
from nbflow.widgets.session import Session, session_of
from tests.unit.drive import HEX
from tests.unit.pages import WAIT_S, RunPage


class Decision(BaseModel):
    action: Literal["keep", "drop"]
    reason: str = Field(min_length=4)


@task
def look(number: int) -> int:
    return number + 1


def review(number: int) -> dict[str, Any]:
    """Look twice, ask once."""
    seen = [look(number).result(), look(number + 10).result()]
    decision = interrupt({"question": "Keep it?", "seen": seen}, response_schema=Decision)
    return {"seen": seen, "decision": decision.model_dump()}


@pytest.fixture
def run() -> Run:
    """A run that waits for its one answer."""
    run = entrypoint(checkpointer=InMemorySaver())(review).start(1, thread_id="t")
    assert run.wait(WAIT_S) == "interrupted"
    return run


@pytest.fixture
def session(run: Run) -> Session:
    return session_of(run)


@pytest.fixture
def page(session: Session) -> RunPage:
    """A page that was attached and said ``sync``."""
    page = RunPage()
    page.snapshot = session.attach(page)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})
    return page


def submission(run: Run, value: Any, name: str = "s1") -> dict[str, Any]:
    return {
        "type": "submit",
        "submission": name,
        "interrupt_id": run.interrupts[0].id,
        "value": value,
    }


def last(page: RunPage, kind: Any) -> Any:
    """The last message that the page got, proven to be of its kind."""
    return TypeAdapter(kind).validate_python(page.messages[-1])


GOOD = {"action": "keep", "reason": "It is fine."}


def test_one_session_for_each_run(run: Run, session: Session) -> None:
    assert session_of(run) is session


def test_the_first_snapshot_draws_the_header(run: Run, page: RunPage) -> None:
    assert page.snapshot == {
        "protocol": 2,
        "run_id": run.id,
        "thread_id": "t",
        "workflow": "review",
        "status": "interrupted",
        "head": len(run.events()),
        "pending": 1,
    }


def test_sync_brings_the_whole_log(run: Run, page: RunPage) -> None:
    kinds = [event["type"] for event in page.events]

    assert kinds[0] == "run_started"
    assert kinds.count("task_finished") == 2
    assert kinds.count("asked") == 1
    assert kinds[-1] == "run_ended"
    form = next(event["form"] for event in page.events if event["type"] == "asked")
    assert form["title"] == "Keep it?"
    assert form["schema"]["properties"]["action"]["enum"] == ["keep", "drop"]


def test_sync_with_what_was_seen_brings_the_rest(session: Session, page: RunPage) -> None:
    seen = len(page.events)
    session.receive(page, {"type": "sync", "since": seen - 2, "log": session.log})

    assert [event["seq"] for event in last(page, Events)["events"]] == [seen - 2, seen - 1]


def test_sync_of_another_log_starts_over(session: Session, page: RunPage) -> None:
    session.receive(page, {"type": "sync", "since": 3, "log": "of a kernel that is gone"})

    assert last(page, Events)["since"] == 0


def test_sync_beyond_the_end_gets_an_empty_answer(session: Session, page: RunPage) -> None:
    head = len(page.events)
    session.receive(page, {"type": "sync", "since": head + 100, "log": session.log})

    assert (last(page, Events)["since"], page.messages[-1]["events"]) == (head, [])


def test_an_answer_resumes_the_run_and_all_pages_hear_of_it(
    run: Run, session: Session, page: RunPage
) -> None:
    other = RunPage()
    session.attach(other)
    session.receive(other, {"type": "sync", "since": 0, "log": ""})

    session.receive(page, submission(run, GOOD))

    assert run.wait(WAIT_S) == "done"
    for one in (page, other):
        one.wait_for(one.is_done)
        assert "answered" in [event["type"] for event in one.events]
    assert run.result() == {"seen": [2, 12], "decision": GOOD}


def test_a_page_that_never_said_sync_gets_no_events(run: Run, session: Session) -> None:
    silent = RunPage()
    session.attach(silent)
    session.receive(silent, submission(run, GOOD))

    silent.wait_for(silent.says_done)

    assert [message["type"] for message in silent.messages] == ["receipt"]


def test_the_receipt_of_an_accepted_answer(run: Run, session: Session, page: RunPage) -> None:
    asked = run.interrupts[0].id
    session.receive(page, submission(run, GOOD))

    receipts = [message for message in page.messages if message["type"] == "receipt"]
    assert receipts == [
        {
            "type": "receipt",
            "submission": "s1",
            "interrupt_id": asked,
            "status": "accepted",
            "message": "",
            "errors": [],
        }
    ]


def test_a_wrong_answer_names_the_field_and_the_question_stays_open(
    run: Run, session: Session, page: RunPage
) -> None:
    session.receive(page, submission(run, {"action": "keep", "reason": "no"}))

    receipt = last(page, Receipt)
    assert receipt["status"] == "invalid"
    assert [error["path"] for error in receipt["errors"]] == [["reason"]]
    assert (run.status, len(run.interrupts)) == ("interrupted", 1)


def test_a_double_click_is_one_answer(run: Run, session: Session) -> None:
    """Fault 17: the second has the receipt of the first."""
    message = submission(run, GOOD)
    pages = [RunPage(), RunPage()]
    clicks = [threading.Thread(target=session.receive, args=(page, message)) for page in pages]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert run.wait(WAIT_S) == "done"
    receipts = [page.messages[-1] for page in pages]
    assert receipts[0]["status"] == "accepted"
    assert receipts[0] == receipts[1]


def test_a_stale_page_is_refused(run: Run, session: Session, page: RunPage) -> None:
    """Fault 18"""
    first = submission(run, GOOD, "first")
    session.receive(page, first)
    run.wait(WAIT_S)
    late = RunPage()
    session.receive(late, {**first, "submission": "second"})

    assert last(late, Receipt)["status"] == "refused"
    assert last(late, Receipt)["message"]


def test_a_question_that_nobody_asked_is_refused(run: Run, session: Session, page: RunPage) -> None:
    session.receive(page, {**submission(run, GOOD), "interrupt_id": "f" * 32})

    assert last(page, Receipt)["status"] == "refused"
    assert run.status == "interrupted"


@pytest.mark.parametrize("wrong", ["nonsense", "", "0" * 31, "F" * 32, "question"])
def test_a_name_that_is_no_question_answers_none(
    wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 37: `{name: answer}` is not the answer to whatever question is open."""

    @entrypoint(checkpointer=InMemorySaver())
    def ask(title: str) -> Any:
        return interrupt(title)

    run = ask.start("Well?", thread_id="t")
    run.wait(WAIT_S)
    page, session = RunPage(), session_of(run)
    press = {"type": "submit", "submission": "s", "interrupt_id": wrong, "value": 1}

    session.receive(page, press)

    assert [message["status"] for message in page.messages] == ["refused"]
    assert (run.status, len(run.interrupts)) == ("interrupted", 1)
    assert "refused" in caplog.text


def test_history_comes_in_pages_newest_first(run: Run, session: Session, page: RunPage) -> None:
    run.resume(GOOD)
    run.wait(WAIT_S)
    page = RunPage()
    session.receive(page, {"type": "history", "request": "r", "limit": 1, "before": None})
    newest = last(page, History)
    before = newest["items"][0]["checkpoint_id"]
    session.receive(page, {"type": "history", "request": "r2", "limit": 9, "before": before})
    older = last(page, History)

    assert (newest["request"], len(newest["items"]), newest["more"]) == ("r", 1, True)
    assert (older["more"], [item["source"] for item in older["items"]]) == (False, ["input"])
    assert newest["items"][0]["checkpoint_id"] != older["items"][0]["checkpoint_id"]


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "sync",
        {},
        {"type": 7},
        {"type": ["sync"]},
        {"type": "format_disk"},
        {"type": "sync", "since": "0", "log": ""},
        {"type": "sync", "since": -1, "log": ""},
        {"type": "sync", "since": True, "log": ""},
        {"type": "sync", "since": 0},
        {"type": "submit", "submission": "", "interrupt_id": "x", "value": 1},
        {"type": "submit", "submission": "s", "interrupt_id": "x"},
        {"type": "submit", "submission": "s", "interrupt_id": None, "value": 1},
        {"type": "history", "request": "r", "limit": 1e18, "before": None},
        {"type": "history", "request": "r", "limit": 1, "before": 5},
        {"type": "history", "request": "r", "limit": 1, "before": "'; DROP TABLE op; --"},
        {"type": "bundle", "request": {}},
        {"type": "cancel"},
    ],
    ids=repr,
)
def test_wrong_messages_are_answered(
    run: Run, session: Session, page: RunPage, content: Any
) -> None:
    session.receive(page, content)

    assert page.messages[-1]["type"] in ("failed", "history")
    assert run.status == "interrupted"


def test_a_huge_message_is_refused(run: Run, session: Session, page: RunPage) -> None:
    session.receive(page, submission(run, {"action": "keep", "reason": "x" * 10_000_000}, "big"))

    failed = last(page, Failed)
    assert failed["request"] == "big"
    assert f"{MESSAGE_CHARS:,}" in failed["message"]
    assert run.status == "interrupted"


def test_a_page_that_is_gone_does_not_hurt_the_others(run: Run, session: Session) -> None:
    class Gone(RunPage):
        def send(self, content: Any, buffers: Any = None) -> None:
            raise OSError("the socket is closed")

    session.receive(Gone(), submission(run, GOOD))

    assert run.wait(WAIT_S) == "done"


def test_secrets_of_an_answer_are_not_sent() -> None:
    schema = {
        "type": "object",
        "properties": {"user": {"type": "string"}, "key": {"type": "string", "writeOnly": True}},
    }

    @entrypoint(checkpointer=InMemorySaver())
    def login(_: int) -> str:
        interrupt("Who?", response_schema=schema)
        return "in"

    run = login.start(1, thread_id="t")
    run.wait(WAIT_S)
    session, page = session_of(run), RunPage()
    session.attach(page)
    session.receive(page, submission(run, {"user": "ada", "key": "hunter2"}))
    run.wait(WAIT_S)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})

    answers = [event["answer"] for event in page.events if event["type"] == "answered"]
    assert "ada" in answers[0]["text"]
    assert "hunter2" not in str(page.messages)


def test_many_events_come_in_few_messages() -> None:
    @entrypoint()
    def many(count: int) -> int:
        return sum(look(n).result() for n in range(count))

    run = many.start(2_000)
    session, page = session_of(run), RunPage()
    session.attach(page)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})
    page.wait_for(lambda: page.events and page.events[-1]["type"] == "run_ended")

    assert run.result() == 2_001_000
    assert len(page.events) == len(run.events())
    assert len(page.messages) < 200


def test_the_bundle_is_sent_once_to_a_page(
    session: Session, page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("bundle.mjs", "bundle.de.mjs"):
        (tmp_path / name).write_text("export default {}")
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    for cached in (assets.bundle_gz, assets.version):
        cached.cache_clear()
    page.messages.clear()
    page.buffers.clear()
    for _ in range(5):
        session.receive(page, {"type": "bundle", "request": "page 1"})
    for cached in (assets.bundle_gz, assets.version):
        cached.cache_clear()

    assert [message["type"] for message in page.messages] == ["bundle"]
    assert "error" not in page.messages[0]
    assert len(page.buffers[0]) == 1


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("de", "bundle.de.mjs"), ("de-CH", "bundle.de.mjs"), ("DE", "bundle.de.mjs"),
        ("en", "bundle.mjs"), ("../de", "bundle.mjs"), ({"de": 1}, "bundle.mjs"),
    ],
)  # fmt: skip
def test_a_page_gets_the_words_of_its_language(
    session: Session, page: RunPage, language: Any, name: str
) -> None:
    """P20"""
    page.buffers.clear()
    request = f"page in {language}"
    session.receive(page, {"type": "bundle", "request": request, "language": language})

    assert gzip.decompress(page.buffers[0][0]) == (assets.STATIC / name).read_bytes()


def test_a_missing_bundle_says_what_to_run(
    session: Session, page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    for cached in (assets.bundle_gz, assets.version):
        cached.cache_clear()

    session.receive(page, {"type": "bundle", "request": "page 2"})

    assert "make build" in page.messages[-1]["error"]
    assert "pip install ." in page.messages[-1]["error"]


def test_cancel_stops_the_run() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @task
    def held() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    @entrypoint(checkpointer=InMemorySaver())
    def slow(_: int) -> None:
        held().result()
        look(1).result()

    run = slow.start(1, thread_id="t")
    assert begun.wait(WAIT_S)
    session_of(run).receive(RunPage(), {"type": "cancel", "request": "r"})
    go_on.set()

    assert run.wait(WAIT_S) == "cancelled"


def test_ids_in_the_log_are_those_of_the_run(run: Run, page: RunPage) -> None:
    asked = next(event for event in page.events if event["type"] == "asked")

    assert asked["form"]["interrupt_id"] == run.interrupts[0].id == HEX
