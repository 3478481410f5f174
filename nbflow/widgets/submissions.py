"""Answers that pages submit, each taken once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbflow.errors import InvalidAnswerError, UnknownInterruptError
from nbflow.forms import answer_of, places_in_form, plain_answer
from nbflow.widgets.conversation import BadMessageError
from nbflow.widgets.receipts import Receipts

if TYPE_CHECKING:
    from nbflow.types import Interrupt
    from nbflow.widgets.protocol import Receipt

__all__ = ["Submissions"]


class Submissions:
    """Gives answers to whoever takes them, each once.

    Args:
        question_of: finds the question of an id; None when it is not known.
        answer: stores an answer to the question of an id, or raises why it was not stored.

    >>> taken = []
    >>> submissions = Submissions(lambda id: None, lambda id, value: taken.append(value))
    >>> press = {"submission": "s1", "interrupt_id": "0" * 32, "value": "yes"}
    >>> [submissions.receipt(press)["status"] for _ in range(2)], taken
    (['accepted', 'accepted'], ['yes'])
    """

    def __init__(
        self,
        question_of: Callable[[str], Interrupt | None],
        answer: Callable[[str, Any], None],
    ) -> None:
        self._question_of = question_of
        self._answer = answer
        self._receipts = Receipts()

    def receipt(self, content: dict[str, Any]) -> Receipt:
        """Return the receipt of a :class:`~nbflow.widgets.protocol.Submit`, answering if it is new.

        Raises:
            BadMessageError: it is no submission.
        """
        if not {"value", "decisions"} & content.keys():
            raise BadMessageError("A submission needs an id, and a value or decisions.")
        if not isinstance(content.get("decisions", []), list):
            raise BadMessageError("'decisions' must be a list.")
        return self._receipts.of(content, lambda interrupt_id: self._give(interrupt_id, content))

    def _give(self, interrupt_id: str, content: dict[str, Any]) -> None:
        question = self._question_of(interrupt_id)
        if "decisions" not in content:
            value = content["value"]
            given = value if question is None else plain_answer(question, value)
            self._answer(interrupt_id, given)
        elif question is not None:
            self._decide(question, content["decisions"])
        else:
            raise UnknownInterruptError(
                "This question is not open. Nothing was stored.", "not_pending", (interrupt_id,)
            )

    def _decide(self, question: Interrupt, decisions: list[Any]) -> None:
        answer = answer_of(question, decisions)
        try:
            self._answer(question.id, answer)
        except InvalidAnswerError as exc:
            places = places_in_form(question, exc.errors)
            raise InvalidAnswerError(
                exc.message, exc.interrupt_id, [dict(place) for place in places]
            ) from exc
