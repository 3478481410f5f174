"""Kills runs at random moments, and holds the record against what they did: faults 1 to 4.

    python -m tests.durability.crashes --kills 200 --seed 7 --folder /tmp/x sequential nested

Half of the kills are at one of the engine's fault points, the n-th that the child comes to; half
are by the clock, wherever the child is. After each the parent reads the database, and at the end
of each run its value. ``power`` copies the files while they are written, tears the end off, and
takes the copies on. A check that fails raises; the figures are printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.testing.faults import armed, die
from nbflow.types import Command
from tests.durability.forks import Child, note_in
from tests.durability.shapes import SHAPES, Shape, label_of

__all__ = ["FORMS", "Figures", "crash"]

FORMS = (*SHAPES, "power")

_MOST_POINTS = 60
_LONGEST_S = 0.06
_COPIES = 4
"""Of the files of one run, while it goes on."""

_NOTES_BYTES = 600
"""Of a quarter of such a run."""


@dataclass
class Figures:
    """What was survived."""

    form: str
    seed: int
    kills: int = 0
    runs: int = 0
    """That came to their end."""
    operations: int = 0
    """Facts on record that were compared with those before."""
    repeated: int = 0
    """Task calls whose code ran again, since it had been cut off."""
    unknown: int = 0
    """Calls of ``at_most_once`` tasks that were refused."""
    lost: int = 0
    """Values that the code had seen and the record has not; any is a failure."""
    twice: int = 0
    """Task calls that ran though the record had their outcome; any is a failure."""


def _take_on(saver: BaseCheckpointSaver, shape: Shape, notes: Path, given: int) -> None:
    """Take the run as far as it goes, from wherever it is."""
    config = {"configurable": {"thread_id": "1"}}
    workflow = shape.make(saver, note_in(str(notes)))
    row = saver.get_thread("1")
    if row is None or row.run is None:
        workflow.invoke(given, config)
    elif row.status == "running":
        workflow.invoke(None, config)
    while questions := workflow.get_state(config).interrupts:
        (question,) = questions
        workflow.invoke(Command(resume={question.id: 1_000 * question.value}), config)


@dataclass
class _Life:
    """One run, from its first process to its end."""

    figures: Figures
    shape: Shape
    path: Path
    given: int
    facts: list[tuple[Any, ...]] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    """Labels of the tasks that the record has a result of."""
    notes: list[str] = field(default_factory=list)
    """Those that were read."""
    kills: int = 0

    @property
    def notes_path(self) -> Path:
        return self.path.with_suffix(".notes")

    def work(self, nth: int | None = None) -> None:
        """In a child.

        Args:
            nth: the point at which it dies.
        """
        with SqliteSaver(self.path) as saver, armed(None, die if nth else int, nth=nth or 1):
            _take_on(saver, self.shape, self.notes_path, self.given)

    def check(self) -> bool:
        """Hold the record against what it was and against the notes; True when the run is over."""
        connection = sqlite3.connect(self.path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        with SqliteSaver(self.path) as saver:
            row = saver.get_thread("1")
            ops = [] if row is None or row.run is None else saver.get_ops(row.run)
            head = None if row is None else saver.get_checkpoint("1")
        facts = [(op.seq, op.kind, op.key, op.gen, op.value) for op in ops]
        assert facts[: len(self.facts)] == self.facts, "what was on record has changed"
        self.figures.operations += len(facts)
        results = [label_of(op) for op in ops if op.kind == "result"]
        recorded = set(results)
        assert len(recorded) == len(results), "a call has two results"
        self._compare(recorded)
        self.facts, self.finished = facts, recorded
        if row is None or row.status != "idle":
            return False
        assert head is not None and head.returned is not None
        assert serde.loads(head.returned) == self.shape.value(self.given)
        unknown = self._noted("unknown")
        assert unknown.keys().isdisjoint(recorded) and len(unknown) <= self.kills
        assert len(unknown) + len(recorded) == self.shape.tasks, "done, with a call missing"
        return True

    def _compare(self, recorded: set[str]) -> None:
        """The notes of the child that has just ended with the record."""
        known = len(self.notes)
        self.notes = self.notes_path.read_text().splitlines() if self.notes_path.exists() else []
        for line in self.notes[known:]:
            what, label = line.split(" ", 1)
            self.figures.lost += what == "saw" and label not in recorded
            self.figures.twice += what == "ran" and label in self.finished
        ran = self._noted("ran")
        assert ran.total() - len(ran) <= self.kills * self.shape.width
        assert not self.shape.at_most_once or set(ran.values()) <= {1}

    def _noted(self, what: str) -> Counter[str]:
        """How often, by label."""
        return Counter(line.split(" ", 1)[1] for line in self.notes if line.startswith(f"{what} "))

    def close(self) -> None:
        ran = self._noted("ran")
        self.figures.runs += 1
        self.figures.repeated += ran.total() - len(ran)
        self.figures.unknown += len(self._noted("unknown"))
        assert (self.figures.lost, self.figures.twice) == (0, 0)


def _life(figures: Figures, shape: str, folder: Path, chance: random.Random) -> _Life:
    path = folder / f"{figures.form}-{figures.runs}.sqlite"
    return _Life(figures, SHAPES[shape], path, chance.randrange(1_000))


def crash(form: str, kills: int, seed: int, folder: Path, until: float) -> Figures:
    """Kill runs of one shape so often, and take each to its end.

    Args:
        form: the name of a shape, or ``power``.
        until: no run begins after this moment of ``time.monotonic()``.
    """
    chance, figures = random.Random(f"{form} {seed}"), Figures(form, seed)
    while figures.kills < kills and time.monotonic() < until:
        if form == "power":
            _cut_power(figures, kills, folder, chance)
        else:
            _kill_often(_life(figures, form, folder, chance), kills, chance)
    return figures


def _kill_often(life: _Life, kills: int, chance: random.Random) -> None:
    over = False
    while not over:
        at_point = life.figures.kills < kills and chance.random() < 0.5
        child = Child(partial(life.work, chance.randint(1, _MOST_POINTS) if at_point else None))
        if not at_point and life.figures.kills < kills:
            child.kill_after(chance.uniform(0, _LONGEST_S))
        killed = child.was_killed()
        life.kills += killed
        life.figures.kills += killed
        over = life.check()
        assert over or killed, "nobody killed it, and the run is not over"
    life.close()


def _cut_power(figures: Figures, kills: int, folder: Path, chance: random.Random) -> None:
    """Copies of the files while a run writes them, as a power cut would leave them."""
    original = _life(figures, "sequential", folder, chance)
    child = Child(partial(_work_unclosed, original))
    copies = []
    for number in range(min(_COPIES, kills - figures.kills)):
        _wait_for_notes(original.notes_path, chance.randint(0, _NOTES_BYTES * (number + 1)))
        if not child.freeze():
            break
        path = folder / f"power-{figures.runs}-{number}.sqlite"
        for side in ("", "-wal"):
            if Path(f"{original.path}{side}").exists():
                shutil.copy(f"{original.path}{side}", f"{path}{side}")
        os.kill(child.pid, signal.SIGCONT)
        _tear(Path(f"{path}-wal"), chance)
        copies.append(_Life(figures, original.shape, path, original.given))
    child.was_killed()
    assert original.check()
    for copy in copies:
        figures.kills += 1
        over = copy.check()
        assert copy.facts == original.facts[: len(copy.facts)], "an op is there without one before"
        figures.repeated += copy.shape.tasks - len(copy.finished)
        if not over:
            assert not Child(copy.work).was_killed()
            assert copy.check()
    figures.runs += 1


def _wait_for_notes(notes: Path, size: int) -> None:
    """Until the run has noted so much, or a second is over."""
    until = time.monotonic() + 1.0
    while time.monotonic() < until and (not notes.exists() or notes.stat().st_size < size):
        time.sleep(0.0002)


def _work_unclosed(life: _Life) -> None:
    """So that the log is never moved into the file: what is cut off was not on the disk yet."""
    _take_on(SqliteSaver(life.path), life.shape, life.notes_path, life.given)


def _tear(log: Path, chance: random.Random) -> None:
    """What the disk did not have yet is missing, or rubbish."""
    if not log.exists():
        return
    size = log.stat().st_size
    kept = chance.choice([size, chance.randint(0, size), max(0, size - chance.randint(0, 9_000))])
    with log.open("r+b") as file:
        file.truncate(kept)
        if chance.random() < 0.3:
            file.seek(kept)
            file.write(chance.randbytes(chance.randint(1, 9_000)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=600.0, help="begin no run after so many")
    parser.add_argument("forms", nargs="*", default=FORMS, metavar="|".join(FORMS))
    asked = parser.parse_args(arguments)
    until = time.monotonic() + asked.seconds
    for form in asked.forms:
        figures = crash(form, asked.kills, asked.seed, asked.folder, until)
        print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    main()
