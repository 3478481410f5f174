"""What values are kept as they are, and what becomes of those that cannot be."""

from __future__ import annotations

import socket
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NotSerializableError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.serde_values import same, values


def on(thread_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread_id}}


class Numbers(list[int]):
    """A kind of list that is nobody's to know."""


def _deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _cyclic() -> Any:
    value: list[Any] = [1]
    value.append(value)
    return value


KEPT = [
    float("nan"), float("inf"), -0.0, 2**70, -(2**70), 1 + 2j, Fraction(1, 3), "\ud800", "a\0b",
    b"\0\xff", (1, (2,)), OrderedDict(b=1, a=2), Counter("abca"), _deep(100),
    np.float32(1.5), np.arange(6).reshape(2, 3), pd.DataFrame({"a": [1, None]}),
]  # fmt: skip
REFUSED = [
    (_deep(2_000), "nested"), (_deep(100_000), "nested"), (_cyclic(), "contains itself"),
    (Numbers([1]), "Numbers"),
]  # fmt: skip


def _returning(value: Any, saver: BaseCheckpointSaver, seen: list[Any]) -> Any:
    @task
    def make() -> Any:
        return value

    @task
    def after() -> None:
        seen.append("later")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        seen.append(make().result())
        answer = interrupt("go on?")
        after().result()
        return [seen[-2], answer]

    return workflow


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return bool(a.equals(b)) if isinstance(a, pd.DataFrame) else same(a, b)


def _is_kept(saver: BaseCheckpointSaver, value: Any, thread_id: str) -> None:
    seen: list[Any] = []
    workflow = _returning(value, saver, seen)
    workflow.invoke(1, on(thread_id))
    workflow.invoke(Command(resume=value), on(thread_id))
    first, replayed, _ = seen
    answer = workflow.get_state(on(thread_id)).values[1]
    for one in (first, replayed, answer):
        assert type(one) is type(value)
        assert _equal(one, value)


@pytest.mark.parametrize("value", KEPT, ids=lambda value: f"{value!r:.20}")
def test_an_odd_value_is_kept(saver: BaseCheckpointSaver, value: Any) -> None:
    """Fault 30: as a result and as an answer; the first run sees what a replay sees."""
    _is_kept(saver, value, "t")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=values)
def test_any_value_is_kept(saver: BaseCheckpointSaver, value: Any) -> None:
    """Fault 30: whatever it is made of."""
    _is_kept(saver, value, str(len(saver.list_threads())))


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=["2000", "100000", "cyclic", "subclass"])
def test_a_value_that_cannot_be_kept(saver: BaseCheckpointSaver, value: Any, why: str) -> None:
    """Fault 30: its task fails, and says which part it is."""
    seen: list[Any] = []
    with pytest.raises(NotSerializableError, match=why) as error:
        _returning(value, saver, seen).invoke(1, on("t"))
    assert error.value.path.startswith("$")
    assert "The result of task 'make' cannot be stored." in error.value.__notes__
    assert seen == []


# -- things that are no values -------------------------------------------------------------------


@pytest.fixture(params=["lock", "socket", "generator", "lambda", "file", "too long"])
def thing(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setattr(serde, "MAX_BYTES", 100_000)
    with socket.socket() as plug, (tmp_path / "open").open("w") as file:
        yield {
            "lock": threading.Lock(), "socket": plug, "generator": (n for n in range(3)),
            "lambda": lambda: 1, "file": file, "too long": b"x" * 200_000,
        }[request.param]  # fmt: skip


def test_what_is_no_value_as_a_result(saver: BaseCheckpointSaver, thing: Any) -> None:
    """Fault 31: that task fails, and no later one runs."""
    seen: list[Any] = []
    with pytest.raises(NotSerializableError) as error:
        _returning({"it": [1, thing]}, saver, seen).invoke(1, on("t"))
    assert error.value.path in ("$.it[1]", "$")
    assert seen == []


def test_what_is_no_value_as_an_input(saver: BaseCheckpointSaver, thing: Any) -> None:
    """Fault 31: nothing is stored and no code runs."""
    ran: list[str] = []

    @entrypoint(checkpointer=saver)
    def workflow(given: Any) -> None:
        ran.append("body")

    with pytest.raises(NotSerializableError):
        workflow.invoke([thing], on("t"))
    assert (ran, saver.list_threads()) == ([], [])


def test_what_is_no_value_as_an_answer(saver: BaseCheckpointSaver, thing: Any) -> None:
    """Fault 31: nothing is stored, and the question is still open."""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("which?")

    workflow.invoke(1, on("t"))
    with pytest.raises(NotSerializableError):
        workflow.invoke(Command(resume=[thing]), on("t"))
    assert workflow.invoke(Command(resume="this"), on("t")) == "this"


def test_what_is_no_value_as_a_question(saver: BaseCheckpointSaver, thing: Any) -> None:
    """Fault 31: asking fails where it stands, and the code may ask otherwise."""
    asked: list[Callable[[], Any]] = [lambda: interrupt({"it": thing}), lambda: interrupt("plain")]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            return asked[0]()
        except NotSerializableError:
            return asked[1]()

    (question,) = workflow.invoke(1, on("t"))["__interrupt__"]
    assert question.value == "plain"
    assert workflow.invoke(Command(resume="this"), on("t")) == "this"
