"""``interrupt``: from a question to its answer, or to a pause."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._codec.annotations import reachable_from
from nbflow._engine.answers import coerce, schema_of
from nbflow._engine.ids import op_key, public_id
from nbflow._engine.replay import Call
from nbflow.checkpoint.base import OpRow
from nbflow.errors import GraphInterrupt, InvalidAnswerError, NotSerializableError
from nbflow.events import Asked
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame

__all__ = ["ask", "question_of"]

_CALLER = 5
"""Frames from ``take`` up to the user's ``interrupt(...)``."""


def ask(frame: Frame, value: Any, response_schema: Any, key: str | None) -> Any:
    """Return the recorded answer, or store the question and pause."""
    lane = frame.lane()
    frame.check(lane)
    execution = frame.execution
    frame.op.note_asked()
    schema = schema_of(response_schema)
    if execution.saver is None:
        return _ask_unkept(frame, value, schema, lane)
    payload = _payload(value, schema)
    args = serde.digest_source((key,), {}) if key else serde.digest_source((value, schema), {})
    call = frame.take(None, args, lane, _CALLER - 1, ((value,), {}))
    if call is None:
        call = _store(frame, args, lane, payload)
    question = question_of(execution.run_id, call)
    if call.answer is not None:
        serde.register(*reachable_from(response_schema))
        answer = serde.loads(call.answer)
        try:
            value = coerce(response_schema, answer, question.id)
        except InvalidAnswerError as error:
            execution.reopen(call, error)
        else:
            execution.live_types.pop(question.id, None)
            return value
    if response_schema is not schema:
        _note_type(execution.live_types, question.id, response_schema)
    _pause(frame, question, lane)


_MOST_TYPES = 10_000


def _note_type(live_types: dict[str, Any], question_id: str, response_schema: Any) -> None:
    """Keep the type that judges the answer, when it comes; of too many open questions, the oldest
    one's answer is judged by its JSON Schema alone, and by the type when the code gets it."""
    live_types[question_id] = response_schema
    if len(live_types) > _MOST_TYPES:
        live_types.pop(next(iter(live_types)), None)


def question_of(run_id: str, call: Call) -> Interrupt:
    """The question that a record holds."""
    assert call.value is not None
    payload = serde.loads(call.value)
    return Interrupt(payload["value"], public_id(run_id, call.key), payload["schema"])


def _payload(value: Any, schema: dict[str, Any] | None) -> bytes:
    try:
        return serde.dumps({"value": value, "schema": schema})
    except NotSerializableError:
        serde.dumps(value)
        raise


def _store(frame: Frame, args: bytes, lane: str, payload: bytes) -> Call:
    from nbflow._engine.frame import call_site

    execution, parent = frame.execution, frame.op.key
    n = frame.log.number(None, args)
    key = op_key(parent, "ask", "", args, n)
    withdrawn = execution.journal.get(key)
    row = OpRow(
        "ask", key, parent, "", args, frame.kept_lane(lane), n, payload,
        gen=0 if withdrawn is None else withdrawn.gen, ts=time.time(), site=call_site(_CALLER),
    )  # fmt: skip
    execution.commit([row])
    call = execution.journal.get(key)
    assert call is not None
    return call


def _ask_unkept(frame: Frame, value: Any, schema: dict[str, Any] | None, lane: str) -> None:
    warnings.warn(
        "interrupt() was called in an entrypoint without a checkpointer: the question is shown, "
        "but an answer cannot reach it. Declare @entrypoint(checkpointer=InMemorySaver()).",
        stacklevel=5,
    )
    execution = frame.execution
    args = serde.digest_source((value,), {})
    n = frame.log.number(None, args)
    key = op_key(frame.op.key, "ask", "", args, n)
    _pause(frame, Interrupt(value, public_id(execution.run_id, key), schema), lane)


def _pause(frame: Frame, question: Interrupt, lane: str) -> None:
    frame.pause(lane)
    frame.execution.note_question(question)
    if frame.execution.watched:
        frame.execution.emit(Asked(interrupt=question, task=frame.op.shown_id))
    raise GraphInterrupt((question,))
