"""Any schedule of any async program, stopped anywhere, comes to the same (fault 23)."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.budget import budget
from tests.properties.driving import Move, Trial
from tests.properties.killing import MarkedFarAway, MarkedSqlite
from tests.properties.program import Program
from tests.properties.strategies import WAYS, moves, programs

pytestmark = pytest.mark.timeout(300)  # green in seconds; a red one is shrunk first

ANYTHING = ("run", "cancel", "kill")


@pytest.mark.parametrize("way", WAYS)
def test_branches_awaited_together(way: str) -> None:
    """60, 61, 64, 70, 71: by gather, a TaskGroup, as_completed, wait, or one at a time"""

    @budget(200)
    @given(programs(ways=(way,)), moves(*ANYTHING))
    def law(program: Program, done: list[Move]) -> None:
        trial = Trial(program)
        trial.to_the_end(done)
        trial.check_result()

    law()


@budget(100)
@given(programs(plain=True), moves(*ANYTHING))
def test_plain_tasks_among_async_ones(program: Program, done: list[Move]) -> None:
    """57, 60, 69: tasks that run in threads, and call tasks there"""
    trial = Trial(program)
    trial.to_the_end(done)
    trial.check_result()


@budget(200)
@given(programs(loose=True), moves(*ANYTHING))
def test_calls_in_an_order_that_is_the_schedule_s(program: Program, done: list[Move]) -> None:
    """71: races, worker pools, a call after each that ends: right values, or the clear error"""
    trial = Trial(program)
    if trial.to_the_end(done, may_refuse=True):
        trial.check_value()


def test_in_a_file(tmp_path: Path) -> None:
    """The same law on SQLite."""
    names = (str(tmp_path / f"{number}.sqlite") for number in count())

    @budget(60)
    @given(programs(), moves(*ANYTHING))
    def law(program: Program, done: list[Move]) -> None:
        trial = Trial(program, empty=lambda: MarkedSqlite(next(names)))
        try:
            trial.to_the_end(done)
            trial.check_result()
        finally:
            trial.saver.close()

    law()


@budget(100)
@given(programs(), moves(*ANYTHING))
def test_stored_in_threads(program: Program, done: list[Move]) -> None:
    """The same law where the event loop leaves all storing to others (fault 40)."""
    trial = Trial(program, empty=MarkedFarAway)
    trial.to_the_end(done)
    trial.check_result()


@budget(100)
@given(programs(), st.integers(0, 2**16))
def test_the_same_seed_is_the_same_schedule(program: Program, seed: int) -> None:
    """What this folder stands on: a failure can be played again."""
    played = []
    for _ in range(2):
        trial = Trial(program)
        trial.step(Move("run", 0, seed))
        played.append([step.partition("id=")[0] for step in trial.steps])
    assert played[0] == played[1]
