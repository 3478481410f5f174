"""What pages submit, and the receipt of each.

The invariant: a submission id acts at most once and always gets the same receipt, on whichever
page and thread it comes.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbflow.errors import InvalidAnswerError, InvalidInputError, NbflowError
from nbflow.forms.portable import clean_text, visible
from nbflow.widgets.conversation import BadMessageError, text_in

if TYPE_CHECKING:
    from nbflow.widgets.protocol import Receipt

__all__ = ["Receipts"]

_REMEMBERED = 1_000

_log = logging.getLogger(__name__)


class Receipts:
    """Lets each submission act once.

    >>> taken = []
    >>> receipts = Receipts()
    >>> press = {"submission": "s1", "interrupt_id": "0" * 32}
    >>> [receipts.of(press, lambda id: taken.append(id))["status"] for _ in range(2)], len(taken)
    (['accepted', 'accepted'], 1)
    """

    def __init__(self) -> None:
        self._acting = threading.Lock()
        self._known: OrderedDict[str, Receipt] = OrderedDict()

    def of(self, content: dict[str, Any], act: Callable[[str], None]) -> Receipt:
        """Return the receipt of a submission, after acting on it if it is new.

        Args:
            act: is given what the submission is for, or raises why nothing was done.

        Raises:
            BadMessageError: it is no submission.
        """
        submission = text_in(content, "submission")
        subject = text_in(content, "interrupt_id")
        if not submission:
            raise BadMessageError("A submission needs an id.")
        with self._acting:
            receipt = self._known.get(submission)
            if receipt is None:
                receipt = _receipt(submission, subject, act)
                self._known[submission] = receipt
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return receipt


def _receipt(submission: str, subject: str, act: Callable[[str], None]) -> Receipt:
    receipt: Receipt = {
        "type": "receipt",
        "submission": submission,
        "interrupt_id": subject,
        "status": "accepted",
        "message": "",
        "errors": [],
    }
    try:
        act(subject)
    except (InvalidAnswerError, InvalidInputError) as exc:
        receipt["status"] = "invalid"
        receipt["message"] = visible(clean_text(str(exc)))
        receipt["errors"] = [
            {"path": list(error["path"]), "message": visible(clean_text(error["message"]))}
            for error in exc.errors
        ]
    except NbflowError as exc:
        _log.warning("What a page submitted was refused: %s", exc)
        receipt["status"] = "refused"
        receipt["message"] = visible(clean_text(str(exc)))
    except Exception as exc:  # the user's own code: what it calls to judge an answer
        _log.exception("What a page submitted could not be judged")
        said = "\n".join([f"{type(exc).__name__}: {exc}", *getattr(exc, "__notes__", ())])
        receipt["status"] = "refused"
        receipt["message"] = visible(clean_text(said))
    return receipt
