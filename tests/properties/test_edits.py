"""Code that changes between a question and its answer: right results or the clear error (21-25)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given

from tests.properties.budget import budget
from tests.properties.driving import Move, Trial
from tests.properties.edits import Edit, edited
from tests.properties.program import Model, Program
from tests.properties.strategies import LARGEST, edits, moves, programs

pytestmark = pytest.mark.timeout(300)  # green in seconds; a red one is shrunk first

ANYTHING = ("run", "cancel", "kill")


def _changed(
    program: Program, edit: Edit, before: list[Move], *, flagged: bool, threads: bool = False
) -> Trial | None:
    """A trial that stopped somewhere and has changed since; None when it did not stop."""
    other = edited(program, edit)
    assume(other != program)
    assume(Model(other).size <= LARGEST)
    trial = Trial(program, other=other, flagged=flagged, threads=threads)
    for move in before:
        trial.step(move)
        if trial.is_over:
            return None
    trial.change()
    return trial


@budget(300)
@given(programs(), edits(), moves(*ANYTHING, most=2), moves("run", most=2))
def test_edited_code(program: Program, edit: Edit, before: list[Move], after: list[Move]) -> None:
    """71-73, 81, 113, 114: an edited notebook cell, then the answer"""
    trial = _changed(program, edit, before, flagged=False)
    if trial is not None and trial.to_the_end(after, may_refuse=True):
        trial.check_edited()


@budget(300)
@given(programs(), edits(rename=False), moves(*ANYTHING, most=2), moves("run", most=2))
def test_unchanged_code_that_behaves_otherwise(
    program: Program, edit: Edit, before: list[Move], after: list[Move]
) -> None:
    """71-74, 113, 114: a flag outside decides; when it is as before, the run can go on"""
    trial = _changed(program, edit, before, flagged=True)
    if trial is None:
        return
    if trial.to_the_end(after, may_refuse=True):
        trial.check_value()
        return
    trial.change()
    if trial.to_the_end([], may_refuse=True):
        trial.check_value()


@budget(40)
@given(
    programs(threads=True), edits(threads=True), moves("run", "kill", most=2), moves("run", most=2)
)
def test_edited_plain_code(
    program: Program, edit: Edit, before: list[Move], after: list[Move]
) -> None:
    """71-73, 81, 113, 114: in threads"""
    trial = _changed(program, edit, before, flagged=False, threads=True)
    if trial is not None and trial.to_the_end(after, may_refuse=True):
        trial.check_edited()
