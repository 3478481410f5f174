"""From what a person said to the rows that bind it to its question."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from nbflow import serde
from nbflow._engine.answers import encoded_answer
from nbflow._engine.ids import public_id
from nbflow._engine.judging import Judges
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Call, Journal
from nbflow.checkpoint._questions import StoredAnswer, StoredQuestion
from nbflow.checkpoint.base import OpRow, RunRow
from nbflow.errors import (
    AlreadyAnsweredError,
    AnswerTooLateError,
    NotAssignedError,
    UnknownInterruptError,
)
from nbflow.events import Answered
from nbflow.identity import responder
from nbflow.types import Command

__all__ = ["answer_to", "answered_event", "answers_for", "timed_out"]

_ID = re.compile(r"[0-9a-f]{32}\Z")


def answer_to(interrupt_id: str, answer: Any) -> Command:
    """The command that answers one question and no other.

    Raises:
        UnknownInterruptError: that is no question's id; a mapping with such a key would be taken
            for the answer to whichever question is open.
    """
    if not _is_id(interrupt_id):
        raise UnknownInterruptError(
            f"{interrupt_id!r:.80} is no id of a question: those have 32 digits from 0 to f. "
            "Nothing was stored. Take the id from run.interrupts.",
            "not_pending",
            (str(interrupt_id),),
        )
    return Command(resume={interrupt_id: answer})


def answers_for(
    run: RunRow,
    journal: Journal,
    command: Command,
    judges: Judges,
    learn: Callable[[], None] | None = None,
) -> list[OpRow]:
    """Answers as ops, each bound to its question and judged; nothing is stored here.

    Args:
        judges: who judges answers in this process.
        learn: makes the judges of a question known that another process has asked; left out,
            those that are known judge alone.

    Raises:
        UnknownInterruptError, AlreadyAnsweredError: an answer has no open question.
        AnswerTooLateError: its question's time is up.
        NotAssignedError: its question is for somebody else.
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
    return [_row(call, _given(run.id, call, answer, judges, learn)) for call, answer in named]


def timed_out(run: RunRow, journal: Journal) -> list[OpRow]:
    """What the clock says to the open questions whose time is up; nothing is stored here."""
    now, rows = time.time(), []
    for call in journal.open_questions():
        question = question_of(run.id, call)
        if question.deadline is None or question.deadline > now:
            continue
        falls_back = question.on_timeout == "default"
        data = serde.dumps(question.default) if falls_back else None
        said = StoredAnswer(data=data, by=None, via="timeout", at=now, judged=falls_back)
        rows.append(_row(call, said))
    return rows


def answered_event(run_id: str, row: OpRow) -> Answered:
    """What a log says of one answer."""
    given = StoredAnswer.decoded(row.value)
    return Answered(
        ts=row.ts, interrupt_id=public_id(run_id, row.key), answer=given.value, by=given.by,
        via=given.via, expired=given.data is None,
    )  # fmt: skip


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
            f"The question {wanted} has been answered{_by(call.answer)}; the first answer stands. "
            f"Nothing was stored. Open are: {', '.join(ids) or 'none'}.",
            "answered",
            (wanted,),
            ids,
        )
    return call


def _by(answer: bytes) -> str:
    """Who gave an answer and when, in the words of a message."""
    given = StoredAnswer.decoded(answer)
    if not given.at:
        return ""
    when = datetime.fromtimestamp(given.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    who = "by the clock, since its time was up" if given.by is None else f"by {given.by}"
    return f" {who}, at {when}"


def _given(
    run_id: str, call: Call, answer: Any, judges: Judges, learn: Callable[[], None] | None
) -> StoredAnswer:
    who, now = responder(), time.time()
    asked, question = StoredQuestion.decoded(call.value), question_of(run_id, call)
    if question.deadline is not None and question.deadline <= now:
        raise AnswerTooLateError(
            f"The time to answer the question {question.id} is up. Nothing was stored. "
            "invoke(None, config) goes on without an answer; workflow.fork(config, "
            "before=interrupt_id) asks anew.",
            "too_late",
            (question.id,),
        )
    if question.assignees and who.name not in question.assignees:
        raise NotAssignedError(who.name, question.assignees)
    judge = judges.get(question.id)
    if judge is None and asked.by_code and learn is not None:
        learn()
        judge = judges.get(question.id)
    return StoredAnswer(
        data=encoded_answer(asked.schema, judge, answer, question.id), by=who.name, via=who.via,
        where=who.where, at=now, judged=judge is not None,
    )  # fmt: skip


def _row(call: Call, given: StoredAnswer) -> OpRow:
    return OpRow(
        "answer", call.key, call.parent, "", call.args, call.lane, call.n, given.encoded(),
        gen=call.gen, ts=given.at, site=call.site,
    )  # fmt: skip


def _is_id(key: Any) -> bool:
    return isinstance(key, str) and _ID.match(key) is not None


def _ids(run_id: str, calls: list[Call]) -> list[str]:
    return [public_id(run_id, call.key) for call in calls]
