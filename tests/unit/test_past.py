"""A page looks at the past of a thread, compares, and goes back: nothing acts twice or half."""

from __future__ import annotations

import ast
import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel, Field

from nbflow.branches import branches_of, checkpoint_id_of
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt
from nbflow.widgets.history_code import Written
from nbflow.widgets.session import session_of
from nbflow.workflow import Workflow
from tests.unit.pages import WAIT_S, Past


class Essay(BaseModel):
    title: str = Field(min_length=2)
    text: str
    token: str = Field(default="", json_schema_extra={"format": "password"})


@task
def search(topic: str) -> list[str]:
    return [f"{topic} {n}" for n in (1, 2)]


@task
def write(topic: str, tone: str) -> str:
    if tone == "grumpy":
        raise ValueError("No grumpy essays.")
    return f"{topic}, {tone}"


@pytest.fixture
def essay(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    @entrypoint(checkpointer=saver)
    def essay(topic: str, *, previous: Essay | None = None) -> Essay:
        search(topic).result()
        tone = interrupt("Tone?")
        text = write(topic, tone).result()
        return Essay(title=previous.title if previous else topic, text=text, token="hidden!")

    return essay


@pytest.fixture
def past(essay: Workflow[Any, Any]) -> Past:
    run = essay.start("cats", thread_id="t")
    assert run.wait(WAIT_S) == "interrupted"
    run.resume("dry")
    run.result()
    return Past(run)


def named(detail: dict[str, Any]) -> list[tuple[str | None, str, list[str]]]:
    return [
        (op["name"], op["status"], [code["action"] for code in op["codes"]]) for op in detail["ops"]
    ]


def test_a_checkpoint_shows_its_ops_and_what_can_be_done(past: Past) -> None:
    detail = past.opening()

    assert named(detail) == [
        ("search", "done", ["after", "before"]),
        (None, "answered", ["after", "before"]),
        ("write", "done", ["after", "before"]),
    ]
    assert [code["action"] for code in detail["codes"]] == ["again", "fork", "look"]
    assert (detail["rerun"], detail["fixed"], detail["more"]) == (True, "", 0)


def test_no_secret_of_a_state_leaves_the_kernel(past: Past) -> None:
    ids = [item["checkpoint_id"] for item in past.items()]
    detail = past.ask("checkpoint", checkpoint_id=ids[0])
    past.ask("comparison", left=ids[0], right=ids[1])

    assert detail["form"]["initial"] == {"title": "cats", "text": "cats, dry"}
    told = [one for one in past.page.messages if one["type"] != "events"]
    assert len(told) == 3
    assert "hidden!" not in repr(told)


def test_a_fork_before_a_question_is_followed_by_the_page(past: Past) -> None:
    opening = past.opening()
    question = opening["ops"][1]["id"]

    outcome = past.go("fork", opening["checkpoint_id"], before=question)

    assert (outcome["status"], outcome["follows"]) == ("accepted", True)
    fork = past.shown_run()
    assert past.page.snapshot["run_id"] == fork.id != past.run.id
    assert past.page.snapshot["status"] == "interrupted"
    last = past.page.messages[-1]
    assert (last["type"], last["since"]) == ("events", 0)
    (asked,) = (event for event in last["events"] if event["type"] == "asked")
    submit = {"type": "submit", "submission": "s1", "value": "friendly"}
    past.session.receive(past.page, {**submit, "interrupt_id": asked["form"]["interrupt_id"]})
    assert past.page.messages[-1]["status"] == "accepted" or fork.result()
    assert fork.result().text == "cats, friendly"
    assert past.run.result().text == "cats, dry"
    assert past.session.pages == ()
    past.session.detach(past.page)
    assert session_of(fork).pages == ()


def test_a_press_acts_once(past: Past) -> None:
    opening = past.opening()["checkpoint_id"]
    first = past.ask("go", "press", action="again", checkpoint_id=opening)
    past.session.past.go(
        past.page,
        {"type": "go", "request": "press", "action": "again", "checkpoint_id": opening},
    )

    assert first["status"] == "accepted"
    assert len(branches_of(past.run.history())) == 2


def test_an_edited_state_that_does_not_fit_is_told_by_field(past: Past) -> None:
    newest = past.items()[0]["checkpoint_id"]

    outcome = past.go("update", newest, value={"title": "x", "text": "y"})

    assert outcome["status"] == "invalid"
    assert outcome["errors"] == [
        {"path": ["title"], "message": "String should have at least 2 characters"}
    ]
    assert len(past.items()) == 2


def test_an_edited_state_is_stored_as_its_type(past: Past) -> None:
    newest = past.items()[0]["checkpoint_id"]

    outcome = past.go("update", newest, value={"title": "Dogs", "text": "woof"})

    assert (outcome["status"], outcome["follows"]) == ("accepted", False)
    assert past.run.history()[0].values == Essay(title="Dogs", text="woof")


def test_the_same_input_runs_on_an_edited_state(past: Past) -> None:
    opening = past.opening()["checkpoint_id"]

    outcome = past.go("rerun", opening, value={"title": "Dogs", "text": "woof"})

    assert outcome["status"] == "accepted", outcome
    other = past.shown_run()
    assert other.wait(WAIT_S) == "interrupted"
    other.resume("dry")
    assert other.result() == Essay(title="Dogs", text="cats, dry", token="hidden!")


def test_a_failed_run_goes_on_from_where_it_stopped(past: Past) -> None:
    opening = past.opening()
    past.go("fork", opening["checkpoint_id"], before=opening["ops"][1]["id"])
    fork = past.shown_run()
    fork.resume("grumpy")
    assert fork.wait(WAIT_S) == "error"
    newest = past.items()[0]["checkpoint_id"]
    detail = past.ask("checkpoint", checkpoint_id=newest)
    assert detail["error"] == "ValueError('No grumpy essays.')"
    assert [code["action"] for code in detail["codes"]] == ["resume", "again", "fork", "look"]

    outcome = past.go("resume", newest)

    assert outcome["status"] == "accepted"
    assert past.shown_run() is fork
    assert fork.wait(WAIT_S) == "error"


def test_two_checkpoints_beside_each_other(past: Past) -> None:
    opening = past.opening()
    past.go("fork", opening["checkpoint_id"], before=opening["ops"][1]["id"])
    past.shown_run().resume("friendly")
    past.shown_run().result()
    new, _, old, _ = (item["checkpoint_id"] for item in past.items())

    found = past.ask("comparison", left=old, right=new)

    assert [
        (one["path"], one["before"]["text"], one["after"]["text"]) for one in found["changes"]
    ] == [(["text"], "cats, dry", "cats, friendly")]
    assert (found["first"], found["hidden"], found["more"]) == (1, False, False)
    assert [(pair["same_call"], pair["same"]) for pair in found["pairs"]] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_a_busy_thread_is_left_alone(past: Past, saver: BaseCheckpointSaver) -> None:
    go_on, started = threading.Event(), threading.Event()

    @task
    def slow() -> int:
        started.set()
        assert go_on.wait(WAIT_S)
        return 1

    @entrypoint(checkpointer=saver)
    def work(n: int) -> int:
        return slow().result()

    busy = Past(work.start(1, thread_id="busy"))
    assert started.wait(WAIT_S)
    item = busy.items()[0]["checkpoint_id"]
    for action, parts in (
        ("fork", {}),
        ("again", {}),
        ("rerun", {"value": 3}),
        ("update", {"value": 3}),
    ):
        outcome = busy.go(action, item, **parts)
        assert (outcome["status"], "is running now" in outcome["message"]) == ("refused", True)
    go_on.set()
    assert busy.run.result() == 1
    assert len(busy.items()) == 2


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("checkpoint", {"checkpoint_id": "none"}),
        ("checkpoint", {}),
        ("comparison", {"left": "none", "right": "none"}),
        ("code", {"action": "fork", "checkpoint_id": "none"}),
        ("go", {"action": "erase", "checkpoint_id": "none"}),
        ("history", {"limit": 3, "before": "none"}),
        ("history", {"limit": 3, "before": 7}),
    ],
)
def test_a_wrong_message_is_answered(past: Past, kind: str, parts: dict[str, Any]) -> None:
    assert past.ask(kind, **parts)["type"] == "failed"
    assert len(past.items()) == 2


