"""Programs as data, and what each must come to, without the engine.

A program is an entrypoint's block and the tasks it may call. A task's result is a function of its
name and argument, an answer one of its question; so :class:`Model` knows the right value of a
whole program by walking it once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from itertools import permutations
from typing import Any

__all__ = [
    "BOOM", "CANCELLED", "HANG", "LATE", "Arg", "Ask", "Back", "Block", "Branch", "Call", "Caught",
    "Chained", "Const", "Dropped", "Fan", "Given", "Late", "Loop", "Model", "OneOf", "Pool",
    "Program", "Race", "Statement", "TaskDef", "Together", "Unawaited", "answer_to", "callee",
    "is_loose", "matches", "plain", "question", "result_of", "shown", "targets",
]  # fmt: skip

CANCELLED = "cancelled"
LATE = "late"
BOOM = "boom"
HANG = "hang"


# -- arguments --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    value: int


@dataclass(frozen=True, slots=True)
class Given:
    """What the block was given: a branch's argument, a task's, a loop's counter."""


@dataclass(frozen=True, slots=True)
class Back:
    """What an earlier statement of the same block came to."""

    index: int


Arg = Const | Given | Back


# -- statements -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    task: int
    arg: Arg


@dataclass(frozen=True, slots=True)
class Ask:
    text: int
    arg: Arg


@dataclass(frozen=True, slots=True)
class Branch:
    """A helper coroutine; in threads, a helper function."""

    block: Block
    arg: Arg


@dataclass(frozen=True, slots=True)
class Together:
    """Branches and calls at once, all waited for."""

    items: tuple[Call | Branch, ...]
    how: str
    """``gather``, ``group``, ``completed``, ``wait`` or ``semaphore``."""


@dataclass(frozen=True, slots=True)
class Fan:
    """Calls begun in one order and awaited in another."""

    calls: tuple[Call, ...]
    turn: int
    """How far the order of awaiting is rotated; negative: backwards, too."""


@dataclass(frozen=True, slots=True)
class Loop:
    count: int
    block: Block


@dataclass(frozen=True, slots=True)
class Caught:
    """A task that always fails, inside ``try``."""

    arg: Arg


@dataclass(frozen=True, slots=True)
class Unawaited:
    call: Call


@dataclass(frozen=True, slots=True)
class Dropped:
    """One future cancelled, and the cancellation caught."""

    call: Call
    late: bool
    """Whether the task may begin, or even end, before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Late:
    """A call under a time-out."""

    call: Call
    end: str
    """``soon``: long before the time is up; ``close``: perhaps just then; ``never``."""
    how: str
    """``wait_for`` or ``timeout``."""


@dataclass(frozen=True, slots=True)
class Race:
    """The first of several counts and the others are cancelled."""

    items: tuple[Call | Branch, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers that take calls from one queue: who makes which is the schedule's."""

    workers: int
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Chained:
    """Another call after each of several, in the order in which they end."""

    calls: tuple[Call, ...]
    then: Call


Strict = Call | Ask | Together | Fan | Loop | Caught | Unawaited | Dropped | Late
Loose = Race | Pool | Chained
Statement = Strict | Loose
Block = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class TaskDef:
    name: str
    plain: bool
    """Whether it is a plain function, which runs in a thread."""
    stumbles: int
    """How many attempts fail before one succeeds."""
    body: Block
    """What it does before it returns; it calls only tasks that stand before it."""


@dataclass(frozen=True, slots=True)
class Program:
    tasks: tuple[TaskDef, ...]
    main: Block


def callee(program: Program, call: Call, below: int) -> int:
    """The index of the task that a call means, made from the tasks before ``below``."""
    return call.task % below


def targets(block: Block, at: int) -> list[int]:
    """Earlier statements of the block whose value an argument may use: one value, whatever
    the schedule."""
    return [i for i, one in enumerate(block[:at]) if not is_loose(one)]


def is_loose(statement: Statement) -> bool:
    """Whether its value depends on the schedule, or, after an edit, on what was recorded."""
    if isinstance(statement, Race | Dropped):
        return True
    if isinstance(statement, Late):
        return statement.end == "close"
    if isinstance(statement, Together):
        return any(isinstance(i, Branch) and any(map(is_loose, i.block)) for i in statement.items)
    return isinstance(statement, Loop) and any(map(is_loose, statement.block))


# -- values -----------------------------------------------------------------------------------

_STAMP = re.compile(r"#\d+")


def plain(value: Any) -> Any:
    """A value without the stamps that tell one execution from another."""
    if isinstance(value, str):
        return _STAMP.sub("", value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def shown(value: Any) -> str:
    """A value as a short text."""
    text = repr(plain(value))
    return text if len(text) <= 24 else "~" + blake2b(text.encode(), digest_size=5).hexdigest()


def result_of(name: str, arg: Any) -> str:
    """What a task comes to, but for its stamp."""
    return f"{name}({shown(arg)})"


def question(text: int, arg: Any) -> str:
    return f"q{text}:{shown(arg)}"


def answer_to(asked: Any) -> str:
    return f"yes to {asked}"


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=lambda value: repr(plain(value)))


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value that the schedule chooses."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AnyOrder:
    """Values of which some are the schedule's choice, in an order that follows from it."""

    values: list[Any]


