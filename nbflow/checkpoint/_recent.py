"""Ops that were read before. An op never changes, so none needs to be read twice.

A run that asks many questions is read again at each answer; with these, only what came since is.
"""

from __future__ import annotations

from nbflow.checkpoint._rows import OpRow

__all__ = ["RecentOps"]

_LIMIT_BYTES = 16 << 20
_OP_BYTES = 1_000
"""What an op takes in memory without its value, about."""


class RecentOps:
    """The ops of the runs that were read last, up to a limit. Use it under one lock."""

    __slots__ = ("_bytes", "_runs")

    def __init__(self) -> None:
        self._runs: dict[str, list[OpRow]] = {}
        """In the order of reading, the latest last."""
        self._bytes = 0

    def get(self, run_id: str) -> list[OpRow]:
        """The first ops of a run, in order; change the list never."""
        return self._runs.get(run_id, [])

    def put(self, run_id: str, ops: list[OpRow]) -> None:
        """Keep all ops of a run, in place of what is kept of it."""
        self.forget(run_id)
        self._runs[run_id] = ops
        self._bytes += _bytes_of(ops)
        while self._bytes > _LIMIT_BYTES:
            self.forget(next(iter(self._runs)))

    def forget(self, run_id: str) -> None:
        self._bytes -= _bytes_of(self._runs.pop(run_id, []))


def _bytes_of(ops: list[OpRow]) -> int:
    return sum(_OP_BYTES + len(op.value or b"") for op in ops)