def test_a_state_that_is_no_json_is_edited_in_code(saver: BaseCheckpointSaver) -> None:
    @entrypoint(checkpointer=saver)
    def pair(n: int) -> Any:
        return (n, {n})

    run = pair.start(1, thread_id="t")
    run.result()
    past = Past(run)
    detail = past.ask("checkpoint", checkpoint_id=past.items()[0]["checkpoint_id"])

    assert detail["form"] is None
    assert "pair.update_state(config, values)" in detail["fixed"]


def ran(code: str, workflow: Workflow[Any, Any]) -> Any:
    """Run a cell's code as a notebook does: the value of its last expression."""
    *body, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {workflow.name: workflow}
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    cell = compile(ast.Expression(last.value), "cell", "eval")
    return eval(cell, names)  # noqa: S307  # what a button wrote is what is tested


@pytest.mark.parametrize("thread_id", ["t", 'a "quoted" \\ name\n'])
def test_every_copied_code_does_what_its_button_does(
    essay: Workflow[Any, Any], thread_id: str
) -> None:
    run = essay.start("cats", thread_id=thread_id)
    run.wait(WAIT_S)
    run.resume("dry")
    done = run.result()
    past = Past(run)
    opening = past.opening()
    ids = [item["checkpoint_id"] for item in past.items()]
    config = {"configurable": {"thread_id": thread_id}}

    assert ran(past.code(opening, "look"), essay).status == "done"
    found = ran(past.ask("comparison", left=ids[1], right=ids[0])["code"], essay)
    assert [str(one) for one in found] == [f"value: None -> {done!r}"]

    for op in opening["ops"]:
        for code in op["codes"]:
            back = ran(code["text"], essay)
            asks = op["name"] == "search" or (
                op["kind"] == "question" and code["action"] == "before"
            )
            assert ("__interrupt__" in back) if asks else (back == done), code["text"]
    assert ran(past.code(opening, "fork"), essay) == done
    assert "__interrupt__" in ran(past.code(opening, "again"), essay)

    for action in ("update", "rerun"):
        edited = {"title": "It's", "text": "woof"}
        code = past.ask("code", action=action, checkpoint_id=ids[1], value=edited)["text"]
        back = ran(code, essay)
        shot = essay.get_state(config)
        assert shot.values == Essay(title="It's", text="woof")
        assert ("__interrupt__" in back) is (action == "rerun")

    essay.invoke(None, essay.fork(config))
    newest = Past(essay.thread(thread_id))
    essay.thread(thread_id).resume("grumpy")
    assert essay.thread(thread_id).wait(WAIT_S) == "error"
    detail = newest.ask("checkpoint", checkpoint_id=newest.items()[0]["checkpoint_id"])
    with pytest.raises(ValueError, match="No grumpy"):
        ran(past.code(detail, "resume"), essay)


