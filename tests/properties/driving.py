"""Runs a program to its end, through questions, cancellations and kills, and judges it."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from nbflow.errors import NonDeterminismError, UnknownInterruptError
from nbflow.types import Command, Interrupt
from tests.properties.killing import MarkedMemory, MarkedSaver, cut, results_in
from tests.properties.loop import Stuck, play
from tests.properties.program import (
    Block,
    Branch,
    Dropped,
    Late,
    Loop,
    Model,
    Program,
    Race,
    Statement,
    Together,
    Unawaited,
    answer_to,
    matches,
    plain,
)
from tests.properties.source import load, source_of
from tests.properties.world import World

__all__ = ["Move", "Trial"]

THREAD = "t"
CONFIG = {"configurable": {"thread_id": THREAD}}
LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Move:
    """What happens in one invocation."""

    kind: Literal["run", "cancel", "kill"]
    at: int
    """The round of the event loop, or the commit, after which it happens."""
    seed: int
    """Decides the schedule, and which questions are answered then."""


class Trial:
    """One thread of one program, from its input to its result.

    Raises:
        AssertionError: anything that must not be, with the program's source and what was done.
    """

    def __init__(
        self,
        program: Program,
        *,
        other: Program | None = None,
        flagged: bool = False,
        threads: bool = False,
        empty: Callable[[], MarkedSaver] = MarkedMemory,
    ) -> None:
        self.threads = threads
        self.empty = empty
        self.saver = empty()
        far = not self.saver.is_at_hand or self.saver.lease_s is not None
        self.mixed = far or any(task.plain for task in program.tasks)
        self.models = [Model(program)]
        if other is not None:
            self.models.append(Model(other, recorded=True))
        tasks = program.tasks
        self.exact = not any(t.plain or _any(t.body, _leaves_something) for t in tasks)
        """Whether a task that gets to its end is always committed."""
        calls: Counter[str] = Counter()
        for model in self.models:
            calls |= model.ran + model.maybe + model.asked
        alone = [call for call, times in calls.items() if times == 1]
        in_threads = [t.body for t in tasks if t.plain] + ([program.main] if threads else [])
        steady = other is None and not any(_any(block, _branches) for block in in_threads)
        self.world = World(alone, steady=steady)
        self.text = source_of(program, other if flagged else None, threads=threads)
        self._other = other if not flagged else None
        self._now = 0
        """Which of the programs runs."""
        self.workflow = load(self.text, self.world, self.saver)
        self.answered: dict[str, str] = {}
        self.asked: dict[str, Any] = {}
        self.pending: list[Interrupt] = []
        self.steps: list[str] = []
        self.value: Any = None

    # -- what is done -------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether the run has its result, even if nobody was told."""
        thread = self.saver.get_thread(THREAD)
        return thread is not None and thread.status == "idle"

    def change(self) -> None:
        """From now on the other program runs: edited code, or the same that looks at a flag."""
        if self._other is not None:
            self.text = source_of(self._other, threads=self.threads)
            self.workflow = load(self.text, self.world, self.saver)
        self.world.flag = not self.world.flag
        self._now = 1 - self._now
        self.steps.append("-- changed --")

    def to_the_end(self, moves: list[Move], *, may_refuse: bool = False) -> bool:
        """Invoke until the program returns; False when it was refused."""
        for number in range(sum(m.asked.total() for m in self.models) + len(moves) + 2):
            move = moves[number] if number < len(moves) else Move("run", 0, number)
            try:
                if self.step(move) == "done":
                    return True
            except Exception as error:
                if may_refuse and _refuses(error):
                    self.steps += ["  -> refused", *_texts(error)]
                    self.check_values()
                    return False
                self.explain(error)
        return bool(self.fail("no progress: it asks and asks"))

    def step(self, move: Move) -> str:
        """One invocation: with the input, answers, or None."""
        payload = self._payload(Random(move.seed))
        before = self.saver.marks[-1] if self.saver.marks else 0
        outcome = self.invoke(payload, move)
        self.check_values()
        if move.kind == "kill" and self._kill(before, move.at, isinstance(payload, Command)):
            return "killed"
        return outcome

    def invoke(self, payload: Any, move: Move) -> str:
        self.world.begin(move.seed)
        self.steps.append(f"{move.kind} at {move.at} seed {move.seed}: {payload!r}")
        named: dict[str, Any] = {}
        if isinstance(payload, Command):
            single = not isinstance(payload.resume, dict)
            named = {self.pending[0].id: payload.resume} if single else payload.resume
        self.pending = []
        try:
            value = self._run(payload, move)
        except asyncio.CancelledError:
            if move.kind != "cancel":
                self.fail("CancelledError, and nobody cancelled")
            self.steps.append("  -> cancelled")
            still_open = {one.id for one in self._open()}
            self._note_answers({i: a for i, a in named.items() if i not in still_open})
            return "cancelled"
        self._note_answers(named)
        self.steps.append(f"  -> {value!r}")
        if isinstance(value, dict):
            self._note_questions(value["__interrupt__"])
            return "asked"
        self.value = value
        return "done"

    def _run(self, payload: Any, move: Move) -> Any:
        cancel_at = move.at if move.kind == "cancel" else None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                if self.threads:
                    return _in_a_thread(lambda: self.workflow.invoke(payload, CONFIG))
                run = self.workflow.ainvoke(payload, CONFIG)
                return play(move.seed, run, cancel_at, threads=self.mixed)
        except Stuck:
            self.fail("it waits for ever")

    def _payload(self, chance: Random) -> Any:
        thread = self.saver.get_thread(THREAD)
        if thread is None:
            return 1
        if thread.status != "interrupted":
            self.pending = self._open() if chance.random() < 0.5 else []
        if not self.pending:
            return None
        if len(self.pending) == 1 and chance.random() < 0.5:
            return Command(resume=answer_to(self.pending[0].value))
        some = chance.sample(self.pending, chance.randint(1, len(self.pending)))
        return Command(resume={one.id: answer_to(one.value) for one in some})

    def _open(self) -> list[Interrupt]:
        """The questions that can be answered now."""
        if self.saver.get_thread(THREAD) is None:
            return []
        return list(self.workflow.get_state(CONFIG).interrupts)

    def _kill(self, before: int, at: int, answering: bool) -> bool:
        """Undo the invocation's last commits, but not its answers; False when it made none."""
        marks = [mark for mark in self.saver.marks if mark > before]
        if not marks:
            return False
        marks = marks if answering else [before, *marks]
        upto = marks[at % len(marks)]
        self.saver, lost = cut(self.saver, THREAD, upto, self.empty)
        self.world.forget(lost)
        self.workflow = load(self.text, self.world, self.saver)
        self.steps.append(f"  killed after op {upto}; lost {lost!r}")
        return True

    # -- what must hold -----------------------------------------------------------------------

    def _note_answers(self, named: dict[str, Any]) -> None:
        self.answered.update({i: str(a) for i, a in named.items()})

    def _note_questions(self, questions: list[Interrupt]) -> None:
        for one in questions:
            if self.asked.setdefault(one.id, one.value) != one.value:
                self.fail(f"the question {one.id} was {self.asked[one.id]!r}, now {one.value!r}")
            if one.id in self.answered:
                self.fail(f"{one.value!r} was answered and is asked again")
            if not any(one.value in model.asked for model in self.models):
                self.fail(f"{one.value!r} is no question of the program")
            self.world.stored(one.value)
        self.pending = list(questions)
        shown, still_open = ({one.id for one in q} for q in (questions, self._open()))
        if shown != still_open:
            self.fail(f"{len(shown)} questions were shown, {len(still_open)} are open")

    def check_values(self) -> None:
        """Every value that arrived anywhere was the right one."""
        if self.world.faults:
            self.fail(self.world.faults[0])

    def check_edited(self) -> None:
        """The result is the edited program's, and what both call was executed once.

        Not counted are calls that had been cancelled: the edited code may want their results.
        """
        before, after = self.models
        self.check_value()
        most = before.by_body | after.by_body
        [run, *_] = self.saver.list_runs(THREAD)
        cancelled = {op.key for op in self.saver.get_ops(run.id) if op.kind == "cancel"}
        calls = [
            plain(value)
            for op, value in results_in(self.saver, THREAD)
            if op.parent == bytes(16) and op.key not in cancelled
        ]
        if Counter(calls) - most:
            self.fail(f"executed again: {Counter(calls) - most}")

    def check_value(self) -> None:
        """The result is that of the program which runs now."""
        model = self.models[self._now]
        if not matches(self.value, model.value):
            self.fail(f"came to   {plain(self.value)!r}\nmust be   {model.value!r}")

    def check_result(self) -> None:
        """The result is the model's, and nothing was executed twice."""
        self.check_value()
        model = self.models[0]
        found = Counter(plain(value) for _, value in results_in(self.saver, THREAD))
        if model.ran - found or found - (model.ran + model.maybe):
            self.fail(f"recorded {found - model.ran}, missing {model.ran - found}")
        ran = self.world.ran
        if found - ran or (self.exact and found != ran):
            self.fail(f"executed {ran - found} beside what is recorded, not {found - ran}")

    def fail(self, why: str) -> Any:
        lines = "\n".join([*self.steps, "", *_record(self.saver)])
        raise AssertionError(f"{why}\n\n{lines}\n\n{self.text}")

    def explain(self, error: BaseException) -> Any:
        """An error that must not be."""
        self.fail("\n".join(_texts(error)))


