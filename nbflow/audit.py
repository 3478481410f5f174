"""Who answered what, when and from where: read from what is stored with each answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from nbflow._engine.history import ops_of
from nbflow._engine.ids import ROOT
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Journal
from nbflow.checkpoint._questions import StoredAnswer
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow
from nbflow.errors import CorruptDataError
from nbflow.types import Interrupt

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Audit", "AuditedAnswer", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedAnswer:
    """One answer, as it was stored.

    >>> answer = AuditedAnswer(
    ...     thread_id="1", run_id="0" * 32, workflow="review", task=None, answer=True, by="ada",
    ...     via="form", where="review.ipynb on host", asked_at=datetime.now(UTC),
    ...     answered_at=datetime.now(UTC), status="stands",
    ...     interrupt=Interrupt("Publish it?", "0" * 32))
    >>> answer.by, answer.interrupt.value
    ('ada', 'Publish it?')
    """

    answered_at: datetime
    """In UTC."""
    by: str | None
    """Who; None when the time was up and nobody had answered."""
    via: str
    """``form``, ``inbox``, ``code``, ``answers file``, ``timeout``, or what
    :func:`~nbflow.identity.acting_as` was told."""
    where: str
    """The notebook, if the kernel was told, and the machine."""
    interrupt: Interrupt
    """The question, with its id, and who was to answer until when."""
    answer: Any
    """What was answered; None also when the time was up."""
    status: str
    """``stands``, ``expired`` when the time was up, or ``taken back`` when the code refused it."""
    asked_at: datetime
    """In UTC."""
    task: str | None
    """Name of the task that asked; None when the entrypoint did."""
    thread_id: str
    """The thread's name."""
    run_id: str
    """32 hex digits; a fork is a run of its own."""
    workflow: str
    """The workflow's name."""


class Audit(Sequence[AuditedAnswer]):
    """Answers in the order in which they were given.

    >>> len(Audit(())), list(Audit(()))
    (0, [])
    """

    def __init__(self, answers: Sequence[AuditedAnswer]) -> None:
        self._answers = tuple(answers)

    def __len__(self) -> int:
        return len(self._answers)

    @overload
    def __getitem__(self, at: int) -> AuditedAnswer: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[AuditedAnswer]: ...
    def __getitem__(self, at: int | slice) -> AuditedAnswer | Sequence[AuditedAnswer]:
        return self._answers[at]

    def __repr__(self) -> str:
        lines = [
            f"{one.answered_at:%Y-%m-%d %H:%M:%S} UTC  {one.by or 'nobody'} ({one.via}, "
            f"{one.where or 'here'})  {one.interrupt.value!r}: {one.answer!r}, {one.status}"
            for one in self._answers
        ]
        return "\n".join(lines) or "No question has been answered."

    def records(self) -> list[dict[str, Any]]:
        """One mapping for each answer, its question under ``question`` and ``interrupt_id``."""
        return [_record(one) for one in self._answers]

    def to_frame(self) -> DataFrame:
        """:meth:`records` as a pandas DataFrame, one row for each answer.

        Raises:
            ImportError: pandas is not installed.
        """
        from pandas import DataFrame

        return DataFrame.from_records(self.records(), columns=list(_COLUMNS))

    def _repr_html_(self) -> str | None:
        """The DataFrame where there is pandas; else the text is shown."""
        try:
            html: str = self.to_frame().to_html(max_rows=_MOST_ROWS)
        except ImportError:
            return None
        return html


_MOST_ROWS = 200

_COLUMNS = tuple(
    name
    for field in fields(AuditedAnswer)
    for name in (("question", "interrupt_id") if field.name == "interrupt" else (field.name,))
)


def _record(one: AuditedAnswer) -> dict[str, Any]:
    parts: dict[str, Any] = {"question": one.interrupt.value, "interrupt_id": one.interrupt.id}
    return {name: parts[name] if name in parts else getattr(one, name) for name in _COLUMNS}


def audit(saver: BaseCheckpointSaver, thread_id: str | int) -> Audit:
    """Every answer on a thread, in all its runs and forks, in the order they were given.

    Raises:
        CorruptDataError: an answer cannot be read.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import Command, interrupt
    >>> saver = InMemorySaver()
    >>> @entrypoint(checkpointer=saver)
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> for input in ("a", Command(resume="yes")):
    ...     _ = review.invoke(input, config)
    >>> [(one.interrupt.value, one.answer, one.via) for one in audit(saver, "1")]
    [('Publish a?', 'yes', 'code')]
    """
    found = [
        answer for run in saver.list_runs(str(thread_id), "") for answer in _answers_in(saver, run)
    ]
    return Audit(sorted(found, key=lambda answer: answer.answered_at))


def _answers_in(saver: BaseCheckpointSaver, run: RunRow) -> Iterator[AuditedAnswer]:
    """The answers that were given in a run itself, and not in the one that it is a fork of."""
    own = saver.get_ops(run.id)
    given = [op for op in own if op.kind == "answer"]
    if not given and all(op.kind != "pause" for op in own):
        return  # a pause tells whether one is missing
    ops = own if run.parent_run is None else ops_of(saver, run)
    taken_back = {(op.key, op.gen) for op in own if op.kind == "void"}
    journal, asked_at = Journal(ops), {op.key: op.ts for op in ops if op.kind == "ask"}
    for op in given:
        if op.key not in asked_at:
            raise CorruptDataError(
                f"Run {run.id} on thread {run.thread_id!r} holds an answer without its question. "
                "Restore the database from a copy."
            )
        yield _answer(run, op, journal, asked_at[op.key], (op.key, op.gen) in taken_back)


def _answer(
    run: RunRow, op: OpRow, journal: Journal, asked_at: float, taken_back: bool
) -> AuditedAnswer:
    call, given = journal.get(op.key), StoredAnswer.decoded(op.value)
    assert call is not None
    asker = None if call.parent == ROOT else journal.get(call.parent)
    expired = "expired" if given.data is None else "stands"
    return AuditedAnswer(
        answered_at=_utc(given.at), by=given.by, via=given.via, where=given.where,
        interrupt=question_of(run.id, call), answer=given.value,
        status="taken back" if taken_back else expired, asked_at=_utc(asked_at),
        task=None if asker is None else asker.name, thread_id=run.thread_id, run_id=run.id,
        workflow=run.workflow,
    )  # fmt: skip


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