def test_a_status_that_changes_is_told_anew(past: Past) -> None:
    opening = past.opening()
    assert [item["status"] for item in past.items()] == ["done", "done"]
    past.go("fork", opening["checkpoint_id"], before=opening["ops"][1]["id"])
    fork = past.shown_run()
    for expected in (["interrupted"], ["done", "done"]):
        page = past.ask("history", limit=200, before=None)
        assert [item["status"] for item in page["items"]] == [*expected, "done", "done"]
        assert [branch["status"] for branch in page["branches"]] == [expected[0], "done"]
        if fork.status == "interrupted":
            fork.resume("friendly")
            fork.result()
    asking = fork.fork(before=fork.history()[1].ops[1].id)
    past.ask("history", limit=200, before=None)
    asking.again(opening["checkpoint_id"]).wait(WAIT_S)
    page = past.ask("history", limit=200, before=None)
    assert [item["status"] for item in page["items"]][1:] == ["dropped", *["done"] * 4]
    left = next(b for b in page["branches"] if b["number"] == 3)
    assert left["status"] == "dropped"


def test_fifty_forks_are_listed_a_page_at_a_time(past: Past, essay: Workflow[Any, Any]) -> None:
    opening = past.opening()
    for _ in range(50):
        essay.fork(past.run.history()[-1].config, before=opening["ops"][1]["id"])

    seen: list[str] = []
    before = None
    while True:
        page = past.ask("history", limit=20, before=before)
        seen += [item["checkpoint_id"] for item in page["items"]]
        assert {item["branch"] for item in page["items"]} == {b["number"] for b in page["branches"]}
        if not page["more"]:
            break
        before = seen[-1]
    assert seen == [checkpoint_id_of(shot.config) for shot in past.run.history()]
    assert len(seen) == 52

    began = time.perf_counter()
    past.ask("history", limit=20, before=None)
    spent = time.perf_counter() - began
    assert spent < 0.5, f"{spent:.2f} s for a page that is known"


