"""Which rows go when a part of a thread's past is removed, and what the rest needs. Pure.

What stays must work as before. So a run that a kept one is a fork of keeps the ops that the fork
begins with, though no checkpoint; and a kept checkpoint follows the nearest kept one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nbflow.checkpoint._rows import CheckpointRow, RunRow, ThreadRow

__all__ = [
    "Past",
    "Removal",
    "all_but_latest",
    "all_but_recent",
    "all_if_old",
    "everything",
    "of_runs",
    "without",
]

_Place = tuple[str, str]
"""Namespace and id of a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a database holds of one thread; the values of the rows do not count."""

    threads: Sequence[ThreadRow]
    """One for each namespace."""
    runs: Sequence[RunRow]
    checkpoints: Sequence[CheckpointRow]
    """The oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What to change in a database; whatever is not named stays."""

    checkpoints: Collection[int]
    """Sequence numbers of those to remove."""
    runs: Collection[str]
    """Ids of those to remove with their ops."""
    cut: Mapping[str, int]
    """Runs that only their forks need, with the last op that these do; later ops go."""
    parents: Mapping[int, str | None]
    """New parents of checkpoints, by sequence number."""
    bases: Mapping[str, str | None]
    """New ``base`` of runs, by id."""
    threads: Sequence[ThreadRow]
    """Rows to store in place of those of the same namespace."""
    namespaces: Collection[str]
    """Namespaces to remove."""


def everything(past: Past) -> Removal:
    """Keep nothing."""
    return _removal(past, [], set())


def of_runs(past: Past, run_ids: Collection[str], checkpoints: Collection[int]) -> Removal:
    """Remove runs with everything that they stored, and checkpoints by sequence number."""
    kept = [
        row for row in past.checkpoints if row.run not in run_ids and row.seq not in checkpoints
    ]
    return _removal(past, kept, set())


def without(past: Past, checkpoints: Collection[int]) -> Removal:
    """Remove checkpoints by sequence number, and no run."""
    kept = [row for row in past.checkpoints if row.seq not in checkpoints]
    return _removal(past, kept, {run.id for run in past.runs})


def all_but_latest(past: Past) -> Removal:
    """Keep each namespace's newest checkpoint, and the newest run with its ops.

    What nested workflows keep is found by the runs that made it; the closing checkpoints of those
    stay, too.
    """
    return _all_but(past, lambda _: False)


def all_but_recent(past: Past, keep: int | None, since: float | None) -> Removal:
    """Keep what :func:`all_but_latest` keeps, and each namespace's newest runs, and younger ones.

    Args:
        keep: so many runs; None for no number.
        since: those that stored a checkpoint after this time; None for no time.
    """
    recent = {row.run for row in past.checkpoints if since is not None and row.ts > since}
    for thread in past.threads:
        own = [run.id for run in past.runs if run.ns == thread.ns]
        recent.update(own[len(own) - min(keep or 0, len(own)) :])
    begun: dict[str, int] = {}
    for row in past.checkpoints:
        if row.run is not None and row.run in recent:
            begun.setdefault(row.ns, row.seq)

    def is_recent(row: CheckpointRow) -> bool:
        if row.run is not None:
            return row.run in recent
        return row.seq > begun.get(row.ns, row.seq) or (since is not None and row.ts > since)

    return _all_but(past, is_recent)


def all_if_old(past: Past, before: float) -> Removal:
    """Keep nothing of a thread that nobody runs, and that stored no checkpoint after that time."""
    in_use = any(thread.status == "running" for thread in past.threads)
    if in_use or any(row.ts > before for row in past.checkpoints):
        return _removal(past, past.checkpoints, {run.id for run in past.runs})
    return everything(past)


def _all_but(past: Past, is_recent: Callable[[CheckpointRow], bool]) -> Removal:
    runs = {run.id: run for run in past.runs}
    recent = [row for row in past.checkpoints if is_recent(row)]
    kept = {row.seq: row for row in recent}
    for thread in past.threads:
        rows = [row for row in reversed(past.checkpoints) if row.ns == thread.ns]
        kept |= {row.seq: row for row in rows if row.id == thread.head}
        made_by = runs.get(rows[0].run or "") if rows else None
        if made_by is not None and made_by.ns != thread.ns:
            above = [(t.head, t.run) for t in past.threads if t.ns == made_by.ns]
            above += [(row.id, row.run) for row in recent if row.ns == made_by.ns]
            for head, run_id in above:
                kept |= _nested(past, rows, made_by.ns, head, run_id)
    return _removal(past, list(kept.values()), {t.run for t in past.threads if t.run is not None})


def _nested(
    past: Past, rows: Sequence[CheckpointRow], above: str, head: str | None, newest: str | None
) -> dict[int, CheckpointRow]:
    """Of the checkpoints of nested workflows, newest first, those that a run can find.

    Args:
        above: the run's namespace.
        head: the checkpoint that it stands at.
        newest: its id.
    """
    line = {
        row.run: row
        for row in _line(_places(past.checkpoints), above, head)
        if row.source == "loop"
    }
    forked = _forked_by(past, {newest, *line})
    found: dict[int, CheckpointRow] = {}
    for row in rows:
        if row.run in line:
            found |= {row.seq: row, line[row.run].seq: line[row.run]}
        elif row.run == newest or row.run in forked:
            found[row.seq] = row
        if row.run in line or row.run == newest:
            break
    return found


def _forked_by(past: Past, run_ids: Collection[str | None]) -> set[str]:
    """The runs that others are forks of, near and far."""
    parents = {run.id: run.parent_run for run in past.runs if run.upto}
    found: set[str] = set()
    todo = [parents.get(run_id or "") for run_id in run_ids]
    while todo:
        parent = todo.pop()
        if parent is not None and parent not in found:
            found.add(parent)
            todo.append(parents.get(parent))
    return found


def _places(rows: Sequence[CheckpointRow]) -> dict[_Place, CheckpointRow]:
    return {(row.ns, row.id): row for row in rows}


def _line(
    places: Mapping[_Place, CheckpointRow], ns: str, start: str | None
) -> Iterator[CheckpointRow]:
    """A checkpoint and those that it follows."""
    row = places.get((ns, start or ""))
    while row is not None:
        yield row
        row = places.get((ns, row.parent or ""))


def _removal(past: Past, kept: Sequence[CheckpointRow], needed: set[str]) -> Removal:
    runs = {run.id: run for run in past.runs}
    alive = (needed | {row.run for row in kept if row.run is not None}) & runs.keys()
    cut = _needed_by_forks(runs, alive)
    before, after = _places(past.checkpoints), _places(kept)

    def nearest(ns: str, start: str | None) -> str | None:
        return next((r.id for r in _line(before, ns, start) if (ns, r.id) in after), None)

    touched = {ns for ns, _ in before.keys() - after.keys()}
    touched |= {run.ns for run in past.runs if run.id not in alive}
    threads = [_thread(thread, after, runs, alive, touched) for thread in past.threads]
    return Removal(
        checkpoints={row.seq for row in past.checkpoints} - {row.seq for row in kept},
        runs=runs.keys() - alive - cut.keys(),
        cut=cut,
        parents={
            row.seq: nearest(row.ns, row.parent)
            for row in kept
            if row.parent is not None and (row.ns, row.parent) not in after
        },
        bases={
            run.id: nearest(run.ns, run.base)
            for run in (runs[run_id] for run_id in (*alive, *cut))
            if run.base is not None and (run.ns, run.base) not in after
        },
        threads=[row for row in threads if row is not None and row not in past.threads],
        namespaces=[
            thread.ns for thread, row in zip(past.threads, threads, strict=True) if row is None
        ],
    )


def _needed_by_forks(runs: Mapping[str, RunRow], alive: Collection[str]) -> dict[str, int]:
    cut: dict[str, int] = {}
    todo = list(alive)
    while todo:
        fork = runs[todo.pop()]
        above = fork.parent_run or ""
        if above in runs and above not in alive and cut.get(above, 0) < fork.upto:
            cut[above] = fork.upto
            todo.append(above)
    return cut


def _thread(
    thread: ThreadRow,
    kept: Mapping[_Place, CheckpointRow],
    runs: Mapping[str, RunRow],
    alive: Collection[str],
    touched: Collection[str],
) -> ThreadRow | None:
    """The row that a namespace has afterwards; None when nothing of it is left.

    Args:
        touched: the namespaces of which something goes: whoever has read what goes, and is about to
            begin a run or a fork with it, is told that the thread has changed.
    """
    rows = sorted((row for row in kept.values() if row.ns == thread.ns), key=lambda row: row.seq)
    if not rows:
        return None
    head = kept.get((thread.ns, thread.head or ""), rows[-1])
    run = thread.run
    if run not in alive:
        own = [runs[row.run] for row in rows if row.run is not None and row.run in runs]
        run = next((one.id for one in reversed(own) if one.ns == thread.ns), None)
    if (head.id, run) == (thread.head, thread.run):
        stays = thread.status == "running" or thread.ns not in touched
        return thread if stays else replace(thread, epoch=thread.epoch + 1)
    opens = run is not None and head.run == run and head.source in ("input", "fork")
    return replace(
        thread, head=head.id, run=run, status="ready" if opens else "idle", owner=None,
        epoch=thread.epoch + 1,
    )  # fmt: skip
