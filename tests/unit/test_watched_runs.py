"""Plain calls of a workflow as a notebook sees them: which are one run, and which are two."""

from __future__ import annotations

import pytest

from nbflow._hooks import hooks
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.run import Run
from nbflow.types import Command, interrupt

THREAD = {"configurable": {"thread_id": "1"}}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that a notebook would show, in order."""
    runs: list[Run] = []
    monkeypatch.setattr(hooks, "started", runs.append)
    return runs


def test_each_input_on_a_thread_begins_a_run_of_its_own(seen: list[Run]) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def add(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    assert [add.invoke(n, THREAD) for n in (1, 2)] == [1, 3]
    assert [run.result() for run in seen] == [1, 3]


def test_an_answer_goes_on_with_the_run_that_is_shown(seen: list[Run]) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def ask(text: str) -> str:
        return f"{text}: {interrupt('Good?')}"

    ask.invoke("cats", THREAD)
    assert ask.invoke(Command(resume="yes"), THREAD) == "cats: yes"
    assert seen[0] is seen[1]