class Login(BaseModel):
    user: str
    password: str = Field(json_schema_extra={"format": "password"})


def test_a_secret_of_the_input_is_hidden_wherever_it_turns_up(saver: BaseCheckpointSaver) -> None:
    @task
    def fetch(header: str) -> str:
        return f"401 for {header}"

    @entrypoint(checkpointer=saver)
    def work(login: Login) -> dict[str, str]:
        return {"said": fetch(login.password).result()}

    run = work.start(Login(user="ada", password="hunter2hunter2"), thread_id="t")
    run.result()
    past = Past(run)
    ids = [item["checkpoint_id"] for item in past.items()]
    for one in ids:
        past.ask("checkpoint", checkpoint_id=one)
    past.ask("comparison", left=ids[1], right=ids[0])

    assert "hunter2" not in repr(past.page.messages)
    newest = past.ask("checkpoint", checkpoint_id=ids[0])
    assert newest["values"]["text"] == '{\n  "said": "401 for ••••••"\n}'
    assert (newest["form"], "in code alone" in newest["fixed"]) == (None, True)


def test_a_secret_of_several_lines_is_hidden_in_a_text_told_by_its_lines(
    saver: BaseCheckpointSaver,
) -> None:
    @entrypoint(checkpointer=saver)
    def work(login: Login, *, previous: str | None = None) -> str:
        return f"first\n{login.password}\nlast" if previous else "first\nnone\nlast"

    for _ in range(2):
        run = work.start(Login(user="ada", password="-- KEY --\nAAAA\nBBBB"), thread_id="t")
        run.result()
    past = Past(run)
    ids = [item["checkpoint_id"] for item in past.items() if item["source"] == "loop"]

    (change,) = past.ask("comparison", left=ids[1], right=ids[0])["changes"]

    assert change["lines"] == [
        {"kind": "both", "text": "first"},
        {"kind": "old", "text": "none"},
        {"kind": "new", "text": "••••••"},
        {"kind": "both", "text": "last"},
    ]
    assert "AAAA" not in repr(past.page.messages)


@pytest.mark.parametrize(
    ("name", "used"),
    [("essay", "essay"), ("class", "workflow"), ("None", "workflow"), ("config", "workflow"),
     ("differences", "workflow"), ("my flow", "workflow"), ("x; y", "workflow")],
)  # fmt: skip
def test_copied_code_names_a_workflow_only_where_python_can(name: str, used: str) -> None:
    written = Written(name, "1")

    assert written.look("1f0e").endswith(f"\n{used}.get_state(config)")
    ast.parse(written.compare("1f0e", "2f0e"))
    ast.parse(written.update("1f0e", {"n": 1}, plain=False, rerun=True))
