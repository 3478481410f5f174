"""A snapshot over a stored checkpoint, whose parts are decoded when somebody looks at them.

A history is looked through far more often than it is read: of a long chat, each checkpoint holds
all that was said before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from nbflow import serde
from nbflow._engine.threads import config_of
from nbflow.checkpoint.base import CheckpointRow
from nbflow.types import Interrupt, OpSnapshot, PregelTask, StateSnapshot

__all__ = ["StoredSnapshot", "fetched", "metadata_of"]

_NO_METADATA = serde.dumps({})
_UNREAD = (None,) * len(StateSnapshot._fields)


def metadata_of(row: CheckpointRow) -> dict[str, Any]:
    """The metadata that a snapshot shows."""
    own = {} if row.meta == _NO_METADATA else serde.loads(row.meta)
    parents = own.get("parents", {}) if row.ns else {}
    return {**own, "source": row.source, "step": row.step, "parents": parents}


def fetched(state: StateSnapshot) -> StateSnapshot:
    """The same, with its values read from the database, so that no event loop waits for them."""
    if isinstance(state, StoredSnapshot):
        _ = state._row.returned
    return state


class StoredSnapshot(StateSnapshot):
    """To everybody but the interpreter's own tuple code it is the tuple of its parts.

    Args:
        row: the checkpoint.
        task: makes the entrypoint's task; None when no run is open in the checkpoint.
        name: the task's.
    """

    _row: CheckpointRow
    _task: Callable[[], PregelTask] | None
    _known: tuple[str, tuple[Interrupt, ...], str, Sequence[OpSnapshot]]

    def __new__(
        cls,
        row: CheckpointRow,
        task: Callable[[], PregelTask] | None,
        name: str,
        interrupts: tuple[Interrupt, ...],
        status: str,
        ops: Sequence[OpSnapshot],
    ) -> Self:
        self = tuple.__new__(cls, _UNREAD)
        self._row, self._task, self._known = row, task, (name, interrupts, status, ops)
        return self

    @cached_property
    def values(self) -> Any:
        returned = self._row.returned
        return None if returned is None else serde.loads(returned)

    @property
    def next(self) -> tuple[str, ...]:
        return () if self._task is None else (self._known[0],)

    @cached_property
    def config(self) -> dict[str, Any]:
        return config_of(self._row.thread_id, self._row.ns, self._row.id)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        return metadata_of(self._row)

    @property
    def created_at(self) -> str:
        return datetime.fromtimestamp(self._row.ts, UTC).isoformat()

    @cached_property
    def parent_config(self) -> dict[str, Any] | None:
        row = self._row
        return None if row.parent is None else config_of(row.thread_id, row.ns, row.parent)

    @cached_property
    def tasks(self) -> tuple[PregelTask, ...]:
        return () if self._task is None else (self._task(),)

    @property
    def interrupts(self) -> tuple[Interrupt, ...]:
        return self._known[1]

    @property
    def status(self) -> str:
        return self._known[2]

    @property
    def ops(self) -> Sequence[OpSnapshot]:
        return self._known[3]

    @property
    def _parts(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self._fields])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts)

    def __getitem__(self, at: Any) -> Any:
        return self._parts[at]

    def __eq__(self, other: object) -> bool:
        return self._parts == (other._parts if isinstance(other, StoredSnapshot) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._parts)

    def __repr__(self) -> str:
        return repr(StateSnapshot(*self._parts))

    def _replace(self, **changes: Any) -> StateSnapshot:  # type: ignore[override]  # not over a row
        return StateSnapshot(*self._parts)._replace(**changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return StateSnapshot, self._parts
