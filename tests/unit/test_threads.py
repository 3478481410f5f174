"""The threads of a database, looked at without the code that wrote them."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import MissingSaverError, UnknownThreadError
from nbflow.events import RunEnded, TaskFinished
from nbflow.func import entrypoint, task
from nbflow.threads import events_of, history_of, thread_of, threads
from nbflow.types import Command, interrupt
from tests.unit.drive import on_thread


def _publish(saver: BaseCheckpointSaver) -> Any:
    @task
    def check(name: str) -> Any:
        return interrupt(f"Is {name} right?")

    @entrypoint(checkpointer=saver)
    def publish(name: str) -> Any:
        if name == "fail":
            raise ValueError("no")
        if name == "done":
            return name
        both = [check(name), check(name + "!")]
        return [future.result() for future in both]

    return publish


def _listed(source: Any, **filters: Any) -> list[tuple[str, str, int]]:
    return [(one.thread_id, one.status, one.questions) for one in threads(source, **filters)]


def test_each_thread_says_how_it_stands(saver: BaseCheckpointSaver) -> None:
    publish = _publish(saver)
    assert threads(saver) == []
    before = time.time()
    publish.invoke("done", on_thread("a"))
    with pytest.raises(ValueError, match="no"):
        publish.invoke("fail", on_thread("b"))
    publish.invoke("essay", on_thread("c"))

    assert _listed(saver) == [("c", "interrupted", 2), ("b", "error", 0), ("a", "done", 0)]
    assert _listed(publish, status="error") == [("b", "error", 0)]
    assert _listed(saver, workflow="review") == []
    newest = thread_of(saver, "c")
    assert (newest.workflow, newest.run_id is not None) == ("publish", True)
    assert before <= newest.changed_at <= time.time()


def test_a_run_told_again_counts_time_once_and_no_time_of_waiting(
    saver: BaseCheckpointSaver,
) -> None:
    together = threading.Barrier(2)

    @task
    def fetch(name: str) -> str:
        together.wait(10)
        return name

    @entrypoint(checkpointer=saver)
    def report(name: str) -> Any:
        both = [fetch(name), fetch(name + "!")]
        return [future.result() for future in both], interrupt("Right?")

    report.invoke("a", on_thread("a"))
    report.invoke(Command(resume=True), on_thread("a"))

    told = list(events_of(saver, "a"))
    ran = [event for event in told if isinstance(event, TaskFinished)]
    (end,) = [event for event in told if isinstance(event, RunEnded)]
    each = [event.duration_s for event in ran]
    assert len(each) == 2 and max(each) <= end.duration_s < sum(each)


def test_an_answer_changes_a_thread(saver: BaseCheckpointSaver) -> None:
    publish = _publish(saver)
    first, second = publish.invoke("essay", on_thread("a"))["__interrupt__"]
    asked_at = thread_of(saver, "a").changed_at
    publish.invoke(Command(resume={first.id: "yes"}), on_thread("a"))
    assert thread_of(saver, "a").questions == 1
    publish.invoke(Command(resume={second.id: "no"}), on_thread("a"))

    assert _listed(saver) == [("a", "done", 0)]
    assert thread_of(saver, "a").changed_at > asked_at


def test_a_state_written_by_hand_is_a_thread_without_a_run(saver: BaseCheckpointSaver) -> None:
    publish = _publish(saver)
    publish.update_state(on_thread("a"), {"by": "hand"})

    (one,) = threads(saver)
    assert (one.thread_id, one.workflow, one.run_id, one.status) == ("a", "", None, "done")


def test_a_thread_is_told_without_its_code(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite"
    publish = _publish(SqliteSaver(file))
    waiting = publish.invoke("essay", on_thread("a"))["__interrupt__"]
    publish.invoke(Command(resume={one.id: "yes" for one in waiting}), on_thread("a"))

    with SqliteSaver(file) as saver:
        events = events_of(saver, "a")
        values = [snapshot.values for snapshot in history_of(saver, "a")]

    assert [event.seq for event in events] == list(range(len(events)))
    assert [event.result for event in events if isinstance(event, TaskFinished)] == ["yes", "yes"]
    *_, ended = events
    assert isinstance(ended, RunEnded)
    assert (ended.workflow, ended.status, ended.value) == ("publish", "done", ["yes", "yes"])
    assert ended.ts == max(event.ts for event in events)
    assert values == [["yes", "yes"], None]


def test_what_is_not_there_is_said() -> None:
    @entrypoint()
    def unkept(_: int) -> int:
        return 1

    with pytest.raises(MissingSaverError, match="checkpointer"):
        threads(unkept)
    for look in (thread_of, events_of, history_of):
        with pytest.raises(UnknownThreadError, match="'tea'"):
            look(InMemorySaver(), "tea")


def test_a_damaged_thread_does_not_hide_the_others(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "runs.sqlite"
    publish = _publish(SqliteSaver(file))
    for name in ("a", "b"):
        publish.invoke("done", on_thread(name))
    with sqlite3.connect(file) as connection:
        connection.execute("update run set input = x'00' where thread_id = 'a'")

    with SqliteSaver(file) as saver, pytest.warns(RuntimeWarning, match="'a' is left out"):
        assert _listed(saver) == [("b", "done", 0)]
