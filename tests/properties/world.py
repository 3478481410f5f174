"""What a generated program calls besides nbflow: it delays, counts and looks at every value.

The program's own code is plain; what it is told is written down here, so that a value in the wrong
place is found at the place where it arrived, however the run ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

from tests.properties.program import BOOM, CANCELLED, LATE, answer_to, plain, result_of, shown

__all__ = ["Boom", "Stumble", "World"]

UNKNOWN = "?"
"""A place that cannot be told from another one: equal calls of one task."""


class Boom(Exception):
    """The failure of the task that always fails."""


class Stumble(Exception):
    """The failure of an attempt that is tried again."""


class World:
    """Everything outside one thread of runs.

    Attributes:
        faults: values that are wrong, in words.
        ran: how often each task got to its end.
        flag: what generated code may look at to behave in another way.
    """

    def __init__(self, alone: Iterable[str] = (), *, steady: bool = True) -> None:
        self.faults: list[str] = []
        self.ran: Counter[str] = Counter()
        self.flag = False
        self._alone = frozenset(alone)
        """Tasks called once, and questions asked once: their words say where they are."""
        self._steady = steady
        """Whether every place must be told the same in every run."""
        self._chance = Random(0)
        self._stumbled: Counter[str] = Counter()
        self._first: dict[str, Any] = {}
        self._asking: dict[str, str] = {}
        """Where each question was asked last."""
        self._trailing: set[str] = set()
        """Places of cancellations after which nothing came: they need not be there again, since a
        failure, or the end of the run, may have caused them."""
        self._stamps = 0
        self._lock = threading.Lock()

    def begin(self, seed: int) -> None:
        """Another invocation, whose delays ``seed`` decides."""
        self._chance = Random(seed)
        self._drop_trailing()

    def forget(self, lost: Iterable[str]) -> None:
        """Executions whose results were lost with a killed process."""
        self.ran.subtract(plain(value) for value in lost)
        self._first.clear()

    # -- called by the program ----------------------------------------------------------------

    async def pause(self) -> None:
        """Let others go first, for a while."""
        for _ in range(self._chance.choice((0, 0, 1, 1, 2, 4))):
            await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.002, 0.1)))

    def rest(self) -> None:
        """``pause`` for threads: a moment at most."""
        with self._lock:
            moment = self._chance.choice((0.0, 0.0, 0.0, 0.0003, 0.001))
        if moment:
            threading.Event().wait(moment)

    def made(self, name: str, arg: Any) -> str:
        """The result of a task that gets to its end now."""
        with self._lock:
            self._stamps += 1
            self.ran[result_of(name, arg)] += 1
            stamp = f"#{self._stamps}" if self._steady else ""
            return result_of(name, arg) + stamp

    def boom(self, arg: Any) -> Boom:
        return Boom(result_of(BOOM, arg))

    def stumble(self, name: str, arg: Any, times: int) -> None:
        """Fail so many times, then no more."""
        with self._lock:
            call = result_of(name, arg)
            self._stumbled[call] += 1
            self._drop_trailing()
            if self._stumbled[call] <= times:
                raise Stumble(call)

    def place(self, name: str, arg: Any) -> str:
        """Where the code of a task is."""
        call = result_of(name, arg)
        return call if call in self._alone else UNKNOWN

    def seen(self, at: str, name: str, arg: Any, value: Any) -> Any:
        """A task's result arrived."""
        if plain(value) != result_of(name, arg):
            self._fault(f"{at}: {name}({shown(arg)}) came to {value!r}")
        return self.same(at, value)

    def seen_among(self, at: str, calls: list[tuple[str, Any]], values: list[Any]) -> list[Any]:
        """Results of several calls arrived, in any order, perhaps among other values."""
        left = [plain(value) for value in values]
        for name, arg in calls:
            try:
                left.remove(result_of(name, arg))
            except ValueError:
                self._fault(f"{at}: {name}({shown(arg)}) is not among {values!r}")
        return sorted(values, key=lambda value: (repr(plain(value)), repr(value)))

    def asking(self, at: str, asked: str) -> str:
        """A question is going to be asked."""
        self._asking[asked] = at
        return asked

    def stored(self, asked: str) -> None:
        """A question is on record, and with it what led to it."""
        if asked in self._alone and asked in self._asking:
            self._pass(self._asking[asked])

    def heard(self, at: str, asked: str, answer: Any) -> Any:
        """An answer arrived."""
        if answer != answer_to(asked):
            self._fault(f"{at}: {asked!r} was answered {answer!r}")
        return self.same(at, answer)

    def caught(self, at: str, arg: Any, failure: Boom) -> str:
        """A failure arrived."""
        if failure.args != (result_of(BOOM, arg),):
            self._fault(f"{at}: {result_of(BOOM, arg)} failed with {failure!r}")
        return f"caught {failure.args[0]}"

    def same(self, at: str, value: Any) -> Any:
        """What this place is told must be what it was told before."""
        if self._steady and not at.startswith(UNKNOWN):
            with self._lock:
                self._pass(at)
                first = self._first.setdefault(at, value)
                if value in (CANCELLED, LATE):
                    self._trailing.add(at)
            if first != value:
                self._fault(f"{at}: was {first!r}, is now {value!r}")
        return value

    def _pass(self, at: str) -> None:
        """The code got so far; what it saw before in the same block stays."""
        block, index = _split(at)
        ended = [(one, *_split(one)) for one in self._trailing]
        self._trailing -= {one for one, b, i in ended if b == block and i < index}

    def _drop_trailing(self) -> None:
        for at in self._trailing:
            self._first.pop(at, None)
        self._trailing.clear()

    def _fault(self, text: str) -> None:
        self.faults.append(text)


def _split(at: str) -> tuple[str, int]:
    """The block of a place, and the number of its statement there."""
    block, _, last = at.rpartition("/")
    return block, int(last.split(".")[0])
