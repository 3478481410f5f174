"""``nbflow inbox DB``: questions listed and answered where the code that asked is not."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.cli import main
from nbflow.errors import InvalidAnswerError, RunPendingError, ThreadBusyError
from nbflow.func import entrypoint, task
from nbflow.pending import keep_answer, pending
from nbflow.record.static_view import text_of
from nbflow.threads import threads
from nbflow.types import interrupt
from nbflow.workflow import Workflow


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def declared(database: Path) -> Workflow[Any, Any]:
    """Asks one question whose answer the code judges, and one for ada."""

    def not_seven(number: int) -> str | None:
        return "Not seven." if number == 7 else None

    @entrypoint(checkpointer=SqliteSaver(database))
    def review(name: str) -> list[Any]:
        how_many = interrupt(f"How many {name}?", response_schema=int, validate=not_seven)
        return [how_many, interrupt("Note?", response_schema=str, assignees=["ada"], key="note")]

    return review


@pytest.fixture
def review(database: Path) -> Workflow[Any, Any]:
    return declared(database)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["inbox", *words])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def only_id(database: Path) -> str:
    (one,) = pending(SqliteSaver(database))
    return one.interrupt.id


def test_questions_are_listed_and_told_whole(
    review: Workflow[Any, Any], database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review.start("teas", thread_id="shelf").wait()
    here = str(database)

    status, listed = said(capsys, here)
    assert (status, listed.splitlines()[0]) == (0, "1 open question")
    assert f"{only_id(database)[:8]}  How many teas?  (review, thread shelf, since" in listed
    assert said(capsys, here, "--text", "coffee") == (0, "No open questions\n")

    status, whole = said(capsys, here, "--show", only_id(database)[:6])
    assert status == 0
    assert 'answer    {"type": "integer"' in whole
    assert only_id(database) in whole


def test_an_answer_is_stored_and_the_code_goes_on_elsewhere(
    review: Workflow[Any, Any],
    database: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NBFLOW_USER", "ada")
    review.start("teas", thread_id="shelf").wait()
    command = "import sys; from nbflow.cli import main; raise SystemExit(main(sys.argv[1:]))"
    words = ["inbox", str(database), "--answer", only_id(database), "3"]

    stored = subprocess.run(
        [sys.executable, "-W", "error", "-c", command, *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (stored.returncode, stored.stderr) == (0, "")
    assert "review.thread('shelf').resume()" in stored.stdout
    assert [one.status for one in threads(review)] == ["ready"]
    config = {"configurable": {"thread_id": "shelf"}}
    (note,) = review.invoke(None, config)["__interrupt__"]
    assert (note.value, note.key) == ("Note?", "note")
    assert said(capsys, str(database), "--answer", note.id, "7")[0] == 0
    assert review.invoke(None, config) == [3, "7"]
    assert [(one.by, one.via) for one in review.audit("shelf")] == [("ada", "terminal")] * 2


def test_a_run_that_is_shown_goes_on_by_itself(
    review: Workflow[Any, Any], database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = review.start("teas", thread_id="shelf")
    run.wait()

    said(capsys, str(database), "--answer", only_id(database), "3")
    assert run.refresh()
    run.wait(10)

    assert [question.value for question in run.interrupts] == ["Note?"]


def test_a_run_with_its_answers_says_how_it_goes_on(
    review: Workflow[Any, Any], database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review.start("teas", thread_id="shelf").wait()
    said(capsys, str(database), "--answer", only_id(database), "3")

    run = declared(database).thread("shelf")

    assert text_of(run).startswith("review › ready to go on")
    with pytest.raises(RunPendingError, match=r"run.resume\(\)"):
        run.result()
    run.resume()
    run.wait(10)
    assert [question.value for question in run.interrupts] == ["Note?"]


def test_what_the_code_refuses_it_takes_back(
    review: Workflow[Any, Any], database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review.start("teas", thread_id="shelf").wait()
    said(capsys, str(database), "--answer", only_id(database), "7")

    config = {"configurable": {"thread_id": "shelf"}}
    with pytest.raises(InvalidAnswerError, match="Not seven"):
        review.invoke(None, config)

    assert [one.interrupt.value for one in pending(review)] == ["How many teas?"]


@pytest.mark.parametrize(
    ("question", "value", "why"),
    [("How many", "many", "does not fit"), ("ffff", "3", "begins the id of no open question")],
)
def test_an_answer_that_is_refused_is_status_1(
    question: str,
    value: str,
    why: str,
    review: Workflow[Any, Any],
    database: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    review.start("teas", thread_id="shelf").wait()
    named = only_id(database) if question == "How many" else question

    status, text = said(capsys, str(database), "--answer", named, value)

    assert (status, why in text) == (1, True), text
    assert [one.status for one in threads(review)] == ["interrupted"]


def test_a_question_for_somebody_else_is_status_1(
    review: Workflow[Any, Any],
    database: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    review.start("teas", thread_id="shelf").wait()
    review.thread("shelf").resume(3)
    review.thread("shelf").wait(10)
    monkeypatch.setenv("NBFLOW_USER", "grace")

    status, text = said(capsys, str(database), "--answer", only_id(database), "fine")

    assert (status, "for ada, and here grace answers" in text) == (1, True)


def test_what_is_no_database_is_status_2_and_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no database")
    sqlite3.connect(tmp_path / "other.sqlite").execute("create table tea (name)").connection.close()
    before = (tmp_path / "other.sqlite").read_bytes()

    for name in ("nowhere.sqlite", "text", "other.sqlite"):
        status, text = said(capsys, str(tmp_path / name))
        assert (status, "no database of nbflow's" in text) == (2, True)

    assert (tmp_path / "other.sqlite").read_bytes() == before
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_of_several_questions_each_answer_waits_for_the_others(saver: BaseCheckpointSaver) -> None:
    @task
    def ask(name: str) -> bool:
        return bool(interrupt(name, response_schema=bool))

    @entrypoint(checkpointer=saver)
    def both(names: list[str]) -> list[bool]:
        return [future.result() for future in [ask(name) for name in names]]

    both.start(["a", "b"], thread_id="1").wait()
    first, second = pending(saver)
    keep_answer(saver, "1", second.interrupt.id, True)
    assert [one.status for one in threads(saver)] == ["interrupted"]
    keep_answer(saver, "1", first.interrupt.id, False)

    values = [second.interrupt.value, first.interrupt.value]
    wanted = dict(zip(values, (True, False), strict=True))
    assert both.invoke(None, {"configurable": {"thread_id": "1"}}) == [wanted["a"], wanted["b"]]


def test_a_thread_at_work_takes_no_answer_from_elsewhere(database: Path) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    @task
    def slow() -> None:
        at_work.set()
        assert go_on.wait(10)

    @entrypoint(checkpointer=SqliteSaver(database))
    def waits(name: str) -> Any:
        slowly, answer = slow(), ask()
        return slowly.result(), answer.result()

    @task
    def ask() -> Any:
        return interrupt("Well?")

    run = waits.start("tea", thread_id="1")
    assert at_work.wait(10)
    asked = threading.Event()
    run.subscribe(lambda event: asked.set())
    while not run.interrupts:
        asked.wait(1)
    other = SqliteSaver(database)

    with pytest.raises(ThreadBusyError):
        keep_answer(other, "1", run.interrupts[0].id, 1)

    go_on.set()
    assert run.wait(10) == "interrupted"
    with nbflow.acting_as("ada"):
        keep_answer(other, "1", run.interrupts[0].id, 1)
    run.refresh()
    assert run.result(timeout=10) == (None, 1)
