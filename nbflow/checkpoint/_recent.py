"""What was read or stored before. It never changes, so nothing needs to be read twice.

A run that asks many questions is read again at each answer; with these, only what came since is.
"""

from __future__ import annotations

from nbflow.checkpoint._rows import OpRow

__all__ = ["RecentOps", "RecentValues"]

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


class RecentValues:
    """The long values that were read or stored last, up to a limit. Use it under one lock.

    A run gets its thread's last value and stores it again as it is; with these it is neither
    hashed again nor, in the run after, read.
    """

    __slots__ = ("_bytes", "_names", "_values")

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        """By name, the latest last."""
        self._names: dict[int, str] = {}
        """By the identity of the value, which is kept alive here."""
        self._bytes = 0

    def get(self, name: str) -> bytes | None:
        return self._values.get(name)

    def name_of(self, value: bytes) -> str | None:
        """The name of this very object."""
        return self._names.get(id(value))

    def put(self, name: str, value: bytes) -> None:
        self._forget(name)
        self._values[name] = value
        self._names[id(value)] = name
        self._bytes += len(value)
        while self._bytes > _LIMIT_BYTES:
            self._forget(next(iter(self._values)))

    def _forget(self, name: str) -> None:
        value = self._values.pop(name, None)
        if value is not None:
            del self._names[id(value)]
            self._bytes -= len(value)
