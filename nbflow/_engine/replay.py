"""What a run has on record: its calls, put together from its ops. Pure."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator
from typing import Any

from nbflow import serde
from nbflow.checkpoint._questions import StoredQuestion
from nbflow.checkpoint.base import OpRow
from nbflow.checkpoint.refusals import require_facts
from nbflow.errors import CorruptDataError

__all__ = [
    "OPTIONAL",
    "OUTCOMES",
    "Call",
    "Divergence",
    "Journal",
    "describe",
    "pause_value",
    "shown",
]

OPTIONAL = "?"
"""Ends the lane of a call that a replay need not make."""

_FINGERPRINT = _KEY = 16
"""Bytes."""

OUTCOMES = frozenset(("result", "error", "cancel"))
_SETTLES = OUTCOMES | {"ask", "pause"}
_FOLLOWS = frozenset(("answer", "void"))
"""Are about something that was stored before."""


class Call:
    """One recorded call, put together from its ops."""

    name: str | None
    """The task's name; None for a question."""
    asked_at: float
    """When it was first stored, in seconds since the epoch; a question's time runs from then."""
    optional = False
    """Whether it was called while a question had stopped another line of control. When that is
    answered, the code may come another way, and not make this call."""
    gen = 0
    attempt = 1
    """How many attempts there were."""
    took_s = 0.0
    """Of a call that was cancelled, the seconds until then."""
    start: bytes | None = None
    """What its start stored; only the start of a nested workflow stores something."""
    outcome: str | None = None
    """``result``, ``error``, ``cancel``, ``ask``, of the entrypoint ``pause``; None when it only
    started, and of a question that was withdrawn."""
    value: bytes | None = None
    """Encoded result, failure or question; None for a long result that only the database has."""
    answer: bytes | None = None
    is_new = False
    """Of a question: whether something has come of it that the code had not got when the run paused
    last."""

    def __init__(self, first: OpRow) -> None:
        self.key = first.key
        self.parent = first.parent
        self.name = None if first.kind == "ask" else first.name
        self.args = first.args
        self.lane = first.lane
        self.n = first.n
        self.site = first.site
        self.asked_at = first.ts
        if first.lane[-1:] == OPTIONAL:
            self.lane, self.optional = first.lane[:-1], True

    @property
    def finished(self) -> bool:
        """Whether it has an outcome, or was answered."""
        return self.outcome in OUTCOMES or self.answer is not None

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is a question that the code went by when it ran last."""
        return self.name is None and self.outcome is None

    @property
    def is_open(self) -> bool:
        """Whether it is a question that waits for its answer."""
        return self.outcome == "ask" and self.answer is None

    def describe(self, arguments: str = "...") -> str:
        return describe(self.name, self.site, arguments)

    def arguments(self) -> str:
        """What it was called with, shortened; only short arguments of tasks are on record."""
        try:
            if self.name is None:
                return shown((StoredQuestion.decoded(self.value or b"").value,), {})
            *args, kwargs = serde.loads(self.args)
            return shown(tuple(args), kwargs)
        except Exception:  # long arguments are a digest; and a damaged record has its own error
            return "<other arguments>"


def pause_value(code_fp: bytes, late: Iterable[bytes]) -> bytes:
    """What the record says of a pause.

    Args:
        code_fp: fingerprint of the code that paused.
        late: keys of the questions whose answers came when the code was past them.
    """
    return code_fp + b"".join(late)


def describe(name: str | None, site: str, arguments: str = "...") -> str:
    """A call in the words of a message; without a name it is a question."""
    what = f"{name or 'interrupt'}({arguments})"
    return f"{what} at {site}" if site else what


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 60
_brief.maxlevel = 3


def shown(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Arguments in the words of a message, shortened."""
    named = (f"{name}={_brief.repr(value)}" for name, value in kwargs.items())
    return ", ".join([*map(_brief.repr, args), *named])


class Divergence(Exception):
    """The code took another way than its record. Carries the recorded call that was due."""

    def __init__(self, due: Call) -> None:
        super().__init__(due)
        self.due = due


def _refuse_stray(op: OpRow, call: Call | None) -> None:
    if op.kind == "answer":
        is_stray = call is None or call.name is not None
    else:
        is_stray = call is None or (call.is_withdrawn and call.answer is None)
    if is_stray:
        raise CorruptDataError(
            f"Op {op.seq} ({op.kind}, key {op.key.hex()}) stands where nothing before it can be "
            "what it is about: column seq or run of table op is damaged, of this op or of an "
            "earlier one. Other runs are not affected. Restore the database from a copy."
        )


