"""A workflow called inside a run is a step of that run: numbers 16, 31, 63 and 195."""

from __future__ import annotations

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig
from nbflow.func import entrypoint
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Drive, on_thread


def _asked(*values: Any) -> dict[str, list[Interrupt]]:
    """What ``invoke`` returns when exactly these questions are open."""
    return {"__interrupt__": [Interrupt(value=value, id=HEX) for value in values]}


@pytest.mark.parametrize("thread_id", ["1", 1], ids=["text", "number"])
def test_called_with_the_configuration_of_its_caller(
    saver: BaseCheckpointSaver, drive: Drive, thread_id: str | int
) -> None:
    """16, 63, 195"""

    @entrypoint()
    def asks(n: int) -> Any:
        return interrupt("ok?")

    @entrypoint(checkpointer=True)
    def counts(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint(checkpointer=saver)
    def workflow(n: int, config: RunnableConfig) -> Any:
        return [counts.invoke(n, config), asks.invoke(n, config)]

    named = on_thread(thread_id)
    assert drive.invoke(workflow, 1, named) == _asked("ok?")
    assert drive.invoke(workflow, Command(resume="yes"), named) == [1, "yes"]
    assert drive.invoke(workflow, 2, named) == _asked("ok?")
    assert drive.invoke(workflow, Command(resume="no"), named) == [3, "no"]
