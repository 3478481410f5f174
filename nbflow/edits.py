"""A checkpoint's state as JSON that a person can edit, and that JSON as a state again.

The invariant: a state that was not edited comes back equal, of the same types; one for which that
cannot be promised is not offered for editing.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

from nbflow._engine.answers import faults_of_validation, from_json, in_words, schema_of
from nbflow.compare import differences
from nbflow.errors import InvalidInputError

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["editable_type", "state_from_json", "state_schema"]


def editable_type(workflow: BaseWorkflow, state: Any) -> Any:
    """Return the type as which a state can be edited; ``Any`` for plain JSON.

    That is the state's own, if it is a Pydantic model or a dataclass; what the workflow is said to
    return, if it is one; and plain JSON. None is to be replaced by what the workflow returns.

    Raises:
        ValueError: it is none of them: it would not come back as it was.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def halve(n: int) -> float:
    ...     return n / 2
    >>> editable_type(halve, 1.5), editable_type(halve, {"n": 1})
    (<class 'float'>, typing.Any)
    """
    declared = workflow.output_type
    if state is None:
        return declared
    own = [type(state)] if _is_record(state) else []
    for kind in (*own, declared, Any):
        if _comes_back(kind, state):
            return kind
    raise ValueError(
        f"A state of type {type(state).__name__} is no JSON, so it cannot be edited in a form. "
        f"Edit it in code: {workflow.name}.update_state(config, values)."
    )


def state_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of such a type; ``{}`` for plain JSON.

    >>> state_schema(float), state_schema(Any)
    ({'type': 'number'}, {})
    """
    return {} if kind is Any else schema_of(kind) or {}


def state_from_json(kind: Any, value: Any) -> Any:
    """Return the state that a JSON value stands for.

    Raises:
        InvalidInputError: it does not fit; with one entry in ``errors`` for each fault.

    >>> import datetime as dt
    >>> state_from_json(dt.date, "2026-01-31")
    datetime.date(2026, 1, 31)
    """
    from pydantic import ValidationError

    if kind is Any:
        return value
    try:
        return from_json(kind, value)
    except ValidationError as exc:
        errors = faults_of_validation(exc, value)
        raise InvalidInputError(
            f"The state does not fit: {in_words(errors)}. Nothing was stored; "
            "mend it and try again.",
            errors,
        ) from exc


def _is_record(state: Any) -> bool:
    fields = getattr(type(state), "__pydantic_fields__", None)
    return isinstance(fields, dict) or dataclasses.is_dataclass(state)


def _comes_back(kind: Any, state: Any) -> bool:
    """Whether a state that is written as JSON and read again is the same."""
    from pydantic_core import to_jsonable_python

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again = state_from_json(kind, to_jsonable_python(state))
    except Exception:  # of a validator of the user's, too: then it is no form that can be sent
        return False
    return type(again) is type(state) and not differences(state, again, limit=1)
