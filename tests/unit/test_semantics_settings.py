"""The configuration that code sees: number 193 of the semantics."""

from __future__ import annotations

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import RunnableConfig, get_config
from nbflow.errors import InvalidConfigError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread

NONE: Config = {"configurable": None, "metadata": None, "tags": None}


@task
def seen(config: RunnableConfig) -> Any:
    assert get_config() is config
    return dict(config)


def see() -> Any:
    return seen().result()  # type: ignore[call-arg]  # injected


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, {"configurable": {}, "metadata": {}}),
        (NONE, {"configurable": {}, "metadata": {}}),
        ({"tags": ["a"]}, {"configurable": {}, "metadata": {}, "tags": ["a"]}),
        (
            {"configurable": {"model": "big"}, "metadata": {"m": 1}},
            {"configurable": {"model": "big"}, "metadata": {"m": 1}},
        ),
    ],
)
def test_what_was_not_given_is_there_and_empty(
    drive: Drive, given: Config | None, found: Config
) -> None:
    """193"""

    @entrypoint()
    def workflow(n: int) -> Any:
        return see()

    assert drive.invoke(workflow, 1, given) == found
    assert workflow.start(1, config=given).result() == found


def test_the_configuration_of_a_thread(saver: BaseCheckpointSaver, config: Config) -> None:
    """193: in the background and in a rehearsal, too"""
    looked: list[Any] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        looked.append(get_config())
        return interrupt("?")

    workflow.invoke(1, config)
    workflow.start(1, thread_id="another").wait()
    workflow.replay_report("some_thread_id")
    assert looked == [
        {"configurable": {"thread_id": thread_id}, "metadata": {}}
        for thread_id in ("some_thread_id", "another", "some_thread_id")
    ]


OUTER: Config = {
    "tags": ["a"], "metadata": {"m": 1, "k": 1}, "configurable": {"model": "o", "only": 1},
    "run_name": "outer", "recursion_limit": 7,
}  # fmt: skip


@pytest.fixture(params=[True, False], ids=["kept", "not kept"])
def outer(request: pytest.FixtureRequest, saver: BaseCheckpointSaver) -> Any:
    """Makes a workflow of a body, and gives what it is invoked with."""

    def make(body: Any) -> Any:
        named = on_thread("1")["configurable"] if request.param else {}
        settings = {**OUTER, "configurable": {**OUTER["configurable"], **named}}
        return entrypoint(checkpointer=saver if request.param else None)(body), settings

    return make


@entrypoint()
def inner(n: int, config: RunnableConfig) -> Any:
    assert see() == config
    return dict(config)


@entrypoint()
async def async_inner(n: int, config: RunnableConfig) -> Any:
    assert await seen() == config  # type: ignore[call-arg]  # injected
    return dict(config)


@pytest.mark.parametrize("called", [inner, async_inner], ids=["plain", "async"])
def test_a_nested_workflow_has_what_it_was_given_and_its_callers(
    drive: Drive, outer: Any, called: Any
) -> None:
    """193: body, tasks and workflows below it; the caller's own stays as it was"""
    given = {
        "tags": ["z", "a"], "metadata": {"m": 2}, "configurable": {"model": "big"},
        "recursion_limit": 9, "callbacks": None,
    }  # fmt: skip

    @entrypoint()
    def middle(n: int) -> Any:
        return called.invoke(n, {"tags": ["m"]})

    def body(n: int) -> Any:
        return [called.invoke(n, given), middle.invoke(n, given), called.invoke(n), see()]

    workflow, settings = outer(body)
    below = {
        **settings, "tags": ["a", "z"], "metadata": {"m": 2, "k": 1}, "recursion_limit": 9,
        "configurable": {**settings["configurable"], "model": "big"},
    }  # fmt: skip
    assert drive.invoke(workflow, 1, settings) == [
        below, {**below, "tags": ["a", "z", "m"]}, settings, settings,
    ]  # fmt: skip


def test_a_run_of_its_own_has_what_is_not_of_the_callers_run(drive: Drive, outer: Any) -> None:
    """193, 198"""
    kept = entrypoint(checkpointer=InMemorySaver())(inner.__wrapped__)

    def body(n: int) -> Any:
        return kept.invoke(n, {**on_thread("other"), "tags": ["z"]})

    workflow, settings = outer(body)
    assert drive.invoke(workflow, 1, settings) == {
        "tags": ["a", "z"], "metadata": {"m": 1, "k": 1}, "recursion_limit": 7,
        "configurable": {"thread_id": "other"},
    }  # fmt: skip
    metadata = kept.get_state(on_thread("other")).metadata
    assert metadata is not None
    assert metadata["k"] == 1


def test_what_a_nested_call_cannot_be_given(drive: Drive, outer: Any) -> None:
    """194"""
    given: list[Any] = [{"recursion_limit": 0}]

    def body(n: int) -> Any:
        return inner.invoke(n, given[0])

    workflow, settings = outer(body)
    with pytest.raises(InvalidConfigError, match="recursion_limit"):
        drive.invoke(workflow, 1, settings)
    given[0] = "thread 1"
    with pytest.raises(TypeError, match="config= was given str 'thread 1'"):
        drive.invoke(workflow, 2, settings)


def test_a_run_has_one_limit(drive: Drive, outer: Any) -> None:
    """47: a nested call is told that it cannot have its own"""

    def body(n: int) -> Any:
        return inner.invoke(n, {"max_concurrency": n})["max_concurrency"]

    workflow, settings = outer(body)
    assert drive.invoke(workflow, 3, {**settings, "max_concurrency": 3}) == 3
    with pytest.warns(UserWarning, match="max_concurrency=2 was given to a workflow"):
        assert drive.invoke(workflow, 2, {**settings, "max_concurrency": 3}) == 2


def test_an_answer_to_a_nested_workflow(drive: Drive, outer: Any) -> None:
    """115: is no input"""

    def body(n: int) -> Any:
        return inner.invoke(Command(resume=n))

    workflow, settings = outer(body)
    with pytest.raises(OutsideRunError, match="An answer was sent to 'inner' inside a run"):
        drive.invoke(workflow, 1, settings)


def test_a_nested_question_where_nothing_is_kept(drive: Drive) -> None:
    """117, 97: is the run's, and no value"""

    @entrypoint()
    def asks(n: int) -> Any:
        return interrupt("?")

    @entrypoint()
    def workflow(n: int) -> Any:
        return ["nested", asks.invoke(n)]

    with pytest.warns(UserWarning, match="without a checkpointer"):
        asked = drive.invoke(workflow, 1)
    assert asked == {"__interrupt__": [Interrupt("?", HEX)]}


def test_a_kept_workflow_in_a_run_that_is_not_kept(drive: Drive) -> None:
    """198: keeps the thread that it is given, and needs none to be a step"""
    saver = InMemorySaver()

    @entrypoint(checkpointer=saver)
    def counts(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint()
    def workflow(n: int) -> Any:
        return [counts.invoke(n, get_config()), counts.invoke(n)]

    found = [drive.invoke(workflow, n, on_thread("1")) for n in (1, 2)]
    assert found == [[1, 1], [3, 2]]
    assert [drive.invoke(workflow, n) for n in (1, 2)] == [[1, 1], [2, 2]]
    assert [thread.thread_id for thread in saver.list_threads()] == ["1"]
