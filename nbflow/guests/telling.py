"""What LangGraph's stream says, as events.

The invariant: a question is told once in an execution, by the innermost task that asks it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from nbflow._engine.failures import failure_of, without_frames
from nbflow.events import (
    Asked,
    CheckpointSaved,
    Custom,
    Event,
    Message,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskPaused,
    TaskStarted,
)
from nbflow.types import Failure, Interrupt

__all__ = ["Teller", "as_failure", "as_interrupt", "id_of", "task_input", "without_runtime"]


class Teller:
    """Turns the parts of one execution's stream into events.

    Args:
        unseen: the name of a task that is the run itself, of which nothing is told; None for none.
        kept: what tasks have returned that do not run again, by LangGraph's task ids.

    >>> teller = Teller()
    >>> part = {"id": "0" * 32, "name": "double", "input": 4, "triggers": ()}
    >>> [event.name for event in teller.events((), "tasks", part)]
    ['double']
    """

    def __init__(self, unseen: str | None = None, kept: Mapping[str, Any] | None = None) -> None:
        self.value: Any = None
        """The newest state of the whole graph."""
        self._unseen = unseen
        self._kept = kept or {}
        self._began: dict[str, float] = {}
        self._open: dict[str, dict[str, Any]] = {}
        """What is told of the tasks that have no end yet."""
        self.asked: set[str] = set()
        """Ids of the questions."""

    def events(self, ns: tuple[str, ...], mode: str, data: Any) -> Iterator[Event]:
        """The events of one part."""
        if mode == "tasks":
            yield from self._task(ns, data)
        elif mode == "messages":
            chunk, metadata = data
            yield Message(task=self._known(_last(metadata)), chunk=chunk, metadata=metadata)
        elif mode == "custom":
            yield Custom(task=self._at_work(self._known(_parent(ns))), data=data)
        elif mode == "checkpoints" and not ns:
            metadata = data["metadata"] or {}
            yield CheckpointSaved(
                checkpoint_id=data["config"]["configurable"]["checkpoint_id"],
                source=str(metadata.get("source", "")),
                step=int(metadata.get("step", 0)),
            )
        elif mode == "values" and not ns:
            self.value = _without_questions(data)

    def _task(self, ns: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[Event]:
        told = {"id": id_of(data["id"]), "name": data["name"], "parent": self._known(_parent(ns))}
        is_run = not ns and data["name"] == self._unseen
        if "input" in data:
            given = task_input(data["input"])
            if not is_run and data["id"] in self._kept:
                result = self._kept[data["id"]]
                yield TaskFinished(
                    **told, result=result, duration_s=0.0, replayed=True, input=given
                )
            elif not is_run:
                self._began[told["id"]] = time.monotonic()
                self._open[told["id"]] = told
                yield TaskStarted(**told, input=given, attempt=1)
            return
        questions = tuple(as_interrupt(one) for one in data["interrupts"])
        for question in questions:
            if question.id not in self.asked:
                self.asked.add(question.id)
                yield Asked(interrupt=question, task=None if is_run else told["id"])
        if is_run:
            return
        self._open.pop(told["id"], None)
        took = time.monotonic() - self._began.get(told["id"], time.monotonic())
        if questions:
            yield TaskPaused(**told, interrupts=questions)
        elif data["error"] is not None:
            error = data["error"]
            yield TaskFailed(**told, error=as_failure(error), duration_s=took, replayed=False)
        else:
            result = _returned(data["result"])
            yield TaskFinished(**told, result=result, duration_s=took, replayed=False)

    def rest(self, status: str) -> Iterator[Event]:
        """The ends of tasks that the stream does not tell: of cached ones, and of those left."""
        for told in self._open.values():
            if status == "done":
                yield TaskFinished(**told, result=None, duration_s=0.0, replayed=False, cached=True)
            elif status == "interrupted":
                yield TaskPaused(**told, interrupts=())
            else:
                yield TaskCancelled(**told, replayed=False)
        self._open.clear()

    def _at_work(self, parent: str | None) -> str | None:
        """The one task that is at work in a namespace; what it belongs to where there are several.

        LangGraph does not tell which task sent something.
        """
        there = [task for task, told in self._open.items() if told["parent"] == parent]
        return there[0] if len(there) == 1 else parent

    def _known(self, task: str | None) -> str | None:
        return task if task in self._began else None


def id_of(task_id: str) -> str:
    """The id of a task: LangGraph's, as 32 hex digits.

    >>> id_of("3bb4bf89-1fe1-0a06-42d7-98e66ac5c38c")
    '3bb4bf891fe10a0642d798e66ac5c38c'
    """
    try:
        return uuid.UUID(task_id).hex
    except ValueError:
        return hashlib.blake2b(task_id.encode(), digest_size=16).hexdigest()


def as_interrupt(question: Any) -> Interrupt:
    """A question of LangGraph's, as an object or as its stream has it.

    >>> as_interrupt({"value": "Approve?", "id": "0" * 32}).value
    'Approve?'
    """
    if not isinstance(question, Mapping):
        question = {name: getattr(question, name, None) for name in _PARTS}
    schema = question.get("response_schema")
    return Interrupt(
        value=question["value"],
        id=question["id"],
        response_schema=schema if isinstance(schema, dict) else None,
    )


_PARTS = ("value", "id", "response_schema")


def as_failure(error: Any) -> Failure:
    """What a task raised, as an exception or as its text.

    >>> as_failure("ValueError('bad')").message
    "ValueError('bad')"
    """
    if isinstance(error, BaseException):
        return failure_of(without_runtime(error))
    return Failure(type=str(error).partition("(")[0], message=str(error), traceback="")


def without_runtime(exc: BaseException) -> BaseException:
    """The exception with a traceback of the graph's own code, if it has any.

    >>> try:
    ...     int("one")
    ... except ValueError as error:
    ...     without_runtime(error) is error
    True
    """
    return without_frames(exc, _RUNTIME)


_RUNTIME = (
    "/nbflow/guests/",
    "/langgraph/pregel/",
    "/langgraph/_internal/",
    "/concurrent/futures/",
    "/asyncio/",
)


def task_input(given: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a task was called with: its arguments, or the state that a node got.

    >>> task_input({"n": 1}), task_input(((1,), {"by": 2}))
    ((({'n': 1},), {}), ((1,), {'by': 2}))
    """
    if isinstance(given, tuple) and len(given) == 2:
        args, kwargs = given
        if isinstance(args, tuple) and isinstance(kwargs, dict):
            return args, kwargs
    return (given,), {}


def _last(metadata: Mapping[str, Any]) -> str | None:
    return _parent(tuple(str(metadata.get("langgraph_checkpoint_ns") or "").split("|")))


def _parent(ns: tuple[str, ...]) -> str | None:
    """The id of the task that a namespace ends with."""
    _, colon, task_id = ns[-1].partition(":") if ns else ("", "", "")
    return id_of(task_id) if colon else None


def _returned(result: Any) -> Any:
    """What a node wrote, or what a task of a workflow returned."""
    if isinstance(result, Mapping) and set(result) == {"__return__"}:
        return result["__return__"]
    return result


def _without_questions(state: Any) -> Any:
    if isinstance(state, dict) and "__interrupt__" in state:
        return {name: part for name, part in state.items() if name != "__interrupt__"}
    return state
