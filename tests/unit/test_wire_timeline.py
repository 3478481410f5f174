"""What the timeline shows is in the messages: attempts, cache, progress, prints, inputs."""

from __future__ import annotations

from typing import Any

import pytest

from nbflow import events as ev
from nbflow.cache.memory import InMemoryCache
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import get_print_writer, get_stream_writer
from nbflow.func import entrypoint, task
from nbflow.run import Run
from nbflow.types import CachePolicy, RetryPolicy, interrupt
from nbflow.widgets.session import session_of
from nbflow.widgets.wire import Encoder, progress_in
from tests.unit.pages import RunPage


def sent(run: Run) -> list[dict[str, Any]]:
    """All that a page gets, proven to keep to the protocol."""
    page, session = RunPage(), session_of(run)
    session.attach(page)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})
    return page.events


def test_a_failed_attempt_says_how_many_there_may_be() -> None:
    @task(retry_policy=RetryPolicy(max_attempts=3, initial_interval=0.001, jitter=False))
    def flaky() -> str:
        tries.append(1)
        if len(tries) < 2:
            raise ConnectionError("once more")
        return "there"

    @entrypoint()
    def workflow(_: int) -> str:
        return flaky().result()

    tries: list[int] = []
    run = workflow.start(0)
    run.result()

    retried = [event for event in sent(run) if event["type"] == "task_retried"]
    assert [(event["attempt"], event["limit"]) for event in retried] == [(1, 3)]


def test_what_came_from_the_cache_says_so_with_its_input() -> None:
    @task(cache_policy=CachePolicy())
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(cache=InMemoryCache())
    def workflow(n: int) -> int:
        return double(n).result() + double(n).result()

    run = workflow.start(4)
    run.result()

    ends = [event for event in sent(run) if event["type"] == "task_finished"]
    assert [(event.get("cached"), event.get("input")) for event in ends] == [
        (None, None),
        (True, {"text": "4", "kind": "json", "cut": 0}),
    ]


def test_what_was_replayed_brings_its_input() -> None:
    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return double(n).result() + int(interrupt("How many?"))

    run = workflow.start(4)
    assert run.wait(10) == "interrupted"
    run.resume(1)
    run.result()

    ends = [event for event in sent(run) if event["type"] == "task_finished"]
    assert [(event["replayed"], "input" in event) for event in ends] == [
        (False, False),
        (True, True),
    ]


def test_progress_and_prints_are_marked_apart_from_other_values() -> None:
    @task
    def work() -> None:
        write, tell = get_stream_writer(), get_print_writer()
        write({"progress": 0.5})
        write({"progress": 0.5, "and": "more"})
        tell("a line\n")
        tell("an error\n", "stderr")

    @entrypoint()
    def workflow(_: int) -> None:
        work().result()

    run = workflow.start(0)
    run.result()

    said = [event for event in sent(run) if event["type"] == "custom"]
    half = {"share": 0.5, "done": None, "total": None, "text": ""}
    assert [(event.get("progress"), event.get("printed")) for event in said] == [
        (half, None),
        (None, None),
        (None, "stdout"),
        (None, "stderr"),
    ]
    assert said[2]["data"] == {"text": "a line\n", "kind": "text", "cut": 0}


@pytest.mark.parametrize(
    ("said", "share", "text"),
    [
        (0, 0.0, ""),
        (1.5, 1.0, ""),
        (-1, 0.0, ""),
        ({"done": 1, "total": 4}, 0.25, ""),
        ({"done": 9, "total": 4}, 1.0, ""),
        ({"done": 3, "text": "pages"}, None, "pages"),
        ({"text": "looking"}, None, "looking"),
        ({"done": 1, "total": 0}, None, ""),
    ],
)
def test_progress_is_read(said: Any, share: float | None, text: str) -> None:
    progress = progress_in({"progress": said})

    assert progress is not None
    assert (progress["share"], progress["text"]) == (share, text)


@pytest.mark.parametrize(
    "said",
    [
        None, True, "half", [], {}, {"share": 1}, {"text": 3},
        float("nan"), float("inf"), 10**400,
    ],
)  # fmt: skip
def test_what_is_no_progress_stays_a_value(said: Any) -> None:
    event = ev.Custom(seq=0, ts=0.0, task=None, data={"progress": said})

    assert progress_in(event.data) is None
    assert "progress" not in Encoder().encode(event)
