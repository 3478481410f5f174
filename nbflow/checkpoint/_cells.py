"""Check sums, and where a value lies: in its row, or in a blob that its hash names."""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import Any
from zlib import crc32

from nbflow.checkpoint.base import CheckpointRow, OpRow, RunRow

__all__ = ["INLINE_BYTES", "blob_name", "checkpoint_check", "op_check", "run_check"]

_numbers = Struct("<qqq?dd").pack

INLINE_BYTES = 1_024
"""Longer values become blobs, which equal values share."""


def blob_name(data: bytes) -> str:
    """Under which a value is kept: its hash, which is also its check sum."""
    return blake2b(data, digest_size=16).hexdigest()


def op_check(op: OpRow, value: bytes | str | None) -> int:
    """Check sum of an op: of its value in the lower 32 bits, of the rest in the upper 31."""
    text = "\0".join((op.kind, op.name, op.lane, op.site))
    start = crc32(_numbers(op.n, op.attempt, op.gen, value is None, op.ts, op.dur))
    start = crc32(text.encode(), start)
    rest = crc32(op.args, crc32(op.parent, crc32(op.key, start)))
    return (rest & 0x7FFFFFFF) << 32 | _of(value)


def run_check(run: RunRow, input: bytes | str, meta: bytes | str) -> int:
    """Check sum of a run."""
    return _chain(
        input, meta, run.code_fp, run.id, run.thread_id, run.ns, run.base, run.parent_run,
        run.upto, run.workflow, run.fmt, run.ts,
    )  # fmt: skip


def checkpoint_check(
    row: CheckpointRow, saved: bytes | str | None, returned: bytes | str | None, meta: bytes | str
) -> int:
    """Check sum of a checkpoint."""
    return _chain(
        saved, returned, meta, row.id, row.thread_id, row.ns, row.parent, row.run, row.source,
        row.step, row.ts,
    )  # fmt: skip


def _of(value: bytes | str | None) -> int:
    if value is None:
        return 0
    return crc32(value if isinstance(value, bytes) else value.encode())


def _chain(*parts: Any) -> int:
    total = 0
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        total = crc32(data, crc32(b"%d:" % len(data), total))
    return total
