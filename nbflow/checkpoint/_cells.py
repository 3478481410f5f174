"""Check sums, and where a value lies: in its row, or in a blob that its hash names."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from zlib import crc32

from ormsgpack import packb

from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow

__all__ = [
    "INLINE_BYTES",
    "OP_COLUMNS",
    "Cell",
    "blob_name",
    "checkpoint_check",
    "is_intact",
    "is_of_run",
    "is_value_intact",
    "moved_check",
    "op_cells",
    "run_check",
]

INLINE_BYTES = 1_024
"""Longer values become blobs, which equal values share."""

OP_COLUMNS = 13
"""How many columns of an op its check sum covers: from ``kind`` to ``site``."""

_VALUE = 7
"""Where among them the value is."""

Cell = bytes | str
"""A value as its column holds it: itself, or the name of its blob."""


def blob_name(data: bytes | memoryview) -> str:
    """Under which a value is kept: its hash, which is also its check sum."""
    return blake2b(data, digest_size=16).hexdigest()


def op_cells(op: OpRow, value: Cell | None, run_id: str) -> tuple[Any, ...]:
    """The columns of an op from ``kind`` to ``site``, then its check sum.

    The sum covers all of them and the id of its run in its lower 32 bits, the value alone in the
    upper 31.
    """
    cells = (
        op.kind, op.key, op.parent, op.name, op.args, op.lane, op.n, value, op.attempt, op.gen,
        float(op.ts), float(op.dur), op.site,
    )  # fmt: skip
    return (*cells, _value_check(value) << 32 | _in_run(crc32(packb(cells)), run_id))


def is_intact(cells: tuple[Any, ...], check: Any, run_id: str) -> bool:
    """Whether an op's columns and its run fit their check sum.

    The first rows of nbflow have one of the columns alone, which is taken, too.
    """
    if type(check) is not int:
        return False
    of_cells, stored = crc32(packb(cells)), check & 0xFFFFFFFF
    return _in_run(of_cells, run_id) == stored or of_cells == stored


def is_of_run(cells: tuple[Any, ...], check: Any, run_id: str) -> bool:
    """Whether an op was stored for this run; of the first rows of nbflow that is not known."""
    return type(check) is int and _in_run(crc32(packb(cells)), run_id) == check & 0xFFFFFFFF


def moved_check(cells: tuple[Any, ...], check: Any, run_id: str, target: str) -> Any:
    """The check sum of an op in the run that it is copied to; what is damaged stays so."""
    if not is_intact(cells, check, run_id):
        return check
    return check >> 32 << 32 | _in_run(crc32(packb(cells)), target)


def is_value_intact(cells: tuple[Any, ...], check: Any) -> bool:
    """Of columns that do not fit: whether the value does, so that the fault is elsewhere."""
    return type(check) is not int or _value_check(cells[_VALUE]) == check >> 32


def run_check(run: RunRow, input: Cell, meta: Cell) -> int:
    """Check sum of a run."""
    return crc32(
        packb(
            (
                input, meta, run.code_fp, run.id, run.thread_id, run.ns, run.base,
                run.parent_run, run.upto, run.workflow, run.fmt, run.ts,
            )
        )
    )  # fmt: skip


def checkpoint_check(
    row: CheckpointRow, saved: Cell | None, returned: Cell | None, meta: Cell
) -> int:
    """Check sum of a checkpoint."""
    return crc32(
        packb(
            (
                saved, returned, meta, row.id, row.thread_id, row.ns, row.parent, row.run,
                row.source, row.step, row.ts,
            )
        )
    )  # fmt: skip


def _in_run(of_cells: int, run_id: str) -> int:
    return crc32(run_id.encode(), of_cells)


def _value_check(value: Any) -> int:
    return crc32(value if type(value) is bytes else repr(value).encode()) & 0x7FFFFFFF
