"""fault 29: the engine of today goes on with what every version of the record left.

What was finished does not run again, what failed runs, and questions take their answers by the ids
that they were asked under.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbflow.archive import import_thread
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.types import Command
from tests.histories.first import program

FIRST = Path(__file__).parent / "first"


def on(name: str) -> Any:
    return {"configurable": {"thread_id": name}}


@pytest.fixture(params=["memory", "sqlite", "as it is"])
def moved(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Gives the saver with one of the threads: moved to another one, or in the file itself."""
    savers: list[BaseCheckpointSaver] = []

    def move(name: str) -> BaseCheckpointSaver:
        saver: BaseCheckpointSaver = InMemorySaver()
        if request.param == "sqlite":
            saver = SqliteSaver(tmp_path / "runs.sqlite")
        if request.param == "as it is":
            shutil.copy(FIRST / f"{name}.nbflow", tmp_path / "copy.sqlite")
            saver = SqliteSaver(tmp_path / "copy.sqlite")
        else:
            import_thread(FIRST / f"{name}.nbflow", saver)
        savers.append(saver)
        return saver

    program.ran.clear()
    yield move
    for saver in savers:
        saver.close()


def desk_said(topic: str, first: Any, printed: Any, title: str) -> list[Any]:
    draft = program.Draft(f"On {topic}", 2)
    sent = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
    return [draft, [0.0, 1 / 3, 2 / 3, 1.0], 4, sent, first, printed, title, None]


PAPER = b"\x00\xff" * 600


def test_a_thread_that_asks_goes_on(moved: Any) -> None:
    desk = program.desk(moved("asks"))
    (question,) = desk.get_state(on("asks")).interrupts
    assert question.value == {"question": "Publish?", "draft": "On rain"}
    assert not desk.replay_report("asks").code_changed
    desk.invoke(Command(resume={question.id: True}), on("asks"))
    assert program.ran == {"print_out": 1}
    assert desk.invoke(Command(resume="Rain"), on("asks")) == desk_said(
        "rain", True, ("On rain", PAPER), "Rain"
    )
    assert program.ran == {"print_out": 1}


def test_a_thread_that_was_answered_once_asks_what_is_left(moved: Any) -> None:
    desk = program.desk(moved("asks-again"))
    (question,) = desk.get_state(on("asks-again")).interrupts
    assert question.value == "Title?"
    value = desk.invoke(Command(resume="Rain"), on("asks-again"))
    assert value == desk_said("rain", True, ("On rain", PAPER), "Rain")
    assert not program.ran


def test_a_thread_that_is_done_has_its_value_its_history_and_its_previous(moved: Any) -> None:
    desk = program.desk(moved("done"))
    state = desk.get_state(on("done"))
    assert (state.status, state.values) == (
        "done", desk_said("rain", True, ("On rain", PAPER), "A title"),
    )  # fmt: skip
    assert len(list(desk.get_state_history(on("done")))) == 2
    report = desk.replay_report("done")
    assert report.returns and report.run == () and not program.ran
    desk.invoke("sun", on("done"))
    for answer in (False, "Sun"):
        value = desk.invoke(Command(resume=answer), on("done"))
    assert value[2] == 8 and value[-1] == {"topic": "rain", "title": "A title"}


def test_a_failure_that_was_caught_is_caught_again(moved: Any) -> None:
    desk = program.desk(moved("caught"))
    value = desk.invoke(Command(resume="Snow"), on("caught"))
    assert value == desk_said("snow", False, ("not printed", "no paper", 3), "Snow")
    assert not program.ran


def test_a_run_that_failed_is_continued(moved: Any) -> None:
    printer = program.printer(moved("failed"))
    assert printer.get_state(on("failed")).status == "error"
    value = printer.invoke(None, on("failed"))
    assert value == (program.Draft("On wind", 2), ("On wind", PAPER))
    assert program.ran == {"print_out": 1}


def test_a_fork_begins_where_it_was_made(moved: Any) -> None:
    desk = program.desk(moved("forked"))
    asked = desk.invoke(None, on("forked"))["__interrupt__"]
    assert [one.value["question"] for one in asked] == ["Publish?"] and not program.ran
    desk.invoke(Command(resume=True), on("forked"))
    value = desk.invoke(Command(resume="Hail"), on("forked"))
    assert value == desk_said("hail", True, ("On hail", PAPER), "Hail")
    assert program.ran == {"print_out": 1}


async def test_questions_that_were_open_together_are_answered_by_their_ids(moved: Any) -> None:
    post = program.post(moved("together"))
    questions = post.get_state(on("together")).interrupts
    answers = {one.id: f"yes, {one.value}" for one in questions}
    value = await post.ainvoke(Command(resume=answers), on("together"))
    since = dt.date(2001, 2, 3)
    assert value == [
        ({"name": name, "known": None, "since": since}, f"yes, Write to {name}?")
        for name in ("Ada", "Bob")
    ]
    assert not program.ran
