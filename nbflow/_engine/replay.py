"""What a call finds in the record: reuse, run again, or refuse. Pure.

A recorded result goes only to the call that made it. A call is known by its content (name and
arguments), by the lane it came from (the user's asyncio task, or the one line of control), and by
how many equal calls that lane made before. Every call that a run had made when it last committed
is on record, finished or only started; so a lane that makes a call without record, while recorded
ones of that lane are still to come, has taken another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbflow.checkpoint.base import OpRow

__all__ = ["Call", "Divergence", "FrameLog", "Journal", "describe"]

_OUTCOMES = frozenset(("result", "error", "cancel"))
_SETTLES = _OUTCOMES | {"ask"}


class Call:
    """One recorded call, put together from its ops."""

    __slots__ = ("answer", "args", "attempt", "gen", "key", "lane", "n", "name", "outcome",
                 "parent", "site", "start", "value")  # fmt: skip

    def __init__(self, first: OpRow) -> None:
        self.key = first.key
        self.parent = first.parent
        self.name = None if first.kind == "ask" else first.name
        """The task's name; None for a question."""
        self.args = first.args
        self.lane = first.lane
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
        """Whether a replay must make this call: it has an outcome, or was answered."""
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


class FrameLog:
    """One attempt at one op: hands recorded calls to the calls it makes.

    Code that takes the recorded way makes its calls in the recorded order, mostly; so the next
    one is looked at first, and the rest is only sorted by content when that is another one.

    Args:
        calls: those on record, in the order in which they were stored.
        strict: the code is the code that made the record.
    """

    __slots__ = ("_ahead", "_by_content", "_left", "_made", "_recorded", "strict")

    def __init__(self, calls: list[Call], strict: bool) -> None:
        self.strict = strict
        """Whether a call without record, where one was due, is refused."""
        self._recorded = calls[:]
        self._ahead = calls[::-1]
        """Not made yet, the next one last; empty when they are sorted by content."""
        self._by_content: dict[tuple[str, str | None, bytes], list[Call]] = {}
        """Not made yet, by lane, name and arguments; the next one of equal ones last."""
        self._left: dict[str, int] = {}
        """How many of each lane are sorted by content; lanes with none are left out."""
        self._made: dict[tuple[str | None, bytes], int] | None = None

    def take(self, name: str | None, args: bytes, lane: str) -> Call | None:
        """The recorded call that this one is, or None for a new one.

        Raises:
            Divergence: there is none, this lane's recorded calls are not used up, and the code is
                unchanged.
        """
        if self._ahead:
            due = self._ahead[-1]
            if due.args == args and due.name == name and due.n == 0 and due.lane == lane:
                return self._ahead.pop()
            self._sort()
        if not self._left:
            return None
        bucket = self._by_content.get((lane, name, args))
        if bucket:
            return self._use(bucket)
        if not self.strict:
            for other in tuple(self._left):
                bucket = self._by_content.get((other, name, args))
                if bucket:
                    return self._use(bucket)
        elif self._left.get(lane):
            raise Divergence(next(call for call in self._unused() if call.lane == lane))
        return None

    def number(self, name: str | None, args: bytes) -> int:
        """How many equal calls were made under this parent before; counts this one."""
        made = self._made
        if made is None:
            made = self._made = {}
            for call in self._recorded:
                content = (call.name, call.args)
                made[content] = max(made.get(content, 0), call.n + 1)
        content = (name, args)
        n = made.get(content, 0)
        made[content] = n + 1
        return n

    def next_unused(self) -> Call | None:
        """A finished call that was not made this time; None when all were."""
        return next((call for call in self._unused() if call.finished), None)

    def _sort(self) -> None:
        for call in reversed(self._ahead):
            self._by_content.setdefault((call.lane, call.name, call.args), []).append(call)
            self._left[call.lane] = self._left.get(call.lane, 0) + 1
        for bucket in self._by_content.values():
            bucket.sort(key=_by_n, reverse=True)
        self._ahead = []

    def _use(self, bucket: list[Call]) -> Call:
        call = bucket.pop()
        left = self._left[call.lane] - 1
        if left:
            self._left[call.lane] = left
        else:
            del self._left[call.lane]
        return call

    def _unused(self) -> Iterator[Call]:
        yield from reversed(self._ahead)
        if self._left:
            for bucket in self._by_content.values():
                yield from reversed(bucket)


def _by_n(call: Call) -> int:
    return call.n
