"""What an answer must look like: from a type to JSON Schema, and from an answer to the type.

The kernel has the last word: an answer is judged here before it is stored.
"""

from __future__ import annotations

import sys
import typing
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nbflow.errors import DeclarationError, InvalidAnswerError, NotSerializableError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["coerce", "judge", "plain_json", "schema_of"]


def schema_of(response_schema: Any) -> dict[str, Any] | None:
    """JSON Schema of what ``interrupt`` was given as ``response_schema``.

    Raises:
        DeclarationError: it is neither a type nor a valid JSON Schema.
    """
    if response_schema is None:
        return None
    if isinstance(response_schema, dict):
        _validator(response_schema)
        return response_schema
    try:
        return _adapter(response_schema).json_schema()
    except Exception as exc:
        raise DeclarationError(
            f"response_schema={response_schema!r} has no JSON Schema: {exc}. Give a Pydantic "
            "model, a dataclass, a TypedDict, a plain type, or a JSON Schema as a dict."
        ) from exc


def judge(schema: dict[str, Any] | None, answer: Any, interrupt_id: str) -> None:
    """Refuse an answer that does not fit a question's JSON Schema.

    Raises:
        InvalidAnswerError: with one entry in ``errors`` for each fault.
    """
    if schema is None:
        return
    plain = plain_json(answer)
    errors = [
        {"path": list(error.instance_path), "message": error.message}
        for error in _validator(schema).iter_errors(plain)
    ]
    if errors:
        raise _invalid(interrupt_id, errors)


def coerce(response_schema: Any, answer: Any, interrupt_id: str) -> Any:
    """The answer as an instance of the type that the code asked for.

    Raises:
        InvalidAnswerError: the type's own validators refuse it.
    """
    if response_schema is None or isinstance(response_schema, dict):
        return answer
    from pydantic import ValidationError

    try:
        return _adapter(response_schema).validate_python(answer)
    except ValidationError as exc:
        errors = [
            {"path": list(error["loc"]), "message": _sentence(error["msg"])}
            for error in exc.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise _invalid(interrupt_id, errors) from exc


def _invalid(interrupt_id: str, errors: list[dict[str, Any]]) -> InvalidAnswerError:
    faults = "; ".join(f"{_where(e['path'])}{e['message']}" for e in errors)
    return InvalidAnswerError(
        f"The answer does not fit the question: {faults}. Nothing was stored and the question "
        "is still open; answer again.",
        interrupt_id,
        errors,
    )


def _where(path: list[Any]) -> str:
    return ".".join(str(part) for part in path) + ": " if path else ""


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def plain_json(answer: Any) -> Any:
    """An answer as JSON values, so that a model instance can be judged like its data."""
    if answer is None or isinstance(answer, str | bool | int | float):
        return answer
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(answer)
    except PydanticSerializationError as exc:
        raise NotSerializableError(
            f"The answer cannot be stored: {exc}. Nothing was stored; answer with plain values.",
            "$",
            type(answer).__name__,
        ) from exc


def _validator(schema: dict[str, Any]) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(schema)
    except (jsonschema_rs.ValidationError, ValueError) as exc:
        raise DeclarationError(
            f"response_schema is not a valid JSON Schema: {exc}. Correct the dict, or give a type."
        ) from exc


def _adapter(kind: Any) -> TypeAdapter[Any]:
    try:
        return _cached_adapter(kind)
    except TypeError:
        return _new_adapter(kind)


@lru_cache(maxsize=256)
def _cached_adapter(kind: Any) -> TypeAdapter[Any]:
    return _new_adapter(kind)


def _new_adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(_modern(kind))


def _modern(kind: Any) -> Any:
    """``typing.TypedDict`` as ``typing_extensions.TypedDict``, which Pydantic wants before 3.12."""
    if sys.version_info >= (3, 12) or not typing.is_typeddict(kind):
        return kind
    import typing_extensions

    if type(kind).__module__ == "typing_extensions":
        return kind
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {
        name: _modern(hint) if name in kind.__required_keys__
        else typing_extensions.NotRequired[_modern(hint)]
        for name, hint in hints.items()
    }  # fmt: skip
    make: Any = typing_extensions.TypedDict
    modern = make(kind.__name__, fields)
    modern.__doc__ = kind.__doc__
    return modern
