"""Rows as the tuples that LangGraph's savers give."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from nbflow import serde
from nbflow.checkpoint._primitives import Primitives
from nbflow.checkpoint._questions import StoredAnswer, StoredQuestion
from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow
from nbflow.checkpoint.refusals import lost_run, require_facts
from nbflow.errors import CorruptDataError
from nbflow.types import Interrupt

__all__ = ["CheckpointTuple", "metadata_of", "tuple_of", "tuples", "undamaged"]

_VERSION = 4
"""LangGraph's number for this shape."""

_OPENS = ("input", "fork")
_ENTRYPOINT = bytes(16)
"""Key of the entrypoint among the ops of a run."""

_PAGE = 50
"""Checkpoints whose runs and ops are read together."""


class CheckpointTuple(NamedTuple):
    """One checkpoint, as LangGraph's savers give it (238)."""

    config: dict[str, Any]
    """Names this checkpoint: ``thread_id``, ``checkpoint_ns`` and ``checkpoint_id``."""
    checkpoint: dict[str, Any]
    """``v``, ``id``, ``ts`` (ISO 8601 in UTC), ``channel_values``, ``channel_versions``,
    ``versions_seen`` and ``updated_channels``. The values are ``__start__`` (the input, of a
    checkpoint that opens a run), ``__end__`` (what the last run returned) and ``__previous__``
    (what it saved), each only where there is one."""
    metadata: dict[str, Any]
    """``source`` (input, loop, update, fork), ``step`` (-1, 0, 1 ...), ``parents`` (of what a
    nested workflow keeps: the checkpoint above), ``run_id`` and your own."""
    parent_config: dict[str, Any] | None = None
    """Names the checkpoint that this one follows; None for the first."""
    pending_writes: list[tuple[str, str, Any]] | None = None
    """Of the run that this checkpoint opens, as (task id, channel, value): results in
    ``__return__``, failures as text in ``__error__``, questions in ``__interrupt__`` (those that
    are open, else the last one) and their answers in ``__resume__``."""


class _Record:
    """What the runs of some checkpoints have on record, read together."""

    def __init__(self, saver: Primitives, rows: Sequence[CheckpointRow]) -> None:
        self._saver = saver
        self._runs = saver.get_runs(_distinct(row.run for row in rows))
        opened = _distinct(row.run for row in rows if row.source in _OPENS)
        self._read_forked(saver)
        self._ops = saver.get_ops_of([*opened, *self._forked])

    def _read_forked(self, saver: Primitives) -> None:
        """The runs that others are forks of."""
        self._forked: dict[str, RunRow] = {}
        todo = list(self._runs.values())
        while todo:
            wanted = _distinct(run.parent_run for run in todo if run.upto)
            found = saver.get_runs([one for one in wanted if one not in self._forked])
            self._forked |= found
            todo = list(found.values())

    def run_of(self, row: CheckpointRow) -> RunRow | None:
        """None for one that is of none; or it was removed meanwhile, with its run.

        Raises:
            CorruptDataError: it opens a run that is not there.
        """
        run = None if row.run is None else self._runs.get(row.run)
        if run is not None or row.run is None or row.source not in _OPENS:
            return run
        if self._saver.get_checkpoint(row.thread_id, row.ns, row.id) is not None:
            lost_run(f"Checkpoint {row.id} of thread {row.thread_id!r} opens", row.run)
        return None

    def ops_of(self, run: RunRow) -> list[OpRow]:
        """Those of the run that it is a fork of, as far as it keeps them, then its own.

        Raises:
            CorruptDataError: that run is not there.
        """
        own = self._ops.get(run.id, [])
        if run.parent_run is None or not run.upto:
            return own
        above = self._forked.get(run.parent_run)
        if above is None:
            if self._saver.get_run(run.id) is None:
                return own
            lost_run(f"Run {run.id} of thread {run.thread_id!r} is a fork of", run.parent_run)
        return [*(op for op in self.ops_of(above) if op.seq <= run.upto), *own]


def tuple_of(saver: Primitives, row: CheckpointRow) -> CheckpointTuple:
    """One checkpoint with what its run has on record."""
    return _tuple(_Record(saver, [row]), row)


def tuples(
    saver: Primitives, rows: Iterator[CheckpointRow], limit: int | None
) -> Iterator[CheckpointTuple]:
    """Checkpoints in the order of the rows, read page by page.

    Damaged ones are left out, with a warning that names each (260).

    Args:
        limit: how many will be taken, about; None for all.
    """
    sound = undamaged(rows)
    size = _PAGE if limit is None else min(limit, _PAGE)
    while page := list(islice(sound, size)):
        together: _Record | None
        try:
            together = _Record(saver, page)
        except CorruptDataError:
            together = None
        for row in page:
            try:
                one = _tuple(together or _Record(saver, [row]), row)
            except CorruptDataError as fault:
                _leave_out(fault)
            else:
                yield one


def undamaged(rows: Iterator[CheckpointRow]) -> Iterator[CheckpointRow]:
    """Without damaged ones, of which a warning names each (260)."""
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except CorruptDataError as fault:
            _leave_out(fault)
        else:
            yield row


