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

_lock = threading.Lock()
_journals: dict[tuple[Hashable, str], Journal] = {}
"""By saver and run, in the order of use, the latest last."""


def journal_of(saver: BaseCheckpointSaver, run: RunRow, ops: list[OpRow]) -> Journal:
    """The journal of a run that has just these ops; taken out, so that one execution has it."""
    with _lock:
        known = _journals.pop((saver.identity, run.id), None)
    if known is None or known.facts > len(ops):
        return Journal(ops)
    for op in ops[known.facts :]:
        known.apply(op)
    return known


def remember(saver: BaseCheckpointSaver, run_id: str, journal: Journal) -> None:
    """Keep a journal that nobody uses now, for the next time its run is gone on with."""
    with _lock:
        _journals[saver.identity, run_id] = journal
        total = sum(kept.facts for kept in _journals.values())
        while total > _MOST_FACTS:
            total -= _journals.pop(next(iter(_journals))).facts
