"""What the code says of an answer, beyond its JSON Schema: the type, and a function of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nbflow._current import Asking, current_frame
from nbflow._engine.answers import coerce, faults_of_validation, refused
from nbflow.errors import DeclarationError, InvalidAnswerError

__all__ = ["Judge", "Judges"]

_MOST = 1_000

_COMPLETE = frozenset((bool, int, float, str, type(None), list, dict))
"""Types of which the JSON Schema says all."""


class Judge:
    """Judges the answers to one question, for as long as the code that asks is at hand."""

    __slots__ = ("response_schema", "validate")

    def __init__(self, response_schema: Any, validate: Callable[[Any], Any] | None) -> None:
        self.response_schema: Any = response_schema
        self.validate: Callable[[Any], Any] | None = validate

    @classmethod
    def of(cls, asking: Asking) -> Judge | None:
        """The judge of a question; None where the JSON Schema says all.

        Raises:
            DeclarationError: ``validate`` is no plain function.
        """
        wanted, validate = asking.response_schema, asking.validate
        plain: Any = validate
        if validate is not None and (not callable(plain) or inspect.iscoroutinefunction(plain)):
            raise DeclarationError(
                f"validate={validate!r} is no plain function. Pass one that takes the answer and "
                "raises ValueError, or returns what is wrong with it."
            )
        judge = cls(wanted, validate)
        return judge if judge.has_type or validate is not None else None

    @property
    def says_more(self) -> bool:
        """Whether it may refuse what fits the JSON Schema."""
        wanted = self.response_schema
        return self.validate is not None or not (isinstance(wanted, type) and wanted in _COMPLETE)

    @property
    def has_type(self) -> bool:
        """Whether answers become instances of a type."""
        return self.response_schema is not None and not isinstance(self.response_schema, dict)

    def typed(self, answer: Any, interrupt_id: str) -> Any:
        """The answer as an instance of the type.

        Raises:
            InvalidAnswerError: the type's own validators refuse it.
        """
        return coerce(self.response_schema, answer, interrupt_id)

    def judged(self, answer: Any, interrupt_id: str) -> Any:
        """The answer as an instance of the type, and accepted.

        Raises:
            InvalidAnswerError: the type or the function refuses it.
        """
        value = self.typed(answer, interrupt_id)
        self.accept(value, interrupt_id)
        return value

    def accept(self, value: Any, interrupt_id: str) -> None:
        """Let the code's own function see an answer of the right type.

        Raises:
            InvalidAnswerError: it refuses it.
        """
        if self.validate is not None:
            _ask(self.validate, value, interrupt_id)


class Judges:
    """Judges by the ids of questions. Of too many open questions, the oldest one's answer is judged
    by its JSON Schema alone, and by the code when that gets it."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Judge] = {}

    def __len__(self) -> int:
        return len(self._known)

    def note(self, interrupt_id: str, judge: Judge) -> None:
        """Keep who judges the answer, when it comes."""
        self._known[interrupt_id] = judge
        if len(self._known) > _MOST:
            self._known.pop(next(iter(self._known)), None)

    def get(self, interrupt_id: str) -> Judge | None:
        """The judge of a question; None where this process's code did not ask it."""
        return self._known.get(interrupt_id)

    def forget(self, interrupt_id: str) -> None:
        """The question needs no judge any more."""
        self._known.pop(interrupt_id, None)


def _ask(validate: Callable[[Any], Any], value: Any, interrupt_id: str) -> None:
    outside = current_frame.set(None)  # what it calls is no part of the run: it is not replayed
    try:
        said = validate(value)
    except InvalidAnswerError as exc:
        raise refused(interrupt_id, list(exc.errors) or [_whole(str(exc))]) from exc
    except (ValueError, AssertionError) as exc:
        raise refused(interrupt_id, _errors_in(exc, value)) from exc
    except Exception as exc:
        exc.add_note(
            f"The validate= of question {interrupt_id} raised this; to refuse an answer it raises "
            "ValueError. Nothing was stored and the question is still open."
        )
        raise
    finally:
        current_frame.reset(outside)
    faults = _faults_in(said)
    if faults:
        raise refused(interrupt_id, faults)


def _errors_in(exc: Exception, value: Any) -> list[dict[str, Any]]:
    """The faults that an exception tells; Pydantic's has one for each place."""
    from pydantic import ValidationError

    if isinstance(exc, ValidationError):
        return faults_of_validation(exc, value)
    return [_whole(str(exc) or "This answer is not accepted.")]


def _faults_in(said: Any) -> list[dict[str, Any]]:
    if said is None or said is True:
        return []
    if said is False:
        return [_whole("This answer is not accepted.")]
    if isinstance(said, str):
        return [_whole(said)] if said else []
    if isinstance(said, Mapping) and all(isinstance(text, str) for text in said.values()):
        return [{"path": _path(place), "message": text} for place, text in said.items()]
    raise DeclarationError(
        f"validate= returned {said!r}. Return a message, messages by field such as "
        "{'price': 'Too high'}, or None for a good answer. Nothing was stored."
    )


def _path(place: Any) -> list[str | int]:
    """The keys and indexes that lead to a place in the answer."""
    keys = place if isinstance(place, tuple) else (place,)
    return [key if type(key) in (str, int) else str(key) for key in keys]


def _whole(message: str) -> dict[str, Any]:
    return {"path": [], "message": message}
