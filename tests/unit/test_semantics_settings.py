"""The configuration that code sees: number 193 of the semantics."""

from __future__ import annotations

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig, get_config
from nbflow.func import entrypoint, task
from nbflow.types import interrupt
from tests.unit.drive import Config, Drive

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
