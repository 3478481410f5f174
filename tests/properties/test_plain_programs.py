"""The same laws for plain functions, in real threads."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.properties.budget import budget
from tests.properties.driving import Move, Trial
from tests.properties.program import Program
from tests.properties.strategies import moves, programs

pytestmark = pytest.mark.timeout(300)  # green in seconds; a red one is shrunk first


@budget(150)
@given(programs(threads=True), moves("run", "kill"))
def test_plain_programs(program: Program, done: list[Move]) -> None:
    """57, 61, 62, 64, 71: nested tasks, futures, retries and questions"""
    trial = Trial(program, threads=True)
    trial.to_the_end(done)
    trial.check_result()


@budget(80)
@given(programs(threads=True, pools=True), moves("run", "kill"))
def test_programs_with_threads_of_their_own(program: Program, done: list[Move]) -> None:
    """60, 71: the order in which a program's own threads call is nobody's"""
    trial = Trial(program, threads=True)
    trial.to_the_end(done)
    trial.check_result()
