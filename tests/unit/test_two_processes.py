"""P6: what another process does on a thread is seen by those who show it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.events import Answered, RunEnded, RunStarted, TaskFinished
from nbflow.func import entrypoint, task
from nbflow.types import interrupt
from nbflow.widgets.session import session_of
from tests.unit.pages import WAIT_S, RunPage

CODE = """
import os
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

@task
def look(n):
    return n + 1

@entrypoint(checkpointer=SqliteSaver("runs.sqlite"))
def review(n):
    seen = look(n).result()
    first = interrupt("First?")
    again = look(10).result()
    return [seen, first, again, interrupt("Second?")]
"""

ADA = """
os.environ["NBFLOW_USER"] = "ada"
review.invoke(Command(resume={answer!r}), {{"configurable": {{"thread_id": "1"}}}})
"""


def elsewhere(folder: Path, answer: str) -> None:
    """Ada answers in a process of her own."""
    script = CODE + ADA.format(answer=answer)
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, check=False)
    assert done.returncode == 0


@pytest.fixture
def review(tmp_path: Path) -> Any:
    @task
    def look(n: int) -> int:
        time.sleep(0.05)
        return n + 1

    @entrypoint(checkpointer=SqliteSaver(tmp_path / "runs.sqlite"))
    def review(n: int) -> Any:
        seen = look(n).result()
        first = interrupt("First?")
        again = look(10).result()
        return [seen, first, again, interrupt("Second?")]

    return review


def test_a_page_sees_what_another_process_answered(review: Any, tmp_path: Path) -> None:
    run = review.start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    session, page = session_of(run), RunPage()
    session.attach(page)
    sync = {"type": "sync", "since": 0, "log": session.log}
    session.receive(page, sync)
    assert not run.refresh()

    elsewhere(tmp_path, "from ada")
    session.receive(page, {**sync, "since": len(run.events())})

    events = {event["seq"]: event for one in page.messages for event in one["events"]}
    (answered,) = [event for event in events.values() if event["type"] == "answered"]
    assert (answered["by"], answered["answer"]["text"]) == ("ada", "from ada")
    (question,) = run.interrupts
    assert (question.value, run.status) == ("Second?", "interrupted")
    assert review.thread("1") is run

    elsewhere(tmp_path, "last")
    assert run.refresh() and not run.refresh()
    assert run.result(WAIT_S) == [2, "from ada", 11, "last"]
    kinds = [type(event) for event in run.events()]
    assert [kinds.count(kind) for kind in (RunStarted, TaskFinished, Answered, RunEnded)] == [
        1, 2, 2, 3,
    ]  # fmt: skip


def test_work_that_was_counted_here_is_not_counted_again(review: Any, tmp_path: Path) -> None:
    run = review.start(1, thread_id="1")
    run.wait(WAIT_S)
    here = sum(event.duration_s for event in run.events() if isinstance(event, RunEnded))
    elsewhere(tmp_path, "from ada")
    assert run.refresh()

    total = sum(event.duration_s for event in run.events() if isinstance(event, RunEnded))
    assert 0.05 <= here <= total < 1.8 * here


def test_the_second_answerer_is_told_who_was_first(review: Any, tmp_path: Path) -> None:
    run = review.start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    session, page = session_of(run), RunPage()
    session.attach(page)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})
    elsewhere(tmp_path, "from ada")

    press = {"submission": "s", "interrupt_id": run.interrupts[0].id, "value": "mine"}
    session.receive(page, {"type": "submit", **press})

    receipt = next(one for one in page.messages if one["type"] == "receipt")
    assert receipt["status"] == "refused" and "by ada, at " in receipt["message"]
    page.wait_for(lambda: any(event["type"] == "answered" for event in page.events))
    assert [one.answer for one in review.audit("1")] == ["from ada"]


def test_a_run_that_works_elsewhere_is_shown_as_running(review: Any, tmp_path: Path) -> None:
    run = review.start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    blocks = CODE.replace("return n + 1", "print(n, flush=True); input(); return n + 1")
    command = [sys.executable, "-c", blocks + ADA.format(answer="from ada")]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        assert other.stdout.readline() == "10\n"

        assert run.refresh()
        assert (run.status, run.interrupts) == ("running", ())
        with pytest.raises(TimeoutError):
            run.result(timeout=0.01)

        other.stdin.write("\n")
        other.stdin.close()
        assert other.wait(WAIT_S) == 0
    assert run.refresh()
    assert run.status == "interrupted"
    assert [question.value for question in run.interrupts] == ["Second?"]
    run.resume("here")
    assert run.result(WAIT_S) == [2, "from ada", 11, "here"]
