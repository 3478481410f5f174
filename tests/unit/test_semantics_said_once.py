"""What code writes to a stream before a replay is not sent again: number 165 of the semantics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import get_stream_writer, get_token_writer
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive


@task
def ask(value: Any) -> Any:
    return interrupt(value)


def say(word: str) -> None:
    get_stream_writer()(word)


Heard = Callable[[Any], list[Any]]


@pytest.fixture
def heard(drive: Drive, config: Config) -> Callable[[Any], Heard]:
    """What a workflow writes when it is given an input or an answer."""

    def of(workflow: Any) -> Heard:
        def stream(value: Any) -> list[Any]:
            return drive.stream(workflow, value, config, stream_mode="custom")

        return stream

    return of


def answers(drive: Drive, workflow: Any, config: Config) -> dict[Any, str]:
    """Ids of the open questions by what they ask."""
    return {q.value: q.id for q in drive.state(workflow, config).interrupts}


def test_when_only_questions_are_on_record(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, heard: Any
) -> None:
    """165, 99: also where one of two is answered"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        say("begin")
        one = ask(1)
        say("between")
        two = ask(2)
        found = [one.result(), two.result()]
        say("end")
        return found

    stream = heard(workflow)
    assert stream(0) == ["begin", "between"]
    assert stream(None) == []
    ids = answers(drive, workflow, config)
    assert stream(Command(resume={ids[1]: "a"})) == []
    assert stream(Command(resume="b")) == ["end"]


def test_before_a_question_of_the_body(saver: BaseCheckpointSaver, heard: Any) -> None:
    """165, 68"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        say("begin")
        answer = interrupt("?")
        say("end")
        return answer

    stream = heard(workflow)
    assert [stream(0), stream(None), stream(Command(resume=1))] == [["begin"], [], ["end"]]


def test_in_a_nested_workflow(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """165, 173"""

    @entrypoint()
    def inner(n: int) -> Any:
        say("inner begins")
        answer = ask(n).result()
        say("inner ends")
        return answer

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        say("begin")
        return inner.invoke(n)

    def stream(value: Any) -> list[Any]:
        chunks = drive.stream(workflow, value, config, stream_mode="custom", subgraphs=True)
        return [word for _, word in chunks]

    assert stream(0) == ["begin", "inner begins"]
    assert stream(None) == []
    assert stream(Command(resume=1)) == ["inner ends"]


def test_after_a_failure(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """165, 65: the task that failed runs again, and what comes after it is new"""
    failing = [True]

    @task
    def step() -> None:
        if failing[0]:
            raise ConnectionError

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        say("begin")
        step().result()
        say("end")

    chunks: list[Any] = []
    with pytest.raises(ConnectionError):
        drive.stream_into(chunks, workflow, 0, config, stream_mode="custom")
    failing[0] = False
    assert chunks == ["begin"]
    assert drive.stream(workflow, None, config, stream_mode="custom") == ["end"]


def test_text_is_not_sent_again(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """165, 171"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        get_token_writer()("begin")
        return ask(n).result()

    def stream(value: Any) -> list[Any]:
        chunks = drive.stream(workflow, value, config, stream_mode="messages")
        return [token.content for token, _ in chunks]

    assert [stream(0), stream(None), stream(Command(resume=1))] == [["begin"], [], []]


def test_a_helper_that_goes_on_beside_one_that_does_not(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, heard: Any
) -> None:
    """165, 60: each line of control is judged by its own calls"""

    @task
    async def consider(n: int) -> Any:
        await asyncio.sleep(0)
        return interrupt(n)

    async def helper(n: int) -> Any:
        say(f"{n} begins")
        answer = await consider(n)
        say(f"{n} ends")
        return answer

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(helper(1), helper(2), consider(3))

    stream = heard(workflow)
    assert sorted(stream(0)) == ["1 begins", "2 begins"]
    ids = answers(drive, workflow, config)
    assert stream(Command(resume={ids[1]: "a", ids[3]: "c"})) == ["1 ends"]


def test_code_that_was_changed_is_heard(saver: BaseCheckpointSaver, heard: Any) -> None:
    """165, 81: calls that it makes no more do not keep it silent"""

    @task
    def work(n: int) -> int:
        return n

    def before(n: int) -> Any:
        say("begin")
        work(n).result()
        return interrupt("?")

    def after(n: int) -> Any:
        say("begin")
        work(n + 1).result()
        say("new")
        return n

    after.__name__ = "before"
    asked, edited = (entrypoint(checkpointer=saver)(body) for body in (before, after))
    assert heard(asked)(0) == ["begin"]
    with pytest.warns(UserWarning, match="1 recorded calls were not made again: work"):
        assert heard(edited)(None) == ["new"]
