"""Journals of the runs that this process ran or read last.

A run that asks many questions is gone on with many times. What its journal held then it holds now,
since facts are only ever added; so only those that came since are taken in.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

from nbflow._engine.replay import Journal
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow, RunRow

__all__ = ["journal_of", "remember"]

_MOST_FACTS = 100_000
_FACTS_OF_A_JOURNAL = 10
"""What a journal counts besides its own."""

_lock = threading.Lock()
_journals: dict[tuple[Hashable, str], tuple[Journal, int]] = {}
"""Each with what it counts, by saver and run, in the order of use, the latest last."""
_counted = 0
"""What all of them count."""


def journal_of(saver: BaseCheckpointSaver, run: RunRow, ops: list[OpRow]) -> Journal:
    """The journal of a run that has just these ops; taken out, so that one execution has it."""
    with _lock:
        known = _forget((saver.identity, run.id))
    if known is None or known.facts > len(ops):
        return Journal(ops)
    for op in ops[known.facts :]:
        known.apply(op)
    return known


def remember(saver: BaseCheckpointSaver, run_id: str, journal: Journal) -> None:
    """Keep a journal that nobody uses now, for the next time its run is gone on with."""
    global _counted
    with _lock:
        of = (saver.identity, run_id)
        _forget(of)
        counts = journal.facts + _FACTS_OF_A_JOURNAL
        _journals[of] = journal, counts
        _counted += counts
        while _counted > _MOST_FACTS:
            _forget(next(iter(_journals)))


def _forget(of: tuple[Hashable, str]) -> Journal | None:
    global _counted
    journal, counts = _journals.pop(of, (None, 0))
    _counted -= counts
    return journal
