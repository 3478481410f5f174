"""What a workflow takes to begin: its schema, JSON made into it, and what it was given before.

Reading changes nothing. An input is stored by the run that it begins, and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine.answers import faults_of_validation, from_json, in_words
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, RunRow
from nbflow.errors import CorruptDataError, DeclarationError, InvalidInputError

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["EarlierInput", "earlier_inputs", "input_from_json", "input_parameter", "input_schema"]

_LOOKED_AT = 1_000
"""Runs of the database that are looked at, whichever workflow's they are."""
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierInput:
    """What a run began with.

    >>> EarlierInput(thread_id="1", started_at=0.0, input="cats").input
    'cats'
    """

    thread_id: str
    """The thread of the newest run that it began."""
    started_at: float
    """When that was, in seconds since the epoch."""
    input: Any
    """As the code got it."""


def earlier_inputs(workflow: BaseWorkflow, limit: int = 10) -> list[EarlierInput]:
    """The different inputs that the workflow was given, the newest first, across all threads.

    Those are left out that cannot be read, with a RuntimeWarning that says why, and those of runs
    that lie behind the newest thousand of the database.

    Args:
        limit: at most so many.

    Returns:
        Nothing where the workflow keeps nothing.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> for thread_id, n in (("a", 4), ("b", 5), ("c", 4)):
    ...     _ = double.invoke(n, {"configurable": {"thread_id": thread_id}})
    >>> [(one.thread_id, one.input) for one in earlier_inputs(double)]
    [('c', 4), ('b', 5)]
    """
    found: dict[bytes, EarlierInput] = {}
    runs = iter(()) if workflow.saver is None else _runs(workflow.saver)
    for run in runs:
        if len(found) >= limit:
            break
        if run.workflow != workflow.name or run.input in found:
            continue
        try:
            value = serde.loads(run.input)
        except CorruptDataError as exc:
            _leave_out(exc)
            continue
        found[run.input] = EarlierInput(thread_id=run.thread_id, started_at=run.ts, input=value)
    return list(found.values())


def _runs(saver: BaseCheckpointSaver) -> Iterator[RunRow]:
    """The newest runs of all threads, the newest first; those of nested workflows are steps."""
    openings = islice(_openings(saver), _LOOKED_AT)
    while page := [row.run for row in islice(openings, _PAGE) if row.run is not None]:
        yield from _readable(saver, page)


def _readable(saver: BaseCheckpointSaver, page: list[str]) -> Iterator[RunRow]:
    """Those of the runs that can be read; one that is damaged does not hide the others."""
    try:
        runs = saver.get_runs(page)
    except CorruptDataError as exc:
        if len(page) == 1:
            _leave_out(exc)
            return
        for run_id in page:
            yield from _readable(saver, [run_id])
    else:
        yield from (runs[run_id] for run_id in page if run_id in runs)


def _openings(saver: BaseCheckpointSaver) -> Iterator[CheckpointRow]:
    rows = saver.search_checkpoints(ns="", wanted=lambda row: row.source == "input")
    while True:
        try:
            row = next(rows, None)
        except CorruptDataError as exc:
            _leave_out(exc)
            continue
        if row is None:
            return
        if row.ns == "":
            yield row


def _leave_out(fault: CorruptDataError) -> None:
    warnings.warn(f"An earlier input is left out: {fault}", RuntimeWarning, stacklevel=4)


def input_parameter(workflow: BaseWorkflow) -> str:
    """The name of the parameter that takes the input.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> input_parameter(double)
    'n'
    """
    return workflow.input_parameter.name


def input_schema(workflow: BaseWorkflow) -> dict[str, Any]:
    """JSON Schema of the input; ``{}``, which anything fits, where the annotation has none.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def call(back: type[Exception]) -> None: ...
    >>> input_schema(call)
    {}
    """
    try:
        return workflow.get_input_jsonschema()
    except DeclarationError:
        return {}


def input_from_json(workflow: BaseWorkflow, value: Any) -> Any:
    """The input that a JSON value stands for: of the annotated type, where that has a schema.

    None stands for ``{}`` where the code takes anything or nothing, since an input of None goes
    on with a run and begins none.

    Raises:
        InvalidInputError: it does not fit; with one entry in ``errors`` for each fault.

    >>> import datetime as dt
    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def plan(day: dt.date) -> str:
    ...     return f"{day:%A}"
    >>> plan.invoke(input_from_json(plan, "2026-01-31"))
    'Saturday'
    """
    from pydantic import ValidationError

    schema = input_schema(workflow)
    if value is None and schema in ({}, {"type": "null"}):
        return {}
    if schema:
        try:
            value = from_json(workflow.input_type, value)
        except ValidationError as exc:
            raise _invalid(workflow, faults_of_validation(exc, value)) from exc
    if value is None:
        message = "A run cannot begin with None, which goes on with one: give a value."
        raise _invalid(workflow, [{"path": [], "message": message}])
    return value


def _invalid(workflow: BaseWorkflow, errors: list[dict[str, Any]]) -> InvalidInputError:
    return InvalidInputError(
        f"The input does not fit what {workflow.name!r} takes: {in_words(errors)}. Nothing was "
        "stored and no run was begun; mend it and start again.",
        errors,
    )
