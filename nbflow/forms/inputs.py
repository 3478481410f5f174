"""A workflow's input as a form, and earlier inputs as what the form can begin with.

The invariant: what is made here holds no secret, that is, nothing which the schema of the input
marks ``writeOnly`` or ``format: password``.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbflow.forms.fields import field_of, label_of
from nbflow.forms.portable import shorten
from nbflow.forms.schema import drawn_schema, fillable
from nbflow.inputs import earlier_inputs, input_schema

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.forms.model import Form
    from nbflow.widgets.start_protocol import EarlierItem

__all__ = ["input_form", "recallable"]

_TITLE_CHARS = 200


def input_form(workflow: BaseWorkflow, form_id: str) -> Form:
    """Return the form that begins a run of the workflow; its docstring is what to read before.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(whole_number: int = 2) -> int:
    ...     return 2 * whole_number
    >>> form = input_form(double, "f1")
    >>> form["title"], form["schema"]
    ('double', {'title': 'Whole number', 'type': 'integer', 'default': 2})
    """
    doc = inspect.cleandoc(workflow.__doc__ or "")
    context = [field_of("", doc)] if doc else []
    schema = _schema(workflow)
    drawn = drawn_schema(schema)
    if drawn is None:
        note = "The input's schema is too large to be drawn as a form; the input is checked."
        context.append(field_of("", note))
        drawn = {"title": schema["title"]}
    form: Form = {
        "interrupt_id": form_id,
        "task": None,
        "title": shorten(workflow.name, _TITLE_CHARS)[0],
        "context": context,
        "schema": drawn,
        "has_initial": "default" in drawn,
        "actions": [],
    }
    if form["has_initial"]:
        form["initial"] = drawn["default"]
    return form


def recallable(workflow: BaseWorkflow, limit: int = 10) -> list[EarlierItem]:
    """Return the newest different inputs that the form can be filled with again.

    Raises:
        StorageError: they cannot be read.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, {"configurable": {"thread_id": "a"}})
    >>> [(item["thread_id"], item["value"]) for item in recallable(double)]
    [('a', 4)]
    """
    schema = input_schema(workflow)
    items: list[EarlierItem] = []
    for earlier in earlier_inputs(workflow, limit):
        try:
            value = fillable(earlier.input, schema)
        except ValueError:  # a form cannot begin with it
            continue
        items.append(
            {
                "thread_id": shorten(earlier.thread_id, _TITLE_CHARS)[0],
                "started_at": earlier.started_at,
                "value": value,
            }
        )
    return items


def _schema(workflow: BaseWorkflow) -> dict[str, Any]:
    """The schema of the input, with the parameter's name and default where it has none."""
    parameter = workflow.input_parameter
    schema = {"title": label_of(parameter.name), **_without_none(input_schema(workflow))}
    default = parameter.default
    if default is not inspect.Parameter.empty and default is not None:
        with suppress(ValueError):  # then the field begins empty
            schema.setdefault("default", fillable(default, schema))
    return schema


def _without_none(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave None out of an optional input: it begins no run, so the form must not offer it."""
    kinds = schema.get("anyOf", [])
    left = [kind for kind in kinds if kind != {"type": "null"}]
    if not left or len(left) == len(kinds):
        return schema
    rest = {key: part for key, part in schema.items() if key != "anyOf"}
    return {**left[0], **rest} if len(left) == 1 else {**rest, "anyOf": left}
