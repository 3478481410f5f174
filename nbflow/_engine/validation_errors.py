"""Pydantic's errors of validation: their state is out of reach, so its own API takes them apart and
puts them together."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbflow import serde

__all__ = ["is_one", "put_together", "taken_apart"]

_MOST_SHOWN = 100
"""Characters at each end of an input, of which Pydantic shows fewer."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an error shows of an input that cannot be stored."""

    type_name: str
    """Without its module."""
    text: str
    """Its ``repr``; the middle is left out of a long one."""


serde.register(Shown)


def is_one(kind: type) -> bool:
    """Whether it is the class of these errors; does not import Pydantic."""
    core = sys.modules.get("pydantic_core")
    return core is not None and kind is core.ValidationError


def taken_apart(exc: BaseException, storable: Callable[[Any], bool]) -> dict[str, Any] | None:
    """What the error is made of; None for any other exception."""
    if not is_one(type(exc)):
        return None
    error: Any = exc
    return {
        "title": error.title,
        "errors": [
            line if storable(line["input"]) else {**line, "input": _shown(line["input"])}
            for line in error.errors(include_url=False)
        ],
    }


def _shown(value: Any) -> Shown:
    try:
        text = repr(value)
    except Exception:
        text = "<unprintable>"
    if len(text) > 2 * _MOST_SHOWN:
        text = text[:_MOST_SHOWN] + text[-_MOST_SHOWN:]
    return Shown(type(value).__name__, text)


def put_together(kind: type[BaseException], parts: dict[str, Any], message: str) -> BaseException:
    """The error again, with the text that it had, if that can be.

    Raises:
        Exception: these are no parts of such an error.
    """
    made: Any = kind
    found: list[BaseException] = []
    for input_type in ("python", "json"):
        lines = [_line(made, line, input_type) for line in parts["errors"]]
        for hide_input in (False, True):
            error = made.from_exception_data(parts["title"], lines, input_type, hide_input)
            if str(error) == message:
                return error  # type: ignore[no-any-return]
            found.append(error)
    return found[0]


def _line(kind: Any, error: dict[str, Any], input_type: str) -> dict[str, Any]:
    """One fault, as a type of Pydantic's where that says the same, else as a type of its own."""
    from pydantic_core import PydanticCustomError

    given = error["input"]
    if isinstance(given, Shown):
        text = given.text
        given = type(given.type_name, (), {"__repr__": lambda self: text})()
    line = {"type": error["type"], "loc": tuple(error["loc"]), "input": given}
    context = {"ctx": error["ctx"]} if "ctx" in error else {}
    try:
        (again,) = kind.from_exception_data("", [{**line, **context}], input_type).errors()
        if again["msg"] == error["msg"]:
            return {**line, **context}
    except (KeyError, TypeError, ValueError):
        pass
    return {**line, "type": PydanticCustomError(error["type"], error["msg"], error.get("ctx"))}
