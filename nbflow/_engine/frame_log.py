"""What a call finds in the record: reuse, run again, or refuse. Pure.

A recorded result goes only to the call that made it. A call is known by its content (name and
arguments), by the lane it came from (the user's asyncio task, or the one line of control), and by
how many equal calls that lane made before. Every call that a run had made when it last committed
is on record, finished or only started; so a lane that makes a call without record, while recorded
ones of that lane are still to come, has taken another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbflow._engine.ids import key_begun, next_key
from nbflow._engine.replay import Call, Divergence

__all__ = ["FrameLog"]


class FrameLog:
    """One attempt at one op: hands recorded calls to the calls it makes.

    Code that takes the recorded way makes its calls in the recorded order, mostly; so the next
    one is looked at first, and the rest is only sorted by content when that is another one.

    Args:
        calls: those on record, in the order in which they were stored.
        strict: the code is the code that made the record.
        by_name: LangGraph's rule: the n-th call of a name gets the n-th record of that name.
    """

    __slots__ = ("_ahead", "_by_content", "_by_name", "_keys", "_left", "_made",
                 "_places", "_recorded", "_strict", "has_record")  # fmt: skip

    def __init__(self, calls: list[Call], strict: bool, *, by_name: bool = False) -> None:
        self._strict = strict
        self._recorded = calls[:]
        self.has_record = bool(calls)
        """Whether there was any call on record."""
        self._ahead = [] if by_name else calls[::-1]
        """Not made yet, the next one last; empty when they are sorted by content."""
        self._by_content: dict[tuple[str, str | None, bytes], list[Call]] = {}
        """Not made yet, by lane, name and arguments; the next one of equal ones last."""
        self._places: dict[tuple[str | None, bytes], list[str]] = {}
        """Lanes that have calls which any lane may take, by name and arguments."""
        self._left: dict[str, int] = {}
        """How many of each lane are sorted by content and due; lanes with none are left out."""
        self._keys: dict[str, Any] = {}
        """By name of a task: its key, as far as the name decides."""
        self._made: dict[str | None, dict[bytes, int]] | None = None
        """How many equal calls there were, by name and arguments."""
        self._by_name: dict[str | None, list[Call]] | None = None
        if by_name:
            self._by_name = {}
            for call in reversed(calls):
                self._by_name.setdefault(call.name, []).append(call)

    @property
    def strict(self) -> bool:
        """Whether a call without record, where one was due, is refused."""
        return self._strict

    def relax(self) -> None:
        """From now on each call gets what is recorded for its content, in any order."""
        if self._strict:
            self._strict = False
            self._sort()
            self._places = {}
            for lane, name, args in self._by_content:
                self._places.setdefault((name, args), []).append(lane)

    def take(self, name: str | None, args: bytes, lane: str) -> Call | None:
        """The recorded call that this one is, or None for a new one.

        Raises:
            Divergence: there is none, this lane's recorded calls are not used up, and the code is
                unchanged.
        """
        ahead = self._ahead
        if ahead:
            due = ahead[-1]
            if due.args == args and due.name == name and due.n == 0 and due.lane == lane:
                return ahead.pop()
            self._sort()
        elif self._by_name is not None:
            nth = self._by_name.get(name)
            return nth.pop() if nth else None
        if not self._by_content:
            return None
        bucket = self._by_content.get((lane, name, args))
        if bucket:
            return self._use(bucket)
        if not self._strict:
            bucket = self._elsewhere(name, args)
            return self._use(bucket) if bucket else None
        if self._left.get(lane):
            raise Divergence(next(c for c in self._unused() if c.lane == lane and not c.optional))
        return None

    def number(self, name: str | None, args: bytes) -> int:
        """How many equal calls were made under this parent before; counts this one."""
        made = self._made
        if made is None:
            made = self._made = self._count_recorded()
        equal = made.get(name)
        if equal is None:
            equal = made[name] = {}
        n = equal.get(args, 0)
        equal[args] = n + 1
        return n

    def _count_recorded(self) -> dict[str | None, dict[bytes, int]]:
        made: dict[str | None, dict[bytes, int]] = {}
        for call in self._recorded:
            equal = made.setdefault(call.name, {})
            equal[call.args] = max(equal.get(call.args, 0), call.n + 1)
        return made

    def new_key(self, parent: bytes, name: str, args: bytes) -> tuple[bytes, int]:
        """Key and number of a task call without record; ``parent`` is the op of this attempt."""
        begun = self._keys.get(name)
        if begun is None:
            begun = self._keys[name] = key_begun(parent, "task", name)
        n = self.number(name, args)
        return next_key(begun, args, n), n

    def is_behind(self, lane: str) -> bool:
        """Whether the code of this lane was here before: calls of its own are on record that it
        has still to make, or calls of the lane that made it.

        Code that was changed may make them no more. It is on its way as soon as it has made a
        call of its own.
        """
        if not self._strict:
            return self._made is None and self.next_unused() is not None
        if self._by_name is not None:
            return any(not call.optional for call in self._unused())
        if any(_led_to(left, lane) for left in tuple(self._left)):
            return True
        return any(_led_to(c.lane, lane) for c in reversed(self._ahead) if not c.optional)

    def next_unused(self) -> Call | None:
        """A finished call that had to be made and was not this time; None when all were."""
        return next((c for c in self._unused() if c.finished and not c.optional), None)

    def unused(self) -> list[Call]:
        """The calls that were not made this time."""
        return list(self._unused())

    def _elsewhere(self, name: str | None, args: bytes) -> list[Call] | None:
        """Equal calls of other lanes, which code that was changed may make."""
        for lane in self._places.get((name, args), ()):
            bucket = self._by_content.get((lane, name, args))
            if bucket:
                return bucket
        return None

    def _sort(self) -> None:
        for call in reversed(self._ahead):
            self._by_content.setdefault((call.lane, call.name, call.args), []).append(call)
            if not self._strict:
                self._places.setdefault((call.name, call.args), []).append(call.lane)
            if not call.optional:
                self._left[call.lane] = self._left.get(call.lane, 0) + 1
        for bucket in self._by_content.values():
            bucket.sort(key=_by_n, reverse=True)
        self._ahead = []

    def _use(self, bucket: list[Call]) -> Call:
        call = bucket.pop()
        if not bucket:
            del self._by_content[call.lane, call.name, call.args]
        if not call.optional:
            left = self._left[call.lane] - 1
            if left:
                self._left[call.lane] = left
            else:
                del self._left[call.lane]
        return call

    def _unused(self) -> Iterator[Call]:
        yield from reversed(self._ahead)
        for bucket in tuple(self._by_content.values()):
            yield from reversed(bucket)
        for named in (self._by_name or {}).values():
            yield from reversed(named)


def _led_to(above: str, lane: str) -> bool:
    """Whether a lane is the other one, or was made by it or by what that made."""
    return lane == above or lane.startswith(f"{above}.")


def _by_n(call: Call) -> int:
    return call.n
