"""Answers that pages submit, and the receipt of each.

The invariant: a submission id answers at most once and always gets the same receipt, on whichever
page and thread it comes.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbflow.errors import InvalidAnswerError, NbflowError, UnknownInterruptError
from nbflow.forms import answer_of, places_in_form, plain_answer
from nbflow.forms.portable import clean_text, visible
from nbflow.widgets.conversation import BadMessageError, text_in

if TYPE_CHECKING:
    from nbflow.types import Interrupt
    from nbflow.widgets.protocol import Receipt

__all__ = ["Submissions"]

_RECEIPTS = 1_000

_log = logging.getLogger(__name__)


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
        self._answering = threading.Lock()
        self._receipts: OrderedDict[str, Receipt] = OrderedDict()

    def receipt(self, content: dict[str, Any]) -> Receipt:
        """Return the receipt of a :class:`~nbflow.widgets.protocol.Submit`, answering if it is new.

        Raises:
            BadMessageError: it is no submission.
        """
        submission = text_in(content, "submission")
        interrupt_id = text_in(content, "interrupt_id")
        if not submission or not {"value", "decisions"} & content.keys():
            raise BadMessageError("A submission needs an id, and a value or decisions.")
        if not isinstance(content.get("decisions", []), list):
            raise BadMessageError("'decisions' must be a list.")
        with self._answering:
            receipt = self._receipts.get(submission)
            if receipt is None:
                receipt = self._answered(submission, interrupt_id, content)
                self._receipts[submission] = receipt
                while len(self._receipts) > _RECEIPTS:
                    self._receipts.popitem(last=False)
        return receipt

    def _answered(self, submission: str, interrupt_id: str, content: dict[str, Any]) -> Receipt:
        receipt: Receipt = {
            "type": "receipt",
            "submission": submission,
            "interrupt_id": interrupt_id,
            "status": "accepted",
            "message": "",
            "errors": [],
        }
        question = self._question_of(interrupt_id)
        try:
            if "decisions" not in content:
                value = content["value"]
                given = value if question is None else plain_answer(question, value)
                self._answer(interrupt_id, given)
            elif question is not None:
                self._decide(question, content["decisions"])
            else:
                raise UnknownInterruptError(
                    "This question is not open. Nothing was stored.",
                    "not_pending",
                    (interrupt_id,),
                )
        except InvalidAnswerError as exc:
            receipt["status"] = "invalid"
            receipt["message"] = visible(clean_text(str(exc)))
            receipt["errors"] = [
                {"path": list(error["path"]), "message": visible(clean_text(error["message"]))}
                for error in exc.errors
            ]
        except NbflowError as exc:
            _log.warning("An answer from a page was refused: %s", exc)
            receipt["status"] = "refused"
            receipt["message"] = visible(clean_text(str(exc)))
        except Exception as exc:  # the asking code's own: what it calls to judge an answer
            _log.exception("An answer to question %s could not be judged", interrupt_id)
            said = "\n".join([f"{type(exc).__name__}: {exc}", *getattr(exc, "__notes__", ())])
            receipt["status"] = "refused"
            receipt["message"] = visible(clean_text(said))
        return receipt

    def _decide(self, question: Interrupt, decisions: list[Any]) -> None:
        answer = answer_of(question, decisions)
        try:
            self._answer(question.id, answer)
        except InvalidAnswerError as exc:
            places = places_in_form(question, exc.errors)
            raise InvalidAnswerError(
                exc.message, exc.interrupt_id, [dict(place) for place in places]
            ) from exc
