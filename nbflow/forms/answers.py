"""From what was decided on a page to the answer that the code expects, and back.

The invariant: an answer is made only of decisions that the question offers, with values that fit
their schemas; anything else is an :class:`~nbflow.errors.InvalidAnswerError` and stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbflow.errors import InvalidAnswerError
from nbflow.forms.arguments import as_proposed
from nbflow.forms.conventions import read
from nbflow.forms.schema import begun_with
from nbflow.forms.validate import faults

if TYPE_CHECKING:
    from nbflow.forms.model import Decided
    from nbflow.forms.reading import Action
    from nbflow.types import Interrupt
    from nbflow.widgets.protocol import FieldError

__all__ = ["answer_of", "decided_in", "places_in_form", "plain_answer"]


def answer_of(interrupt: Interrupt, decisions: Sequence[Any]) -> Any:
    """Return the answer, in the shape of the question's convention, that carries ``decisions``.

    Args:
        decisions: one :class:`~nbflow.widgets.protocol.Decided` for each action of the form.

    Raises:
        InvalidAnswerError: with one entry in ``errors`` for each fault; its path begins with the
            place of the action.

    >>> from nbflow.types import Interrupt
    >>> question = Interrupt(value={"method": "elicitation/create", "params": {
    ...     "message": "Your name?", "requestedSchema": {"type": "object"}}}, id="0" * 32)
    >>> answer_of(question, [{"kind": "decline"}])
    {'action': 'decline'}
    """
    reading = read(interrupt.value, interrupt.response_schema)
    if len(decisions) != len(reading.actions) or not decisions:
        found = f"{len(decisions)} decisions came for {len(reading.actions)} actions."
        raise _invalid(interrupt.id, [{"path": [], "message": found}])
    errors: list[FieldError] = []
    checked: list[Decided] = []
    for at, (action, one) in enumerate(zip(reading.actions, decisions, strict=True)):
        decided, found_in_it = _checked(action, one)
        checked.append(decided)
        errors += [{"path": [at, *e["path"]], "message": e["message"]} for e in found_in_it]
    if errors:
        raise _invalid(interrupt.id, errors)
    return reading.answer(checked)


def plain_answer(interrupt: Interrupt, value: Any) -> Any:
    """Return a plain answer from a page, with what was not changed there as it was given.

    A page does not tell 1.0 from 1, and rounds what is longer than 53 bits.

    >>> from nbflow.types import Interrupt
    >>> schema = {"type": "object", "default": {"rate": 1.0, "n": 1}}
    >>> plain_answer(Interrupt(value="?", id="0" * 32, response_schema=schema), {"rate": 1, "n": 2})
    {'rate': 1.0, 'n': 2}
    """
    schema = interrupt.response_schema or {}
    return as_proposed(value, begun_with(schema))


def decided_in(interrupt: Interrupt, answer: Any) -> list[Decided]:
    """Return what an answer decides about each action; nothing for a plain question.

    >>> from nbflow.types import Interrupt
    >>> decided_in(Interrupt(value="Approve?", id="0" * 32), True)
    []
    """
    try:
        return read(interrupt.value, interrupt.response_schema).decided(answer)
    except Exception:
        return []


def places_in_form(interrupt: Interrupt, errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Return faults of an answer with their paths as the form has them.

    >>> from nbflow.types import Interrupt
    >>> call = {"type": "tool_approval", "tool_call_id": "1", "name": "send", "args": {"to": "kim"}}
    >>> fault = {"path": ["edited_action", "args", "to"], "message": "Unknown."}
    >>> places_in_form(Interrupt(value=call, id="0" * 32), [fault])
    [{'path': [0, 'to'], 'message': 'Unknown.'}]
    """
    reading = read(interrupt.value, interrupt.response_schema)
    return [{"path": reading.place(list(e["path"])), "message": e["message"]} for e in errors]


def _checked(action: Action, one: Any) -> tuple[Decided, list[FieldError]]:
    """One decision with nothing besides what it needs, and what is wrong with it."""
    kind = one.get("kind") if isinstance(one, Mapping) else None
    decision = action.decision(kind) if isinstance(kind, str) else None
    if decision is None:
        offered = ", ".join(each.kind for each in action.decisions)
        return {"kind": ""}, [{"path": [], "message": f"Decide on it: {offered}."}]
    decided: Decided = {"kind": decision.kind}
    if decision.schema is None:
        return decided, []
    if "value" not in one:
        missing: list[FieldError] = [{"path": [], "message": "Fill this in."}]
        return decided, [] if decision.optional else missing
    decided["value"] = one["value"]
    return decided, faults(decision.schema, one["value"])


def _invalid(interrupt_id: str, errors: list[FieldError]) -> InvalidAnswerError:
    said = "; ".join(error["message"] for error in errors)
    return InvalidAnswerError(
        f"The answer does not fit the question: {said} Nothing was stored and the question is "
        "still open; answer again.",
        interrupt_id,
        [dict(error) for error in errors],
    )
