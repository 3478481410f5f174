"""What an answer must look like: from a type to JSON Schema, and from an answer to the type.

The kernel has the last word: an answer is judged here before it is stored.
"""

from __future__ import annotations

import json
import sys
import typing
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._json_schema import faults_of, validator_of
from nbflow.errors import DeclarationError, InvalidAnswerError, NotSerializableError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

    from nbflow._engine.judging import Judge

__all__ = [
    "coerce",
    "encoded_answer",
    "faults_of_validation",
    "from_json",
    "in_words",
    "refused",
    "schema_of",
]


def schema_of(response_schema: Any) -> dict[str, Any] | None:
    """JSON Schema of what ``interrupt`` was given as ``response_schema``; copy it to change it.

    Raises:
        DeclarationError: it is neither a type nor a valid JSON Schema.
    """
    if response_schema is None:
        return None
    if isinstance(response_schema, dict):
        _validator(response_schema)
        return response_schema
    try:
        return _json_schema(response_schema)
    except Exception as exc:
        raise DeclarationError(
            f"response_schema={response_schema!r} has no JSON Schema: {exc}. Give a Pydantic "
            "model, a dataclass, a TypedDict, a plain type, or a JSON Schema as a dict."
        ) from exc


def encoded_answer(
    schema: dict[str, Any] | None, judge: Judge | None, answer: Any, interrupt_id: str
) -> bytes:
    """An answer as it is stored, judged by all who are known here.

    Raises:
        InvalidAnswerError: with one entry in ``errors`` for each fault.
        NotSerializableError: it cannot be stored.
    """
    if judge is not None and judge.has_type:
        value, data = _encode_by_type(judge.response_schema, answer, interrupt_id)
    elif schema is not None:
        value, data = answer, _encode_by_schema(schema, answer, interrupt_id)
    else:
        value, data = answer, serde.dumps(answer)
    if judge is not None:
        judge.accept(value, interrupt_id)
    return data


def _encode_by_schema(schema: dict[str, Any], answer: Any, interrupt_id: str) -> bytes:
    """An answer as it is stored where no more than a question's JSON Schema is known.

    Raises:
        InvalidAnswerError: with one entry in ``errors`` for each fault.
        NotSerializableError: JSON cannot hold all of it.
    """
    plain = _plain_json(answer)
    errors = faults_of(_validator(schema), plain)
    if errors:
        raise refused(interrupt_id, errors)
    if not _holds(plain, answer):
        raise _no_json(answer, "a part of it would be lost")
    return serde.dumps(plain)


def _encode_by_type(response_schema: Any, answer: Any, interrupt_id: str) -> tuple[Any, bytes]:
    """An answer as the type that the code asked for, and as it is stored.

    JSON is what a form gives, and what every process can read. But a model may keep secrets, or
    leave fields out, when it is turned into JSON: then it is stored as it was given.

    Raises:
        InvalidAnswerError: the type's own validators refuse it.
        NotSerializableError: it can be stored in neither way.
    """
    wanted = coerce(response_schema, answer, interrupt_id)
    try:
        plain = _plain_json(answer)
        if _same(coerce(response_schema, plain, interrupt_id), wanted):
            return wanted, serde.dumps(plain)
    except Exception:  # there is no JSON form of it, or none that answers the question
        pass
    return wanted, serde.dumps(answer)


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
        raise refused(interrupt_id, faults_of_validation(exc, answer)) from exc


def from_json(kind: Any, value: Any) -> Any:
    """A JSON value as an instance of a type.

    Raises:
        ValidationError: the type's own validators refuse it.
    """
    return _adapter(kind).validate_json(json.dumps(value))


def faults_of_validation(refusal: ValidationError, value: Any) -> list[dict[str, Any]]:
    """Every fault that Pydantic found: ``path`` (keys and indexes) and ``message``."""
    return [
        {"path": _place(error["loc"], value), "message": _sentence(error["msg"])}
        for error in refusal.errors(include_url=False, include_context=False, include_input=False)
    ]


def _place(loc: tuple[int | str, ...], value: Any) -> list[int | str]:
    """Where in the value a fault is: Pydantic's place without the names of a union's branches."""
    place: list[int | str] = []
    for at, part in enumerate(loc):
        found = _part_of(value, part)
        missing = isinstance(value, dict) and at == len(loc) - 1
        if found is None and not missing and isinstance(value, (dict, list, tuple, *_ATOMS)):
            continue
        place.append(part)
        value = found[0] if found else None
    return place


def _part_of(value: Any, part: int | str) -> tuple[Any] | None:
    """What is there in a mapping or a sequence; None for nothing."""
    try:
        return (value[part],)
    except (LookupError, TypeError):
        return None


def refused(interrupt_id: str, errors: list[dict[str, Any]]) -> InvalidAnswerError:
    """What tells each fault of an answer."""
    return InvalidAnswerError(
        f"The answer does not fit the question: {in_words(errors)}. Nothing was stored and "
        "the question is still open; answer again.",
        interrupt_id,
        errors,
    )


def in_words(errors: list[dict[str, Any]]) -> str:
    """Every fault in one line, each with its place."""
    return "; ".join(f"{_where(error['path'])}{error['message']}" for error in errors)


def _where(path: list[Any]) -> str:
    return ".".join(str(part) for part in path) + ": " if path else ""


def _sentence(message: str) -> str:
    """What a validator says, without what Pydantic puts before it."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


_ATOMS = (type(None), str, bool, int, float)


def _plain_json(answer: Any) -> Any:
    """An answer as JSON values, so that a model instance can be judged like its data.

    Raises:
        NotSerializableError: it has no such form.
    """
    if isinstance(answer, _ATOMS):
        return answer
    from pydantic_core import to_jsonable_python

    try:
        return to_jsonable_python(answer)
    except Exception as exc:
        raise _no_json(answer, str(exc)) from exc


def _no_json(answer: Any, reason: str) -> NotSerializableError:
    return NotSerializableError(
        f"The answer ({type(answer).__name__}) cannot be given as JSON: {reason}. Nothing was "
        "stored and the question is still open. Answer with plain values, or in "
        "the process whose code asked: that knows which type it asked for.",
        "$",
        type(answer).__name__,
    )


def _holds(plain: Any, given: Any) -> bool:
    """Whether JSON values hold all of what they were made from."""
    if isinstance(given, dict):
        return len(plain) == len(given) and all(map(_holds, plain.values(), given.values()))
    if isinstance(given, list | tuple):
        return all(map(_holds, plain, given))
    if isinstance(given, _ATOMS):
        return True
    try:
        back = _adapter(type(given)).validate_python(plain)
        return _same(back, given) or bool(back == given)
    except Exception:
        return False


def _same(a: Any, b: Any) -> bool:
    """Whether two values are equal in all that is stored of them."""
    try:
        return serde.dumps(a) == serde.dumps(b)
    except NotSerializableError:
        return type(a) is type(b) and bool(a == b)


def _validator(schema: dict[str, Any]) -> Any:
    try:
        return validator_of(schema)
    except ValueError as exc:
        raise DeclarationError(
            f"response_schema is not a valid JSON Schema: {exc}. Correct the dict, or give a type."
        ) from exc


def _json_schema(kind: Any) -> dict[str, Any]:
    """The same dict each time, which nobody may change: a replay asks all its questions again."""
    try:
        return _cached_schema(kind)
    except TypeError:
        return _adapter(kind).json_schema()


@lru_cache(maxsize=256)
def _cached_schema(kind: Any) -> dict[str, Any]:
    return _cached_adapter(kind).json_schema()


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