class Journal:
    """The calls of one run, by the call they were made in."""

    __slots__ = ("_begun", "_calls", "_children", "_new", "facts", "paused_by")

    def __init__(self, ops: Iterable[OpRow] = ()) -> None:
        """
        Args:
            ops: of the run, from the first one on.

        Raises:
            CorruptDataError: one is missing, or stands elsewhere.
        """
        self._calls: dict[bytes, Call] = {}
        self._children: dict[bytes, list[Call]] = {}
        self._begun: dict[bytes, int] = {}
        """Attempts that began, of tasks whose outcome is not known, by key."""
        self._new: list[Call] = []
        """Questions with something new."""
        self.paused_by: set[bytes] = set()
        """Fingerprints of the code that has paused the run."""
        self.facts = 0
        """How many there are."""
        calls = self._calls
        for op in ops:
            if op.kind == "result" and op.key not in calls:  # by far the most
                self.facts += 1
                call = self._add(op)
                call.outcome, call.value = "result", op.value
                call.gen, call.attempt = op.gen, op.attempt
            else:
                if op.kind == "pause":
                    require_facts(op, self.facts)
                self.apply(op)

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls.values()))

    def get(self, key: bytes) -> Call | None:
        return self._calls.get(key)

    def children(self, parent: bytes) -> list[Call]:
        """Calls made in ``parent``, in the order in which they were first stored; questions that
        were withdrawn are left out."""
        return self._children.get(parent, [])

    def apply(self, op: OpRow) -> None:
        """Add one durable fact.

        Raises:
            CorruptDataError: what it is about is not there before it.
        """
        self.facts += 1
        kind = op.kind
        call = self._calls.get(op.key)
        if kind in _FOLLOWS:
            _refuse_stray(op, call)
        if call is None or (kind == "ask" and call.is_withdrawn):
            call = self._add(op)
        if kind in _SETTLES:
            self._begun.pop(op.key, None)
            call.outcome = kind
            call.value = op.value
            call.gen = op.gen
            call.attempt = op.attempt
            if kind == "cancel":
                call.took_s = op.dur
        elif kind == "start":
            call.start = op.value or call.start
            if op.attempt:
                self._begun[op.key] = op.attempt
        elif kind == "answer":
            call.answer = op.value
        elif kind == "void":
            call.gen = op.gen + 1
            if call.answer is None:
                call.outcome = None
                if call.name is None:
                    self._children[call.parent].remove(call)
            call.answer = None
        if call.name is None and not call.is_new:
            call.is_new = True
            self._new.append(call)
        elif kind == "pause":
            self._pause(op.value or b"")

    def _add(self, op: OpRow) -> Call:
        call = self._calls[op.key] = Call(op)
        siblings = self._children.get(op.parent)
        if siblings is None:
            self._children[op.parent] = [call]
        else:
            siblings.append(call)
        return call

    def _pause(self, told: bytes) -> None:
        """The code has got everything that was new, but the answers that came too late for it."""
        begun = self._begun.items()
        self._begun = {key: n for key, n in begun if not self.questions_of(self._calls[key])}
        late = {told[at : at + _KEY] for at in range(_FINGERPRINT, len(told), _KEY)}
        self.paused_by.add(told[:_FINGERPRINT])
        for call in self._new:
            call.is_new = call.key in late
        self._new = [call for call in self._new if call.is_new]

    def begun(self, call: Call) -> int:
        """How many attempts at a call without outcome began, and did not end at a question."""
        return self._begun.get(call.key, 0)

    @property
    def has_news(self) -> bool:
        """Whether a question has something new; see :attr:`Call.is_new`."""
        return bool(self._new)

    def open_questions(self) -> list[Call]:
        return [c for c in tuple(self._calls.values()) if c.outcome == "ask" and c.answer is None]

    def questions_of(self, call: Call) -> list[Call]:
        """The questions of an unfinished task and of the unfinished ones below it, in order."""
        found: list[Call] = []
        left = [call]
        while left:
            one = left.pop()
            if one.name is None:
                found.append(one)
            elif not one.finished:
                left += reversed(self.children(one.key))
        return found