def _in_any_order(values: list[Any]) -> Any:
    return AnyOrder(values) if any(map(_is_open, values)) else _sorted(values)


def _is_open(value: Any) -> bool:
    """Whether there is a choice in it."""
    if isinstance(value, list):
        return any(map(_is_open, value))
    return isinstance(value, OneOf | AnyOrder)


def matches(found: Any, expected: Any) -> bool:
    """Whether a value is the model's."""
    if isinstance(expected, OneOf):
        return any(matches(found, value) for value in expected.values)
    if isinstance(expected, AnyOrder):
        return any(matches(found, list(order)) for order in permutations(expected.values))
    if isinstance(expected, list):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(expected)
            and all(map(matches, found, expected))
        )
    return bool(plain(found) == expected)


# -- what a program comes to ------------------------------------------------------------------


class Model:
    """One walk through a program.

    Attributes:
        value: what the entrypoint returns.
        ran: how often each task must be executed, by its result.
        by_body: those of them that the entrypoint calls itself.
        maybe: executions that the schedule may leave out.
        asked: how often each question is asked.

    Where ``recorded``, the program was another one before, so that a call it cancels at once may
    have the result of an equal call: then it ended before it could be cancelled.
    """

    def __init__(self, program: Program, *, recorded: bool = False) -> None:
        self._program = program
        self._recorded = recorded
        self.ran: Counter[str] = Counter()
        self.by_body: Counter[str] = Counter()
        self.maybe: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self._sure = True
        self._depth = 0
        self.value = self._block(program.main, 1, len(program.tasks))

    @property
    def size(self) -> int:
        return self.ran.total() + self.maybe.total() + 3 * self.asked.total()

    def _block(self, block: Block, given: Any, below: int) -> list[Any]:
        out: list[Any] = []
        for at, statement in enumerate(block):
            scope = _Scope(given, [out[i] for i in targets(block, at)], below)
            out.append(self._statement(statement, scope))
        return out

    def _statement(self, one: Statement, scope: _Scope) -> Any:
        match one:
            case Call():
                return self._call(one, scope)
            case Ask():
                asked = question(one.text, scope.value(one.arg))
                self.asked[asked] += 1
                return answer_to(asked)
            case Together():
                values = [self._item(item, scope) for item in one.items]
                return _in_any_order(values) if one.how == "completed" else values
            case Fan():
                return [self._call(call, scope) for call in one.calls]
            case Loop():
                return [self._block(one.block, i, scope.below) for i in range(one.count)]
            case Caught():
                return f"caught {result_of(BOOM, scope.value(one.arg))}"
            case Unawaited():
                self._call(one.call, scope)
                return None
            case Dropped():
                return self._dropped(one, scope)
            case Late():
                return self._late(one, scope)
        return self._loose(one, scope)

    def _loose(self, one: Loose, scope: _Scope) -> Any:
        match one:
            case Race():
                with _Unsure(self):
                    return OneOf(tuple(self._item(item, scope) for item in one.items))
            case Pool():
                return _sorted([self._call(call, scope) for call in one.calls])
            case Chained():
                firsts = [self._call(call, scope) for call in one.calls]
                then = [self._call_with(one.then, value, scope.below) for value in firsts]
                return _sorted(then)

    def _item(self, item: Call | Branch, scope: _Scope) -> Any:
        if isinstance(item, Call):
            return self._call(item, scope)
        return self._block(item.block, scope.value(item.arg), scope.below)

    def _dropped(self, one: Dropped, scope: _Scope) -> Any:
        if not one.late and not self._recorded:
            return CANCELLED
        with _Unsure(self):
            return OneOf((self._call(one.call, scope), CANCELLED))

    def _late(self, one: Late, scope: _Scope) -> Any:
        if one.end == "soon":
            return self._call(one.call, scope)
        if one.end == "never":
            return LATE
        with _Unsure(self):
            return OneOf((self._call(one.call, scope), LATE))

    def _call(self, call: Call, scope: _Scope) -> str:
        return self._call_with(call, scope.value(call.arg), scope.below)

    def _call_with(self, call: Call, arg: Any, below: int) -> str:
        index = callee(self._program, call, below)
        task = self._program.tasks[index]
        value = result_of(task.name, arg)
        (self.ran if self._sure else self.maybe)[value] += 1
        if not self._depth:
            self.by_body[value] += 1
        if index:
            self._depth += 1
            self._block(task.body, arg, index)
            self._depth -= 1
        return value


class _Unsure:
    """While inside, what is called may be left out."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._before = model._sure

    def __enter__(self) -> None:
        self._model._sure = False

    def __exit__(self, *exc_info: object) -> None:
        self._model._sure = self._before


@dataclass(frozen=True, slots=True)
class _Scope:
    given: Any
    values: list[Any]
    """Those of the earlier statements that can be meant."""
    below: int

    def value(self, arg: Arg) -> Any:
        if isinstance(arg, Const):
            return arg.value
        if isinstance(arg, Back) and self.values:
            return self.values[arg.index % len(self.values)]
        return self.given
