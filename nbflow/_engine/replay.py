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

__all__ = ["Call", "Divergence", "FrameLog", "Journal"]

_OUTCOMES = frozenset(("result", "error", "cancel"))


class Call:
    """One recorded call, put together from its ops."""

    __slots__ = ("answer", "args", "gen", "key", "lane", "n", "name", "outcome", "parent",
                 "site", "used", "value")  # fmt: skip

    def __init__(
        self, key: bytes, parent: bytes, name: str | None, args: bytes, lane: str, n: int, site: str
    ) -> None:
        self.key = key
        self.parent = parent
        self.name = name
        """The task's name; None for a question."""
        self.args = args
        self.lane = lane
        self.n = n
        self.site = site
        self.gen = 0
        self.outcome: str | None = None
        """``result``, ``error``, ``cancel``, ``ask``; None when it only started."""
        self.value: bytes | None = None
        """Encoded result, failure or question."""
        self.answer: bytes | None = None
        self.used = False

    @property
    def finished(self) -> bool:
        """Whether a replay must make this call: it has an outcome, or was answered."""
        return self.outcome in _OUTCOMES or self.answer is not None

    def describe(self) -> str:
        what = "interrupt(...)" if self.name is None else f"{self.name}(...)"
        return f"{what} at {self.site}" if self.site else what


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
        return iter(self._calls.values())

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
            name = None if kind == "ask" else op.name
            call = Call(op.key, op.parent, name, op.args, op.lane, op.n, op.site)
            self._calls[op.key] = call
            siblings = self._children.get(op.parent)
            if siblings is None:
                self._children[op.parent] = [call]
            else:
                siblings.append(call)
        if kind in _OUTCOMES or kind == "ask":
            call.outcome = kind
            call.value = op.value
            call.gen = op.gen
        elif kind == "answer":
            call.answer = op.value
        elif kind == "void":
            call.gen = op.gen + 1
            call.answer = None
            if call.outcome != "ask":
                call.outcome = None

    def open_questions(self) -> list[Call]:
        return [c for c in self._calls.values() if c.outcome == "ask" and c.answer is None]


class FrameLog:
    """One attempt at one op: hands recorded calls to the calls it makes.

    Args:
        strict: the code is the code that made the record.
    """

    __slots__ = ("_buckets", "_left", "_made", "_strict")

    def __init__(self, calls: list[Call], strict: bool) -> None:
        self._strict = strict
        self._made: dict[tuple[str | None, bytes], int] = {}
        self._buckets: dict[tuple[str, str | None, bytes], list[Call]] = {}
        self._left: dict[str, int] = {}
        for call in sorted(calls, key=_by_n, reverse=True):
            call.used = False
            self._buckets.setdefault((call.lane, call.name, call.args), []).append(call)
            self._left[call.lane] = self._left.get(call.lane, 0) + 1
            content = (call.name, call.args)
            self._made[content] = max(self._made.get(content, 0), call.n + 1)

    def take(self, name: str | None, args: bytes, lane: str) -> Call | None:
        """The recorded call that this one is, or None for a new one.

        Raises:
            Divergence: there is none, this lane's recorded calls are not used up, and the code is
                unchanged.
        """
        if not self._left:
            return None
        bucket = self._buckets.get((lane, name, args))
        if bucket:
            return self._use(bucket)
        if not self._strict:
            for other in tuple(self._left):
                bucket = self._buckets.get((other, name, args))
                if bucket:
                    return self._use(bucket)
        elif self._left.get(lane):
            raise Divergence(next(self._unused(lane)))
        return None

    def number(self, name: str | None, args: bytes) -> int:
        """How many equal calls were made under this parent before; counts this one."""
        content = (name, args)
        n = self._made.get(content, 0)
        self._made[content] = n + 1
        return n

    def unused(self) -> list[Call]:
        """Finished calls that were never made this time."""
        if not self._left:
            return []
        return [c for lane in tuple(self._left) for c in self._unused(lane) if c.finished]

    def _use(self, bucket: list[Call]) -> Call:
        call = bucket.pop()
        call.used = True
        left = self._left[call.lane] - 1
        if left:
            self._left[call.lane] = left
        else:
            del self._left[call.lane]
        return call

    def _unused(self, lane: str) -> Iterator[Call]:
        for (where, _, _), bucket in self._buckets.items():
            if where == lane:
                yield from reversed(bucket)


def _by_n(call: Call) -> int:
    return call.n
