"""What a run has on record: its calls, put together from its ops. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbflow.checkpoint.base import OpRow

__all__ = ["OPTIONAL", "Call", "Divergence", "Journal", "describe"]

OPTIONAL = "?"
"""Ends the lane of a call that a replay need not make."""

_OUTCOMES = frozenset(("result", "error", "cancel"))
_SETTLES = _OUTCOMES | {"ask"}


class Call:
    """One recorded call, put together from its ops."""

    __slots__ = ("answer", "args", "attempt", "gen", "key", "lane", "n", "name", "optional",
                 "outcome", "parent", "site", "start", "value")  # fmt: skip

    def __init__(self, first: OpRow) -> None:
        self.key = first.key
        self.parent = first.parent
        self.name = None if first.kind == "ask" else first.name
        """The task's name; None for a question."""
        self.args = first.args
        self.lane = first.lane.removesuffix(OPTIONAL)
        self.optional = first.lane.endswith(OPTIONAL)
        """Whether it was called while a question had stopped another line of control. When that is
        answered, the code may come another way, and not make this call."""
        self.n = first.n
        self.site = first.site
        self.gen = 0
        self.attempt = 1
        """How many attempts there were."""
        self.start: bytes | None = None
        """What its start stored; only the start of a nested workflow stores something."""
        self.outcome: str | None = None
        """``result``, ``error``, ``cancel``, ``ask``; None when it only started."""
        self.value: bytes | None = None
        """Encoded result, failure or question."""
        self.answer: bytes | None = None

    @property
    def finished(self) -> bool:
        """Whether it has an outcome, or was answered."""
        return self.outcome in _OUTCOMES or self.answer is not None

    def describe(self) -> str:
        return describe(self.name, self.site)


def describe(name: str | None, site: str) -> str:
    """A call in the words of a message; without a name it is a question."""
    what = "interrupt(...)" if name is None else f"{name}(...)"
    return f"{what} at {site}" if site else what


class Divergence(Exception):
    """The code took another way than its record. Carries the recorded call that was due."""

    def __init__(self, due: Call) -> None:
        super().__init__(due)
        self.due = due


class Journal:
    """The calls of one run, by the call they were made in."""

    __slots__ = ("_calls", "_children")

    def __init__(self, ops: Iterable[OpRow] = ()) -> None:
        self._calls: dict[bytes, Call] = {}
        self._children: dict[bytes, list[Call]] = {}
        for op in ops:
            self.apply(op)

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls.values()))

    def get(self, key: bytes) -> Call | None:
        return self._calls.get(key)

    def children(self, parent: bytes) -> list[Call]:
        """Calls made in ``parent``, in the order in which they were first stored."""
        return self._children.get(parent, [])

    def apply(self, op: OpRow) -> None:
        """Add one durable fact."""
        kind = op.kind
        call = self._calls.get(op.key)
        if call is None:
            call = self._calls[op.key] = Call(op)
            siblings = self._children.get(op.parent)
            if siblings is None:
                self._children[op.parent] = [call]
            else:
                siblings.append(call)
        if kind in _SETTLES:
            call.outcome = kind
            call.value = op.value
            call.gen = op.gen
            call.attempt = op.attempt
        elif kind == "start":
            call.start = op.value or call.start
        elif kind == "answer":
            call.answer = op.value
        elif kind == "void":
            call.gen = op.gen + 1
            call.answer = None
            if call.outcome != "ask":
                call.outcome = None

    def open_questions(self) -> list[Call]:
        return [c for c in tuple(self._calls.values()) if c.outcome == "ask" and c.answer is None]
