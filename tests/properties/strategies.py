"""Random programs, schedules and edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.properties.driving import Move
from tests.properties.edits import Edit, Kind
from tests.properties.program import (
    Arg,
    Ask,
    Back,
    Block,
    Branch,
    Call,
    Caught,
    Chained,
    Const,
    Dropped,
    Fan,
    Given,
    Late,
    Loop,
    Model,
    Pool,
    Program,
    Race,
    Statement,
    TaskDef,
    Together,
    Unawaited,
)

__all__ = ["LARGEST", "WAYS", "edits", "moves", "programs"]

LARGEST = 60
"""Calls of a program, a question counting for three."""

_args: st.SearchStrategy[Arg] = st.one_of(
    st.builds(Const, st.integers(0, 2)),
    st.just(Given()),
    st.builds(Back, st.integers(0, 3)),
)
_calls = st.builds(Call, st.integers(0, 3), _args)
_asks = st.builds(Ask, st.integers(0, 2), _args)
_flag = st.booleans()
_how = st.sampled_from(["wait_for", "timeout"])
_some_calls = st.lists(_calls, min_size=1, max_size=3).map(tuple)


WAYS = ("gather", "group", "completed", "wait", "semaphore")


@dataclass(frozen=True, slots=True)
class _Kind:
    threads: bool
    """Plain functions only."""
    loose: bool
    """Also what leaves the order of calls to the schedule."""
    ways: tuple[str, ...] = WAYS
    without: tuple[str, ...] = ()
    mixed: bool = False
    """Some tasks are plain functions: they take real time, unknown to the virtual clock."""
    pools: bool = False
    """Plain functions start threads of their own, which call tasks."""


def _statements(kind: _Kind, depth: int) -> st.SearchStrategy[Statement]:
    """One statement; ``depth`` more blocks may stand in one another."""
    made: dict[str, st.SearchStrategy[Statement]] = {
        "call": _calls,
        "ask": _asks,
        "fan": st.builds(Fan, _some_calls, st.integers(-3, 3)),
        "caught": st.builds(Caught, _args),
        "unawaited": st.builds(Unawaited, _calls),
        "dropped": st.builds(Dropped, _calls, st.just(True) if kind.threads else _flag),
    }
    if not kind.threads:
        sure = st.just("never") if kind.mixed else st.sampled_from(["soon", "never"])
        made["late"] = st.builds(Late, _calls, sure, _how)
        made["close"] = st.builds(Late, _calls, st.just("close"), _how)
    choices = [made[name] for name in made if name not in kind.without]
    if kind.loose:
        choices.append(st.builds(Chained, _some_calls, _calls))
        if not kind.threads:
            choices.append(st.builds(Race, _some_calls))
            choices.append(st.builds(Pool, st.integers(1, 3), _some_calls))
    if depth:
        block = _blocks(kind, depth - 1)
        items: st.SearchStrategy[tuple[Call | Branch, ...]] = _some_calls
        if kind.pools or not kind.threads:
            branch = st.builds(Branch, block, _args)
            item = st.one_of(_calls, branch)
            items = st.one_of(
                st.lists(branch, min_size=2, max_size=3).map(tuple),
                st.lists(item, min_size=1, max_size=4).map(tuple),
            )
        together = st.builds(Together, items, st.sampled_from(kind.ways))
        choices += [together, together, together, st.builds(Loop, st.integers(1, 3), block)]
    return st.one_of(choices)


def _blocks(kind: _Kind, depth: int) -> st.SearchStrategy[Block]:
    return st.lists(_statements(kind, depth), min_size=1, max_size=3).map(tuple)


@st.composite
def programs(
    draw: st.DrawFn,
    *,
    threads: bool = False,
    loose: bool = False,
    plain: bool = False,
    ways: tuple[str, ...] = WAYS,
    without: tuple[str, ...] = (),
    pools: bool = False,
    retries: bool = True,
) -> Program:
    """A program of bounded size.

    Args:
        threads: every function is a plain one.
        loose: the order in which one line of control calls may be the schedule's.
        plain: some tasks may be plain functions.
        ways: how branches may be awaited together.
        without: statements left out.
        pools: plain functions may start threads that call tasks.
        retries: some tasks fail before they succeed.
    """
    kind = _Kind(threads, loose, ways, without, plain, pools)
    tasks: list[TaskDef] = []
    for index in range(draw(st.integers(1, 4))):
        is_plain = threads or (plain and draw(_flag))
        stumbles = draw(st.sampled_from([0, 0, 0, 1, 2] if retries else [0]))
        body: Block = ()
        if index:
            body_kind = replace(kind, threads=True) if is_plain else kind
            body = draw(_blocks(body_kind, draw(st.integers(0, 1))))
        tasks.append(TaskDef(f"t{index}", is_plain, stumbles, body))
    program = Program(tuple(tasks), draw(_blocks(kind, draw(st.integers(0, 2)))))
    assume(Model(program).size <= LARGEST)
    return program


_seeds = st.integers(0, 2**16)


def moves(*kinds: str, most: int = 4) -> st.SearchStrategy[list[Move]]:
    """What happens in each invocation; after the last one, nothing special does."""
    one = st.builds(Move, st.sampled_from(kinds), st.integers(1, 60), _seeds)
    return st.lists(one, min_size=1, max_size=most)


_KINDS: list[Kind] = ["insert", "remove", "swap", "argument", "callee", "reword", "branches"]


def edits(
    *, rename: bool = True, threads: bool = False, without: tuple[str, ...] = ()
) -> st.SearchStrategy[Edit]:
    """One change of a program.

    Args:
        rename: also of a task's name.
        threads: only what plain functions can do is inserted.
        without: statements that are not inserted.
    """
    return st.builds(
        Edit,
        kind=st.sampled_from([*_KINDS, "rename"] if rename else _KINDS),
        block=st.integers(0, 5),
        at=st.integers(0, 3),
        statement=_statements(_Kind(threads, False, without=without), 0),
        arg=_args,
    )
