"""The inbox's conversation: what is listed, how it is answered, and how an answer is taken back."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

import nbflow
from nbflow._hooks import hooks
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import InvalidConfigError, MissingSaverError
from nbflow.func import entrypoint, task
from nbflow.notebook.display import inbox_mimebundle
from nbflow.types import Command, interrupt
from nbflow.widgets.inbox import Inbox
from nbflow.widgets.inbox_session import ROWS
from nbflow.widgets.session import session_of
from tests.unit.drive import HEX, on_thread
from tests.unit.pages import WAIT_S, InboxPage


@dataclass
class Desk:
    """Two workflows of one database, with a question each."""

    saver: BaseCheckpointSaver
    publish: Any
    assist: Any
    sent: list[str]


def workflows(saver: BaseCheckpointSaver) -> Desk:
    sent: list[str] = []

    @task
    def send(what: str) -> str:
        sent.append(what)
        return what

    @entrypoint(checkpointer=saver)
    def publish(name: str) -> Any:
        first = interrupt({"question": f"Publish {name}?"}, response_schema=bool)
        send(f"{name}: {first}").result()
        return [first, interrupt(f"When shall {name} appear?")] if name == "book" else first

    @entrypoint(checkpointer=saver)
    def assist(names: list[str]) -> Any:
        requests = [{"name": name, "args": {"to": "kim"}} for name in names]
        allowed = ["approve", "reject"]
        configs = [{"action_name": name, "allowed_decisions": allowed} for name in names]
        return interrupt({"action_requests": requests, "review_configs": configs})

    return Desk(saver, publish, assist, sent)


@pytest.fixture
def desk(saver: BaseCheckpointSaver) -> Desk:
    desk = workflows(saver)
    desk.publish.invoke("essay", on_thread("a"))
    desk.assist.invoke(["send_email"], on_thread("b"))
    return desk


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    return Inbox(desk.saver, workflows=[desk.publish, desk.assist])


@pytest.fixture
def page(inbox: Inbox) -> InboxPage:
    return InboxPage(inbox)


def ended(desk: Desk, thread_id: str) -> Any:
    """The value of a thread whose run is over."""
    run = desk.publish.thread(thread_id)
    assert run.wait(WAIT_S) == "done"
    return run.result()


def test_the_list_holds_every_open_question(page: InboxPage) -> None:
    said = page.look()

    listing = said.pop("listing")
    assert said == {"type": "questions", "request": "r1", "mark": said["mark"], "now": said["now"]}
    asked = [row.pop("asked_at") for row in listing["rows"]]
    assert asked == sorted(asked) and asked[-1] <= said["now"]
    assert listing == {
        "rows": [
            {
                "interrupt_id": HEX,
                "thread_id": "a",
                "workflow": "publish",
                "task": None,
                "title": "Publish essay?",
                "known": True,
                "deadline": None,
                "yours": True,
                "bulk": {"kind": "yes", "names": []},
            },
            {
                "interrupt_id": HEX,
                "thread_id": "b",
                "workflow": "assist",
                "task": None,
                "title": listing["rows"][1]["title"],
                "known": True,
                "deadline": None,
                "yours": True,
                "bulk": {"kind": "approve", "names": ["send_email"]},
            },
        ],
        "total": 2,
        "waiting": 2,
        "others": 0,
        "workflows": [{"name": "assist", "waiting": 1}, {"name": "publish", "waiting": 1}],
        "answered": [],
    }


def test_a_list_that_has_not_changed_is_not_sent_again(desk: Desk, page: InboxPage) -> None:
    mark = page.look()["mark"]
    assert page.look(mark=mark)["listing"] is None
    desk.publish.invoke("poem", on_thread("c"))
    assert page.look(mark=mark)["listing"]["total"] == 3


def test_the_list_is_filtered(page: InboxPage) -> None:
    assert page.titles(workflow="publish") == page.titles(text="ESSAY") == ["Publish essay?"]
    assert page.titles(text="nowhere") == page.titles(older_than_s=3_600) == []
    assert page.listing(text="nowhere")["waiting"] == 2


def test_a_long_list_is_cut_and_counted() -> None:
    desk = workflows(InMemorySaver())
    for n in range(ROWS + 5):
        desk.publish.invoke(str(n), on_thread(n))
    listing = InboxPage(Inbox(desk.publish)).listing()
    assert (len(listing["rows"]), listing["total"], listing["waiting"]) == (
        ROWS,
        ROWS + 5,
        ROWS + 5,
    )


def test_a_question_gets_its_form_when_it_is_opened(page: InboxPage) -> None:
    interrupt_id = page.id_of("Publish essay?")

    assert page.ask("open", interrupt_id=interrupt_id) == {
        "type": "opened",
        "request": "r2",
        "interrupt_id": interrupt_id,
        "form": {
            "interrupt_id": interrupt_id,
            "task": None,
            "title": "Publish essay?",
            "context": [],
            "schema": {"type": "boolean"},
            "has_initial": False,
            "actions": [],
        },
        "note": "",
    }


def test_a_question_that_is_gone_opens_to_nothing(page: InboxPage) -> None:
    assert page.ask("open", interrupt_id="f" * 32)["form"] is None


def test_an_answer_lets_the_run_go_on(desk: Desk, page: InboxPage) -> None:
    interrupt_id = page.id_of("Publish essay?")

    assert page.submit(interrupt_id, value=True) == {
        "type": "receipt",
        "submission": "s1",
        "interrupt_id": interrupt_id,
        "status": "accepted",
        "message": "",
        "errors": [],
    }
    assert ended(desk, "a") is True
    listing = page.listing()
    assert [row["workflow"] for row in listing["rows"]] == ["assist"]
    (answered,) = listing["answered"]
    assert answered == {
        "interrupt_id": interrupt_id,
        "thread_id": "a",
        "workflow": "publish",
        "title": "Publish essay?",
        "answered_at": answered["answered_at"],
        "decided": [],
        "answer": {"text": "true", "kind": "json", "cut": 0},
        "undone": False,
    }


def test_decisions_answer_in_the_words_of_the_question(desk: Desk, page: InboxPage) -> None:
    interrupt_id = page.listing(workflow="assist")["rows"][0]["interrupt_id"]
    assert page.submit(interrupt_id, decisions=[{"kind": "approve"}])["status"] == "accepted"
    run = desk.assist.thread("b")
    assert (run.wait(WAIT_S), run.result()) == ("done", {"decisions": [{"type": "approve"}]})
    assert page.listing()["answered"][0]["decided"] == ["approve"]


def test_a_wrong_answer_leaves_the_question_open(page: InboxPage) -> None:
    receipt = page.submit(page.id_of("Publish essay?"), value="perhaps")
    assert (receipt["status"], [error["path"] for error in receipt["errors"]]) == ("invalid", [[]])
    assert "Publish essay?" in page.titles()


def test_the_same_press_counts_once(desk: Desk, page: InboxPage) -> None:
    interrupt_id = page.id_of("Publish essay?")
    first = page.submit(interrupt_id, value=True)
    assert page.submit(interrupt_id, value=False) == first
    assert ended(desk, "a") is True
    assert desk.sent == ["essay: True"]


def test_the_second_inbox_is_told_that_it_was_answered(desk: Desk, page: InboxPage) -> None:
    other = InboxPage(Inbox(desk.publish))
    interrupt_id = other.id_of("Publish essay?")
    other.ask("open", interrupt_id=interrupt_id)
    page.submit(interrupt_id, value=True)
    receipt = other.submit(interrupt_id, value=False)
    assert receipt["status"] == "refused" and "has been answered" in receipt["message"]
    assert ended(desk, "a") is True


def test_a_runs_own_form_and_the_inbox_share_the_run(desk: Desk, page: InboxPage) -> None:
    interrupt_id = page.id_of("Publish essay?")
    run = desk.publish.thread("a")
    page.submit(interrupt_id, value=True)
    press = {"type": "submit", "submission": "s2", "interrupt_id": interrupt_id, "value": False}
    session_of(run).receive(page, press)
    assert page.messages[-1]["status"] == "refused"
    assert ended(desk, "a") is True


def test_many_pages_answer_one_question_once(desk: Desk) -> None:
    pages = [InboxPage(Inbox(desk.publish)) for _ in range(6)]
    interrupt_id = pages[0].id_of("Publish essay?")
    threads = [
        threading.Thread(target=page.submit, args=(interrupt_id, f"s{at}"), kwargs={"value": True})
        for at, page in enumerate(pages)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = sorted(page.messages[-1]["status"] for page in pages)
    assert said == ["accepted", *["refused"] * 5]
    assert ended(desk, "a") is True and desk.sent == ["essay: True"]


def test_another_process_answers_and_asks(tmp_path: Path) -> None:
    here = workflows(SqliteSaver(str(tmp_path / "runs.sqlite")))
    there = workflows(SqliteSaver(str(tmp_path / "runs.sqlite")))
    here.publish.invoke("essay", on_thread("a"))
    page = InboxPage(Inbox(here.publish))
    interrupt_id = page.id_of("Publish essay?")
    page.ask("open", interrupt_id=interrupt_id)
    there.publish.invoke(Command(resume={interrupt_id: True}), on_thread("a"))
    there.publish.invoke("poem", on_thread("b"))

    assert page.submit(interrupt_id, value=False)["status"] == "refused"
    assert page.titles() == ["Publish poem?"]
    here.saver.close()
    there.saver.close()


def test_a_question_of_an_unknown_workflow_is_listed_and_not_answered(desk: Desk) -> None:
    page = InboxPage(Inbox(desk.saver, workflows=[desk.assist]))
    assert [row["known"] for row in page.listing()["rows"]] == [False, True]
    opened = page.ask("open", interrupt_id=page.id_of("Publish essay?"))
    assert "'publish'" in opened["note"] and "workflows=[" in opened["note"]
    receipt = page.submit(page.id_of("Publish essay?"), value=True)
    assert (receipt["status"], receipt["message"]) == ("refused", opened["note"])


def test_a_workflow_shows_its_own_questions_and_those_of_its_companions(desk: Desk) -> None:
    assert InboxPage(Inbox(desk.publish)).titles() == ["Publish essay?"]
    assert len(InboxPage(Inbox(desk.publish, workflows=[desk.assist])).titles()) == 2
    assert len(InboxPage(Inbox(desk.publish, desk.assist)).titles()) == 2


def test_an_answer_is_taken_back(desk: Desk, page: InboxPage) -> None:
    interrupt_id = page.id_of("Publish essay?")
    page.submit(interrupt_id, value=True)
    assert ended(desk, "a") is True

    undone = page.ask("undo", interrupt_id=interrupt_id)

    again = page.id_of("Publish essay?")
    assert undone == {
        "type": "undone",
        "request": undone["request"],
        "interrupt_id": interrupt_id,
        "status": "undone",
        "message": "",
        "again": again,
    }
    assert again != interrupt_id
    assert [one["undone"] for one in page.listing()["answered"]] == [True]
    run = desk.publish.thread("a")
    assert run.wait(WAIT_S) == "interrupted"
    assert page.submit(again, "s2", value=False)["status"] == "accepted"
    assert ended(desk, "a") is False
    assert desk.sent == ["essay: True", "essay: False"]
    assert [one["interrupt_id"] for one in page.listing()["answered"]] == [again, interrupt_id]


def test_an_earlier_answer_is_taken_back_with_what_followed(desk: Desk, page: InboxPage) -> None:
    desk.publish.invoke("book", on_thread("c"))
    first = page.id_of("Publish book?")
    page.submit(first, value=True)
    assert desk.publish.thread("c").wait(WAIT_S) == "interrupted"
    later = page.id_of("When shall book appear?")
    page.submit(later, "s2", value="May")
    assert ended(desk, "c") == [True, "May"]

    assert page.ask("undo", interrupt_id=first)["status"] == "undone"

    assert "Publish book?" in page.titles() and "When shall book appear?" not in page.titles()
    refused = page.ask("undo", interrupt_id=later)
    assert refused["status"] == "refused" and "another way" in refused["message"]


def test_undo_is_refused_while_the_run_works() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @task
    def work() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    @entrypoint(checkpointer=InMemorySaver())
    def slow(name: str) -> Any:
        answer = interrupt("Go?")
        work().result()
        return answer

    slow.invoke("x", on_thread("a"))
    page = InboxPage(Inbox(slow))
    interrupt_id = page.id_of("Go?")
    page.submit(interrupt_id, value="yes")
    assert begun.wait(WAIT_S)
    refused = page.ask("undo", interrupt_id=interrupt_id)
    go_on.set()
    assert refused["status"] == "refused" and "running" in refused["message"]
    assert slow.thread("a").wait(WAIT_S) == "done"
    assert page.ask("undo", interrupt_id=interrupt_id)["status"] == "undone"
    assert slow.thread("a").wait(WAIT_S) == "interrupted"


def test_what_was_never_answered_here_is_not_taken_back(page: InboxPage) -> None:
    assert page.ask("undo", interrupt_id=page.id_of("Publish essay?"))["type"] == "failed"


def test_news_of_this_process_reaches_the_page(desk: Desk, page: InboxPage) -> None:
    before = page.snapshot["news"]
    assert page.snapshot == {"protocol": 2, "news": before}
    desk.publish.invoke("poem", on_thread("z"))
    page.wait_for(lambda: page.snapshot["news"] > before)
    assert "Publish poem?" in page.titles()


def test_an_inbox_that_is_gone_listens_no_more(desk: Desk) -> None:
    before = list(hooks.observers)
    page = InboxPage(Inbox(desk.publish))
    (added,) = [one for one in hooks.observers if one not in before]
    del page
    gc.collect()
    assert added not in hooks.observers


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"type": "sync", "since": 0, "log": ""},
        {"type": "questions", "request": "r"},
        {"type": "questions", "request": "r", "workflow": 3, "text": "", "older_than_s": 0},
        {"type": "questions", "request": "r", "workflow": None, "text": "", "older_than_s": -1},
        {"type": "open", "request": "r"},
        {"type": "undo", "request": "r", "interrupt_id": "x"},
        {"type": "submit", "submission": "s", "interrupt_id": "x"},
    ],
    ids=repr,
)
def test_wrong_messages_are_answered(inbox: Inbox, page: InboxPage, content: Any) -> None:
    inbox.session.receive(page, content)
    assert page.messages[-1]["type"] == "failed"


def test_secrets_of_an_answer_are_not_listed() -> None:
    schema = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}

    @entrypoint(checkpointer=InMemorySaver())
    def login(_: int) -> str:
        interrupt("Who?", response_schema=schema)
        return "in"

    login.invoke(1, on_thread("a"))
    page = InboxPage(Inbox(login))
    page.submit(page.id_of("Who?"), value={"key": "hunter2"})
    assert page.listing()["answered"][0]["answer"]["text"] and "hunter2" not in str(page.messages)


def test_workflows_that_do_not_belong_together_are_refused(desk: Desk) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def elsewhere(_: int) -> int:
        return 1

    @entrypoint()
    def unkept(_: int) -> int:
        return 1

    twin = workflows(desk.saver).publish
    with pytest.raises(InvalidConfigError, match="another database"):
        Inbox(desk.saver, workflows=[elsewhere])
    with pytest.raises(InvalidConfigError, match="named 'publish'"):
        Inbox(desk.publish, workflows=[twin])
    with pytest.raises(MissingSaverError, match="checkpointer"):
        Inbox(unkept)


def test_without_a_widget_the_list_is_text(inbox: Inbox) -> None:
    bundle = inbox_mimebundle(inbox)
    assert sorted(bundle) == ["text/html", "text/plain"]
    first, second, *_ = bundle["text/plain"].splitlines()
    assert first == "2 open questions"
    assert second.startswith("  ? Publish essay?  (publish, thread a, since ")
    assert "<script" not in bundle["text/html"] and "Publish essay?" in bundle["text/html"]


def test_the_static_list_shows_no_markup_of_a_question(desk: Desk) -> None:
    desk.publish.invoke("<img src=x onerror=alert(1)>", on_thread("<b>"))
    bundle = inbox_mimebundle(Inbox(desk.publish))
    assert "<img" not in bundle["text/html"] and "<b>" not in bundle["text/html"]


def test_the_inbox_is_loaded_when_it_is_used() -> None:
    assert nbflow.Inbox is Inbox


class Login(BaseModel):
    user: str
    password: SecretStr


@pytest.mark.parametrize("at_hand", [True, False])
def test_an_inbox_hides_what_a_run_was_given_in_secret(
    saver: BaseCheckpointSaver, at_hand: bool
) -> None:
    """P23: by its value, in what the code does with it. The code tells what is secret."""

    @entrypoint(checkpointer=saver)
    def sign_in(login: Login) -> Any:
        word = login.password.get_secret_value()
        pin = {"type": "string", "format": "password"}
        asked = {"question": f"Is {word} right?", "note": f"**{word}**"}
        code = interrupt(asked, response_schema=pin)
        return interrupt({"question": f"Is {code} right?", "rows": [{"code": code}]})

    run = sign_in.start(Login(user="ada", password=SecretStr("hunter2")), thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    inbox = Inbox(sign_in) if at_hand else Inbox(saver)
    page = InboxPage(inbox)

    def told() -> str:
        (question,) = page.listing()["rows"]
        page.ask("open", interrupt_id=question["interrupt_id"])
        return repr([page.messages, inbox_mimebundle(inbox)])

    assert ("hunter2" in told()) is not at_hand
    run.resume("given-pin")
    assert run.wait(WAIT_S) == "interrupted"
    assert ("given-pin" in told()) is not at_hand
