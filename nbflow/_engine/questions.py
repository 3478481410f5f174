"""``interrupt``: from a question to its answer, or to a pause."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._codec.annotations import reachable_from
from nbflow._current import Asking
from nbflow._engine.answers import encoded_answer, schema_of
from nbflow._engine.ids import op_key, public_id
from nbflow._engine.judging import Judge
from nbflow._engine.replay import Call
from nbflow.checkpoint._questions import StoredAnswer, StoredQuestion
from nbflow.checkpoint.base import OpRow
from nbflow.errors import (
    AnswerTimeoutError,
    DeclarationError,
    GraphInterrupt,
    InvalidAnswerError,
    NonDeterminismError,
    NotSerializableError,
)
from nbflow.events import Asked
from nbflow.evidence import as_evidence
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame

__all__ = ["ask", "in_order", "question_of"]

_LONGEST_S = 100 * 366 * 86_400
"""A deadline is a date that every calendar knows."""

_CALLER = 5
"""Frames from ``take`` up to the user's ``interrupt(...)``."""


def ask(frame: Frame, asking: Asking) -> Any:
    """Return the recorded answer, or store the question and pause."""
    lane = frame.lane()
    frame.check(lane)
    execution = frame.execution
    frame.op.note_asked()
    value, key = asking.value, asking.key
    schema, judge = schema_of(asking.response_schema), Judge.of(asking)
    if execution.saver is None:
        return _ask_unkept(frame, value, schema, lane)
    args = serde.digest_source((key,), {}) if key else serde.digest_source((value, schema), {})
    try:
        call = frame.take(None, args, lane, _CALLER - 1, ((value,), {}))
    except NonDeterminismError:
        _payload(asking, schema, judge)  # what cannot be stored was never asked, and never will be
        raise
    if call is None:
        call = _store(frame, args, lane, _payload(asking, schema, judge))
    question = question_of(execution.run_id, call)
    if call.answer is not None:
        return _answer(frame, call, question, judge)
    if judge is not None:
        execution.judges.note(question.id, judge)
    _pause(frame, question, lane)


def in_order(execution: Execution) -> tuple[Interrupt, ...]:
    """The open questions of a run, in the order in which their tasks were called."""
    journal, run_id = execution.journal, execution.run_id
    asked = [*journal.open_questions()]
    place = {call.key: at for at, call in enumerate(journal)}
    order: dict[str, list[int]] = {}
    for call in asked:
        path, key = [place[call.key]], call.parent
        while (parent := journal.get(key)) is not None:
            path.append(place[key])
            key = parent.parent
        order[public_id(run_id, call.key)] = path[::-1]
    found = execution.questions
    if execution.saver is not None:  # with strict code also those that it did not get to this time
        found = tuple(question_of(run_id, call) for call in asked)
    return tuple(sorted(found, key=lambda question: order.get(question.id, [])))


def question_of(run_id: str, call: Call) -> Interrupt:
    """The question that a record holds."""
    asked = StoredQuestion.decoded(call.value)
    if asked.timeout_s is None and not asked.assignees:
        return Interrupt(asked.value, public_id(run_id, call.key), asked.schema, key=asked.key)
    return Interrupt(
        asked.value,
        public_id(run_id, call.key),
        asked.schema,
        deadline=None if asked.timeout_s is None else call.asked_at + asked.timeout_s,
        on_timeout="default" if asked.on_timeout == "default" else "fail",
        default=asked.default,
        assignees=asked.assignees,
        key=asked.key,
    )


def _answer(frame: Frame, call: Call, question: Interrupt, judge: Judge | None) -> Any:
    """What the code gets for a recorded answer.

    Raises:
        InvalidAnswerError: it is taken back, since the code refuses it.
        AnswerTimeoutError: the record says that nobody answered; or edited code refuses the
            default, and it is too late for another answer.
    """
    execution = frame.execution
    assert call.answer is not None
    given = StoredAnswer.decoded(call.answer)
    if given.data is None:
        execution.judges.forget(question.id)
        raise AnswerTimeoutError(question.id, question.deadline)
    if judge is not None:
        serde.register(*reachable_from(judge.response_schema))
    value = given.value
    if judge is not None:
        try:
            value = (judge.typed if given.judged else judge.judged)(value, question.id)
        except InvalidAnswerError as error:
            if given.by is None:
                raise AnswerTimeoutError(question.id, question.deadline) from error
            execution.reopen(call, error)
        execution.judges.forget(question.id)
    return value


def _payload(asking: Asking, schema: dict[str, Any] | None, judge: Judge | None) -> bytes:
    timeout_s, default = _seconds(asking.timeout), None
    if asking.on_timeout not in ("fail", "default"):
        raise DeclarationError(
            f"on_timeout={asking.on_timeout!r} is not known: expected 'fail' or 'default'."
        )
    if asking.on_timeout == "default":
        default = _default(asking, schema, judge)
    question = StoredQuestion(
        value=asking.value, schema=schema, by_code=judge is not None and judge.says_more,
        timeout_s=timeout_s, on_timeout=asking.on_timeout, default=default,
        assignees=_names(asking.assignees),
        key=asking.key if isinstance(asking.key, str) else None,
    )  # fmt: skip
    try:
        return question.encoded()
    except NotSerializableError as refused:
        try:
            shown = replace(question, value=as_evidence(asking.value))
        except Exception:  # an object that cannot even show itself
            raise refused from None
        serde.dumps(shown.value)
        return shown.encoded()


def _seconds(timeout: Any) -> float | None:
    if timeout is None:
        return None
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    plain = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not plain or not 0 < seconds <= _LONGEST_S:
        raise DeclarationError(
            f"timeout={timeout!r} cannot be meant: expected seconds above 0, a hundred years at "
            "most, or a timedelta; leave it out for any time."
        )
    return float(seconds)


def _default(asking: Asking, schema: dict[str, Any] | None, judge: Judge | None) -> Any:
    if asking.timeout is None:
        raise DeclarationError(
            "on_timeout='default' needs a timeout=: without one a question waits for any time."
        )
    try:
        return serde.loads(encoded_answer(schema, judge, asking.default, ""))
    except InvalidAnswerError as exc:
        faults = "; ".join(error["message"] for error in exc.errors)
        raise DeclarationError(
            f"default={asking.default!r} is no answer to its own question: {faults}. Give one that "
            "fits response_schema and validate."
        ) from exc


def _names(assignees: Any) -> tuple[str, ...]:
    if assignees is None:
        return ()
    one = isinstance(assignees, str) or not isinstance(assignees, Iterable)
    names = (assignees,) if one else tuple(assignees)
    if not all(isinstance(name, str) and name for name in names):
        raise DeclarationError(f"assignees={assignees!r} cannot be meant: expected names.")
    return names


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
    execution.note([row])
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
    _pause(frame, Interrupt(value, public_id(execution.run_id, key), deepcopy(schema)), lane)


def _pause(frame: Frame, question: Interrupt, lane: str) -> None:
    frame.pause(lane)
    frame.execution.note_question(question)
    if frame.execution.watched:
        frame.execution.emit(Asked(interrupt=question, task=frame.op.shown_id))
    raise GraphInterrupt((question,))
