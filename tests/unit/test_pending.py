"""The open questions of a database, across its threads."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import MissingSaverError, StorageError
from nbflow.func import entrypoint, task
from nbflow.pending import keep_answer, pending
from nbflow.types import Command, interrupt
from tests.unit.drive import on_thread


def _workflows(saver: BaseCheckpointSaver) -> tuple[Any, Any]:
    @task
    def check(name: str) -> Any:
        return interrupt({"question": f"Is {name} right?"}, response_schema=bool)

    @entrypoint(checkpointer=saver)
    def review(name: str) -> list[Any]:
        both = [check(name), check(name + "!")]
        return [future.result() for future in both]

    @entrypoint(checkpointer=saver)
    def publish(name: str) -> Any:
        if name == "fail":
            raise ValueError("no")
        return interrupt(f"Publish {name}?") if name != "done" else name

    return review, publish


def _asked(saver: Any, **filters: Any) -> list[tuple[str, str, str | None]]:
    return [(one.thread_id, one.workflow, one.task) for one in pending(saver, **filters)]


def test_all_open_questions_are_found(saver: BaseCheckpointSaver) -> None:
    review, publish = _workflows(saver)
    assert pending(saver) == []
    publish.invoke("essay", on_thread("a"))
    publish.invoke("done", on_thread("b"))
    with pytest.raises(ValueError, match="no"):
        publish.invoke("fail", on_thread("c"))
    review.invoke("table", on_thread("d"))

    assert _asked(saver) == [
        ("a", "publish", None), ("d", "review", "check"), ("d", "review", "check"),
    ]  # fmt: skip
    first, *others = pending(saver)
    state = publish.get_state(on_thread("a"))
    assert (first.interrupt,) == state.interrupts
    assert tuple(one.interrupt for one in others) == review.get_state(on_thread("d")).interrupts
    assert others[0].interrupt.response_schema == {"type": "boolean"}


def test_questions_are_filtered(saver: BaseCheckpointSaver) -> None:
    review, publish = _workflows(saver)
    review.invoke("table", on_thread("d"))
    publish.invoke("Essay", on_thread("a"))

    assert _asked(saver, workflow="publish") == _asked(publish) == [("a", "publish", None)]
    assert _asked(saver, text="essay") == [("a", "publish", None)]
    assert len(_asked(saver, text="CHECK")) == 2 and _asked(saver, text="nowhere") == []
    assert _asked(saver, older_than=timedelta(hours=1)) == []
    later = time.time() + 3_700
    assert len(_asked(saver, older_than=timedelta(hours=1), now_s=later)) == 3


def test_answered_questions_and_dropped_runs_are_gone(saver: BaseCheckpointSaver) -> None:
    review, publish = _workflows(saver)
    question = review.invoke("table", on_thread("d"))["__interrupt__"][0]
    review.invoke(Command(resume={question.id: True}), on_thread("d"))
    publish.invoke("first", on_thread("a"))
    with pytest.warns(UserWarning, match="dropped"):
        publish.invoke("second", on_thread("a"))

    assert [one.interrupt.value for one in pending(saver)] == [
        {"question": "Is table! right?"}, "Publish second?",
    ]  # fmt: skip


def test_a_fork_asks_again(saver: BaseCheckpointSaver) -> None:
    _, publish = _workflows(saver)
    question = publish.invoke("essay", on_thread("a"))["__interrupt__"][0]
    config = publish.get_state(on_thread("a")).config
    publish.invoke(Command(resume="yes"), on_thread("a"))
    publish.invoke(None, publish.fork(config, before=question.id))
    assert _asked(saver) == [("a", "publish", None)]


def test_a_workflow_that_keeps_nothing_has_no_questions() -> None:
    @entrypoint()
    def unkept(_: int) -> int:
        return 1

    with pytest.raises(MissingSaverError, match="checkpointer"):
        pending(unkept)


def test_many_threads_are_read_a_page_at_a_time() -> None:
    saver = InMemorySaver()
    _, publish = _workflows(saver)
    for n in range(450):
        publish.invoke(str(n), on_thread(n))
    assert [one.thread_id for one in pending(saver)] == [str(n) for n in range(450)]


class Unfinished(InMemorySaver):
    """Cannot give a thread up, once."""

    fails = False

    def finish(self, *facts: Any) -> None:
        if self.fails:
            self.fails = False
            raise StorageError("The disk is full.")
        super().finish(*facts)


def test_a_thread_is_free_whose_status_could_not_be_stored() -> None:
    """The answer is stored, and nobody owns the thread that nobody runs."""
    saver = Unfinished()
    _, publish = _workflows(saver)
    (question,) = publish.invoke("essay", on_thread("a"))["__interrupt__"]
    saver.fails = True
    with pytest.raises(StorageError, match="disk is full"):
        keep_answer(saver, "a", question.id, "yes")

    assert publish.get_state(on_thread("a")).status == "crashed"
    assert pending(saver) == []
    assert publish.invoke(None, on_thread("a")) == "yes"
