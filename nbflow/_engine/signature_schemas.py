"""JSON Schemas of what a workflow takes and gives, from its annotations (13, 14)."""

from __future__ import annotations

import typing
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from nbflow._engine.answers import schema_of
from nbflow._engine.final import Final

__all__ = ["input_schema", "input_type", "output_schema", "output_type"]


def input_schema(fn: Callable[..., Any], first: str) -> dict[str, Any]:
    """Of the first parameter; ``{}``, which anything fits, where it has no annotation."""
    return _of(input_type(fn, first))


def input_type(fn: Callable[..., Any], first: str) -> Any:
    """The annotation of the first parameter; ``Any`` without one."""
    return _hints(fn).get(first, Any)


def output_schema(fn: Callable[..., Any]) -> dict[str, Any]:
    """Of what the caller gets: of ``entrypoint.final[R, S]`` that is R."""
    return _of(output_type(fn))


def output_type(fn: Callable[..., Any]) -> Any:
    """The annotation of what the caller gets; ``Any`` without one."""
    returned = _hints(fn).get("return", Any)
    if isinstance(returned, type) and issubclass(returned, Final):
        return Any
    origin = typing.get_origin(returned)
    if isinstance(origin, type) and issubclass(origin, Final):
        return typing.get_args(returned)[0]
    return returned


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(fn, include_extras=True)
    except (NameError, TypeError):
        return {}


def _of(kind: Any) -> dict[str, Any]:
    return {} if kind is Any else deepcopy(schema_of(kind) or {})