def _record(saver: MarkedSaver) -> Iterator[str]:
    """What is on record, a line for each op."""
    for run in saver.list_runs(THREAD):
        for op in saver.get_ops(run.id):
            name = op.name or "question"
            yield f"  {op.seq} {op.kind} {name} lane {op.lane} n {op.n} gen {op.gen} {op.args!r}"


def _any(block: Block, wanted: Callable[[Statement], bool]) -> bool:
    """Whether a statement of the block, however deep, is one of those."""
    for one in block:
        inner: list[Block] = [one.block] if isinstance(one, Loop) else []
        if isinstance(one, Together | Race):
            inner = [item.block for item in one.items if isinstance(item, Branch)]
        if wanted(one) or any(_any(part, wanted) for part in inner):
            return True
    return False


def _branches(one: Statement) -> bool:
    return isinstance(one, Together) and any(isinstance(item, Branch) for item in one.items)


def _leaves_something(one: Statement) -> bool:
    """Whether it calls what it does not wait for to its end; a task ends only with that."""
    return isinstance(one, Unawaited | Dropped | Late | Race)


def _refuses(error: BaseException) -> bool:
    """Whether it is the clear error; a TaskGroup wraps it."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_refuses, error.exceptions))
    return isinstance(error, NonDeterminismError | UnknownInterruptError)


def _texts(error: BaseException) -> Iterator[str]:
    yield f"{type(error).__name__}: {error}"
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _texts(part)


def _in_a_thread(call: Callable[[], Any]) -> Any:
    """What the call returns or raises; :class:`Stuck` when it takes too long."""
    outcome: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    if not outcome:
        raise Stuck
    value, error = outcome[0]
    if error is not None:
        raise error
    return value