def _leave_out(fault: CorruptDataError) -> None:
    warnings.warn(f"A checkpoint is left out: {fault}", RuntimeWarning, stacklevel=4)


def _distinct(ids: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in ids if one is not None))


def _tuple(record: _Record, row: CheckpointRow) -> CheckpointTuple:
    run = record.run_of(row)
    opens = run is not None and row.source in _OPENS
    return CheckpointTuple(
        config=_config(row, row.id),
        checkpoint=_checkpoint(row, run),
        metadata=metadata_of(row),
        parent_config=None if row.parent is None else _config(row, row.parent),
        pending_writes=_writes(run.id, record.ops_of(run)) if run is not None and opens else [],
    )


def _config(row: CheckpointRow, checkpoint_id: str) -> dict[str, Any]:
    return {
        "configurable": {
            "thread_id": row.thread_id,
            "checkpoint_ns": row.ns,
            "checkpoint_id": checkpoint_id,
        }
    }


def metadata_of(row: CheckpointRow) -> dict[str, Any]:
    """The metadata of a checkpoint, of which only ``meta`` must have been read."""
    own = serde.loads(row.meta)
    run = {} if row.run is None else {"run_id": row.run}
    above = own.get("parents", {}) if "made_by" in own else {}
    return {**run, **own, "source": row.source, "step": row.step, "parents": above}


def _checkpoint(row: CheckpointRow, run: RunRow | None) -> dict[str, Any]:
    opens = row.source in _OPENS and run is not None
    kept = {
        channel: serde.loads(value)
        for channel, value in (("__end__", row.returned), ("__previous__", row.saved))
        if value is not None
    }
    start = {"__start__": serde.loads(run.input)} if opens and run is not None else {}
    now, before = f"{row.step + 2:032}.{0:016}", f"{row.step + 1:032}.{0:016}"
    seen: dict[str, Any] = {"__input__": {}}
    if run is not None and not opens:
        seen[run.workflow] = {"__start__": before}
    return {
        "v": _VERSION,
        "id": row.id,
        "ts": datetime.fromtimestamp(row.ts, UTC).isoformat(),
        "channel_values": {**kept, **start},
        "channel_versions": {
            **dict.fromkeys(kept, before if opens else now),
            "__start__": now,
        },
        "versions_seen": seen,
        "updated_channels": (
            ["__start__"] if opens else list(kept) if row.source == "loop" else None
        ),
    }


def _writes(run_id: str, ops: Sequence[OpRow]) -> list[tuple[str, str, Any]]:
    """The facts of a run that stand: the entrypoint's own, then those of its calls in order."""
    outcomes: dict[bytes, OpRow | None] = {_ENTRYPOINT: None}
    questions: dict[bytes, dict[bytes, OpRow]] = {}
    answers: dict[bytes, OpRow] = {}
    for facts, op in enumerate(ops):
        if op.kind == "ask":
            questions.setdefault(op.parent, {})[op.key] = op
            outcomes.setdefault(op.parent)
        elif op.kind == "answer":
            answers[op.key] = op
        elif op.kind == "void":
            if answers.pop(op.key, None) is None:
                questions.get(op.parent, {}).pop(op.key, None)
            known = outcomes.get(op.key)
            if known is not None and known.kind == "result":
                outcomes[op.key] = None
        elif op.kind in ("result", "error"):
            outcomes[op.key] = op
        elif op.kind == "pause":
            require_facts(op, facts)
            outcomes[op.key] = None
    writes: list[tuple[str, str, Any]] = []
    for key, outcome in outcomes.items():
        task_id = _shown_id(run_id, key)
        writes += [
            (task_id, channel, value)
            for channel, value in _questions(run_id, questions.get(key, {}), answers)
        ]
        if outcome is not None and outcome.value is not None:
            channel = "__return__" if outcome.kind == "result" else "__error__"
            writes.append((task_id, channel, _outcome(outcome)))
    return writes


def _questions(
    run_id: str, asked: Mapping[bytes, OpRow], answers: Mapping[bytes, OpRow]
) -> Iterator[tuple[str, Any]]:
    given = [answers[key] for key in asked if key in answers]
    shown = [op for key, op in asked.items() if key not in answers] or list(asked.values())[-1:]
    if given:
        yield "__resume__", [StoredAnswer.decoded(op.value or b"").value for op in given]
    if shown:
        yield "__interrupt__", [_interrupt(run_id, op) for op in shown if op.value is not None]


def _interrupt(run_id: str, op: OpRow) -> Interrupt:
    asked = StoredQuestion.decoded(op.value or b"")
    return Interrupt(asked.value, _shown_id(run_id, op.key), asked.schema)


def _outcome(op: OpRow) -> Any:
    value = serde.loads(op.value or b"")
    if op.kind == "result":
        return value
    return f"{value['type'].rsplit('.', 1)[-1]}({value['message']!r})"


def _shown_id(run_id: str, key: bytes) -> str:
    """The id under which the engine shows an op, and a question is answered."""
    return blake2b(run_id.encode() + key, digest_size=16).hexdigest()
