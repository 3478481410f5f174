"""The errors: drawn in one tree, and able to travel between processes."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import re
from collections.abc import Iterator

import pytest

import nbflow
from nbflow import errors
from nbflow.errors import NbflowError
from nbflow.types import Interrupt

SIGNALS = {"GraphInterrupt", "RunCancelled", "RunDrained"}
"""No errors, and so not below NbflowError."""

ELSEWHERE = {"InvalidNamespaceError", "NotebookCellError", "NotebookParameterError"}
"""Where LangGraph has them, or beside the only thing that raises them."""


def _below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)


def test_the_tree_shows_every_error() -> None:
    for module in pkgutil.walk_packages(nbflow.__path__, "nbflow."):
        importlib.import_module(module.name)
    there = {kind.__name__ for kind in _below(NbflowError) if kind.__module__.startswith("nbflow")}
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert there - ELSEWHERE == drawn - {"NbflowError", *SIGNALS}


SAMPLES: list[BaseException] = [
    errors.UnknownInterruptError("text", "not_pending", ["a"], ["b"]),
    errors.AlreadyAnsweredError("text", "answered", ["a"]),
    errors.InvalidAnswerError("text", "a", [{"path": ["x", 0], "message": "m"}]),
    errors.AnswerTooLateError("text", "too_late", ["a"]),
    errors.AnswerTimeoutError("a", 12.5),
    errors.NotAssignedError("eve", ["ada", "grace"]),
    errors.InvalidInputError("text", [{"path": ["x", 0], "message": "m"}]),
    errors.NonDeterminismError("text", "called", "recorded"),
    errors.NotSerializableError("text", "$.a", "lock"),
    errors.StorageError("text"),
    errors.GraphInterrupt([Interrupt("q", "0" * 32)]),
    errors.GraphDrained("maintenance"),
    errors.RunDrained("maintenance"),
    errors.NodeTimeoutError("step", 0.1, "idle", 0.05),
    errors.NodeTimeoutError("step", 0.1, kind="run", idle_timeout=1.0, run_timeout=0.1),
    errors.NodeCancelledError("step"),
    errors.RunCancelled("text"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda e: type(e).__name__)
def test_it_travels(error: BaseException) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert type(back) is type(error)
    assert back.args == error.args
    assert str(back) == str(error)
    assert vars(back) == vars(error)
