"""From what a person said to the rows that bind it to its question."""

from __future__ import annotations

import re
import time
from typing import Any

from nbflow import serde
from nbflow._engine.answers import encode_by_schema, encode_by_type
from nbflow._engine.ids import public_id
from nbflow._engine.replay import Call, Journal
from nbflow.checkpoint.base import OpRow, RunRow
from nbflow.errors import AlreadyAnsweredError, UnknownInterruptError
from nbflow.types import Command

__all__ = ["answers_for"]

_ID = re.compile(r"[0-9a-f]{32}\Z")


def answers_for(
    run: RunRow, journal: Journal, command: Command, live_types: dict[str, Any]
) -> list[OpRow]:
    """Answers as ops, each bound to its question and judged; nothing is stored here.

    Args:
        live_types: question id to the type that this process's code asked for.

    Raises:
        UnknownInterruptError, AlreadyAnsweredError: an answer has no open question.
        InvalidAnswerError: an answer does not fit its question.
        NotSerializableError: an answer cannot be stored.
    """
    if not command.answers:
        raise UnknownInterruptError(
            "Command() holds no answer. Write Command(resume=answer); None is an answer, too.",
            "not_pending",
            (),
            _ids(run.id, journal.open_questions()),
        )
    named = _named(run, journal, command.resume)
    return [_row(call, _judged(run.id, call, answer, live_types)) for call, answer in named]


def _named(run: RunRow, journal: Journal, answer: Any) -> list[tuple[Call, Any]]:
    pending = journal.open_questions()
    if isinstance(answer, dict) and answer and all(_is_id(key) for key in answer):
        asked = {public_id(run.id, c.key): c for c in journal if c.outcome == "ask"}
        return [(_find(asked, i, run, pending), a) for i, a in answer.items()]
    if len(pending) == 1:
        return [(pending[0], answer)]
    ids = _ids(run.id, pending)
    if pending:
        raise UnknownInterruptError(
            f"{len(pending)} questions are open, and the answer names none of them. Nothing was "
            "stored. Say which: Command(resume={interrupt_id: answer}). Open are: "
            f"{', '.join(ids)}.",
            "ambiguous",
            (),
            ids,
        )
    raise UnknownInterruptError(
        f"No question is open on thread {run.thread_id!r}. Nothing was stored. "
        "invoke(None, config) continues a run that failed; a new input begins another.",
        "not_pending",
    )


def _find(asked: dict[str, Call], wanted: str, run: RunRow, pending: list[Call]) -> Call:
    call = asked.get(wanted)
    ids = _ids(run.id, pending)
    if call is None:
        raise UnknownInterruptError(
            f"The question {wanted} is not open on thread {run.thread_id!r}. Nothing was stored. "
            f"Open are: {', '.join(ids) or 'none'}. To answer with a mapping that has such keys, "
            "name the question: Command(resume={interrupt_id: {...}}).",
            "not_pending",
            (wanted,),
            ids,
        )
    if call.answer is not None:
        raise AlreadyAnsweredError(
            f"The question {wanted} has been answered; the first answer stands. Nothing was "
            f"stored. Open are: {', '.join(ids) or 'none'}.",
            "answered",
            (wanted,),
            ids,
        )
    return call


def _judged(run_id: str, call: Call, answer: Any, live_types: dict[str, Any]) -> bytes:
    assert call.value is not None
    schema = serde.loads(call.value)["schema"]
    if schema is None:
        return serde.dumps(answer)
    question = public_id(run_id, call.key)
    kind = live_types.get(question)
    if kind is None or isinstance(kind, dict):
        return encode_by_schema(schema, answer, question)
    return encode_by_type(kind, answer, question)


def _row(call: Call, value: bytes) -> OpRow:
    return OpRow(
        "answer", call.key, call.parent, "", call.args, call.lane, call.n, value,
        gen=call.gen, ts=time.time(), site=call.site,
    )  # fmt: skip


def _is_id(key: Any) -> bool:
    return isinstance(key, str) and _ID.match(key) is not None


def _ids(run_id: str, calls: list[Call]) -> list[str]:
    return [public_id(run_id, call.key) for call in calls]
